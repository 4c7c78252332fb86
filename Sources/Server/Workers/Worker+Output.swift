import Commands
import Configuration
import EventLoop
import Logging
import Primitives

extension Worker {
    /// Memory that the worker keeps for replies, in bytes.
    private static let keptOutput = 512 * 1024
    /// What a client that has not authenticated may leave unread, in bytes.
    private static let unauthenticatedOutput = 64 * 1024

    /// Hands the replies in `output` to the kernel; what it does not take waits with the connection.
    func send(_ connection: UnsafeMutablePointer<Connection>) {
        defer { output.pointee.clear(keeping: Self.keptOutput) }
        guard !connection.pointee.isClosed else { return }
        guard connection.pointee.pending.isEmpty else {
            connection.pointee.pending.append(output.pointee.view)
            return flush(connection)
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

    /// Hands over what waits with the connection.
    func flush(_ connection: UnsafeMutablePointer<Connection>) {
        // Who takes its replies is not idle, however long they are.
        connection.pointee.record.lastInteraction.set(Int(Clock.wallMilliseconds() / 1000))
        while !connection.pointee.pending.isEmpty {
            switch Socket.write(connection.pointee.descriptor, connection.pointee.pending.view) {
            case .bytes(let count):
                sent(count, connection)
                connection.pointee.pending.consume(count)
            case .wouldBlock: return waitForWritability(connection)
            case .closed: return close(connection)
            }
        }
        connection.pointee.pending.clear(keeping: 0)
        connection.pointee.overSoftLimitSince = nil
        connection.pointee.record.outputBytes.set(0)
        connection.pointee.record.outputCapacity.set(0)
        if connection.pointee.awaitsWritability {
            connection.pointee.awaitsWritability = false
            watch(connection)
        }
        if connection.pointee.session.closesAfterReply { closeGently(connection) }
    }

    private func sent(_ count: Int, _ connection: UnsafeMutablePointer<Connection>) {
        statistics.pointee.writes.add()
        statistics.pointee.bytesOut.add(count)
        connection.pointee.record.bytesOut.add(count)
    }

    private func waitForWritability(_ connection: UnsafeMutablePointer<Connection>) {
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
        let count = connection.pointee.pending.count
        let limit = settings.outputLimitNormal
        var isOver = limit.hard > 0 && count > limit.hard
        if connection.pointee.session.state.contains(.unauthenticated), count > Self.unauthenticatedOutput {
            isOver = true
        }
        if limit.soft > 0, count > limit.soft {
            let now = Clock.wallMilliseconds() / 1000
            let since = connection.pointee.overSoftLimitSince ?? now
            connection.pointee.overSoftLimitSince = since
            // Whole seconds: of a difference of one, as little as a millisecond may have passed.
            if now - since > Int64(limit.softSeconds) { isOver = true }
        } else {
            connection.pointee.overSoftLimitSince = nil
        }
        guard isOver else { return }
        statistics.pointee.outputBufferKills.add()
        server.log.warning(
            "Client id=\(connection.pointee.session.identifier) closed for overcoming of output buffer limits.")
        close(connection)
    }
}
