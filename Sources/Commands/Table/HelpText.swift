import RESP

/// The HELP of a container command, put together from the records of its subcommands, so that it says what is there.
public enum HelpText {
    /// A HELP subcommand's record. Its summary and handler are those of every HELP.
    ///
    /// - Parameter categories: of access control, those that the container's other subcommands have.
    public static func command(
        group: CommandGroup, since: String, categories: CommandCategories = []
    ) -> Command {
        Command(
            "help", arity: 2, flags: [.loading, .stale], categories: categories, group: group, since: since,
            summary: "Prints this help.", handler: reply)
    }

    /// Answers the help of the container that the call names.
    public static func reply(_ call: inout Call) throws(CommandError) {
        guard let container = call.table.find(call[0])?.takeUnretainedValue().command else { return }
        let lines = lines(of: container)
        call.reply.array(lines.count)
        for line in lines { call.reply.simple(line) }
    }

    /// A line with the arguments of each subcommand, followed by what it does, in alphabetical order; HELP at the end.
    public static func lines(of container: Command) -> [String] {
        var lines = ["\(container.name.uppercased()) <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"]
        if container.accepts(1) { lines += ["(no subcommand)"] + wrapped(container.summary) }
        for subcommand in container.subcommands.sorted(by: { $0.name < $1.name }) where subcommand.name != "help" {
            lines.append(([subcommand.name.uppercased()] + subcommand.arguments.map(\.text)).joined(separator: " "))
            lines += wrapped(subcommand.summary)
        }
        return lines + ["HELP", "    Print this help."]
    }

    /// The text in lines of at most 80 columns, the first four of which are empty.
    private static func wrapped(_ text: String) -> [String] {
        var lines: [String] = []
        var line = "   "
        for word in text.split(separator: " ") {
            if line.utf8.count + 1 + word.utf8.count > 80 {
                lines.append(line)
                line = "   "
            }
            line += " " + word
        }
        return lines + [line]
    }
}
