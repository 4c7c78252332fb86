import Commands
import Configuration
import Keyspace
import Logging
import Primitives
import RESP

/// CONFIG: looks at and changes the settings of the running server.
enum ConfigCommands {
    static let commands: [Command] = [
        Command(
            "config", arity: -2, group: .server, since: "2.0.0", complexity: "Depends on the subcommand.",
            summary: "Looks at and changes the configuration.",
            subcommands: [
                Command(
                    "get", arity: -3, flags: flags, group: .server, since: "2.0.0",
                    complexity: "O(n), n being the number of directives.",
                    summary: "Returns the directives that match patterns, and their values.",
                    syntax: "parameter:pattern...", handler: get),
                Command(
                    "set", arity: -4, flags: flags, group: .server, since: "2.0.0",
                    complexity: "O(n), n being the number of directives given.",
                    summary: "Changes directives: all of those given, or none.",
                    syntax: "data=(parameter:string value:string)...", handler: set),
                Command(
                    "resetstat", arity: 2, flags: flags, group: .server, since: "2.0.0",
                    summary: "Sets the statistics that INFO shows back to zero.", handler: resetStatistics),
                Command(
                    "rewrite", arity: 2, flags: flags, group: .server, since: "2.8.0",
                    summary: "Makes the configuration file say what is in force.", handler: rewrite),
                HelpText.command(group: .server, since: "5.0.0"),
            ], handler: HelpText.reply)
    ]

    private static let flags: CommandFlags = [.admin, .noscript, .loading, .stale]

    private static func get(_ call: inout Call) throws(CommandError) {
        let patterns = (2..<call.count).map { call[$0] }
        let found = call.server.withConfiguration { $0.get(patterns) }
        call.reply.map(found.count)
        for (name, value) in found {
            name.withView { call.reply.bulk($0) }
            value.withView { call.reply.bulk($0) }
        }
    }

    private static func set(_ call: inout Call) throws(CommandError) {
        guard call.count % 2 == 0 else { throw .syntax }
        let pairs = stride(from: 2, to: call.count, by: 2).map { (name: call[$0], value: call[$0 + 1]) }
        do throws(ConfigurationError) {
            try call.server.setConfiguration(pairs, holdsShards: !call.access.held.isEmpty)
        } catch {
            throw CommandError(composed: "ERR " + error.description)
        }
        call.reply.ok()
    }

    private static func resetStatistics(_ call: inout Call) throws(CommandError) {
        call.server.resetStatistics()
        call.reply.ok()
    }

    private static func rewrite(_ call: inout Call) throws(CommandError) {
        let server = call.server
        do throws(ConfigurationError) {
            try server.rewriteConfiguration()
        } catch {
            server.log.warning("CONFIG REWRITE failed: \(error.description)")
            throw CommandError(composed: "ERR " + error.description)
        }
        server.log.notice("CONFIG REWRITE executed with success.")
        call.reply.ok()
    }
}
