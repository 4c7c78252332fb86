import Commands
import Glibc
import Keyspace
import Persistence
import Primitives
import RESP

/// Executes the commands of append-only files, on a pipeline of its own and with the commands on keys alone.
///
/// Nothing expires meanwhile, nothing is evicted or refused for want of memory, nothing waits: what the log says has
/// happened. Not a thread's own: whoever loads uses it, while no other thread executes commands.
final class LogReplayer {
    private let pipeline: UnsafeMutablePointer<Pipeline>
    private let output: UnsafeMutablePointer<ByteBuffer>
    private let session: UnsafeMutablePointer<Session>
    private let statistics: UnsafeMutablePointer<AccessStatistics>
    private var partial = PartialRequest()
    private let listener = Listener()

    /// What was answered with errors.
    private final class Listener: ExecutionObserver {
        var errors = 0
        var first: String?
        var unknown: String?

        func executionFailed(_ error: CommandError) {
            errors += 1
            if first == nil { first = error.message }
            if error.message.hasPrefix("ERR unknown command") { unknown = unknown ?? error.message }
        }
        func executed(_ call: borrowing Call, ticks: UInt64) {}
        func blockedCallAnswered(_ blocked: BlockedCall, _ answer: ByteView, from worker: Int) {}
        func accessWasDenied(
            _ denial: Denial, _ arguments: UnsafeBufferPointer<ByteView>, entry: CommandEntry,
            session: UnsafeMutablePointer<Session>
        ) {}
    }

    /// - Parameter limits: of values, as configuration sets them.
    init(_ keyspace: Keyspace, limits: CommandLimits) {
        output = .allocate(capacity: 1)
        output.initialize(to: ByteBuffer())
        session = .allocate(capacity: 1)
        session.initialize(to: Session(identifier: 0))
        statistics = .allocate(capacity: 1)
        statistics.initialize(to: AccessStatistics())
        pipeline = .allocate(capacity: 1)
        var executor = Executor(
            table: CommandTable(DataFamilies.all), keyspace: keyspace, output: output, accessStatistics: statistics,
            session: session, host: listener, worker: 0, observer: listener)
        executor.tracksLatency = false
        executor.call.limits = limits
        executor.call.limits.maximumString = .max
        executor.call.isReplaying = true
        executor.call.access.accessClockStart = UInt32(truncatingIfNeeded: Clock.wallMilliseconds() / 1000)
        pipeline.initialize(to: Pipeline(executor: executor, pause: ClientPause()))
    }

    deinit {
        pipeline.deinitialize(count: 1)
        pipeline.deallocate()
        statistics.deinitialize(count: 1)
        statistics.deallocate()
        session.deinitialize(count: 1)
        session.deallocate()
        output.deinitialize(count: 1)
        output.deallocate()
    }

    /// Errors with which commands were answered: what had no effect when it was logged has none now.
    var errors: (count: Int, first: String?) { (listener.errors, listener.first) }

    /// Begins a file: no transaction is open, the first database is selected.
    func begin() {
        session.pointee = Session(identifier: 0)
        partial = PartialRequest()
    }

    /// Executes whole commands.
    ///
    /// - Throws: where a command is not known, or is none.
    func replay(_ commands: ByteView) throws(PersistenceError) {
        var consumed = 0
        while consumed < commands.count {
            // Before all deadlines: what has expired was logged as removed.
            pipeline.pointee.executor.select(session, now: 0)
            switch pipeline.pointee.runBatch(
                commands, consumed: &consumed, partial: &partial, maximumBulk: Int(Int32.max))
            {
            case .more, .outputIsLarge: break
            case .suspended: try advance()
            case .needsInput where consumed == commands.count: break
            case .needsInput, .closes, .held, .crossProtocol:
                throw PersistenceError("what follows \(consumed) bytes further on is no command that was logged")
            }
            output.pointee.clear(keeping: 1 << 20)
            if let unknown = listener.unknown { throw PersistenceError(unknown) }
        }
        pipeline.pointee.finish()
    }

    /// The text of the string at a key; nil where there is none.
    func text(of name: SavedComputation.Name) -> [UInt8]? {
        name.key.withView { bytes in
            let key = Key(bytes)
            return pipeline.pointee.executor.call.access.inDatabase(name.database) { access in
                access.withLock(of: key.hash, commits: false) { $0.withText(of: key) { $0?.array } }
            }
        }
    }

    /// Removes a key.
    func remove(_ name: SavedComputation.Name) throws(PersistenceError) {
        var effects = Effects()
        effects.begin(database: name.database, arguments: 2)
        effects.append("DEL")
        name.key.withView { effects.append($0) }
        var text = ByteBuffer()
        Effects.appendSelect(name.database, to: &text)
        text.append(effects.text.view)
        try replay(text.view)
    }

    /// Does at once what a command waits for.
    private func advance() throws(PersistenceError) {
        session.pointee.isSuspended = false
        guard let job = session.pointee.suspension?.job else {
            throw PersistenceError("a command waits, which nothing that was logged does")
        }
        while !job.advance(&pipeline.pointee.executor.call.access) {}
    }
}
