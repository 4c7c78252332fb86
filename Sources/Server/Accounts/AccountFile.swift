import Commands
import Configuration
import Primitives

/// The file that `aclfile` names: a user in each line, `user NAME RULE...`, and nothing else but empty lines.
enum AccountFile {
    /// What is wrong with a file, in one line.
    struct Damage: Error {
        let description: String
    }

    /// Reads all users.
    static func load(_ path: String, _ context: User.RuleContext) throws(Damage) -> [User] {
        let content: [UInt8]
        do throws(ConfigurationError) {
            content = try Configuration.read(path)
        } catch {
            var reason = "\(error)"
            if case .file(_, let cause) = error { reason = cause }
            throw Damage(description: "Error loading ACLs, opening file '\(path)': \(reason)")
        }
        return try parse(content, path, context)
    }

    /// The users that the lines of `content` are. All that is wrong is told at once.
    static func parse(_ content: [UInt8], _ path: String, _ context: User.RuleContext) throws(Damage) -> [User] {
        var users: [User] = []
        var names: Set<[UInt8]> = []
        var errors = ""
        for (index, line) in content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        {
            let place = "\(path):\(index + 1)"
            let words = words(of: line)
            guard let keyword = words.first else { continue }
            guard keyword == Array("user".utf8), words.count > 1 else {
                errors += "\(place) should start with user keyword followed by the username. "
                continue
            }
            let name = words[1]
            guard !name.contains(where: { $0 <= 32 }) else {
                errors += "'\(place): username '\(RefusedRule.text(name))' contains invalid characters. "
                continue
            }
            guard names.insert(name).inserted else {
                errors += "WARNING: Duplicate user '\(RefusedRule.text(name))' found on line \(index + 1). "
                continue
            }
            var user = User(name: name, context)
            do throws(RefusedRule) {
                try user.apply(Array(words.dropFirst(2)), context)
                users.append(user)
            } catch {
                errors += "\(place): \(explain(error)). "
            }
        }
        guard errors.isEmpty else {
            throw Damage(
                description: errors
                    + "WARNING: ACL errors detected, no change to the previously active ACL rules was performed")
        }
        return users
    }

    /// The words of a line, which single spaces separate.
    private static func words(of line: ArraySlice<UInt8>) -> [[UInt8]] {
        let isBlank = { (byte: UInt8) in byte == 32 || byte == 9 || byte == 13 }
        guard let start = line.firstIndex(where: { !isBlank($0) }), let end = line.lastIndex(where: { !isBlank($0) })
        else { return [] }
        return line[start...end].split(separator: 32, omittingEmptySubsequences: false).map(Array.init)
    }

    /// What is wrong with a rule; a rule that may be a password is not shown.
    private static func explain(_ error: RefusedRule) -> String {
        switch error {
        case .unmatchedParenthesis: return "Unmatched parenthesis in selector definition"
        case .rule(let rule, .unknownCommand):
            return "Error in applying operation '\(RefusedRule.text(rule))': \(AccountRuleError.unknownCommand.message)"
        case .rule(_, let reason): return reason.message
        }
    }

    /// Puts a file with these users in the place of the one that is there.
    static func save(_ users: [User], to path: String) throws(ConfigurationError) {
        let content = users.reduce(into: [UInt8]()) { $0 += $1.line + [UInt8(ascii: "\n")] }
        try Configuration.replace(path, with: content, mode: 0o600)
    }
}
