import Primitives

/// The grammar of the rules that a selector can have, inside and outside of parentheses.
extension Selector {
    /// Applies one rule. Words are known in any letter case.
    mutating func apply(_ rule: ByteView, _ table: CommandTable) throws(AccountRuleError) {
        guard !rule.isEmpty else { throw .syntax }
        if rule.equalsIgnoringCase("allkeys") || rule == ByteView("~*") {
            (allowsAllKeys, keys) = (true, [])
        } else if rule.equalsIgnoringCase("resetkeys") {
            (allowsAllKeys, keys) = (false, [])
        } else if rule.equalsIgnoringCase("allchannels") || rule == ByteView("&*") {
            (allowsAllChannels, channels) = (true, [])
        } else if rule.equalsIgnoringCase("resetchannels") {
            (allowsAllChannels, channels) = (false, [])
        } else if rule.equalsIgnoringCase("allcommands") || rule.equalsIgnoringCase("+@all") {
            setAllCommands(true, table)
        } else if rule.equalsIgnoringCase("nocommands") || rule.equalsIgnoringCase("-@all") {
            setAllCommands(false, table)
        } else {
            let rest = rule[1..<rule.count]
            switch rule[0] {
            case UInt8(ascii: "~"): try add(key: rest, [.read, .write])
            case UInt8(ascii: "%"): try addKey(with: rest)
            case UInt8(ascii: "&"): try add(channel: rest)
            case UInt8(ascii: "+"): try apply(commands: rest, true, table)
            case UInt8(ascii: "-"): try apply(commands: rest, false, table)
            default: throw .syntax
            }
        }
    }

    // MARK: Keys and channels

    /// `R~pattern`, `W~pattern` or both letters, each once.
    private mutating func addKey(with rule: ByteView) throws(AccountRuleError) {
        guard !allowsAllKeys else { throw .afterAllKeys }
        var uses: KeyPattern.Use = []
        var position = 0
        while position < rule.count, rule[position] != UInt8(ascii: "~") {
            let use: KeyPattern.Use
            switch asciiLowercased(rule[position]) {
            case UInt8(ascii: "r"): use = .read
            case UInt8(ascii: "w"): use = .write
            default: throw .syntax
            }
            guard uses.insert(use).inserted else { throw .syntax }
            position += 1
        }
        guard !uses.isEmpty else { throw .syntax }
        try add(key: rule[min(position + 1, rule.count)..<rule.count], uses)
    }

    private mutating func add(key pattern: ByteView, _ uses: KeyPattern.Use) throws(AccountRuleError) {
        guard !allowsAllKeys else { throw .afterAllKeys }
        guard !pattern.hasSpace else { throw .syntax }
        let pattern = pattern.array
        if let index = keys.firstIndex(where: { $0.pattern == pattern }) {
            keys[index].uses.formUnion(uses)
        } else {
            keys.append(KeyPattern(pattern: pattern, uses: uses))
        }
        // It would be described by the rule for all keys, so that is what it is.
        if keys.contains(where: { $0.rule == Array("~*".utf8) }) { (allowsAllKeys, keys) = (true, []) }
    }

    private mutating func add(channel pattern: ByteView) throws(AccountRuleError) {
        guard !allowsAllChannels else { throw .afterAllChannels }
        guard !pattern.hasSpace else { throw .syntax }
        let pattern = pattern.array
        if !channels.contains(pattern) { channels.append(pattern) }
    }

    // MARK: Commands

    mutating func setAllCommands(_ allows: Bool, _ table: CommandTable) {
        for identifier in 0..<table.identifierCount { commands.set(identifier, allows) }
        beganWithAll = allows
        firstArguments = [:]
        commandRules = []
    }

    /// `get`, `client|id`, `@read`, or what is deprecated: `select|0` allows a command with that first argument.
    private mutating func apply(
        commands rule: ByteView, _ allows: Bool, _ table: CommandTable
    ) throws(AccountRuleError) {
        // No name has one, and what is shown must read back as it was.
        guard !rule.hasSpace else { throw .unknownCommand }
        if rule.buffer.first == UInt8(ascii: "@") { return try apply(category: rule, allows, table) }
        if let entry = table.find(fullName: rule) {
            set(entry, allows)
            return record(Array(entry.fullName.utf8), allows)
        }
        guard allows, let bar = rule.buffer.lastIndex(of: UInt8(ascii: "|")),
            let entry = table.find(fullName: rule[0..<bar])
        else { throw .unknownCommand }
        guard !entry.isSubcommand else { throw .firstArgumentOfSubcommand }
        let argument = rule[bar + 1..<rule.count]
        guard !argument.isEmpty else { throw .syntax }
        guard entry.subcommands.isEmpty else { throw .unknownCommand }
        let lowered = argument.buffer.map(asciiLowercased)
        if firstArguments[entry.identifier]?.contains(lowered) != true {
            firstArguments[entry.identifier, default: []].append(lowered)
        }
        record(rule.buffer.map(asciiLowercased), true)
    }

    private mutating func apply(
        category rule: ByteView, _ allows: Bool, _ table: CommandTable
    ) throws(AccountRuleError) {
        let name = rule.lowercasedString
        guard let category = CommandCategories.named.first(where: { "@" + $0.name == name })?.category else {
            throw .unknownCommand
        }
        for entry in table.entries {
            if entry.command.allCategories.contains(category) { set(entry, allows) }
            for subcommand in entry.subcommandEntries
            where subcommand.command.allCategories.contains(category) { set(subcommand, allows) }
        }
        record(Array(name.utf8), allows)
    }

    /// A container's subcommands go with it.
    private mutating func set(_ entry: CommandEntry, _ allows: Bool) {
        commands.set(entry.identifier, allows)
        firstArguments[entry.identifier] = nil
        for subcommand in entry.subcommandEntries { commands.set(subcommand.identifier, allows) }
    }

    /// Remembers a rule in the place of those that it makes void: about the same, or about a part of it.
    private mutating func record(_ name: [UInt8], _ allows: Bool) {
        commandRules.removeAll { $0.name == name || $0.name.starts(with: name + [UInt8(ascii: "|")]) }
        commandRules.append(CommandRule(allows: allows, name: name))
    }
}

extension ByteView {
    /// Whether there is white space or a NUL in it, which would take lines of rules apart.
    public var hasSpace: Bool { buffer.contains { $0 == 32 || (9...13).contains($0) || $0 == 0 } }
}
