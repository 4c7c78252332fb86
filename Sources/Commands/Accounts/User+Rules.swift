import Primitives

/// The grammar of the rules of a user.
extension User {
    /// What rules refer to.
    public struct RuleContext: Sendable {
        let table: CommandTable
        /// What new users and selectors may do with channels (`acl-pubsub-default`).
        let allowsAllChannels: Bool

        public init(_ table: CommandTable, allowsAllChannels: Bool) {
            self.table = table
            self.allowsAllChannels = allowsAllChannels
        }
    }

    /// Applies all rules, or none where one is refused.
    public mutating func apply(_ rules: [[UInt8]], _ context: RuleContext) throws(RefusedRule) {
        var changed = self
        for rule in try Self.joined(rules) {
            do throws(AccountRuleError) {
                try changed.apply(rule, context)
            } catch {
                throw .rule(rule, error)
            }
        }
        self = changed
    }

    /// The rules, with the parts of a selector that were given apart put together.
    public static func joined(_ rules: [[UInt8]]) throws(RefusedRule) -> [[UInt8]] {
        var joined: [[UInt8]] = []
        var start: [UInt8]?
        var selector: [UInt8] = []
        for rule in rules {
            if start != nil {
                selector += [UInt8(ascii: " ")] + rule
                guard rule.last == UInt8(ascii: ")") else { continue }
                joined.append(selector)
                start = nil
            } else if rule.first == UInt8(ascii: "("), rule.last != UInt8(ascii: ")") {
                start = rule
                selector = rule
            } else {
                joined.append(rule)
            }
        }
        if let start { throw .unmatchedParenthesis(start) }
        return joined
    }

    /// Applies one rule; a selector is one with all that is inside of its parentheses.
    public mutating func apply(_ rule: [UInt8], _ context: RuleContext) throws(AccountRuleError) {
        try rule.withView { (rule) throws(AccountRuleError) in try apply(rule, context) }
    }

    private mutating func apply(_ rule: ByteView, _ context: RuleContext) throws(AccountRuleError) {
        guard let first = rule.buffer.first else { return }
        if rule.equalsIgnoringCase("on") {
            isOn = true
        } else if rule.equalsIgnoringCase("off") {
            isOn = false
        } else if rule.equalsIgnoringCase("sanitize-payload") {
            sanitizesPayload = true
        } else if rule.equalsIgnoringCase("skip-sanitize-payload") {
            sanitizesPayload = false
        } else if rule.equalsIgnoringCase("nopass") {
            (needsNoPassword, passwords) = (true, [])
        } else if rule.equalsIgnoringCase("resetpass") {
            (needsNoPassword, passwords) = (false, [])
        } else if rule.equalsIgnoringCase("clearselectors") {
            selectors = []
        } else if rule.equalsIgnoringCase("reset") {
            self = User(name: name, context)
        } else if first == UInt8(ascii: ">") || first == UInt8(ascii: "#") {
            let hash = try Self.hash(rule)
            if !passwords.contains(hash) { passwords.append(hash) }
            needsNoPassword = false
        } else if first == UInt8(ascii: "<") || first == UInt8(ascii: "!") {
            let hash = try Self.hash(rule)
            guard let index = passwords.firstIndex(of: hash) else { throw .noSuchPassword }
            passwords.remove(at: index)
        } else if first == UInt8(ascii: "("), rule.count > 1, rule[rule.count - 1] == UInt8(ascii: ")") {
            selectors.append(try Self.selector(rule[1..<rule.count - 1], context))
        } else {
            try root.apply(rule, context.table)
        }
    }

    /// The hash that a rule gives, or that of the password that it gives.
    private static func hash(_ rule: ByteView) throws(AccountRuleError) -> PasswordHash {
        let text = rule[1..<rule.count]
        if rule[0] == UInt8(ascii: ">") || rule[0] == UInt8(ascii: "<") { return PasswordHash(of: text) }
        guard let hash = PasswordHash(digits: text) else { throw .invalidHash }
        return hash
    }

    /// A selector from what is inside of its parentheses.
    private static func selector(_ text: ByteView, _ context: RuleContext) throws(AccountRuleError) -> Selector {
        guard !text.buffer.contains(0), let rules = splitArguments(text) else { throw .syntax }
        var selector = Selector(context.table, allowsAllChannels: context.allowsAllChannels)
        for rule in rules {
            try rule.withView { (rule) throws(AccountRuleError) in try selector.apply(rule, context.table) }
        }
        return selector
    }
}
