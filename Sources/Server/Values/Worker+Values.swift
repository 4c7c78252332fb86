import Commands
import ComputedKeys
import Keyspace
import Primitives

/// Values on their way to the connections that watch them. A channel keeps nothing but the latest value, and a connection
/// that is slow to read nothing but the knowledge that it lacks one, so that many watchers of a key that changes all the
/// time take no more memory than one.
extension Worker {
    /// Connections that get a value in one turn of the loop.
    private static let valueBudget = 512
    /// Bytes that may wait for a connection before it gets further values later, one by one.
    private static let eagerBytes = 64 * 1024

    /// Gives a connection that has subscribed the value that there is.
    func deliverCurrent(
        _ channel: ValueChannel, _ name: ByteView, to connection: UnsafeMutablePointer<Connection>
    ) {
        guard let topic = topics[Topic.Kind.value.rawValue][TopicName(name)] else { return }
        let (current, hasValue) = current(channel, name)
        guard hasValue else {
            // That a computed key has no value just now is no news for others.
            topic.feed.isMissed = true
            return deliver(current.push, to: connection)
        }
        // Nothing that is still on its way to this worker is newer than what was read, and must not come behind it.
        if let latest = topic.feed.latest, !latest.push.equals(current.push) {
            receive(current)
        } else {
            topic.feed.latest = current
        }
        guard isFull(connection) else { return deliver(current.push, to: connection) }
        connection.pointee.subscriptions.lag(behind: topic)
        if !connection.pointee.awaitsFlush {
            connection.pointee.awaitsFlush = true
            flushes.append(connection)
        }
    }

    /// Whether so much waits for a connection that further values come later, one by one.
    private func isFull(_ connection: UnsafeMutablePointer<Connection>) -> Bool {
        guard !connection.pointee.awaitsWritability else { return true }
        var bytes = connection.pointee.pending.count
        if connection == current {
            bytes += output.pointee.count + pipeline.pointee.executor.call.pushes.pointee.count
        }
        return bytes > Self.eagerBytes
    }

    /// The value that there is, and whether there is one.
    private func current(_ channel: ValueChannel, _ name: ByteView) -> (ValueUpdate, Bool) {
        let key = Key(channel.key)
        // A transaction may have a position already, and change the key again at it.
        let isInTransaction = pipeline.pointee.executor.call.isInTransaction
        let revision: UInt64? = isInTransaction ? 0 : nil
        return pipeline.pointee.executor.call.access.withLock(of: key.hash, commits: !isInTransaction) {
            $0.inDatabase(channel.database) { access in
                access.mark(key)
                // The look may have removed the key, whose time had come: what is told of that comes before the value.
                if !isInTransaction { access.commit() }
                // Whoever misses a value that is stale hears of it when it is fresh again.
                if let entry = access.peek(key), entry.isComputed { server.graph.announce(entry.node) }
                return access.withText(of: key) {
                    (
                        ValueUpdate(channel: name.array, value: $0, revision: revision ?? server.keyspace.revision),
                        $0 != nil
                    )
                }
            }
        }
    }

    /// Takes note of what a value has become.
    func receive(_ update: ValueUpdate) {
        let topic = update.channel.withView { topics[Topic.Kind.value.rawValue][TopicName($0)] }
        guard let topic, topic.feed.latest.map({ $0.revision < update.revision }) ?? true else { return }
        topic.feed.latest = update
        topic.feed.isMissed = false
        if topic.feed.remaining == 0 { valueTopics.append(topic) }
        topic.feed.remaining = topic.receivers.count
    }

    /// A computed key is fresh again with the value that it had: news for those who have been told that there is none.
    func receiveRestored(_ name: [UInt8]) {
        name.withView { name in
            guard let topic = topics[Topic.Kind.value.rawValue][TopicName(name)], topic.feed.isMissed,
                let channel = ValueChannel(name, databases: server.keyspace.databaseCount)
            else { return }
            pipeline.pointee.executor.call.access.now = Clock.wallMilliseconds()
            let (current, hasValue) = self.current(channel, name)
            pipeline.pointee.executor.serveReadyKeys()
            if hasValue { receive(current) }
        }
    }

    /// Gives values to connections for a while: the channel that has waited longest comes first, and one with many
    /// receivers again when the others have had their turn.
    func deliverValues() {
        var budget = Self.valueBudget
        var done = 0
        while budget > 0, done < valueTopics.count {
            let topic = valueTopics[done]
            done += 1
            budget -= deliver(topic, limit: budget)
            if topic.feed.remaining > 0 { valueTopics.append(topic) }
        }
        valueTopics.removeFirst(done)
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
            if isFull(connection) {
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
