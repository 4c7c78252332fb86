/// Which keyspace events are published, and on which channels: the letters of `notify-keyspace-events`.
@frozen
public struct KeyspaceEvents: OptionSet, Sendable {
    public let rawValue: UInt32

    @inlinable
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// `K`, on `__keyspace@<db>__:<key>`.
    public static let keyspace = KeyspaceEvents(rawValue: 1 << 0)
    /// `E`, on `__keyevent@<db>__:<event>`.
    public static let keyevent = KeyspaceEvents(rawValue: 1 << 1)
    /// `g`, commands that are not of one type: DEL, EXPIRE, RENAME.
    public static let generic = KeyspaceEvents(rawValue: 1 << 2)
    /// `$`
    public static let string = KeyspaceEvents(rawValue: 1 << 3)
    /// `l`
    public static let list = KeyspaceEvents(rawValue: 1 << 4)
    /// `s`
    public static let set = KeyspaceEvents(rawValue: 1 << 5)
    /// `h`
    public static let hash = KeyspaceEvents(rawValue: 1 << 6)
    /// `z`
    public static let sortedSet = KeyspaceEvents(rawValue: 1 << 7)
    /// `x`, a key's time ran out.
    public static let expired = KeyspaceEvents(rawValue: 1 << 8)
    /// `e`, a key was removed for memory.
    public static let evicted = KeyspaceEvents(rawValue: 1 << 9)
    /// `t`
    public static let stream = KeyspaceEvents(rawValue: 1 << 10)
    /// `d`, events of module types.
    public static let module = KeyspaceEvents(rawValue: 1 << 11)
    /// `m`, a read of a key that does not exist; not part of `A`.
    public static let keyMiss = KeyspaceEvents(rawValue: 1 << 12)
    /// `n`, a key was created; not part of `A`.
    public static let new = KeyspaceEvents(rawValue: 1 << 13)
    /// `c`, what becomes of computed keys; not part of `A`, which clients of Redis know as it is.
    public static let computed = KeyspaceEvents(rawValue: 1 << 14)
    /// `A`, `g$lshzxetd`.
    public static let all: KeyspaceEvents = [
        .generic, .string, .list, .set, .hash, .sortedSet, .expired, .evicted, .stream, .module,
    ]

    private static let classes: [(letter: Character, events: KeyspaceEvents)] = [
        ("g", .generic), ("$", .string), ("l", .list), ("s", .set), ("h", .hash), ("z", .sortedSet), ("x", .expired),
        ("e", .evicted), ("t", .stream), ("d", .module), ("n", .new),
        ("c", .computed),
    ]
    private static let modifiers: [(letter: Character, events: KeyspaceEvents)] = [
        ("K", .keyspace), ("E", .keyevent), ("m", .keyMiss),
    ]

    /// The events that `text` names, or nil where it has a letter that names none.
    public init?(text: String) {
        var events: KeyspaceEvents = []
        for letter in text {
            if letter == "A" {
                events.formUnion(.all)
            } else if let match = (Self.classes + Self.modifiers).first(where: { $0.letter == letter }) {
                events.formUnion(match.events)
            } else {
                return nil
            }
        }
        self = events
    }

    /// The canonical letters: classes, with `A` in the place of those that it stands for, then the channels.
    public var text: String {
        var text = contains(.all) ? "A" : ""
        for (letter, events) in Self.classes where contains(events) && !(contains(.all) && Self.all.contains(events)) {
            text.append(letter)
        }
        for (letter, events) in Self.modifiers where contains(events) { text.append(letter) }
        return text
    }
}
