import Primitives

/// Somebody who may use the server: a name, passwords, and what they may do.
public struct User: Sendable, Equatable {
    public let name: [UInt8]
    /// Whether connections can authenticate as this user.
    public internal(set) var isOn = false
    /// Whether every password is right.
    public internal(set) var needsNoPassword = false
    /// Whether payloads of RESTORE are looked through; kept and shown.
    public internal(set) var sanitizesPayload = true
    public internal(set) var passwords: [PasswordHash] = []
    /// The root, and those that were added in parentheses.
    public internal(set) var root: Selector
    public internal(set) var selectors: [Selector] = []

    /// The user `default`, whom connections are until they authenticate.
    public static let defaultName = Array("default".utf8)

    /// A user who is off and has no rights, but on channels where those are given to all.
    public init(name: [UInt8], _ context: RuleContext) {
        self.name = name
        root = Selector(context.table, allowsAllChannels: context.allowsAllChannels)
    }

    /// The user `default` as it is before anyone changes it: with all rights, and the password that is given (none where
    /// that is empty).
    public static func standard(password: [UInt8], _ table: CommandTable) -> User {
        var user = User(name: defaultName, RuleContext(table, allowsAllChannels: true))
        user.isOn = true
        user.setPassword(password)
        user.root.allowsAllKeys = true
        user.root.setAllCommands(true, table)
        return user
    }

    /// Leaves nothing but this password; none at all where it is empty.
    public mutating func setPassword(_ password: [UInt8]) {
        needsNoPassword = password.isEmpty
        passwords = password.isEmpty ? [] : [password.withView { PasswordHash(of: $0) }]
    }

    /// Whether the password is right, found out in a time that does not depend on the user's passwords, but for their
    /// number. O(passwords + length).
    public func accepts(_ password: ByteView) -> Bool {
        let hash = PasswordHash(of: password)
        var isRight = needsNoPassword
        for password in passwords where password.matches(hash) { isRight = true }
        return isRight && isOn
    }

    // MARK: Permissions

    /// Why the call is not permitted, nil where it is.
    public func denial(_ entry: CommandEntry, _ arguments: UnsafeBufferPointer<ByteView>) -> Denial? {
        guard var denial = root.denial(entry, arguments) else { return nil }
        for selector in selectors {
            guard let other = selector.denial(entry, arguments) else { return nil }
            if other.tellsMore(than: denial) { denial = other }
        }
        return denial
    }

    /// Whether the user may subscribe to the channel or, where `use` says so, the pattern.
    public func permits(channel: ByteView, _ use: ChannelSpecification.Use) -> Bool {
        root.permits(channel: channel, use) || selectors.contains { $0.permits(channel: channel, use) }
    }

    /// Whether the user may do with a key what the flags say.
    public func permits(key: ByteView, _ flags: KeySpecification.Flags) -> Bool {
        let use = KeyPattern.Use(flags)
        return root.permits(key: key, use) || selectors.contains { $0.permits(key: key, use) }
    }

    /// Whether the call is permitted, and what the flags say with every key: for calls that name no keys and look at many.
    public func permitsAllKeys(
        _ entry: CommandEntry, _ arguments: UnsafeBufferPointer<ByteView>, _ flags: KeySpecification.Flags
    ) -> Bool {
        let use = KeyPattern.Use(flags)
        return ([root] + selectors).contains { $0.permitsAllKeys(use) && $0.denial(entry, arguments) == nil }
    }

    /// Why the call is not permitted, in the words of DRYRUN, which name what it is about, or those of NOPERM.
    public func explain(
        _ denial: Denial, _ entry: CommandEntry, _ arguments: UnsafeBufferPointer<ByteView>, inDetail: Bool
    ) -> String {
        let name = RefusedRule.text(name)
        switch denial {
        case .command: return "User \(name) has no permissions to run the '\(entry.fullName)' command"
        case .key(let index):
            guard inDetail else { return "No permissions to access a key" }
            return "User \(name) has no permissions to access the '\(arguments[index].string)' key"
        case .channel(let index):
            guard inDetail else { return "No permissions to access a channel" }
            return "User \(name) has no permissions to access the '\(arguments[index].string)' channel"
        }
    }
}
