import Keyspace
import Primitives
import RESP

/// XGROUP: groups of consumers and their members.
public enum StreamGroupCommands {
    public static let commands: [Command] = [
        Command(
            "xgroup", arity: -2, group: .stream, since: "5.0.0", complexity: "Depends on the subcommand.",
            summary: "Manages the groups of consumers of a stream.", subcommands: subcommands,
            handler: HelpText.reply)
    ]

    private static let subcommands: [Command] = [
        subcommand(
            "create", arity: -5, flags: [.write, .denyoom], key: .insert, summary: "Makes a group of consumers.",
            syntax: "group:string \(position) [MKSTREAM] [ENTRIESREAD entries-read:integer]", handler: create),
        subcommand(
            "createconsumer", arity: 5, flags: [.write, .denyoom], key: .insert, since: "6.2.0",
            summary: "Makes a consumer of a group.", syntax: "group:string consumer:string", handler: createConsumer),
        subcommand(
            "delconsumer", arity: 5, key: .delete, complexity: "O(n), n being the number of pending entries.",
            summary: "Removes a consumer, and what is pending for it.", syntax: "group:string consumer:string",
            handler: deleteConsumer),
        subcommand(
            "destroy", arity: 4, key: .delete, complexity: "O(n), n being the number of pending entries.",
            summary: "Removes a group.", syntax: "group:string", handler: destroy),
        HelpText.command(group: .stream, since: "5.0.0", categories: .stream),
        subcommand(
            "setid", arity: -5, key: .update, summary: "Sets behind which entry a group goes on.",
            syntax: "group:string \(position) [ENTRIESREAD entries-read:integer]", handler: setID),
    ]

    private static let position = "id-selector=(id:string|new-id=$)"

    private static func subcommand(
        _ name: String, arity: Int, flags: CommandFlags = .write, key: KeySpecification.Flags, since: String = "5.0.0",
        complexity: String = "O(1)", summary: String, syntax: String, handler: @escaping Command.Handler
    ) -> Command {
        Command(
            name, arity: arity, flags: flags, keys: [.one(2, [.readWrite, key])], group: .stream, since: since,
            complexity: complexity, summary: summary, syntax: "key:key \(syntax)", handler: handler)
    }

    /// The options of CREATE and SETID.
    private struct Options {
        var makesStream = false
        var entriesRead: Int64?

        init(_ call: borrowing Call, isCreating: Bool) throws(CommandError) {
            var index = 5
            while index < call.count {
                if isCreating, call.isWord(index, "mkstream") {
                    makesStream = true
                    index += 1
                } else if index + 1 < call.count, call.isWord(index, "entriesread") {
                    let count = try call.integer(index + 1)
                    guard count >= -1 else { throw CommandError("ERR value for ENTRIESREAD must be positive or -1") }
                    entriesRead = count < 0 ? nil : count
                    index += 2
                } else {
                    throw .subcommandSyntax(call, of: "XGROUP")
                }
            }
        }
    }

    private static let noKey = CommandError(
        """
        ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM \
        option to create an empty stream automatically.
        """)

    /// Calls `body` with the group, which must exist where `isNeeded`.
    private static func withGroup(
        _ call: inout Call, isNeeded: Bool = true,
        _ body: (StreamValue, StreamGroup?, inout Call) throws(CommandError) -> KeyEvent?
    ) throws(CommandError) {
        let exists = try call.update(call.key(2), as: StreamValue.self) { (stream, call) throws(CommandError) in
            let group = stream.group(named: call[3])
            if isNeeded, group == nil { throw .noGroup(call[3], forKey: call[2]) }
            return try body(stream, group, &call)
        }
        guard exists else { throw noKey }
    }

    private static func create(_ call: inout Call) throws(CommandError) {
        let options = try Options(call, isCreating: true)
        let key = call.key(2)
        let stream = try call.findStream(key)
        guard stream != nil || options.makesStream else { throw noKey }
        guard call.count <= 8 else { throw .subcommandSyntax(call, of: "XGROUP") }
        let id = call.isWord(4, "$") ? stream?.lastID ?? .zero : try call.streamID(4)
        if stream == nil { call.access.store(key, StreamValue.make(), event: .xgroupMakeStream) }
        try withGroup(&call, isNeeded: false) { (stream, group, call) throws(CommandError) in
            guard group == nil else { throw CommandError("BUSYGROUP Consumer Group name already exists") }
            stream.createGroup(named: call[3], lastID: id, entriesRead: options.entriesRead)
            return .xgroupCreate
        }
        call.reply.ok()
    }

    private static func setID(_ call: inout Call) throws(CommandError) {
        let options = try Options(call, isCreating: false)
        try withGroup(&call) { (stream, group, call) throws(CommandError) in
            guard call.count == 5 || call.count == 7 else { throw .subcommandSyntax(call, of: "XGROUP") }
            let id = call.isWord(4, "$") ? stream.lastID : try call.streamBound(4, missing: 0)
            group?.set(lastID: id, entriesRead: options.entriesRead)
            return .xgroupSetID
        }
        call.reply.ok()
    }

    private static func destroy(_ call: inout Call) throws(CommandError) {
        var exists = false
        try withGroup(&call, isNeeded: false) { (stream, group, _) throws(CommandError) in
            guard let group else { return nil }
            stream.remove(group)
            exists = true
            return .xgroupDestroy
        }
        call.reply.integer(exists)
    }

    private static func createConsumer(_ call: inout Call) throws(CommandError) {
        var isNew = false
        try withGroup(&call) { (_, group, call) throws(CommandError) in
            guard let group, group.consumer(named: call[4]) == nil else { return nil }
            _ = group.createConsumer(named: call[4], now: call.now)
            isNew = true
            return .xgroupCreateConsumer
        }
        call.reply.integer(isNew)
    }

    private static func deleteConsumer(_ call: inout Call) throws(CommandError) {
        var pendingCount = 0
        try withGroup(&call) { (_, group, call) throws(CommandError) in
            guard let group, let consumer = group.consumer(named: call[4]) else { return nil }
            pendingCount = group.remove(consumer)
            return .xgroupDeleteConsumer
        }
        call.reply.integer(pendingCount)
    }
}
