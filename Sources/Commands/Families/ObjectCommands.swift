import Keyspace
import Primitives
import RESP

/// OBJECT: how a value is kept.
public enum ObjectCommands {
    public static let commands: [Command] = [
        Command(
            "object", arity: -2, group: .generic, since: "2.2.3", complexity: "Depends on the subcommand.",
            summary: "Tells how the value at a key is kept.", subcommands: subcommands, handler: HelpText.reply)
    ]

    private static let subcommands: [Command] = [
        subcommand("encoding", "2.2.3", "Names the layout of the value at a key.", encoding),
        subcommand("freq", "4.0.0", "Tells how often a key is used, on a logarithmic scale.", frequency),
        subcommand("idletime", "2.2.3", "Tells for how many seconds a key has not been used.", idleTime),
        subcommand(
            "refcount", "2.2.3", "Counts the references to the value at a key, which is always one.", references),
        HelpText.command(group: .generic, since: "6.2.0"),
    ]

    private static func subcommand(
        _ name: String, _ since: String, _ summary: String, _ handler: @escaping Command.Handler
    ) -> Command {
        Command(
            name, arity: 3, flags: .readonly, keys: [.one(2, .readOnly)], group: .generic, since: since,
            summary: summary, syntax: "key:key", handler: handler)
    }

    /// The entry of the key, or null answered where there is none.
    private static func entry(_ call: inout Call) -> Entry? {
        let entry = call.access.read(call.key(2), touches: false, tells: false)
        if entry == nil { call.reply.null() }
        return entry
    }

    private static func encoding(_ call: inout Call) throws(CommandError) {
        if let entry = entry(&call) { call.reply.bulk(entry.encoding.name) }
    }

    private static func idleTime(_ call: inout Call) throws(CommandError) {
        guard let entry = entry(&call) else { return }
        guard !call.access.countsUses else {
            throw CommandError(
                """
                ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between \
                policies at runtime LRU and LFU data will take some time to adjust.
                """)
        }
        call.reply.integer(call.access.idleSeconds(entry))
    }

    private static func frequency(_ call: inout Call) throws(CommandError) {
        guard let entry = entry(&call) else { return }
        guard call.access.countsUses else {
            throw CommandError(
                """
                ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when \
                switching between policies at runtime LRU and LFU data will take some time to adjust.
                """)
        }
        call.reply.integer(call.access.useCount(entry))
    }

    private static func references(_ call: inout Call) throws(CommandError) {
        if entry(&call) != nil { call.reply.integer(1) }
    }
}
