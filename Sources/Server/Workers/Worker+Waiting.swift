import Commands
import ComputedKeys
import HeapModule
import Keyspace
import Primitives
import Synchronization

/// Connections whose next command waits: for another's computation, for a change, or for a job to be done. They hold
/// nothing and execute the command again when they are woken.
extension Worker {
    /// When a connection that waits is to be looked at again.
    struct Alarm: Comparable {
        /// Milliseconds since 1970.
        let time: Int64
        let connection: Int
        static func < (a: Alarm, b: Alarm) -> Bool { a.time < b.time }
    }

    /// Microseconds that one turn of the loop spends on jobs.
    private static let jobBudget: Int64 = 1000

    /// Lets a connection wait for what its session says.
    func suspend(_ connection: UnsafeMutablePointer<Connection>) {
        connection.pointee.session.isSuspended = false
        connection.pointee.isWaiting = true
        connection.pointee.awaitsRoom = connection.pointee.session.suspension?.awaitsRoom == true
        watch(connection)
        guard let suspension = connection.pointee.session.suspension else { return }
        let identifier = connection.pointee.record.identifier
        if let job = suspension.job { jobs.append((job, identifier)) }
        if let blocked = suspension.blocked { connection.pointee.record.beginWaiting(blocked) }
        guard suspension.wakesAt < .max else { return }
        alarms.insert(Alarm(time: suspension.wakesAt, connection: identifier))
        if alarms.count > 2 * connections.count + 1024 { forgetAlarms() }
    }

    /// Reads no more from a connection for a millisecond, since it is sending more than there is room for.
    func waitForRoom(_ connection: UnsafeMutablePointer<Connection>) {
        connection.pointee.isWaiting = true
        connection.pointee.awaitsRoom = true
        watch(connection)
        alarms.insert(Alarm(time: Clock.wallMilliseconds() + 1, connection: connection.pointee.record.identifier))
    }

    /// Keeps the alarms of those only who still wait.
    private func forgetAlarms() {
        let now = Clock.wallMilliseconds()
        alarms = Heap(
            connections.compactMap { identifier, connection in
                guard connection.pointee.isWaiting else { return nil }
                // Without a suspension it waits for room.
                let time = connection.pointee.session.suspension?.wakesAt ?? now
                return time < .max ? Alarm(time: time, connection: identifier) : nil
            })
    }

    /// Executes what a connection waits with once more.
    func wake(_ connection: UnsafeMutablePointer<Connection>) {
        guard connection.pointee.isWaiting, !connection.pointee.isClosed,
            // One who waits for a job, or for keys, may be meant by what was to wake it before.
            connection.pointee.session.suspension?.job?.isDone != false,
            connection.pointee.session.suspension?.blocked == nil
        else { return }
        connection.pointee.isWaiting = false
        watch(connection)
        processInput(connection)
    }

    /// Wakes the connections whose time has come.
    func wakeDue() {
        guard !alarms.isEmpty else { return }
        let now = Clock.wallMilliseconds()
        while let alarm = alarms.min, alarm.time <= now {
            _ = alarms.popMin()
            guard let connection = connections[alarm.connection] else { continue }
            if connection.pointee.session.suspension?.blocked != nil {
                endBlocking(connection, now: now)
            } else {
                wake(connection)
            }
        }
    }

    /// Goes on with jobs for a while, one slice of each in turn, and wakes those who waited for one that is done.
    func advanceJobs() {
        guard !jobs.isEmpty else { return }
        let deadline = Clock.monotonicMicroseconds() + Self.jobBudget
        pipeline.pointee.executor.call.access.now = Clock.wallMilliseconds()
        while !jobs.isEmpty, Clock.monotonicMicroseconds() < deadline {
            let (job, connection) = jobs.removeFirst()
            let isDone = job.advance(&pipeline.pointee.executor.call.access)
            pipeline.pointee.executor.serveReadyKeys()
            if !isDone {
                jobs.append((job, connection))
            } else if let connection = connections[connection] {
                wake(connection)
            }
        }
    }

    /// Ends the job that a closed connection waits for.
    func abandonJob(_ connection: UnsafeMutablePointer<Connection>) {
        connection.pointee.session.suspension?.job?.abandon(&pipeline.pointee.executor.call.access)
    }

    // MARK: Sources that expire

    /// Milliseconds before a source expires at which marking what depends on it begins, where that may be much.
    private static let expiryLead: Int64 = 50

    /// When marking ahead of a source's expiry is to begin, in milliseconds since 1970; nil where nothing is to be done.
    /// One worker does it.
    var markingTime: Int64? {
        guard index == 0, server.keyspace.nodeStates.hasManyNodes.load(ordering: .relaxed) else { return nil }
        let deadline = server.keyspace.nodeStates.nextDeadline.load(ordering: .relaxed)
        return deadline == .max ? nil : deadline - Self.expiryLead
    }

    /// Marks what depends on a source that is going to expire. What is marked too early does no harm.
    func markAheadOfExpiry() {
        let now = Clock.wallMilliseconds()
        guard let markingTime, now >= markingTime else { return }
        pipeline.pointee.executor.call.access.now = now
        // Those whose time has come make room for the next.
        pipeline.pointee.executor.call.access.expireSources()
        let job = pipeline.pointee.executor.call.access.announce {
            server.graph.markAheadOfExpiry(before: now + Self.expiryLead, now: now, into: &$0)
        }
        pipeline.pointee.executor.call.access.commit()
        if let job { jobs.append((job, 0)) }
    }
}
