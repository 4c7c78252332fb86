import Commands
import Primitives
import RESP

extension Call {
    /// Answers `HELP` of a command whose subcommands have no records, from which `HelpText` would put it together.
    ///
    /// - Parameter lines: of each subcommand its form, and what it does, indented by four spaces.
    func replyHelp(_ command: StaticString, _ lines: [StaticString]) {
        reply.array(lines.count + 3)
        reply.output.pointee.append("+")
        reply.output.pointee.append(command)
        reply.raw(" <subcommand> [<arg> [value] [opt] ...]. Subcommands are:\r\n")
        for line in lines { reply.simple(line) }
        reply.simple("HELP")
        reply.simple("    Print this help.")
    }
}

extension CommandError {
    /// A subcommand that does not exist, or not with that many arguments.
    static func unknownSubcommandOrArity(_ subcommand: String, of command: String) -> CommandError {
        CommandError(
            composed: "ERR unknown subcommand or wrong number of arguments for '\(subcommand.prefix(128))'."
                + " Try \(command) HELP.")
    }
}
