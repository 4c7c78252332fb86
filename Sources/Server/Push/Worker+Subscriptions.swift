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
        spreadBroadcast()
        let topic = topics[kind.rawValue][TopicName(name)] ?? makeTopic(kind, name)
        guard !connection.pointee.subscriptions.contains(topic) else { return false }
        connection.pointee.subscriptions.add(topic, place: topic.add(connection))
        topic.feed.receiverWasAdded()
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
            let place = connection.pointee.subscriptions.remove(topic)
        else { return false }
        leave(connection, topic, place)
        return true
    }

    /// Ends all subscriptions of a connection.
    func unsubscribeAll(_ connection: UnsafeMutablePointer<Connection>) {
        guard !connection.pointee.subscriptions.isEmpty else { return }
        for kind in Topic.Kind.allCases {
            for topic in connection.pointee.subscriptions.topics(kind) {
                if let place = connection.pointee.subscriptions.remove(topic) { leave(connection, topic, place) }
            }
        }
    }

    private func leave(_ connection: UnsafeMutablePointer<Connection>, _ topic: Topic, _ place: Int) {
        if let moved = topic.remove(at: place) { moved.pointee.subscriptions.move(topic, to: place) }
        topic.feed.receiversDidMove(count: topic.receivers.count)
        let isLast = topic.receivers.isEmpty
        if isLast { topics[topic.kind.rawValue][topic.name] = nil }
        server.topics.remove(topic.name.bytes, topic.kind, worker: index, isLast: isLast)
        subscriptionsDidChange(connection, by: -Topic.memory(topic.name.bytes))
    }

    /// Shows other threads what the connection has subscribed to, before it is answered.
    private func subscriptionsDidChange(_ connection: UnsafeMutablePointer<Connection>, by bytes: Int) {
        let record = connection.pointee.record
        record.channels.set(connection.pointee.subscriptions.channels)
        record.patterns.set(connection.pointee.subscriptions.patterns)
        record.shardChannels.set(connection.pointee.subscriptions.shardChannels)
        record.subscriptionBytes.add(bytes)
        if record.isSubscriber {
            connection.pointee.session.state.insert(.subscriber)
        } else {
            connection.pointee.session.state.remove(.subscriber)
        }
    }
}

/// What one connection has subscribed to: its place among the receivers of each topic.
struct Subscriptions {
    private var places: [Topic: Int] = [:]
    /// Numbers of channels, patterns and shard channels.
    private(set) var channels = 0
    private(set) var patterns = 0
    private(set) var shardChannels = 0
    /// Channels of values whose latest message the connection did not get yet, since it was slow to take others.
    private var lagging: Set<Topic> = []

    var isEmpty: Bool { places.isEmpty }
    var isLagging: Bool { !lagging.isEmpty }

    func contains(_ topic: Topic) -> Bool { places[topic] != nil }

    /// What of a kind there is. O(subscriptions).
    func topics(_ kind: Topic.Kind) -> [Topic] { places.keys.filter { $0.kind == kind } }

    mutating func add(_ topic: Topic, place: Int) {
        places[topic] = place
        count(topic.kind, by: 1)
    }

    /// The place among a topic's receivers is another one now.
    mutating func move(_ topic: Topic, to place: Int) { places[topic] = place }

    /// Forgets a topic and returns the place among its receivers; nil where it is not there.
    mutating func remove(_ topic: Topic) -> Int? {
        guard let place = places.removeValue(forKey: topic) else { return nil }
        lagging.remove(topic)
        count(topic.kind, by: -1)
        return place
    }

    /// Leaves the latest message of a channel for later.
    mutating func lag(behind topic: Topic) { lagging.insert(topic) }

    /// A channel whose latest message is to be made up for.
    mutating func takeLagging() -> Topic? { lagging.popFirst() }

    private mutating func count(_ kind: Topic.Kind, by difference: Int) {
        switch kind {
        case .channel, .value: channels += difference
        case .pattern: patterns += difference
        case .shard: shardChannels += difference
        }
    }
}
