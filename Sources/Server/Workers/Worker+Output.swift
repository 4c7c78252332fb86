import Commands
import Configuration
import EventLoop
import Logging
import Primitives

extension Worker {
    /// Memory that a subscriber keeps for the next messages, in bytes.
    private static let keptPushes = 4 * 1024
    /// Memory that the worker keeps for replies, in bytes.
    private static let keptOutput = 512 * 1024
    /// What a client that has not authenticated may leave unread, in bytes.
    private static let unauthenticatedOutput = 64 * 1024

    /// Hands the replies in `output` to the kernel; what it does not take waits with the connection.
    func send(_ connection: UnsafeMutablePointer<Connection>) {
        defer {
            output.pointee.clear(keeping: Self.keptOutput)
            reportedOutput = 0
        }
        guard !connection.pointee.isClosed else { return }
        // Those that no reply has taken with it.
        pipeline.pointee.executor.call.appendPushes()
        if connection.pointee.awaitsLog || mustHold(connection) { return hold(connection) }
        guard connection.pointee.pending.isEmpty else {
            connection.pointee.pending.append(output.pointee.view)
            return flush(connection, now: Clock.wallMilliseconds() / 1000)
        }
        while !output.pointee.isEmpty {
            switch Socket.write(connection.pointee.descriptor, output.pointee.view) {
            case .bytes(let count):
                sent(count, connection)
                output.pointee.consume(count)
            case .wouldBlock:
                connection.pointee.pending.append(output.pointee.view)
                return waitForWritability(connection)
            case .closed: return close(connection)
            }
        }
        if connection.pointee.session.closesAfterReply { closeGently(connection) }
    }

    /// Hands over what waits with the connection; `now` in seconds since 1970.
    func flush(_ connection: UnsafeMutablePointer<Connection>, now: Int64) {
        guard !connection.pointee.awaitsLog else { return }
        // Who takes its replies is not idle, however long they are.
        connection.pointee.record.lastInteraction.set(Int(now))
        while !connection.pointee.pending.isEmpty || makeUpValue(connection) {
            switch Socket.write(connection.pointee.descriptor, connection.pointee.pending.view) {
            case .bytes(let count):
                sent(count, connection)
                connection.pointee.pending.consume(count)
            case .wouldBlock: return waitForWritability(connection)
            case .closed: return close(connection)
            }
        }
        connection.pointee.pending.clear(keeping: connection.pointee.record.isSubscriber ? Self.keptPushes : 0)
        connection.pointee.overSoftLimitSince = nil
        connection.pointee.publishOutput()
        account(connection)
        if connection.pointee.awaitsWritability {
            connection.pointee.awaitsWritability = false
            watch(connection)
        }
        if connection.pointee.session.closesAfterReply { closeGently(connection) }
    }

    func sent(_ count: Int, _ connection: UnsafeMutablePointer<Connection>) {
        statistics.pointee.writes.add()
        statistics.pointee.bytesOut.add(count)
        connection.pointee.record.bytesOut.add(count)
    }

    func waitForWritability(_ connection: UnsafeMutablePointer<Connection>) {
        connection.pointee.publishOutput()
        account(connection)
        if !connection.pointee.awaitsWritability {
            connection.pointee.awaitsWritability = true
            watch(connection)
        }
        enforceOutputLimit(connection)
    }

    /// Registers what the connection waits for.
    func watch(_ connection: UnsafeMutablePointer<Connection>) {
        var interest: EventPoll.Interest = connection.pointee.isHeld ? [] : .read
        // Whoever waits may wait for long, and must be missed when it goes.
        if connection.pointee.isWaiting { interest.insert(.peerClosed) }
        if connection.pointee.awaitsWritability { interest.insert(.write) }
        poll.change(connection.pointee.descriptor, token: Connection.token(connection), interest: interest)
    }

    /// Closes a client that does not read what it asked for, at `client-output-buffer-limit`.
    func enforceOutputLimit(_ connection: UnsafeMutablePointer<Connection>) {
        if isOverOutputLimit(connection) { closeForOutput(connection) }
    }

    /// Whether more waits for a client than its class may have.
    func isOverOutputLimit(_ connection: UnsafeMutablePointer<Connection>) -> Bool {
        let count = connection.pointee.pending.count
        let limit = connection.pointee.record.isSubscriber ? settings.outputLimitPubSub : settings.outputLimitNormal
        if limit.hard > 0, count > limit.hard { return true }
        if connection.pointee.session.state.contains(.unauthenticated), count > Self.unauthenticatedOutput {
            return true
        }
        guard limit.soft > 0, count > limit.soft else {
            connection.pointee.overSoftLimitSince = nil
            return false
        }
        let now = Clock.wallMilliseconds() / 1000
        let since = connection.pointee.overSoftLimitSince ?? now
        connection.pointee.overSoftLimitSince = since
        // Whole seconds: of a difference of one, as little as a millisecond may have passed.
        return now - since > Int64(limit.softSeconds)
    }

    func closeForOutput(_ connection: UnsafeMutablePointer<Connection>) {
        statistics.pointee.outputBufferKills.add()
        server.log.warning(
            "Client id=\(connection.pointee.session.identifier) closed for overcoming of output buffer limits.")
        close(connection)
    }
}
