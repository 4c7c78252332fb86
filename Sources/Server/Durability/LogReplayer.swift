import Commands
import Glibc
import Keyspace
import Persistence
import Primitives
import RESP

/// Executes the commands of append-only files, on a pipeline of its own and with the commands on keys alone.
///
/// Nothing expires meanwhile, nothing is evicted or refused for want of memory, nothing waits: what the log says has
/// happened. Whoever loads uses it, while no other thread changes the keyspace: so it need not enter the reclaimer.
final class LogReplayer {
    private let detached: DetachedPipeline
    private var pipeline: UnsafeMutablePointer<Pipeline> { detached.pipeline }
    private var session: UnsafeMutablePointer<Session> { detached.session }
    private var partial = PartialRequest()
    private let listener = Listener()

    /// What was answered with errors.
    private final class Listener: ExecutionObserver {
        var errors = 0
        var first: String?
        /// What no server with this one's commands and databases has logged.
        var foreign: String?

        func executionFailed(_ error: CommandError) {
            errors += 1
            if first == nil { first = error.message }
            let isForeign =
                error.message.hasPrefix("ERR unknown command")
                || error.message == CommandError.databaseOutOfRange.message
            if isForeign { foreign = foreign ?? error.message }
        }
    }

    /// - Parameter limits: of values, as configuration sets them.
    init(_ keyspace: Keyspace, limits: CommandLimits) {
        detached = DetachedPipeline(DataFamilies.all, keyspace, observer: listener)
        pipeline.pointee.executor.tracksLatency = false
        pipeline.pointee.executor.call.limits = limits
        pipeline.pointee.executor.call.limits.maximumString = .max
        pipeline.pointee.executor.call.isReplaying = true
        pipeline.pointee.executor.call.access.accessClockStart =
            UInt32(truncatingIfNeeded: Clock.wallMilliseconds() / 1000)
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
    /// - Throws: where a command or a database is not known, or something is none.
    func replay(_ commands: ByteView) throws(PersistenceError) {
        var consumed = 0
        while consumed < commands.count {
            // Before all deadlines: what has expired was logged as removed.
            pipeline.pointee.executor.select(session, now: 0)
            switch pipeline.pointee.runBatch(
                commands, consumed: &consumed, partial: &partial, maximumBulk: LogScanner.longestArgument)
            {
            case .more, .outputIsLarge: break
            case .suspended: try advance()
            case .needsInput where consumed == commands.count: break
            case .needsInput, .closes, .held, .crossProtocol:
                throw PersistenceError("what follows \(consumed) bytes further on is no command that was logged")
            }
            detached.output.pointee.clear(keeping: 1 << 20)
            if let foreign = listener.foreign { throw PersistenceError(foreign) }
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

    /// Removes all keys.
    func empty() throws(PersistenceError) {
        begin()
        var text = ByteBuffer()
        text.appendCommand(arguments: 1)
        text.appendArgument("FLUSHALL")
        try replay(text.view)
    }

    /// Removes all that has expired.
    func expire() {
        pipeline.pointee.executor.select(session, now: Clock.wallMilliseconds())
        for shard in 0..<ShardSet.shardCount {
            while pipeline.pointee.executor.call.access.expireDue(shard: shard, limit: 1000).hasMore {}
        }
        pipeline.pointee.finish()
    }

    /// Removes a key.
    func remove(_ name: SavedComputation.Name) throws(PersistenceError) {
        var effects = Effects()
        effects.begin(database: name.database, arguments: 2)
        effects.append("DEL")
        name.key.withView { effects.append($0) }
        var text = ByteBuffer()
        text.appendSelect(name.database)
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
