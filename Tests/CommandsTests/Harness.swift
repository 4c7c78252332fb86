import Commands
import Keyspace
import Primitives
import RESP
import Testing

/// A server without connections: an executor over a keyspace of its own, whose clock stands still until it is moved.
///
/// ```
/// let server = Harness([StringCommands.commands])
/// server.run("SET", "a", "1")  // "+OK\r\n"
/// ```
final class Harness {
    private final class Host: ExecutionObserver {
        var answers: [(call: BlockedCall, text: [UInt8])] = []

        func blockedCallAnswered(_ blocked: BlockedCall, _ answer: ByteView, from _: Int) {
            answers.append((blocked, answer.array))
        }
    }

    let keyspace: Keyspace
    /// Milliseconds since 1970, as commands see it.
    var now: Int64 = 1_700_000_000_000
    /// The client that sends the next commands; each number is a client of its own.
    var client = 0
    var executor: Executor
    private let host = Host()
    private let table: CommandTable
    private let output = UnsafeMutablePointer<ByteBuffer>.allocate(capacity: 1)
    private let statistics = UnsafeMutablePointer<AccessStatistics>.allocate(capacity: 1)
    private var sessions: [Int: UnsafeMutablePointer<Session>] = [:]

    /// - Parameters:
    ///   - families: lists of records; those of transactions are there in any case.
    ///   - other: whose keyspace it works on, which is for two workers, as the second of them.
    init(_ families: [[Command]], databases: Int = 16, workers: Int = 1, beside other: Harness? = nil) {
        keyspace = other?.keyspace ?? Keyspace(databases: databases, workers: workers)
        table = CommandTable(families + [TransactionCommands.commands])
        output.initialize(to: ByteBuffer())
        statistics.initialize(to: AccessStatistics())
        let first = UnsafeMutablePointer<Session>.allocate(capacity: 1)
        first.initialize(to: Session(identifier: 0))
        sessions[0] = first
        executor = Executor(
            table: table, keyspace: keyspace, output: output, accessStatistics: statistics, session: first,
            host: host, worker: other == nil ? 0 : 1, observer: host)
    }

    deinit {
        for session in sessions.values {
            session.deinitialize(count: 1)
            session.deallocate()
        }
        output.deinitialize(count: 1)
        output.deallocate()
        statistics.deinitialize(count: 1)
        statistics.deallocate()
    }

    /// The selected client's session.
    var session: UnsafeMutablePointer<Session> {
        if let session = sessions[client] { return session }
        let session = UnsafeMutablePointer<Session>.allocate(capacity: 1)
        session.initialize(to: Session(identifier: client))
        sessions[client] = session
        return session
    }

    /// The version of RESP that the selected client speaks.
    var version: UInt8 {
        get { session.pointee.version }
        set { session.pointee.version = newValue }
    }

    /// Hits and misses counted so far.
    var lookups: (hits: Int, misses: Int) { (statistics.pointee.hits.current, statistics.pointee.misses.current) }

    /// What those who waited were answered by commands of others.
    var answers: [String] { host.answers.map { String(decoding: $0.text, as: UTF8.self) } }

    /// Lets the selected client find what it was answered when it executes its command again, as its worker does.
    func takeAnswers() {
        session.pointee.isSuspended = false
        for answer in host.answers { session.pointee.take(answer.text, of: answer.call) }
    }

    /// Executes a command and returns its encoded reply: nothing where it waits.
    @discardableResult
    func run(_ arguments: String...) -> String { run(arguments) }

    @discardableResult
    func run(_ arguments: [String]) -> String {
        String(decoding: run(bytes: arguments.map { Array($0.utf8) }), as: UTF8.self)
    }

    /// The same for any bytes.
    @discardableResult
    func run(bytes arguments: [[UInt8]]) -> [UInt8] {
        var block = Array(arguments.joined())
        // An empty array has no address.
        block.append(0)
        block.withView { all in
            var start = 0
            let views = arguments.map { argument in
                defer { start += argument.count }
                return all[start..<start + argument.count]
            }
            executor.select(session, now: now)
            views.withUnsafeBufferPointer {
                _ = executor.execute(
                    views.first.flatMap { table.find($0) }, $0, hash: nil, isUnmarked: false, startedAt: 0)
            }
        }
        let reply = output.pointee.view.array
        output.pointee.clear(keeping: 0)
        return reply
    }

    /// Does what the selected client's command waits for, as its worker does before it executes the command again.
    func finishJob() {
        session.pointee.isSuspended = false
        guard let job = session.pointee.suspension?.job else { return }
        while !job.advance(&executor.call.access) {}
    }

    /// Removes what has expired, as the server's active cycle does.
    func expireActively() {
        executor.select(session, now: now)
        for shard in 0..<ShardSet.shardCount {
            while executor.call.access.expireDue(shard: shard, limit: 100).hasMore {}
        }
        executor.serveReadyKeys()
    }

    /// Records all changes from now on.
    func observe() -> EventLog {
        let log = EventLog()
        keyspace.add(observer: log)
        keyspace.observeAll(true)
        return log
    }
}

/// The changes of a keyspace as texts: `set a`, with `@1` behind those of database 1.
final class EventLog: KeyspaceObserver, @unchecked Sendable {
    private var recorded: [String] = []

    /// The events since the last call, in their order.
    func take() -> [String] {
        defer { recorded = [] }
        return recorded
    }

    func keyspaceChanged(_ changes: borrowing ChangeLog, revision: UInt64) {
        changes.forEach { change, key in
            recorded.append("\(change.event.name) \(key.string)" + (change.database == 0 ? "" : "@\(change.database)"))
        }
    }
}
