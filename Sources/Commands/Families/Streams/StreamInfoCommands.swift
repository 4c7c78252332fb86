import Keyspace
import Primitives
import RESP

/// XINFO: what a stream, its groups and their consumers are like.
public enum StreamInfoCommands {
    public static let commands: [Command] = [
        Command(
            "xinfo", arity: -2, group: .stream, since: "5.0.0", complexity: "Depends on the subcommand.",
            summary: "Tells about streams and their groups of consumers.", subcommands: subcommands,
            handler: HelpText.reply)
    ]

    private static let subcommands: [Command] = [
        subcommand(
            "consumers", arity: 4, summary: "Lists the consumers of a group.", syntax: "group:string",
            handler: consumers),
        subcommand("groups", arity: 3, summary: "Lists the groups of a stream.", handler: groups),
        HelpText.command(group: .stream, since: "5.0.0", categories: .stream),
        subcommand(
            "stream", arity: -3, summary: "Tells about a stream; with FULL about its groups and entries, too.",
            syntax: "full-block=[FULL [COUNT count:integer]]", handler: stream),
    ]

    private static func subcommand(
        _ name: String, arity: Int, summary: String, syntax: String = "", handler: @escaping Command.Handler
    ) -> Command {
        Command(
            name, arity: arity, flags: .readonly, keys: [.one(2, [.readOnly, .access])], group: .stream,
            since: "5.0.0", complexity: "O(1), or O(n), n being the number of what is listed.", summary: summary,
            syntax: "key:key \(syntax)", handler: handler)
    }

    private static func consumers(_ call: inout Call) throws(CommandError) {
        guard let stream = try call.read(call.key(2), as: StreamValue.self) else { throw .noSuchKey }
        guard let group = stream.group(named: call[3]) else { throw .noGroup(call[3], forKey: call[2]) }
        call.reply.array(group.consumerCount)
        for consumer in group.consumers {
            call.reply.map(4)
            call.reply.bulk("name" as StaticString)
            call.reply.bulk(consumer.name)
            call.reply.pair("pending", consumer.pendingCount)
            call.reply.pair("idle", Int(max(0, call.now &- consumer.seenTime)))
            call.reply.pair("inactive", consumer.activeTime < 0 ? -1 : Int(call.now &- consumer.activeTime))
        }
    }

    private static func groups(_ call: inout Call) throws(CommandError) {
        guard let stream = try call.read(call.key(2), as: StreamValue.self) else { throw .noSuchKey }
        call.reply.array(stream.groupCount)
        for group in stream.groups {
            call.reply.map(6)
            call.reply.bulk("name" as StaticString)
            call.reply.bulk(group.name)
            call.reply.pair("consumers", group.consumerCount)
            call.reply.pair("pending", group.pendingCount)
            progress(of: group, call.reply)
        }
    }

    /// How far a group has read.
    private static func progress(of group: StreamGroup, _ reply: ReplyWriter) {
        reply.pair("last-delivered-id", group.lastID)
        reply.bulk("entries-read" as StaticString)
        reply.integerOrNull(group.entriesRead)
        reply.bulk("lag" as StaticString)
        reply.integerOrNull(group.lag)
    }

    private static func stream(_ call: inout Call) throws(CommandError) {
        guard let stream = try call.read(call.key(2), as: StreamValue.self) else { throw .noSuchKey }
        let limit = try fullLimit(call)
        let reply = call.reply
        reply.map(limit == nil ? 10 : 9)
        reply.pair("length", stream.count)
        reply.pair("radix-tree-keys", stream.blockCount)
        // The index is no radix tree; one with a leaf for each block has a root besides.
        reply.pair("radix-tree-nodes", stream.blockCount + 1)
        reply.pair("last-generated-id", stream.lastID)
        reply.pair("max-deleted-entry-id", stream.maxDeletedID)
        reply.pair("entries-added", Int(stream.entriesAdded))
        reply.pair("recorded-first-entry-id", stream.firstEntryID)
        if let limit {
            reply.bulk("entries" as StaticString)
            reply.entries(stream.entries(in: .zero ... .max), limit: limit)
            reply.bulk("groups" as StaticString)
            reply.array(stream.groupCount)
            for group in stream.groups { full(group, reply, limit: limit) }
        } else {
            reply.pair("groups", stream.groupCount)
            reply.bulk("first-entry" as StaticString)
            reply.entry(stream.entry(stream.firstEntryID))
            reply.bulk("last-entry" as StaticString)
            reply.entry(stream.entry(stream.lastEntryID))
        }
    }

    /// How much of each list FULL shows, 0 for all; nil without FULL.
    private static func fullLimit(_ call: borrowing Call) throws(CommandError) -> Int? {
        if call.count == 3 { return nil }
        guard call.count == 4 || call.count == 6, call.isWord(3, "full"),
            call.count == 4 || call.isWord(4, "count")
        else { throw .subcommandSyntax(call, of: "XINFO") }
        let standard = 10
        guard call.count == 6 else { return standard }
        let limit = try call.integer(5)
        return limit < 0 ? standard : Int(limit)
    }

    private static func full(_ group: StreamGroup, _ reply: ReplyWriter, limit: Int) {
        reply.map(7)
        reply.bulk("name" as StaticString)
        reply.bulk(group.name)
        progress(of: group, reply)
        reply.pair("pel-count", group.pendingCount)
        pending(group.pending(), reply, limit: limit, namesConsumer: true)
        reply.bulk("consumers" as StaticString)
        reply.array(group.consumerCount)
        for consumer in group.consumers {
            reply.map(5)
            reply.bulk("name" as StaticString)
            reply.bulk(consumer.name)
            reply.pair("seen-time", Int(consumer.seenTime))
            reply.pair("active-time", Int(consumer.activeTime))
            reply.pair("pel-count", consumer.pendingCount)
            pending(group.pending(of: consumer), reply, limit: limit, namesConsumer: false)
        }
    }

    private static func pending(_ cursor: PendingCursor, _ reply: ReplyWriter, limit: Int, namesConsumer: Bool) {
        var cursor = cursor
        reply.bulk("pending" as StaticString)
        reply.list { reply in
            var count = 0
            while let pending = cursor.next() {
                reply.array(namesConsumer ? 4 : 3)
                reply.bulk(pending.id)
                if namesConsumer { reply.bulk(pending.consumer.name) }
                reply.integer(pending.deliveryTime)
                reply.integer(pending.deliveryCount)
                count += 1
                if count == limit { break }
            }
            return count
        }
    }
}

extension ReplyWriter {
    fileprivate func pair(_ name: StaticString, _ value: Int) {
        bulk(name)
        integer(value)
    }

    fileprivate func pair(_ name: StaticString, _ id: StreamID) {
        bulk(name)
        bulk(id)
    }

    fileprivate func integerOrNull(_ value: Int64?) {
        if let value { integer(value) } else { null() }
    }
}
