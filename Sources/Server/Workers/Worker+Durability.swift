import Commands
import Configuration
import EventLoop
import Keyspace
import Persistence
import Primitives
import Synchronization

/// Replies wait for the log: until the kernel has what was logged before them, so that what was answered survives the
/// process, and where that is asked for until the disk has it.
///
/// Replies of a turn are collected, the log is written once for all of them, and then they leave. Those that need the disk
/// stay with their connections, from which nothing is read meanwhile, until the log says that it has been synced that far.
extension Worker {
    /// Whether replies may not leave yet: something has been logged, by whomever, that is not as safe as it must be.
    @inline(__always)
    func mustHold(_ connection: UnsafeMutablePointer<Connection>) -> Bool {
        let log = server.durability.log
        guard server.keyspace.isLogging else {
            // Of a log that could not be begun somebody may wait for the next.
            let awaited = connection.pointee.session.awaitedPosition
            return awaited != 0 && awaited > log.syncedPosition
        }
        let appended = log.appendedPosition
        if settings.appendSync == .always, !log.isProvisional {
            guard log.syncedPosition < appended else { return false }
            connection.pointee.session.awaitedPosition = appended
            return true
        }
        return log.writtenPosition < appended || connection.pointee.session.awaitedPosition > log.syncedPosition
    }

    /// Keeps the replies in `output` with the connection.
    func hold(_ connection: UnsafeMutablePointer<Connection>) {
        guard !output.pointee.isEmpty || connection.pointee.session.closesAfterReply else { return }
        keepOutput(connection)
        connection.pointee.publishOutput()
        guard !connection.pointee.awaitsLog else { return }
        connection.pointee.awaitsLog = true
        // The poll would report without end that there is room for what is not sent.
        if connection.pointee.awaitsWritability {
            connection.pointee.awaitsWritability = false
            watch(connection)
        }
        heldReplies.append(connection)
    }

    /// Writes the log and lets go of the replies that waited for that. Called once in a turn.
    func releaseReplies() {
        guard !heldReplies.isEmpty else { return }
        let log = server.durability.log
        log.write()
        if log.holdsReplies {
            // Nobody waits for long; the turn that follows the log's message comes here again.
            awaitsSync.store(true, ordering: .sequentiallyConsistent)
            if log.holdsReplies { return }
            log.write()
        }
        var awaited: UInt64 = 0
        let now = Clock.wallMilliseconds() / 1000
        for connection in heldReplies where !connection.pointee.isClosed {
            let position = connection.pointee.session.awaitedPosition
            if position > log.syncedPosition {
                awaited = max(awaited, position)
                unsyncedReplies.append((connection.pointee.record.identifier, position))
                gathered += 1
            } else {
                release(connection, now)
            }
        }
        heldReplies.removeAll(keepingCapacity: true)
        guard awaited > 0 else { return }
        // Nobody else is kept waiting, and another thread would only cost time.
        if server.clients.count == 1 { log.syncIfIdle(awaited) }
        if log.syncedPosition >= awaited { releaseSynced() } else { gather(awaited) }
    }

    /// Lets replies wait for others before they ask for the disk, since one sync serves all: until half of the connections
    /// wait, so that one half is executed while the disk has the other, or nothing is left to do, or half a millisecond is
    /// over.
    private func gather(_ position: UInt64) {
        awaitedSync = max(awaitedSync, position)
        let now = Clock.monotonicMicroseconds()
        if !isGathering { gatheringSince = now }
        isGathering = true
        if gathered * 2 >= connections.count || now - gatheringSince >= Self.longestGathering { endGathering() }
    }

    /// Asks for the disk on behalf of those whose replies wait.
    func endGathering() {
        isGathering = false
        gathered = 0
        awaitSync(awaitedSync)
    }

    /// Microseconds that replies wait for others before they ask for the disk.
    private static let longestGathering: Int64 = 500

    /// Ends gathering where there is nothing else to do, or it has lasted long enough.
    @inline(__always)
    func limitGathering(isIdle: Bool) {
        guard isGathering else { return }
        if isIdle || Clock.monotonicMicroseconds() - gatheringSince >= Self.longestGathering { endGathering() }
    }

    /// Lets go of the replies whose position the disk has reached; those who wait for it themselves are woken.
    func releaseSynced() {
        guard !unsyncedReplies.isEmpty || !syncWaiters.isEmpty else { return }
        let log = server.durability.log
        let position = log.syncedPosition
        let now = Clock.wallMilliseconds() / 1000
        for held in unsyncedReplies where held.position <= position {
            guard let connection = connections[held.connection] else { continue }
            release(connection, now)
        }
        unsyncedReplies.removeAll { $0.position <= position }
        let hasFailed = log.currentFailure != nil
        let waiters = syncWaiters.filter { hasFailed || $0.position <= position }
        syncWaiters.removeAll { hasFailed || $0.position <= position }
        for waiter in waiters {
            if let connection = connections[waiter.connection] { wake(connection) }
        }
        awaitedSync = max(unsyncedReplies.map(\.position).max() ?? 0, syncWaiters.map(\.position).max() ?? 0)
        if unsyncedReplies.isEmpty { (isGathering, gathered) = (false, 0) }
        if awaitedSync > 0, !isGathering { awaitSync(awaitedSync) }
    }

    private func release(_ connection: UnsafeMutablePointer<Connection>, _ now: Int64) {
        connection.pointee.awaitsLog = false
        flush(connection, now: now)
        guard !connection.pointee.isClosed, connection.pointee.restsForLog else { return }
        connection.pointee.restsForLog = false
        watch(connection)
        processInput(connection)
    }

    /// Asks for the disk, and to be told.
    func awaitSync(_ position: UInt64) {
        awaitedSync = max(awaitedSync, position)
        awaitsSync.store(true, ordering: .sequentiallyConsistent)
        let log = server.durability.log
        log.requestSync(position)
        // What was synced before the flag was up is told by nobody.
        if log.syncedPosition >= position { mailbox.send(.logSynced) }
    }

    /// Called by the threads of the log when the disk has caught up.
    func logWasSynced() {
        if awaitsSync.exchange(false, ordering: .sequentiallyConsistent) { mailbox.send(.logSynced) }
    }

    /// Wakes a connection when the disk has reached `position`.
    func wake(_ connection: Int, synced position: UInt64) {
        syncWaiters.append((connection, position))
        awaitSync(position)
    }

    /// Waits for the disk, when the worker ends, on behalf of those whose replies need it. Where it is not to be had, their
    /// connections end without a reply.
    func awaitLastSync() {
        if isGathering { endGathering() }
        let log = server.durability.log
        while !unsyncedReplies.isEmpty, log.currentFailure == nil, !log.isProvisional {
            _ = poll.wait(milliseconds: 10)
            readMailboxAtEnd()
        }
        for held in unsyncedReplies {
            if let connection = connections[held.connection] { close(connection) }
        }
    }

    private func readMailboxAtEnd() {
        for message in mailbox.receive() {
            if case .logSynced = message { releaseSynced() }
        }
    }

    /// Whether nothing is read from a connection since its replies wait for the disk.
    func rests(_ connection: UnsafeMutablePointer<Connection>) -> Bool {
        guard connection.pointee.awaitsLog else { return false }
        if !connection.pointee.restsForLog {
            connection.pointee.restsForLog = true
            watch(connection)
        }
        return true
    }

    /// Tells new and old connections whether they may write, or do anything.
    func adoptDurability() {
        let refusal = server.durability.writeRefusal
        pipeline.pointee.executor.writeRefusal = refusal ?? ""
        for connection in connections.values { adoptDurability(&connection.pointee.session) }
    }

    func adoptDurability(_ session: inout Session) {
        let durability = server.durability
        if durability.writeRefusal != nil {
            session.state.insert(.writesRefused)
        } else {
            session.state.remove(.writesRefused)
        }
        if durability.loading.isLoading {
            session.state.insert(.loading)
        } else {
            session.state.remove(.loading)
        }
    }
}
