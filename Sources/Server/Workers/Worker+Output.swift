import Commands
import Configuration
import EventLoop
import Keyspace
import Logging
import Primitives

extension Worker {
    /// Memory that a subscriber keeps for the next messages, in bytes.
    private static let keptPushes = 4 * 1024
    /// Memory that the worker keeps for replies, in bytes.
    private static let keptOutput = 512 * 1024
    /// What one turn hands to the kernel for one connection, in bytes: a quarter of a millisecond's work, however long the
    /// replies are.
    private static let turnOutput = 512 * 1024
    /// Memory that is given back to the system in the background, in bytes.
    private static let largeMemory = 4 * 1024 * 1024
    /// What a client that has not authenticated may leave unread, in bytes.
    private static let unauthenticatedOutput = 64 * 1024

    /// Hands the replies in `output` to the kernel; what it does not take waits with the connection.
    func send(_ connection: UnsafeMutablePointer<Connection>) {
        defer {
            release(clear(&output.pointee, keeping: Self.keptOutput))
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
        switch write(&output.pointee, connection, atMost: Self.turnOutput) {
        case .done: break
        case .waits:
            keepOutput(connection)
            return waitForWritability(connection)
        case .closed: return close(connection)
        }
        if connection.pointee.transfer != nil { return flush(connection, now: Clock.wallMilliseconds() / 1000) }
        if connection.pointee.session.closesAfterReply { closeGently(connection) }
    }

    /// Reads on in the file that a connection is being sent; false where there is none, or no more of it. A file that cannot
    /// be read to its end ends the connection, since the client has been told how long it is.
    private func makeUpTransfer(_ connection: UnsafeMutablePointer<Connection>) -> Bool {
        guard let transfer = connection.pointee.transfer else { return false }
        if transfer.isOver {
            connection.pointee.transfer = nil
            return false
        }
        guard transfer.read(into: &connection.pointee.pending) else {
            close(connection)
            return false
        }
        return true
    }

    /// Puts what is left of `output` behind what waits with the connection. What is long changes hands.
    func keepOutput(_ connection: UnsafeMutablePointer<Connection>) {
        if connection.pointee.pending.isEmpty, output.pointee.count > Self.keptOutput {
            swap(&connection.pointee.pending, &output.pointee)
        } else {
            connection.pointee.pending.append(output.pointee.view)
        }
    }

    /// Hands over what waits with the connection, as much as one turn may; `now` in seconds since 1970.
    func flush(_ connection: UnsafeMutablePointer<Connection>, now: Int64) {
        flush(connection, now: now, atMost: Self.turnOutput)
    }

    /// Hands over what waits with the connection as far as the kernel takes it, before the connection is closed.
    func flushFinally(_ connection: UnsafeMutablePointer<Connection>, now: Int64) {
        flush(connection, now: now, atMost: .max)
    }

    private func flush(_ connection: UnsafeMutablePointer<Connection>, now: Int64, atMost limit: Int) {
        guard !connection.pointee.awaitsLog else { return }
        // Who takes its replies is not idle, however long they are.
        connection.pointee.record.lastInteraction.set(Int(now))
        let start = statistics.pointee.bytesOut.current
        while !connection.pointee.pending.isEmpty || makeUpValue(connection) || makeUpTransfer(connection) {
            let left = limit - (statistics.pointee.bytesOut.current - start)
            switch write(&connection.pointee.pending, connection, atMost: left) {
            case .done: break
            case .waits: return waitForWritability(connection)
            case .closed: return close(connection)
            }
        }
        let spent = clear(
            &connection.pointee.pending, keeping: connection.pointee.record.isSubscriber ? Self.keptPushes : 0)
        connection.pointee.overSoftLimitSince = nil
        connection.pointee.publishOutput()
        account(connection)
        release(spent)
        if connection.pointee.awaitsWritability {
            connection.pointee.awaitsWritability = false
            watch(connection)
        }
        if connection.pointee.session.closesAfterReply { closeGently(connection) }
    }

    private enum Written {
        case done, waits, closed
    }

    /// Hands bytes to the kernel, until it takes no more or they are as many as one turn may hand over.
    @inline(__always)
    private func write(
        _ bytes: inout ByteBuffer, _ connection: UnsafeMutablePointer<Connection>, atMost limit: Int
    ) -> Written {
        var left = limit
        while !bytes.isEmpty {
            guard left > 0 else { return .waits }
            let view = bytes.view
            switch Socket.write(connection.pointee.descriptor, view.count <= left ? view : view[0..<left]) {
            case .bytes(let count):
                sent(count, connection)
                bytes.consume(count)
                left -= count
            case .wouldBlock: return .waits
            case .closed: return .closed
            }
        }
        return .done
    }

    /// Empties a buffer. What the system needs long for to take back is returned, to be released when it has been accounted
    /// as gone.
    func clear(_ buffer: inout ByteBuffer, keeping limit: Int) -> SpentBuffer? {
        let spent = buffer.capacity > max(limit, Self.largeMemory) ? SpentBuffer(&buffer) : nil
        buffer.clear(keeping: limit)
        return spent
    }

    /// Gives memory back to the system, in the background.
    func release(_ spent: consuming SpentBuffer?) {
        guard let spent else { return }
        let bytes = spent.bytes
        server.keyspace.releaseInBackground(spent, bytes: bytes)
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
        // Whoever waits may wait for long, and must be missed when it goes; but for memory only for a moment, and one that
        // sends no more may want to be answered.
        if connection.pointee.isWaiting, !connection.pointee.awaitsRoom { interest.insert(.peerClosed) }
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

/// A buffer whose memory is to be freed with this object.
final class SpentBuffer: @unchecked Sendable {
    private var buffer = ByteBuffer()
    /// Bytes that it takes.
    var bytes: Int { buffer.capacity }

    /// Takes the memory of `other`, which is empty then.
    init(_ other: inout ByteBuffer) { swap(&buffer, &other) }
}
