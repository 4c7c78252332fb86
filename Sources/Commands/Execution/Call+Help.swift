import Primitives
import RESP

extension Call {
    /// Answers the HELP of a command: its subcommands with their arguments and summaries, as their records have them.
    public func replyHelp(of name: String, _ subcommands: [Command]) {
        reply.array(subcommands.count * 2 + 1)
        reply.simple("\(name) <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
        for subcommand in subcommands {
            let arguments = subcommand.syntax.split(separator: " ").map { " " + Self.readable($0) }.joined()
            reply.simple(subcommand.name.uppercased() + arguments)
            reply.simple("    " + subcommand.summary)
        }
    }

    /// `key:key...` as `<key> ...`: names of values in angle brackets, without their types.
    private static func readable(_ item: Substring) -> String {
        var result = ""
        var name = ""
        var isType = false
        for character in item {
            switch character {
            case ":":
                result += "<\(name)>"
                name = ""
                isType = true
            case "[", "]", "(", ")", "|", ".":
                result += name
                name = ""
                if character == ".", isType { result += " " }
                isType = false
                result.append(character)
            default:
                if !isType { name.append(character) }
            }
        }
        return result + name
    }
}
