import Commands
import Configuration
import Logging
import Primitives
import RESP

/// ACL: who may use the server, and for what.
enum AccountCommands {
    static let commands: [Command] = [
        Command(
            "acl", arity: -2, group: .server, since: "6.0.0", complexity: "Depends on the subcommand.",
            summary: "Holds the commands about users and their permissions.",
            subcommands: [
                subcommand(
                    "cat", arity: -2, complexity: "O(n), n being the number of commands.",
                    summary: "Lists the categories of commands, or the commands of one.", syntax: "[category:string]",
                    handler: categories),
                subcommand(
                    "deluser", arity: -3, .admin, complexity: "O(n), n being the number of users given.",
                    summary: "Removes users, and closes their connections.", syntax: "username:string...",
                    handler: deleteUsers),
                subcommand(
                    "dryrun", arity: -4, .admin, since: "7.0.0",
                    summary: "Tells whether a user may make a call, without making it.",
                    syntax: "username:string command:string [arg:string...]", handler: dryRun),
                subcommand(
                    "genpass", arity: -2, summary: "Makes up a password that cannot be guessed.",
                    syntax: "[bits:integer]", handler: makePassword),
                subcommand(
                    "getuser", arity: 3, .admin, complexity: "O(n), n being the number of rules.",
                    summary: "Returns the rules of a user.", syntax: "username:string", handler: getUser),
                subcommand(
                    "list", arity: 2, .admin, complexity: "O(n), n being the number of users.",
                    summary: "Lists the users in the format of ACL files.", handler: list),
                subcommand(
                    "load", arity: 2, .admin, complexity: "O(n), n being the number of users.",
                    summary: "Reads all users from the ACL file.", handler: load),
                subcommand(
                    "log", arity: -2, .admin, complexity: "O(n), n being the number of entries returned.",
                    summary: "Lists what was refused last for want of permission.",
                    syntax: "operation=[count:integer|RESET]", handler: log),
                subcommand(
                    "save", arity: 2, .admin, complexity: "O(n), n being the number of users.",
                    summary: "Writes all users to the ACL file.", handler: save),
                subcommand(
                    "setuser", arity: -3, .admin, complexity: "O(n), n being the number of rules given.",
                    summary: "Changes a user by rules, or makes one.", syntax: "username:string [rule:string...]",
                    handler: setUser),
                subcommand(
                    "users", arity: 2, .admin, complexity: "O(n), n being the number of users.",
                    summary: "Lists the names of the users.", handler: names),
                subcommand(
                    "whoami", arity: 2, summary: "Returns the name of the connection's user.", handler: whoAmI),
                HelpText.command(group: .server, since: "6.0.0"),
            ], handler: HelpText.reply)
    ]

    private static func subcommand(
        _ name: String, arity: Int, _ flags: CommandFlags = [], since: String = "6.0.0", complexity: String = "O(1)",
        summary: String, syntax: String = "", handler: @escaping Command.Handler
    ) -> Command {
        Command(
            name, arity: arity, flags: flags.union([.noscript, .loading, .stale]), group: .server, since: since,
            complexity: complexity, summary: summary, syntax: syntax, handler: handler)
    }

    // MARK: Users

    private static func whoAmI(_ call: inout Call) throws(CommandError) {
        guard let account = call.session.pointee.account else { return call.reply.null() }
        account.user.name.withView { call.reply.bulk($0) }
    }

    private static func names(_ call: inout Call) throws(CommandError) {
        let accounts = call.server.accounts.sorted
        call.reply.array(accounts.count)
        for account in accounts { account.user.name.withView { call.reply.bulk($0) } }
    }

    private static func list(_ call: inout Call) throws(CommandError) {
        let accounts = call.server.accounts.sorted
        call.reply.array(accounts.count)
        for account in accounts { account.user.line.withView { call.reply.bulk($0) } }
    }

    private static func setUser(_ call: inout Call) throws(CommandError) {
        guard !call[2].hasSpace else { throw CommandError("ERR Usernames can't contain spaces or null characters") }
        let rules = call.arguments.dropFirst(3).map(\.array)
        do throws(RefusedRule) {
            try call.server.accounts.apply(rules, to: call[2].array, call.server.ruleContext)
        } catch {
            throw CommandError(composed: "ERR " + error.message)
        }
        call.announceAccounts()
        call.reply.ok()
    }

    private static func deleteUsers(_ call: inout Call) throws(CommandError) {
        let names = call.arguments.dropFirst(2).map(\.array)
        guard !names.contains(User.defaultName) else {
            throw CommandError("ERR The 'default' user cannot be removed")
        }
        let count = call.server.accounts.remove(names)
        if count > 0 { call.announceAccounts() }
        call.reply.integer(count)
    }

    private static func getUser(_ call: inout Call) throws(CommandError) {
        guard let user = call.server.accounts.find(call[2])?.user else { return call.reply.null() }
        call.reply.map(6)
        call.reply.bulk("flags" as StaticString)
        call.reply.set(user.flags.count)
        for flag in user.flags { call.reply.bulk(flag) }
        call.reply.bulk("passwords" as StaticString)
        call.reply.array(user.passwords.count)
        for password in user.passwords { call.reply.bulk(password.digits) }
        describe(user.root, call)
        call.reply.bulk("selectors" as StaticString)
        call.reply.array(user.selectors.count)
        for selector in user.selectors {
            call.reply.map(3)
            describe(selector, call)
        }
    }

    private static func describe(_ selector: Selector, _ call: borrowing Call) {
        call.reply.bulk("commands" as StaticString)
        selector.commandText.withView { call.reply.bulk($0) }
        call.reply.bulk("keys" as StaticString)
        selector.keyText.withView { call.reply.bulk($0) }
        call.reply.bulk("channels" as StaticString)
        selector.channelText.withView { call.reply.bulk($0) }
    }

    private static func dryRun(_ call: inout Call) throws(CommandError) {
        guard let user = call.server.accounts.find(call[2])?.user else {
            throw CommandError(composed: "ERR User '\(RefusedRule.text(call[2].array))' not found")
        }
        let arguments = UnsafeBufferPointer(rebasing: call.arguments[3...])
        guard let entry = call.table.find(call: arguments) else {
            throw CommandError(composed: "ERR Command '\(RefusedRule.text(call[3].array))' not found")
        }
        guard entry.command.accepts(arguments.count) else { throw .wrongArity(entry.fullName) }
        guard let denial = user.denial(entry, arguments) else { return call.reply.ok() }
        call.reply.bulk(user.explain(denial, entry, arguments, inDetail: true))
    }

    // MARK: Categories and passwords

    private static func categories(_ call: inout Call) throws(CommandError) {
        guard call.count <= 3 else { throw .unknownSubcommandOrArity(call[1].string, of: "ACL") }
        guard call.count == 3 else {
            call.reply.array(CommandCategories.named.count)
            for (_, name) in CommandCategories.named { call.reply.bulk(name) }
            return
        }
        let name = call[2].lowercasedString
        guard let category = CommandCategories.named.first(where: { $0.name == name })?.category else {
            throw CommandError(composed: "ERR Unknown category '\(RefusedRule.text(call[2].array).prefix(128))'")
        }
        let entries = call.table.entries.flatMap { [$0] + $0.subcommandEntries }
            .filter { $0.command.allCategories.contains(category) }
        call.reply.array(entries.count)
        for entry in entries { call.reply.bulk(entry.fullName) }
    }

    private static let mostBits: Int64 = 4096

    private static func makePassword(_ call: inout Call) throws(CommandError) {
        guard call.count <= 3 else { throw .unknownSubcommandOrArity(call[1].string, of: "ACL") }
        let bits = call.count == 3 ? try call.integer(2) : 256
        guard bits > 0, bits <= mostBits else {
            throw CommandError(
                composed: """
                    ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to \
                    \(mostBits)
                    """)
        }
        call.reply.bulk(Server.randomHexadecimal((Int(bits) + 3) / 4))
    }

    // MARK: The file

    private static let noFile = CommandError(
        """
        ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER \
        command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users \
        in the Redis configuration.
        """)

    private static func load(_ call: inout Call) throws(CommandError) {
        let server = call.server
        let path = server.settings.aclFile
        guard !path.isEmpty else { throw noFile }
        do throws(AccountFile.Damage) {
            server.accounts.replace(with: try AccountFile.load(path, server.ruleContext))
        } catch {
            throw CommandError(composed: "ERR " + error.description)
        }
        call.announceAccounts()
        call.reply.ok()
    }

    private static func save(_ call: inout Call) throws(CommandError) {
        let server = call.server
        let path = server.settings.aclFile
        guard !path.isEmpty else { throw noFile }
        do throws(ConfigurationError) {
            try AccountFile.save(server.accounts.sorted.map(\.user), to: path)
        } catch {
            server.log.warning("ACL SAVE failed: \(error.description)")
            throw CommandError(
                "ERR There was an error trying to save the ACLs. Please check the server logs for more information")
        }
        call.reply.ok()
    }

    // MARK: The log

    private static func log(_ call: inout Call) throws(CommandError) {
        guard call.count <= 3 else { throw .unknownSubcommandOrArity(call[1].string, of: "ACL") }
        let log = call.server.observations.accessLog
        if call.count == 3, call.isWord(2, "reset") {
            log.clear()
            return call.reply.ok()
        }
        let count = call.count == 3 ? try call.integer(2) : 10
        let entries = log.entries(limit: Int(max(0, count)))
        call.reply.array(entries.count)
        for entry in entries { reply(entry, &call) }
    }

    private static func reply(_ entry: AccessLog.Entry, _ call: inout Call) {
        call.reply.map(10)
        call.reply.bulk("count" as StaticString)
        call.reply.integer(entry.count)
        call.reply.bulk("reason" as StaticString)
        call.reply.bulk(entry.reason.rawValue)
        call.reply.bulk("context" as StaticString)
        call.reply.bulk((entry.isInTransaction ? "multi" : "toplevel") as StaticString)
        call.reply.bulk("object" as StaticString)
        entry.object.withView { call.reply.bulk($0) }
        call.reply.bulk("username" as StaticString)
        entry.user.withView { call.reply.bulk($0) }
        call.reply.bulk("age-seconds" as StaticString)
        call.reply.double(Double(max(0, call.now - entry.updated)) / 1000)
        call.reply.bulk("client-info" as StaticString)
        call.reply.bulk(entry.client)
        call.reply.bulk("entry-id" as StaticString)
        call.reply.integer(entry.identifier)
        call.reply.bulk("timestamp-created" as StaticString)
        call.reply.integer(entry.created)
        call.reply.bulk("timestamp-last-updated" as StaticString)
        call.reply.integer(entry.updated)
    }
}
