import Synchronization

/// A user as sessions refer to it: whole and unchanging, so that no lock is needed to look at it. Who changes the user puts
/// another one in its place.
public final class Account: Sendable {
    /// What all that a user has been since it was made has in common; one of the same name that is made later has another.
    private final class Place: Sendable {
        let current = Mutex<Account?>(nil)
    }

    public let user: User
    /// Whether there is nothing that the user may not do.
    public let isUnrestricted: Bool
    private let place: Place

    /// What a user is from now on.
    ///
    /// - Parameter old: what it was; nil for a user that is made.
    public init(_ user: User, replacing old: Account?, _ table: CommandTable) {
        self.user = user
        isUnrestricted = user.root.permitsEverything(table) || user.selectors.contains { $0.permitsEverything(table) }
        place = old?.place ?? Place()
        place.current.withLock { $0 = self }
    }

    /// The user as it is now; nil where it was removed.
    public var current: Account? { place.current.withLock { $0 } }

    /// Says that the user was removed.
    public func remove() { place.current.withLock { $0 = nil } }
}

extension Session {
    /// Lets the connection act for a user.
    public mutating func act(for account: Account) {
        self.account = account
        if account.isUnrestricted { state.remove(.restricted) } else { state.insert(.restricted) }
    }
}
