/// The classes of keyspace events, with the letters of `notify-keyspace-events`. Of an event without a class nobody is
/// notified.
@frozen
public struct EventClass: OptionSet, Sendable {
    public let rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    @inlinable public static var generic: EventClass { EventClass(rawValue: 1 << 0) }
    @inlinable public static var string: EventClass { EventClass(rawValue: 1 << 1) }
    @inlinable public static var hash: EventClass { EventClass(rawValue: 1 << 2) }
    @inlinable public static var sortedSet: EventClass { EventClass(rawValue: 1 << 3) }
    @inlinable public static var expired: EventClass { EventClass(rawValue: 1 << 4) }
    /// Keys that went because memory was short.
    @inlinable public static var evicted: EventClass { EventClass(rawValue: 1 << 15) }
    @inlinable public static var new: EventClass { EventClass(rawValue: 1 << 5) }
    /// What becomes of computed keys.
    @inlinable public static var computed: EventClass { EventClass(rawValue: 1 << 6) }
    /// Reads of keys that do not exist.
    @inlinable public static var keyMiss: EventClass { EventClass(rawValue: 1 << 7) }
    @inlinable public static var list: EventClass { EventClass(rawValue: 1 << 8) }
    @inlinable public static var set: EventClass { EventClass(rawValue: 1 << 9) }
    @inlinable public static var stream: EventClass { EventClass(rawValue: 1 << 12) }
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
    @inlinable
    public init(_ eventClass: EventClass, _ name: StaticString, effect: Effect = .value) {
        self.eventClass = eventClass
        self.name = name
        self.effect = effect
    }

    @inlinable public static var set: KeyEvent { KeyEvent(.string, "set") }
    @inlinable public static var deleted: KeyEvent { KeyEvent(.generic, "del") }
    @inlinable public static var expired: KeyEvent { KeyEvent(.expired, "expired") }
    @inlinable public static var evicted: KeyEvent { KeyEvent(.evicted, "evicted") }
    @inlinable public static var expire: KeyEvent { KeyEvent(.generic, "expire", effect: .expiry) }
    @inlinable public static var persist: KeyEvent { KeyEvent(.generic, "persist", effect: .expiry) }
    @inlinable public static var flushed: KeyEvent { KeyEvent(.generic, "flushdb") }
    @inlinable public static var swapped: KeyEvent { KeyEvent(.generic, "swapdb") }
    @inlinable public static var new: KeyEvent { KeyEvent(.new, "new", effect: .none) }
    /// A read has not found the key; no change.
    @inlinable public static var missed: KeyEvent { KeyEvent(.keyMiss, "keymiss", effect: .none) }
    /// A computed key has turned stale.
    @inlinable public static var stale: KeyEvent { KeyEvent(.computed, "stale", effect: .none) }
    /// A computed key was published.
    @inlinable public static var published: KeyEvent { KeyEvent(.computed, "computed", effect: .publication) }
    /// A computed key is fresh again although it was not published: what it was derived from is what it had been.
    @inlinable public static var restored: KeyEvent { KeyEvent(.computed, "computed", effect: .restoration) }
}
