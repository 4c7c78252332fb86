import Commands
import ComputedKeys
import Glibc
import Keyspace
import Primitives
import RESP

/// Runs recorded pipelines through parse, execute and encode without sockets, so that `valgrind --tool=callgrind` can
/// count what a command costs: `freshet-driver NAME COUNT`, or `--list` for the names.
///
/// Everything that varies from run to run is fixed: keys come from a seeded sequence. Two runs with different counts differ
/// only in the commands executed, which is how set-up is subtracted.
enum InstructionDriver {
    private static let keyCount = 1000
    private static let pipelineLength = 64

    static func run(_ arguments: [String]) -> CInt {
        if arguments == ["--list"] {
            for recording in Recording.all { print(recording.name) }
            return 0
        }
        guard arguments.count == 2, let recording = Recording.all.first(where: { $0.name == arguments[0] }),
            let count = Int(arguments[1]), count >= 0
        else {
            print("usage: freshet-driver --list | NAME COUNT")
            return 2
        }
        setenv("FRESHET_HASH_SEED", "1", 1)
        let bench = Workbench()
        for index in 0..<keyCount {
            for command in recording.prepare(index) { bench.execute(encode([command])) }
        }
        let pipelines = (0..<recording.pipelines).map { round in
            encode(
                (0..<pipelineLength).map {
                    recording.command((round &* 8191 &+ $0 &* 127) % keyCount, round &* pipelineLength &+ $0)
                })
        }
        for round in 0..<count / pipelineLength { bench.execute(pipelines[round % pipelines.count]) }
        return 0
    }

    private static func encode(_ commands: [[String]]) -> [UInt8] {
        var bytes: [UInt8] = []
        for command in commands {
            bytes += Array("*\(command.count)\r\n".utf8)
            for word in command { bytes += Array("$\(word.utf8.count)\r\n\(word)\r\n".utf8) }
        }
        return bytes
    }
}

/// A command whose cost is watched: what must be there before, and the call for the key with a number. Calls have numbers
/// of their own, by which those differ that must not come twice.
private struct Recording: Sendable {
    let name: String
    let prepare: @Sendable (_ key: Int) -> [[String]]
    /// Pipelines until the first one comes again.
    var pipelines = 125
    let command: @Sendable (_ key: Int, _ call: Int) -> [String]

    private static func key(_ index: Int) -> String {
        "key:" + String(repeating: "0", count: 12 - String(index).utf8.count) + String(index)
    }

    private static let string: @Sendable (Int) -> [[String]] = { [["SET", key($0), "xxx"]] }
    private static let hash: @Sendable (Int) -> [[String]] = { index in
        [["HSET", key(index)] + (0..<5).flatMap { ["field\($0)", "value\($0)"] }]
    }
    private static let sortedSet: @Sendable (Int) -> [[String]] = { [["ZADD", "events", String($0), key($0)]] }

    private static let queue: @Sendable (Int) -> [[String]] = { _ in
        [["RPUSH", "queue"] + repeatElement("xxx", count: 60)]
    }
    private static let sketch: @Sendable (Int) -> [[String]] = { index in
        [["PFADD", key(index)] + (0..<200).map { "element \(index) \($0)" }]
    }
    /// Calls that differ are enough for 40,960.
    private static let distinctPipelines = 640

    static let all: [Recording] = [
        Recording(name: "get", prepare: string) { index, _ in ["GET", key(index)] },
        Recording(name: "set", prepare: string) { index, _ in ["SET", key(index), "yyy"] },
        Recording(name: "get-computed", prepare: { [["COMPUTE.SET", key($0), "xxx", "DEPS", "1", "source"]] }) {
            index, _ in ["GET", key(index)]
        },
        // Marking may take long, of what depends on some key.
        Recording(
            name: "set-beside-graph",
            prepare: { index in
                [["SET", key(index), "xxx"]]
                    + (0..<20).map { ["COMPUTE.SET", "\(index):\($0)", "xxx", "DEPS", "1", "source"] }
            }
        ) { index, _ in ["SET", key(index), "yyy"] },
        Recording(name: "incr", prepare: { [["SET", key($0), "1"]] }) { index, _ in ["INCR", key(index)] },
        Recording(name: "mget-10", prepare: string) { index, _ in
            ["MGET"] + (0..<10).map { key((index + $0 * 37) % 1000) }
        },
        Recording(name: "hget", prepare: hash) { index, _ in ["HGET", key(index), "field3"] },
        Recording(name: "hset", prepare: hash) { index, _ in ["HSET", key(index), "field3", "other3"] },
        Recording(name: "zadd", prepare: sortedSet) { index, _ in ["ZADD", "events", String(index * 2), key(index)] },
        Recording(name: "zrangebyscore-10", prepare: sortedSet) { index, _ in
            ["ZRANGEBYSCORE", "events", String(index % 990), String(index % 990 + 9)]
        },
        Recording(name: "expire", prepare: string) { index, _ in ["EXPIRE", key(index), "1000"] },
        Recording(name: "lpush", prepare: queue) { _, _ in ["LPUSH", "queue", "xxx"] },
        Recording(name: "rpush", prepare: queue) { _, _ in ["RPUSH", "queue", "xxx"] },
        Recording(name: "lpop", prepare: queue) { _, _ in ["LPOP", "queue"] },
        Recording(name: "rpop", prepare: queue) { _, _ in ["RPOP", "queue"] },
        Recording(name: "sadd", prepare: { [["SADD", "members", key($0)]] }) { index, _ in
            ["SADD", "members", key(index)]
        },
        Recording(name: "pfadd-known", prepare: sketch) { index, _ in ["PFADD", key(index), "element \(index) 7"] },
        Recording(name: "pfadd-new", prepare: sketch, pipelines: distinctPipelines) { index, call in
            ["PFADD", key(index), "new \(call)"]
        },
    ]
}

/// A worker's pipeline with its keyspace, and nothing around it.
private final class Workbench {
    private final class Listener: ExecutionObserver {
        func executionFailed(_ error: CommandError) {
            print(error.message)
            exit(1)
        }
    }

    private let keyspace = Keyspace(databases: 16, workers: 1)
    private let graph: DependencyGraph
    private let detached: DetachedPipeline
    private let pipeline: UnsafeMutablePointer<Pipeline>

    init() {
        graph = DependencyGraph(keyspace: keyspace, epoch: "0")
        detached = DetachedPipeline(DataFamilies.all, keyspace, observer: Listener())
        pipeline = detached.pipeline
    }

    func execute(_ bytes: [UInt8]) {
        bytes.withView { view in
            var consumed = 0
            var partial = PartialRequest()
            pipeline.pointee.executor.select(detached.session, now: 1_000_000)
            keyspace.reclaimer.enter(0)
            while pipeline.pointee.runBatch(view, consumed: &consumed, partial: &partial, maximumBulk: 1 << 29)
                == .more
            {}
            pipeline.pointee.finish()
            keyspace.reclaimer.leave(0)
        }
        detached.output.pointee.clear(keeping: 1 << 20)
    }
}
