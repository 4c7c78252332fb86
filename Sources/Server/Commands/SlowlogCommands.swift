import Commands
import Primitives
import RESP

/// SLOWLOG: the latest calls that took longer than `slowlog-log-slower-than`.
enum SlowlogCommands {
    static let commands: [Command] = [
        Command(
            "slowlog", arity: -2, group: .server, since: "2.2.12", complexity: "Depends on the subcommand.",
            summary: "Looks at the log of slow calls.",
            subcommands: [
                Command(
                    "get", arity: -2, flags: flags, group: .server, since: "2.2.12",
                    complexity: "O(n), n being the number of entries returned.",
                    summary: "Returns the latest slow calls, the newest first.", syntax: "[count:integer]",
                    handler: get),
                Command(
                    "len", arity: 2, flags: flags, group: .server, since: "2.2.12",
                    summary: "Returns how many slow calls are kept.", handler: length),
                Command(
                    "reset", arity: 2, flags: flags, group: .server, since: "2.2.12",
                    complexity: "O(n), n being the number of entries.", summary: "Forgets all slow calls.",
                    handler: reset),
                HelpText.command(group: .server, since: "6.2.0"),
            ], handler: HelpText.reply)
    ]

    private static let flags: CommandFlags = [.admin, .loading, .stale]

    private static func get(_ call: inout Call) throws(CommandError) {
        var limit = 10
        if call.count == 3 {
            let invalid = CommandError("ERR count should be greater than or equal to -1")
            limit = try call.integer(2, in: -1...Int64.max, or: invalid)
            if limit == -1 { limit = .max }
        } else if call.count > 3 {
            throw .unknownSubcommandOrArity(call[1].string, of: "SLOWLOG")
        }
        let slowCalls = call.server.observations.slowCalls(limit: limit)
        call.reply.array(slowCalls.count)
        for slowCall in slowCalls {
            call.reply.array(6)
            call.reply.integer(slowCall.identifier)
            call.reply.integer(slowCall.time)
            call.reply.integer(slowCall.microseconds)
            call.reply.array(slowCall.arguments.count)
            for argument in slowCall.arguments { argument.withView { call.reply.bulk($0) } }
            call.reply.bulk(slowCall.address)
            slowCall.clientName.withView { call.reply.bulk($0) }
        }
    }

    private static func length(_ call: inout Call) throws(CommandError) {
        call.reply.integer(call.server.observations.slowCallCount)
    }

    private static func reset(_ call: inout Call) throws(CommandError) {
        call.server.observations.resetSlowCalls()
        call.reply.ok()
    }
}
