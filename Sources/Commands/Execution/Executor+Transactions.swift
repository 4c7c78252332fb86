import Keyspace
import Primitives
import RESP
import Synchronization

extension Executor {
    /// EXEC: all queued commands under the locks of all their keys, as one change.
    mutating func executeTransaction(_ entry: CommandEntry, _ arguments: UnsafeBufferPointer<ByteView>) {
        let start = CycleClock.now()
        call.entry = entry
        call.arguments = arguments
        let session = call.session
        guard session.pointee.state.contains(.transaction) else {
            return fail(entry, .execWithoutMulti)
        }
        let queue = session.pointee.queue
        let shards = hold(shards(of: queue).union(session.pointee.watch.shards), isWrite: true)
        if !queue.isBroken, savesAhead(queue) || marksAhead(queue) {
            keyspace.unlock(shards)
            call.access.held = ShardSet()
            return
        }
        session.pointee.state.remove(.transaction)
        session.pointee.queue = TransactionQueue()
        if queue.isBroken {
            fail(entry, .transactionAborted)
        } else if hasWatchedKeyChanged() {
            call.reply.nullArray()
        } else {
            execute(queue)
        }
        call.access.commit()
        if call.access.hasReadyKeys { serveReady() }
        TransactionCommands.unwatchAll(&call)
        keyspace.unlock(shards)
        call.access.held = ShardSet()
        let ticks = CycleClock.now() &- start
        call.entry = entry
        record(entry, ticks: ticks)
        if ticks >= call.reportThreshold { report(entry, arguments, ticks) }
    }

    private mutating func execute(_ queue: TransactionQueue) {
        call.reply.array(queue.commands.count)
        call.isInTransaction = true
        call.session.pointee.executing = (queue.commands.count, queue.bytes)
        for queued in queue.commands {
            queued.arguments.withViews { runQueued(queued.entry.takeUnretainedValue(), $0) }
        }
        call.isInTransaction = false
        call.session.pointee.executing = nil
    }

    /// The shards of everything that the queued commands touch.
    private func shards(of queue: TransactionQueue) -> ShardSet {
        var shards = ShardSet()
        for queued in queue.commands {
            let entry = queued.entry.takeUnretainedValue()
            // What marks is logged in the order of the graph, which others change under the locks of other keys.
            if !entry.flags.isDisjoint(with: [.walks, .marks]) { return .all }
            queued.arguments.withViews { shards.formUnion(entry.locks.shards(entry.command, $0)) }
        }
        return shards
    }

    private mutating func hasWatchedKeyChanged() -> Bool {
        guard let state = call.session.pointee.watch.state else { return false }
        // Those whose time has come while nobody looked, and computed ones that turned stale or fresh again.
        for watched in call.session.pointee.watch.keys where !state.isDirty {
            let isHidden = watched.key.withView { key in
                call.access.inDatabase(watched.database) { $0.isHidden(Key(key)) }
            }
            if isHidden != watched.isHidden { return true }
        }
        return state.isDirty
    }
}

extension ShardSet {
    func union(_ other: ShardSet) -> ShardSet {
        var result = self
        result.formUnion(other)
        return result
    }
}

extension WatchList {
    /// The shards of the watched keys.
    var shards: ShardSet {
        var shards = ShardSet()
        for watched in keys { shards.insert(Keyspace.shardIndex(watched.key.withView { processHash($0) })) }
        return shards
    }
}
