import Commands
import Keyspace
import Primitives
import RESP

/// SUBSCRIBE, PUBLISH and their relatives.
///
/// A confirmation is a message as those that follow it are: an array in RESP2, a push in RESP3, and sent even where
/// `CLIENT REPLY` hides replies.
enum PubSubCommands {
    private static let flags: CommandFlags = [.pubsub, .noscript, .loading, .stale, .subscribed]

    static let commands: [Command] = [
        Command(
            "subscribe", arity: -2, flags: flags.union(.walks), channels: .subscribe, group: .pubsub, since: "2.0.0",
            complexity: "O(n), n being the number of channels.",
            summary: "Lets the connection get what is published on channels.",
            syntax: "channel:string...", handler: subscribe),
        Command(
            "unsubscribe", arity: -1, flags: flags, group: .pubsub, since: "2.0.0",
            complexity: "O(n), n being the number of channels.", summary: "Ends subscriptions of channels.",
            syntax: "[channel:string...]", handler: unsubscribe),
        Command(
            "psubscribe", arity: -2, flags: flags, channels: .pattern, group: .pubsub, since: "2.0.0",
            complexity: "O(n), n being the number of patterns.",
            summary: "Lets the connection get what is published on channels whose names match patterns.",
            syntax: "pattern:pattern...", handler: subscribeToPatterns),
        Command(
            "punsubscribe", arity: -1, flags: flags, group: .pubsub, since: "2.0.0",
            complexity: "O(n), n being the number of patterns.", summary: "Ends subscriptions of patterns.",
            syntax: "[pattern:pattern...]", handler: unsubscribeFromPatterns),
        Command(
            "ssubscribe", arity: -2, flags: flags, keys: [.range(1, -1, .notKey)], channels: .subscribe, group: .pubsub,
            since: "7.0.0",
            complexity: "O(n), n being the number of channels.",
            summary: "Lets the connection get what is published on shard channels.", syntax: "shardchannel:string...",
            handler: subscribeToShardChannels),
        Command(
            "sunsubscribe", arity: -1, flags: flags, keys: [.range(1, -1, .notKey)], group: .pubsub, since: "7.0.0",
            complexity: "O(n), n being the number of channels.", summary: "Ends subscriptions of shard channels.",
            syntax: "[shardchannel:string...]", handler: unsubscribeFromShardChannels),
        Command(
            "publish", arity: 3, flags: [.pubsub, .loading, .stale, .fast, .mayReplicate], channels: .publish,
            group: .pubsub,
            since: "2.0.0", complexity: "O(n+m), n being the number of subscribers and m that of patterns.",
            summary: "Sends a message to the subscribers of a channel.", syntax: "channel:string message:string",
            handler: publish),
        Command(
            "spublish", arity: 3, flags: [.pubsub, .loading, .stale, .fast, .mayReplicate], keys: [.one(1, .notKey)],
            channels: .publish, group: .pubsub,
            since: "7.0.0", complexity: "O(n), n being the number of subscribers.",
            summary: "Sends a message to the subscribers of a shard channel.",
            syntax: "shardchannel:string message:string", handler: publishToShardChannel),
        introspection,
    ]

    // MARK: Publishing

    private static func publish(_ call: inout Call) throws(CommandError) {
        call.reply.integer(call.worker.publish(.channel, call[1], call[2]))
    }

    private static func publishToShardChannel(_ call: inout Call) throws(CommandError) {
        call.reply.integer(call.worker.publish(.shard, call[1], call[2]))
    }

    // MARK: Subscribing

    private static func subscribe(_ call: inout Call) throws(CommandError) { subscribeAll(&call, .channel) }

    private static func subscribeToPatterns(_ call: inout Call) throws(CommandError) { subscribeAll(&call, .pattern) }

    private static func subscribeToShardChannels(_ call: inout Call) throws(CommandError) {
        guard !call.isInTransaction else {
            throw CommandError("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client")
        }
        subscribeAll(&call, .shard)
    }

    /// The one way into a subscription, whatever its name.
    private static func subscribeAll(_ call: inout Call, _ kind: Topic.Kind) {
        let worker: Worker = call.worker
        guard let connection = worker.current else { return }
        for index in 1..<call.count {
            let value =
                kind == .channel ? ValueChannel(call[index], databases: call.access.keyspace.databaseCount) : nil
            _ = worker.subscribe(connection, to: call[index], value == nil ? kind : .value)
            confirm(call, kind.subscribed, call[index], connection.pointee.subscriptions.count(with: kind))
            if let value { worker.deliverCurrent(value, call[index], to: connection) }
        }
    }

    private static func unsubscribe(_ call: inout Call) throws(CommandError) { unsubscribeAll(&call, .channel) }

    private static func unsubscribeFromPatterns(_ call: inout Call) throws(CommandError) {
        unsubscribeAll(&call, .pattern)
    }

    private static func unsubscribeFromShardChannels(_ call: inout Call) throws(CommandError) {
        unsubscribeAll(&call, .shard)
    }

    /// Ends the subscriptions of a kind that the call names; all where it names none.
    private static func unsubscribeAll(_ call: inout Call, _ kind: Topic.Kind) {
        let worker: Worker = call.worker
        guard let connection = worker.current else { return }
        for index in 1..<max(1, call.count) {
            if !worker.unsubscribe(connection, from: call[index], kind), kind == .channel {
                _ = worker.unsubscribe(connection, from: call[index], .value)
            }
            confirm(call, kind.unsubscribed, call[index], connection.pointee.subscriptions.count(with: kind))
        }
        guard call.count == 1 else { return }
        var topics = connection.pointee.subscriptions.topics(kind)
        if kind == .channel { topics += connection.pointee.subscriptions.topics(.value) }
        for topic in topics {
            _ = worker.unsubscribe(connection, from: topic.name.bytes, topic.kind)
            confirm(
                call, kind.unsubscribed, topic.name.bytes, connection.pointee.subscriptions.count(with: kind))
        }
        if topics.isEmpty {
            confirm(call, kind.unsubscribed, nil, connection.pointee.subscriptions.count(with: kind))
        }
    }

    /// Says what has become of a subscription, and how many there are now.
    private static func confirm(_ call: borrowing Call, _ event: StaticString, _ name: ByteView?, _ count: Int) {
        let output = call.isSilenced ? call.pushes : call.reply.output
        let message = ReplyWriter(output: output, version: call.reply.version)
        message.push(3)
        message.bulk(event)
        if let name { message.bulk(name) } else { message.null() }
        message.integer(count)
    }
}

extension Topic.Kind {
    fileprivate var subscribed: StaticString {
        switch self {
        case .channel, .value: "subscribe"
        case .pattern: "psubscribe"
        case .shard: "ssubscribe"
        }
    }

    fileprivate var unsubscribed: StaticString {
        switch self {
        case .channel, .value: "unsubscribe"
        case .pattern: "punsubscribe"
        case .shard: "sunsubscribe"
        }
    }
}

extension Subscriptions {
    /// The number that confirmations of a kind tell: shard channels are counted by themselves.
    fileprivate func count(with kind: Topic.Kind) -> Int {
        kind == .shard ? shardChannels : channels + patterns
    }
}
