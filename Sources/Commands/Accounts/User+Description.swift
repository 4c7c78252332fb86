/// The rules that make a user what it is.
extension User {
    /// The words for what is not about rights, in the order of Redis.
    public var flags: [StaticString] {
        [isOn ? "on" : "off"] + (needsNoPassword ? ["nopass"] : [])
            + [sanitizesPayload ? "sanitize-payload" : "skip-sanitize-payload"]
    }

    /// All rules, which make a user that was just made this one.
    public var rules: [[UInt8]] {
        var rules = flags.map { Array($0.description.utf8) }
        rules += passwords.map { Array("#\($0.digits)".utf8) }
        rules += root.rules
        for selector in selectors {
            let text = selector.rules.map(Self.quoted).joined(separator: [UInt8(ascii: " ")])
            rules.append([UInt8(ascii: "(")] + text + [UInt8(ascii: ")")])
        }
        return rules
    }

    /// The user as a line of an ACL file or of the configuration file.
    public var line: [UInt8] {
        Array(([Array("user".utf8), name] + rules).joined(separator: [UInt8(ascii: " ")]))
    }

    /// A rule inside of parentheses, where quotes mean something.
    private static func quoted(_ rule: [UInt8]) -> [UInt8] {
        let quotes = [UInt8(ascii: "\""), UInt8(ascii: "'")]
        guard rule.contains(where: { quotes.contains($0) }) else { return rule }
        let escaped = rule.flatMap { byte -> [UInt8] in
            byte == quotes[0] || byte == UInt8(ascii: "\\") ? [UInt8(ascii: "\\"), byte] : [byte]
        }
        return [quotes[0]] + escaped + [quotes[0]]
    }
}
