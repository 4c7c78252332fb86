import Commands
import Keyspace
import Primitives

/// Values on their way to the connections that watch them. A channel keeps nothing but the latest value, and a connection
/// that is slow to read nothing but the knowledge that it lacks one, so that many watchers of a key that changes all the
/// time take no more memory than one.
extension Worker {
    /// Connections that get a value in one turn of the loop.
    private static let valueBudget = 512

    /// Gives a connection that has subscribed the value that there is.
    func deliverCurrent(
        _ channel: ValueChannel, _ name: ByteView, to connection: UnsafeMutablePointer<Connection>
    ) {
        guard let topic = topics[Topic.Kind.value.rawValue][TopicName(name)] else { return }
        let key = Key(channel.key)
        let (current, hasValue) = pipeline.pointee.executor.call.access.withLock(of: key.hash, commits: false) {
            $0.inDatabase(channel.database) { access in
                access.mark(key)
                return access.withText(of: key) {
                    (ValueUpdate(channel: name.array, value: $0, revision: server.keyspace.revision), $0 != nil)
                }
            }
        }
        deliver(current.push, to: connection)
        // Nothing that is still on its way to this worker is newer than what was read, and must not come behind it. That
        // a computed key has no value just now is no news for others.
        guard hasValue else { return }
        if let latest = topic.feed.latest, !latest.push.equals(current.push) {
            receive(current)
        } else {
            topic.feed.latest = current
        }
    }

    /// Takes note of what a value has become.
    func receive(_ update: ValueUpdate) {
        let topic = update.channel.withView { topics[Topic.Kind.value.rawValue][TopicName($0)] }
        guard let topic, topic.feed.latest.map({ $0.revision < update.revision }) ?? true else { return }
        topic.feed.latest = update
        if topic.feed.remaining == 0 { valueTopics.append(topic) }
        topic.feed.remaining = topic.receivers.count
    }

    /// Gives values to connections for a while, a few of each channel in turn.
    func deliverValues() {
        var budget = Self.valueBudget
        while budget > 0, let topic = valueTopics.popLast() {
            budget -= deliver(topic, limit: budget)
            if topic.feed.remaining > 0 { return valueTopics.insert(topic, at: 0) }
        }
    }

    /// Gives the latest value to at most `limit` receivers and returns how many those were.
    private func deliver(_ topic: Topic, limit: Int) -> Int {
        guard let latest = topic.feed.latest else { return 0 }
        topic.feed.remaining = min(topic.feed.remaining, topic.receivers.count)
        let count = min(limit, topic.feed.remaining)
        for _ in 0..<count {
            if topic.feed.cursor >= topic.receivers.count { topic.feed.cursor = 0 }
            let connection = topic.receivers[topic.feed.cursor]
            topic.feed.cursor += 1
            if connection.pointee.awaitsWritability {
                connection.pointee.subscriptions.lag(behind: topic)
            } else {
                deliver(latest.push, to: connection)
            }
        }
        topic.feed.remaining -= count
        return count
    }

    /// Lets a connection that has taken all that waited for it have the next of the values that it lacks; false where
    /// there is none.
    func makeUpValue(_ connection: UnsafeMutablePointer<Connection>) -> Bool {
        guard let latest = connection.pointee.subscriptions.takeLagging()?.feed.latest else { return false }
        connection.pointee.pending.append(latest.push.form(connection.pointee.session.version))
        return true
    }
}
