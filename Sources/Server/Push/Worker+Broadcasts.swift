import Commands
import EventLoop
import Primitives

/// Messages to all receivers of a topic.
extension Worker {
    /// Gives a message to the receivers of a topic.
    func deliver(_ publication: Publication, to topic: Topic) {
        if isSharing, topic.receivers.count > 1 {
            let head = topic.head
            head.withView { head in
                let count = head.count + publication.tail.count
                if !broadcast.pointee.takes(topic, count) { spreadBroadcast() }
                broadcast.pointee.append(head, publication.tail, for: topic)
            }
        } else {
            spreadBroadcast()
            topic.head.withView { head in
                topic.receivers.withUnsafeBufferPointer { receivers in
                    for connection in receivers {
                        let mark = connection.pointee.session.version >= 3 ? Topic.pushMark : head.start[0]
                        deliver(head, publication.tail, mark: mark, to: connection)
                    }
                }
            }
        }
    }

    /// Whether nobody whose command is executed may be a receiver: what that one gets has its place among replies.
    private var isSharing: Bool {
        guard let current else { return true }
        return !current.pointee.session.state.contains(.subscriber)
    }

    /// Gives the messages that are gathered to each of their receivers.
    func spreadBroadcast() {
        guard let topic = broadcast.pointee.topic else { return }
        topic.receivers.withUnsafeBufferPointer { receivers in
            for connection in receivers {
                let form = broadcast.pointee.form(connection.pointee.session.version)
                deliver(form, .empty, mark: form.start[0], to: connection)
            }
        }
        broadcast.pointee.clear()
    }

    /// Writes the messages that are gathered to their receivers; `now` in seconds since 1970.
    func flushBroadcast(now: Int64) {
        guard let topic = broadcast.pointee.topic else { return }
        // From the last to the first: where one is closed, one that has its messages takes its place.
        var place = topic.receivers.count
        while place > 0 {
            place -= 1
            let connection = topic.receivers[place]
            write(broadcast.pointee.form(connection.pointee.session.version), to: connection, now: now)
        }
        broadcast.pointee.clear()
    }

    @inline(__always)
    private func write(_ form: ByteView, to connection: UnsafeMutablePointer<Connection>, now: Int64) {
        guard !connection.pointee.refusesPushes else { return }
        var rest = form
        if connection.pointee.pending.isEmpty {
            switch Socket.write(connection.pointee.descriptor, form) {
            case .bytes(let count):
                sent(count, connection)
                connection.pointee.record.lastInteraction.set(Int(now))
                if count == form.count { return }
                rest = form[count..<form.count]
            case .wouldBlock: break
            case .closed: return close(connection)
            }
        }
        connection.pointee.pending.append(rest)
        waitForWritability(connection)
    }
}
