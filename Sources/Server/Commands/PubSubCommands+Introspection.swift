import Commands
import Primitives
import RESP

/// PUBSUB: what there are subscriptions of.
extension PubSubCommands {
    private static let flags: CommandFlags = [.pubsub, .loading, .stale]

    static let introspection = Command(
        "pubsub", arity: -2, group: .pubsub, since: "2.8.0", complexity: "Depends on the subcommand.",
        summary: "Tells about subscriptions.",
        subcommands: [
            Command(
                "channels", arity: -2, flags: flags, group: .pubsub, since: "2.8.0",
                complexity: "O(n), n being the number of channels that have subscribers.",
                summary: "Returns the channels that have subscribers.", syntax: "[pattern:pattern]", handler: channels),
            Command(
                "numsub", arity: -2, flags: flags, group: .pubsub, since: "2.8.0",
                complexity: "O(n), n being the number of channels asked for.",
                summary: "Returns how many have subscribed to channels, patterns not counted.",
                syntax: "[channel:string...]", handler: subscriberCounts),
            Command(
                "numpat", arity: 2, flags: flags, group: .pubsub, since: "2.8.0",
                summary: "Returns how many different patterns have subscribers.", handler: patternCount),
            Command(
                "shardchannels", arity: -2, flags: flags, group: .pubsub, since: "7.0.0",
                complexity: "O(n), n being the number of shard channels that have subscribers.",
                summary: "Returns the shard channels that have subscribers.", syntax: "[pattern:pattern]",
                handler: shardChannels),
            Command(
                "shardnumsub", arity: -2, flags: flags, group: .pubsub, since: "7.0.0",
                complexity: "O(n), n being the number of shard channels asked for.",
                summary: "Returns how many have subscribed to shard channels.", syntax: "[shardchannel:string...]",
                handler: shardSubscriberCounts),
            HelpText.command(group: .pubsub, since: "6.2.0"),
        ], handler: HelpText.reply)

    private static func channels(_ call: inout Call) throws(CommandError) { try replyNames(&call, .channel) }

    private static func shardChannels(_ call: inout Call) throws(CommandError) { try replyNames(&call, .shard) }

    private static func replyNames(_ call: inout Call, _ kind: Topic.Kind) throws(CommandError) {
        guard call.count <= 3 else {
            throw .unknownSubcommandOrArity(call[1].string, of: "PUBSUB")
        }
        let pattern = call.count == 3 ? call[2] : nil
        var names = call.server.topics.names(kind, matching: pattern)
        if kind == .channel { names += call.server.topics.names(.value, matching: pattern) }
        call.reply.array(names.count)
        for name in names { name.withView { call.reply.bulk($0) } }
    }

    private static func subscriberCounts(_ call: inout Call) throws(CommandError) { replyCounts(&call, .channel) }

    private static func shardSubscriberCounts(_ call: inout Call) throws(CommandError) { replyCounts(&call, .shard) }

    private static func replyCounts(_ call: inout Call, _ kind: Topic.Kind) {
        call.reply.array((call.count - 2) * 2)
        for index in 2..<max(2, call.count) {
            call.reply.bulk(call[index])
            var count = call.server.topics.subscribers(call[index], kind)
            if kind == .channel { count += call.server.topics.subscribers(call[index], .value) }
            call.reply.integer(count)
        }
    }

    private static func patternCount(_ call: inout Call) throws(CommandError) {
        call.reply.integer(call.server.topics.count(.pattern))
    }
}
