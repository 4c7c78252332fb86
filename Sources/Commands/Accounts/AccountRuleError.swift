import Primitives

/// Why a rule of a user was refused.
public enum AccountRuleError: Error, Sendable {
    case unknownCommand
    case syntax
    case afterAllKeys
    case afterAllChannels
    case invalidHash
    case noSuchPassword
    case firstArgumentOfSubcommand

    /// The reason as `ACL SETUSER` and `ACL LOAD` tell it.
    public var message: String {
        switch self {
        case .unknownCommand: "Unknown command or category name in ACL"
        case .syntax: "Syntax error"
        case .afterAllKeys:
            """
            Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. \
            Try 'resetkeys' to start with an empty list of patterns
            """
        case .afterAllChannels:
            """
            Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. \
            Try 'resetchannels' to start with an empty list of channels
            """
        case .invalidHash:
            "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"
        case .noSuchPassword: "The password you are trying to remove from the user does not exist"
        case .firstArgumentOfSubcommand: "Allowing first-arg of a subcommand is not supported"
        }
    }
}

/// A rule among several that was refused, none of which has any effect then.
public enum RefusedRule: Error, Sendable {
    /// A selector that begins with this rule and does not end.
    case unmatchedParenthesis([UInt8])
    case rule([UInt8], AccountRuleError)

    /// What `ACL SETUSER` answers, without its `ERR`.
    public var message: String {
        switch self {
        case .unmatchedParenthesis(let start):
            "Unmatched parenthesis in acl selector starting at '\(Self.text(start))'."
        case .rule(let rule, let error): "Error in ACL SETUSER modifier '\(Self.text(rule))': \(error.message)"
        }
    }

    /// A rule as errors show it, up to its first NUL and no longer than is of use.
    public static func text(_ rule: [UInt8]) -> String {
        String(decoding: rule.prefix(1024).prefix { $0 != 0 }, as: UTF8.self)
    }
}
