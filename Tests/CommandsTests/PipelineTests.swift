import Commands
import Keyspace
import Primitives
import RESP
import TestSupport
import Testing

@Suite struct PipelineTests {
    private static let families = [HashCommands.commands, HashExpiryCommands.commands, SortedSetCommands.commands]

    /// Calls on hashes and sorted sets of every encoding, a key of the wrong type and one that is never there, with
    /// elements in unusual places and too few arguments among them.
    private static func calls(_ count: Int, seed: UInt64) -> [[String]] {
        var random = RandomGenerator(seed: seed)
        func number(_ limit: Int) -> String { String(random.next(below: limit)) }
        return (0..<count).map { _ in
            switch random.next(below: 12) {
            case 0, 1: ["HSET", "large", number(600), number(1000)]
            case 2: ["HSET", "small", number(4), number(1000)]
            case 3: ["HGET", "large", number(600)]
            case 4: ["HGET", "small", number(4)]
            case 5: ["HDEL", "large", number(600)]
            case 6: ["HEXPIRE", "small", "100", "FIELDS", "1", number(4)]
            case 7, 8: ["ZADD", "board", number(100), number(600)]
            case 9: ["ZADD", "board", "GT", "CH", number(100), number(600)]
            case 10: ["ZSCORE", ["board", "large", "none"][random.next(below: 3)], number(600)]
            default: ["HGET", "board"] + (random.next(below: 2) == 0 ? [] : [number(4)])
            }
        }
    }

    @Test func `A batch answers what its commands answer one by one`() {
        let seed: UInt64 = 20
        let batched = PipelineHarness(Self.families)
        let single = Harness(Self.families)
        let calls = Self.calls(6400, seed: seed)
        for start in stride(from: 0, to: calls.count, by: 64) {
            let batch = Array(calls[start..<start + 64])
            #expect(batched.run(batch) == batch.map { single.run($0) }.joined(), "seed \(seed), call \(start)")
        }
    }

    @Test func `Nothing is fetched from a shard that somebody else works in`() {
        let server = PipelineHarness(Self.families)
        server.run((0..<200).map { ["HSET", "large", String($0), "value"] })
        Array("large".utf8).withView { key in
            let hash = processHash(key)
            #expect(server.keyspace.prefetchElement(key, of: hash, database: 0) == hash)
            server.keyspace.lock(Keyspace.shardIndex(hash))
            #expect(server.keyspace.prefetchElement(key, of: hash, database: 0) == nil)
            server.keyspace.unlock(Keyspace.shardIndex(hash))
        }
    }
}

/// A pipeline over a keyspace of its own, whose clock stands where that of a `Harness` begins.
private final class PipelineHarness {
    private final class Listener: ExecutionObserver {}

    let keyspace = Keyspace(databases: 16, workers: 1)
    private let detached: DetachedPipeline
    private var pipeline: UnsafeMutablePointer<Pipeline> { detached.pipeline }

    init(_ families: [[Command]]) { detached = DetachedPipeline(families, keyspace, observer: Listener()) }

    /// Executes commands that arrive together and returns their replies.
    @discardableResult
    func run(_ commands: [[String]]) -> String {
        var bytes: [UInt8] = []
        for command in commands {
            bytes += Array("*\(command.count)\r\n".utf8)
            for word in command { bytes += Array("$\(word.utf8.count)\r\n\(word)\r\n".utf8) }
        }
        bytes.withView { view in
            var consumed = 0
            var partial = PartialRequest()
            pipeline.pointee.executor.select(detached.session, now: 1_700_000_000_000)
            keyspace.reclaimer.enter(0)
            while pipeline.pointee.runBatch(view, consumed: &consumed, partial: &partial, maximumBulk: 1 << 20)
                == .more
            {}
            pipeline.pointee.finish()
            keyspace.reclaimer.leave(0)
        }
        let replies = detached.output.pointee.view.array
        detached.output.pointee.clear(keeping: 1 << 20)
        return String(decoding: replies, as: UTF8.self)
    }
}
