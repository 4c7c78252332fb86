/// The classes of keyspace events, with the letters of `notify-keyspace-events`. Of an event without a class nobody is
/// notified.
@frozen
public struct EventClass: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static let generic = EventClass(rawValue: 1 << 0)
    public static let string = EventClass(rawValue: 1 << 1)
    public static let hash = EventClass(rawValue: 1 << 2)
    public static let sortedSet = EventClass(rawValue: 1 << 3)
    public static let expired = EventClass(rawValue: 1 << 4)
    /// Keys that went because memory was short.
    public static let evicted = EventClass(rawValue: 1 << 15)
    public static let new = EventClass(rawValue: 1 << 5)
    /// What becomes of computed keys.
    public static let computed = EventClass(rawValue: 1 << 6)
    /// Reads of keys that do not exist.
    public static let keyMiss = EventClass(rawValue: 1 << 7)
    public static let list = EventClass(rawValue: 1 << 8)
    public static let set = EventClass(rawValue: 1 << 9)
    public static let stream = EventClass(rawValue: 1 << 12)
}

/// What happened to a key: the event that a keyspace notification names.
public struct KeyEvent: Sendable {
    /// The class by which `notify-keyspace-events` chooses; empty for what is not published.
    public let eventClass: EventClass
    /// The name by which clients subscribe.
    public let name: StaticString
    /// What it means for a value that was derived from the key's.
    public let effect: Effect

    /// What a change changes.
    public enum Effect: Sendable {
        /// The value, or whether there is one.
        case value
        /// When the key expires.
        case expiry
        /// The value, by its being published: the dependency graph knows.
        case publication
        /// What a stream knows of its readers. What was derived from the key may be another, but nobody's copy of the entries
        /// is: neither WATCH nor clients' caches are told.
        case readers
        /// That the value is served again, which is what it was.
        case restoration
        /// Nothing that another event of the same change does not tell, or that is not about the key's own value.
        case none
    }

    /// An event of a class under the name that Redis gives it.
    public init(_ eventClass: EventClass, _ name: StaticString, effect: Effect = .value) {
        self.eventClass = eventClass
        self.name = name
        self.effect = effect
    }

    public static let set = KeyEvent(.string, "set")
    public static let deleted = KeyEvent(.generic, "del")
    public static let expired = KeyEvent(.expired, "expired")
    public static let evicted = KeyEvent(.evicted, "evicted")
    public static let expire = KeyEvent(.generic, "expire", effect: .expiry)
    public static let persist = KeyEvent(.generic, "persist", effect: .expiry)
    public static let flushed = KeyEvent(.generic, "flushdb")
    public static let swapped = KeyEvent(.generic, "swapdb")
    public static let new = KeyEvent(.new, "new", effect: .none)
    /// A read has not found the key; no change.
    public static let missed = KeyEvent(.keyMiss, "keymiss", effect: .none)
    /// A computed key has turned stale.
    public static let stale = KeyEvent(.computed, "stale", effect: .none)
    /// A computed key was published.
    public static let published = KeyEvent(.computed, "computed", effect: .publication)
    /// A computed key is fresh again although it was not published: what it was derived from is what it had been.
    public static let restored = KeyEvent(.computed, "computed", effect: .restoration)
}
