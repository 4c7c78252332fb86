import Commands
import RESP

/// MODULE: there are none, and none can be loaded; tools ask for the list.
enum ModuleCommands {
    static let commands: [Command] = [
        Command(
            "module", arity: -2, group: .server, since: "4.0.0", complexity: "Depends on the subcommand.",
            summary: "Tells about modules.",
            subcommands: [
                Command(
                    "list", arity: 2, flags: [.admin, .noscript], group: .server, since: "4.0.0",
                    summary: "Returns the loaded modules, of which there are none.", handler: list),
                Command(
                    "load", arity: -3, flags: flags, group: .server, since: "4.0.0",
                    summary: "Not supported: this server has no modules.",
                    syntax: "path:string [arg:string...]",
                    handler: refuse),
                Command(
                    "loadex", arity: -3, flags: flags, group: .server, since: "7.0.0",
                    summary: "Not supported: this server has no modules.",
                    syntax: "path:string [CONFIG configs=(name:string value:string)]... [ARGS args=arg:string...]",
                    handler: refuse),
                Command(
                    "unload", arity: 3, flags: flags, group: .server, since: "4.0.0",
                    summary: "Not supported: this server has no modules.", syntax: "name:string", handler: refuse),
                HelpText.command(group: .server, since: "5.0.0"),
            ], handler: HelpText.reply)
    ]

    private static let flags: CommandFlags = [.admin, .noscript, .noAsyncLoading]

    private static func list(_ call: inout Call) throws(CommandError) { call.reply.array(0) }

    private static func refuse(_ call: inout Call) throws(CommandError) {
        throw CommandError("ERR MODULE command not allowed. This server does not load modules.")
    }
}
