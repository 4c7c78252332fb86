import Primitives
import RESP

/// COMMAND: what the server's commands are, told from their records.
public enum CommandCommands {
    public static let commands: [Command] = [
        Command(
            "command", arity: -1, flags: [.loading, .stale], categories: .connection, group: .server,
            since: "2.8.13", complexity: "O(n), n being the number of commands.", summary: "Describes all commands.",
            subcommands: subcommands, handler: list)
    ]

    private static let subcommands: [Command] = [
        subcommand("count", arity: 2, since: "2.8.13", summary: "Counts the commands.", handler: count),
        subcommand(
            "docs", arity: -2, since: "7.0.0", complexity: "O(n), n being the number of commands to look up.",
            summary: "Documents the named commands, or all.", syntax: "[command-name:string...]", handler: docs),
        subcommand(
            "getkeys", arity: -3, since: "2.8.13", complexity: "O(n), n being the number of arguments.",
            summary: "Finds the keys among the arguments of a call.", syntax: "command:string [arg:string...]",
            handler: getKeys),
        subcommand(
            "getkeysandflags", arity: -3, since: "7.0.0", complexity: "O(n), n being the number of arguments.",
            summary: "Finds the keys among the arguments of a call and tells what it does to them.",
            syntax: "command:string [arg:string...]", handler: getKeysAndFlags),
        HelpText.command(group: .server, since: "5.0.0", categories: .connection),
        subcommand(
            "info", arity: -2, since: "2.8.13", complexity: "O(n), n being the number of commands to look up.",
            summary: "Describes the named commands, or all.", syntax: "[command-name:string...]", handler: info),
        subcommand(
            "list", arity: -2, since: "7.0.0", complexity: "O(n), n being the number of commands.",
            summary: "Names all commands, or those that a filter lets through.",
            syntax: "[FILTERBY (MODULE module-name:string|ACLCAT category:string|PATTERN pattern:pattern)]",
            handler: names),
    ]

    private static func subcommand(
        _ name: String, arity: Int, since: String, complexity: String = "O(1)", summary: String, syntax: String = "",
        handler: @escaping Command.Handler
    ) -> Command {
        Command(
            name, arity: arity, flags: [.loading, .stale], categories: .connection, group: .server, since: since,
            complexity: complexity, summary: summary, syntax: syntax, handler: handler)
    }

    // MARK: All commands

    private static func list(_ call: inout Call) throws(CommandError) {
        call.reply.array(call.table.entries.count)
        for entry in call.table.entries { call.reply.information(entry) }
    }

    private static func count(_ call: inout Call) throws(CommandError) {
        call.reply.integer(call.table.entries.count)
    }

    private static func info(_ call: inout Call) throws(CommandError) {
        guard call.count > 2 else { return try list(&call) }
        call.reply.array(call.count - 2)
        for index in 2..<call.count {
            if let entry = call.table.find(fullName: call[index]) {
                call.reply.information(entry)
            } else {
                call.reply.null()
            }
        }
    }

    /// Names that are no command's are left out.
    private static func docs(_ call: inout Call) throws(CommandError) {
        var entries = call.table.entries
        if call.count > 2 {
            let table = call.table
            entries = call.arguments.dropFirst(2).compactMap { table.find(fullName: $0) }
        }
        call.reply.map(entries.count)
        for entry in entries { call.reply.documentation(entry) }
    }

    // MARK: Names

    private static func names(_ call: inout Call) throws(CommandError) {
        let filter = try filter(call)
        let mark = call.reply.deferredArray()
        var count = 0
        for entry in call.table.entries {
            for command in [entry] + entry.subcommandEntries where filter.passes(command) {
                call.reply.bulk(command.fullName)
                count += 1
            }
        }
        call.reply.finishArray(at: mark, count: count)
    }

    private enum Filter {
        case everything, nothing
        case category(CommandCategories)
        case pattern(ByteView)

        func passes(_ entry: CommandEntry) -> Bool {
            switch self {
            case .everything: true
            case .nothing: false
            case .category(let category): entry.command.allCategories.contains(category)
            case .pattern(let pattern):
                Array(entry.fullName.utf8).withView { Glob.matches(pattern, $0, ignoringCase: true) }
            }
        }
    }

    private static func filter(_ call: borrowing Call) throws(CommandError) -> Filter {
        if call.count == 2 { return .everything }
        guard call.count == 5, call.isWord(2, "filterby") else { throw .syntax }
        // There are no modules, so that none of their commands is there.
        if call.isWord(3, "module") { return .nothing }
        if call.isWord(3, "pattern") { return .pattern(call[4]) }
        guard call.isWord(3, "aclcat") else { throw .syntax }
        let name = call[4].lowercasedString
        return CommandCategories.named.first { $0.name == name }.map { .category($0.category) } ?? .nothing
    }

    // MARK: Keys

    private static func getKeys(_ call: inout Call) throws(CommandError) {
        let (entry, arguments) = try calledCommand(call)
        let mark = call.reply.deferredArray()
        var count = 0
        for specification in entry.command.keys {
            specification.forEachKey(in: arguments) {
                call.reply.bulk(arguments[$0])
                count += 1
            }
        }
        call.reply.finishArray(at: mark, count: count)
    }

    private static func getKeysAndFlags(_ call: inout Call) throws(CommandError) {
        let (entry, arguments) = try calledCommand(call)
        let mark = call.reply.deferredArray()
        var count = 0
        for specification in entry.command.keys {
            let names = entry.command.keyFlags(specification, arguments).names
            specification.forEachKey(in: arguments) {
                call.reply.array(2)
                call.reply.bulk(arguments[$0])
                call.reply.set(of: names)
                count += 1
            }
        }
        call.reply.finishArray(at: mark, count: count)
    }

    /// The command whose call the arguments behind the subcommand are, and the call; its keys are in their places.
    private static func calledCommand(
        _ call: borrowing Call
    ) throws(CommandError) -> (CommandEntry, UnsafeBufferPointer<ByteView>) {
        let arguments = UnsafeBufferPointer(rebasing: call.arguments[2...])
        guard var entry = call.table.find(arguments[0])?.takeUnretainedValue() else { throw .invalidCommand }
        if !entry.subcommands.isEmpty, arguments.count > 1 {
            guard let subcommand = entry.subcommands[arguments[1].lowercasedString] else { throw .invalidCommand }
            entry = subcommand
        }
        guard entry.command.keys.contains(where: { !$0.flags.contains(.notKey) }) else {
            throw CommandError("ERR The command has no key arguments")
        }
        guard entry.accepts(arguments.count) else {
            throw CommandError("ERR Invalid number of arguments specified for command")
        }
        guard entry.command.keys.allSatisfy({ $0.fits(arguments) }) else {
            throw CommandError("ERR Invalid arguments specified for command")
        }
        return (entry, arguments)
    }
}

extension CommandError {
    fileprivate static let invalidCommand = CommandError("ERR Invalid command specified")
}
