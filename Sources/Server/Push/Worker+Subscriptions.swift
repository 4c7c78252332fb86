import Commands
import Primitives

/// What a worker's connections have subscribed to.
extension Worker {
    /// Publishes a message for a command: this worker's subscribers get it at once, the others' by mailbox.
    ///
    /// - Returns: how many messages to connections that were.
    func publish(_ kind: Topic.Kind, _ channel: ByteView, _ payload: ByteView) -> Int {
        let interest = server.topics.interest(in: channel, kind)
        guard interest.subscriptions > 0 else { return 0 }
        // What was sent to this worker's connections before comes first.
        takePushes()
        let publication = Publication(kind: kind, channel: channel, payload: payload)
        interest.workers.forEach {
            if $0 == index { deliver(publication) } else { server.post(publication, to: $0, from: index) }
        }
        return interest.subscriptions
    }

    /// Subscribes a connection; false where it had already.
    func subscribe(_ connection: UnsafeMutablePointer<Connection>, to name: ByteView, _ kind: Topic.Kind) -> Bool {
        // What was published before is not for it.
        takePushes()
        let topic = topics[kind.rawValue][TopicName(name)] ?? makeTopic(kind, name)
        guard connection.pointee.subscriptions[kind][topic] == nil else { return false }
        connection.pointee.subscriptions[kind][topic] = topic.add(connection)
        server.topics.add(name, kind, worker: index)
        subscriptionsDidChange(connection, by: Topic.memory(name))
        return true
    }

    private func makeTopic(_ kind: Topic.Kind, _ name: ByteView) -> Topic {
        let topic = Topic(kind, name)
        topics[kind.rawValue][topic.name] = topic
        return topic
    }

    /// Ends a subscription of a connection; false where there is none.
    func unsubscribe(_ connection: UnsafeMutablePointer<Connection>, from name: ByteView, _ kind: Topic.Kind) -> Bool {
        // What was published before still is for it.
        takePushes()
        guard let topic = topics[kind.rawValue][TopicName(name)],
            let place = connection.pointee.subscriptions[kind].removeValue(forKey: topic)
        else { return false }
        leave(connection, topic, place)
        return true
    }

    /// Ends all subscriptions of a connection.
    func unsubscribeAll(_ connection: UnsafeMutablePointer<Connection>) {
        for kind in Topic.Kind.allCases {
            let subscriptions = connection.pointee.subscriptions[kind]
            connection.pointee.subscriptions[kind] = [:]
            for (topic, place) in subscriptions { leave(connection, topic, place) }
        }
    }

    private func leave(_ connection: UnsafeMutablePointer<Connection>, _ topic: Topic, _ place: Int) {
        if let moved = topic.remove(at: place) { moved.pointee.subscriptions[topic.kind][topic] = place }
        let isLast = topic.receivers.isEmpty
        if isLast { topics[topic.kind.rawValue][topic.name] = nil }
        server.topics.remove(topic.name.bytes, topic.kind, worker: index, isLast: isLast)
        subscriptionsDidChange(connection, by: -Topic.memory(topic.name.bytes))
    }

    /// Shows other threads what the connection has subscribed to, before it is answered.
    private func subscriptionsDidChange(_ connection: UnsafeMutablePointer<Connection>, by bytes: Int) {
        let record = connection.pointee.record
        record.channels.set(connection.pointee.subscriptions[.channel].count)
        record.patterns.set(connection.pointee.subscriptions[.pattern].count)
        record.shardChannels.set(connection.pointee.subscriptions[.shard].count)
        record.subscriptionBytes.add(bytes)
        if record.isSubscriber {
            connection.pointee.session.state.insert(.subscriber)
        } else {
            connection.pointee.session.state.remove(.subscriber)
        }
    }
}

/// What one connection has subscribed to: its place among the receivers of each.
struct Subscriptions {
    private var tables: (channels: [Topic: Int], patterns: [Topic: Int], shards: [Topic: Int]) = ([:], [:], [:])

    subscript(kind: Topic.Kind) -> [Topic: Int] {
        _read {
            switch kind {
            case .channel: yield tables.channels
            case .pattern: yield tables.patterns
            case .shard: yield tables.shards
            }
        }
        _modify {
            switch kind {
            case .channel: yield &tables.channels
            case .pattern: yield &tables.patterns
            case .shard: yield &tables.shards
            }
        }
    }
}
