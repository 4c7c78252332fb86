import Primitives

/// A set of rights that all must cover a call: commands, names of keys and names of channels.
///
/// A user has one, the root, and may have more; a call is permitted where one of them permits all of it.
public struct Selector: Sendable, Equatable {
    /// A rule about commands as it was given, with the name in lower case: `+get`, `-@dangerous`, `+client|id`.
    struct CommandRule: Sendable, Equatable {
        let allows: Bool
        let name: [UInt8]

        var text: [UInt8] { [UInt8(ascii: allows ? "+" : "-")] + name }
    }

    /// Whether every key may be used in every way.
    var allowsAllKeys = false
    var keys: [KeyPattern] = []
    var allowsAllChannels: Bool
    var channels: [[UInt8]] = []
    var commands: CommandSet
    /// Whether the rules began with all commands, to which later ones belong.
    var beganWithAll = false
    /// What a call of a command that is not in `commands` must have behind its name, in lower case.
    var firstArguments: [Int: [[UInt8]]] = [:]
    /// The rules that lead from all commands, or none, to those in `commands`.
    var commandRules: [CommandRule] = []

    /// No rights but those on all channels, if `allowsAllChannels` says so (`acl-pubsub-default`).
    init(_ table: CommandTable, allowsAllChannels: Bool) {
        self.allowsAllChannels = allowsAllChannels
        commands = CommandSet(count: table.identifierCount)
    }

    // MARK: Permissions

    /// Whether it permits every call of every command.
    func permitsEverything(_ table: CommandTable) -> Bool {
        allowsAllKeys && allowsAllChannels && (0..<table.identifierCount).allSatisfy { commands.contains($0) }
    }

    /// Why the call is not permitted, nil where it is.
    func denial(_ entry: CommandEntry, _ arguments: UnsafeBufferPointer<ByteView>) -> Denial? {
        guard permits(entry, arguments) else { return .command }
        if !allowsAllKeys, let index = forbiddenKey(entry.command, arguments) { return .key(index) }
        if let channels = entry.command.channels, let index = forbiddenChannel(channels, arguments) {
            return .channel(index)
        }
        return nil
    }

    private func permits(_ entry: CommandEntry, _ arguments: UnsafeBufferPointer<ByteView>) -> Bool {
        if commands.contains(entry.identifier) || entry.flags.contains(.noAuth) { return true }
        guard arguments.count > 1, let allowed = firstArguments[entry.identifier] else { return false }
        return allowed.contains { $0.elementsEqual(arguments[1].buffer.lazy.map(asciiLowercased)) }
    }

    private func forbiddenKey(_ command: Command, _ arguments: UnsafeBufferPointer<ByteView>) -> Int? {
        var forbidden: Int?
        for specification in command.keys where !specification.flags.contains(.notKey) {
            let use = KeyPattern.Use(command.keyFlags(specification, arguments))
            specification.forEachKey(in: arguments) {
                if forbidden == nil, !permits(key: arguments[$0], use) { forbidden = $0 }
            }
        }
        return forbidden
    }

    private func forbiddenChannel(
        _ specification: ChannelSpecification, _ arguments: UnsafeBufferPointer<ByteView>
    ) -> Int? {
        specification.indices(in: arguments).first { !permits(channel: arguments[$0], specification.use) }
    }

    /// Whether a key may be used so.
    func permits(key: ByteView, _ use: KeyPattern.Use) -> Bool {
        allowsAllKeys || keys.contains { $0.permits(key, use) }
    }

    /// Whether every key may be used so.
    func permitsAllKeys(_ use: KeyPattern.Use) -> Bool {
        allowsAllKeys || keys.contains { $0.uses.isSuperset(of: use) && $0.pattern == [UInt8(ascii: "*")] }
    }

    /// Whether a channel may be used so. A pattern to subscribe to must be one that is allowed, letter by letter; and who
    /// wants to be told a key's value must be allowed to read it.
    func permits(channel: ByteView, _ use: ChannelSpecification.Use) -> Bool {
        if use == .subscribe, !allowsAllKeys, let value = ValueChannel(channel, databases: .max) {
            guard permits(key: value.key, .read) else { return false }
        }
        if allowsAllChannels { return true }
        return channels.contains { pattern in
            pattern.withView { use == .pattern ? $0 == channel : Glob.matches($0, channel) }
        }
    }
}

/// What of a call its user has no permission for. Ordered by how much it tells.
public enum Denial: Sendable, Equatable {
    case command
    /// The key that is the argument of that index.
    case key(Int)
    /// The channel that is the argument of that index.
    case channel(Int)

    /// Whether it says more than `other`, of another selector: keys and channels are only looked at where the command is
    /// permitted, and the last argument that some selector has stopped at got furthest.
    func tellsMore(than other: Denial) -> Bool { (rank, index) > (other.rank, other.index) }

    private var rank: Int {
        switch self {
        case .command: 0
        case .key: 1
        case .channel: 2
        }
    }

    /// The index of the argument that is not permitted; 0 for the command.
    public var index: Int {
        switch self {
        case .command: 0
        case .key(let index), .channel(let index): index
        }
    }
}
