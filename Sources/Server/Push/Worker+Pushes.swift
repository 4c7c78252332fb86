import Commands
import EventLoop
import Glibc
import Primitives

/// Messages to connections that are not replies.
///
/// They wait with their connection and leave at the end of the loop's turn, all of a turn in one write. Those for the
/// connection whose command is being executed wait in `Call.pushes` and come behind the command's reply.
extension Worker {
    /// Bytes that one connection may get in a turn before its limits are looked at.
    private static let unlimitedBytes = 256 * 1024
    /// Bytes of messages that are handed to connections before these are written to.
    private static let drainedBytes = 1 << 20
    /// Bytes that may wait in a mailbox before those who fill it wait.
    private static let mailboxLimit = 32 << 20

    // MARK: Handing over

    /// Gives a message to a connection. The socket is not touched.
    func deliver(_ push: Push, to connection: UnsafeMutablePointer<Connection>) {
        let form = push.form(connection.pointee.session.version)
        guard !form.isEmpty else { return }
        spreadBroadcast()
        deliver(form, .empty, mark: form[0], to: connection)
    }

    /// Gives a message to a connection, in two parts.
    ///
    /// - Parameter mark: replaces the first byte.
    @inline(__always)
    func deliver(
        _ head: ByteView, _ tail: ByteView, mark: UInt8, to connection: UnsafeMutablePointer<Connection>
    ) {
        guard !connection.pointee.refusesPushes else { return }
        if connection == current {
            return append(head, tail, mark, &pipeline.pointee.executor.call.pushes.pointee)
        }
        append(head, tail, mark, &connection.pointee.pending)
        if !connection.pointee.awaitsFlush {
            connection.pointee.awaitsFlush = true
            flushes.append(connection)
        }
        if connection.pointee.pending.count > Self.unlimitedBytes { checkPushes(connection) }
    }

    @inline(__always)
    private func append(_ head: ByteView, _ tail: ByteView, _ mark: UInt8, _ buffer: inout ByteBuffer) {
        let target = buffer.reserve(head.count &+ tail.count)
        memcpy(target, head.start, head.count)
        memcpy(target + head.count, tail.start, tail.count)
        target[0] = mark
        buffer.commit(head.count &+ tail.count)
    }

    /// Lets a connection that is over its limit wait for its end, which cannot be now: another's command is executed.
    @inline(never)
    private func checkPushes(_ connection: UnsafeMutablePointer<Connection>) {
        if isOverOutputLimit(connection) { connection.pointee.isOverLimit = true }
    }

    /// Gives a message on a channel to those of this worker's connections that have subscribed.
    func deliver(_ publication: Publication) {
        if let topic = topics[publication.kind.rawValue][TopicName(publication.channel)] {
            deliver(publication, to: topic)
        }
        guard publication.kind == .channel else { return }
        for (pattern, topic) in topics[Topic.Kind.pattern.rawValue]
        where Glob.matches(pattern.bytes, publication.channel) {
            deliver(publication, to: topic)
        }
    }

    // MARK: Mailbox

    /// Hands over the messages that wait in the mailbox; whatever else is there is left to the end of the turn, since it
    /// may close connections and execute commands. Where a command is executed nothing is written.
    ///
    /// Called before whatever has to come behind them: what has been published when its publisher was answered comes
    /// before everything that the connection gets afterwards.
    func takePushes() {
        if !mailbox.isEmpty { handOver(mailbox.take()) }
    }

    /// Hands over messages to connections and postpones the others.
    func handOver(_ messages: [Message]) {
        var bytes = 0
        for message in messages {
            guard deliver(message, &bytes) else {
                postponed.append(message)
                continue
            }
            if bytes > Self.drainedBytes, current == nil {
                flushPushes()
                bytes = 0
            }
        }
    }

    /// Hands over a message to connections; false where it is something else.
    private func deliver(_ message: Message, _ bytes: inout Int) -> Bool {
        switch message {
        case .push(let identifier, let push):
            bytes += push.bytes
            if let connection = connections[identifier] { deliver(push, to: connection) }
        case .pushToAll(let identifiers, let push):
            bytes += push.bytes
            for identifier in identifiers {
                if let connection = connections[identifier] { deliver(push, to: connection) }
            }
        case .publish(let publication):
            bytes += publication.bytes
            deliver(publication)
        case .value(let update):
            receive(update)
        default: return false
        }
        return true
    }

    /// Writes what was handed to connections since the last time.
    func flushPushes() {
        guard !flushes.isEmpty || broadcast.pointee.topic != nil else { return }
        let now = Clock.wallMilliseconds() / 1000
        // Closing may not append to the list: nobody is given anything here.
        for connection in flushes {
            connection.pointee.awaitsFlush = false
            guard !connection.pointee.isClosed else { continue }
            if connection.pointee.pending.isEmpty, !connection.pointee.subscriptions.isLagging { continue }
            if connection.pointee.isOverLimit {
                closeForOutput(connection)
            } else if connection.pointee.awaitsWritability {
                waitForWritability(connection)
            } else {
                flush(connection, now: now)
            }
        }
        flushes.removeAll(keepingCapacity: true)
        flushBroadcast(now: now)
    }

    /// Wakes the workers that were sent something, and waits for those that have too much of it. Without locks, and not
    /// inside of a batch: what this worker itself is sent is handed over meanwhile, so that no two wait for each other.
    func wakeReceivers() {
        let receivers = owedWakes
        guard !receivers.isEmpty else { return }
        owedWakes = WorkerSet()
        receivers.forEach { server.workers[$0].mailbox.wake() }
        receivers.forEach { index in
            while server.workers[index].mailbox.bytes > Self.mailboxLimit, !server.shutdown.isCertain {
                takePushes()
                flushPushes()
                usleep(200)
            }
        }
    }
}
