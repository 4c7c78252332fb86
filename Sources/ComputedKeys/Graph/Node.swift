/// A key or a tag that values were derived from, or a computed key, or both: 36 bytes beside its name and its edges, none of
/// which needs more than 4 bytes of alignment.
struct Node {
    private var revisionHigh: UInt32 = 0
    private var revisionLow: UInt32 = 0
    /// Reference of the name in the `NameArena`. In a node that is not used: the next such node.
    var name: UInt32 = 0
    /// The first edge of those who depend on it; 0 for none.
    var firstDependent: UInt32 = 0
    /// The first of the consecutive edges to what it depends on; 0 for none.
    var dependencies: UInt32 = 0
    /// Why it changed: the node by which it turned stale, or what happened to it, as `Cause` has it.
    var cause: UInt32 = 0
    /// How often its value was published. 0 for what was never computed, or is an ordinary key again.
    var computations: UInt32 = 0
    /// Microseconds that the last computation took.
    var cost: UInt32 = 0
    /// The number of its database; `Node.tags` for a tag.
    var database: UInt16 = 0
    /// Leases and waiters that keep it. Never less once it has reached the maximum.
    var pins: UInt16 = 0

    static let tags = UInt16.max
    /// What stands in `revision` of a node that is not used.
    static let unused = UInt64.max

    init(revision: UInt64 = 0, name: UInt32 = 0, database: UInt16 = 0) {
        self.name = name
        self.database = database
        self.revision = revision
    }

    /// Position of the last change of what a reader sees.
    var revision: UInt64 {
        get { UInt64(revisionHigh) << 32 | UInt64(revisionLow) }
        set {
            revisionHigh = UInt32(truncatingIfNeeded: newValue >> 32)
            revisionLow = UInt32(truncatingIfNeeded: newValue)
        }
    }

    var isTag: Bool { database == Self.tags }
}

/// Why a node changed, in the bits of `Node.cause`.
enum Cause {
    private static let eventBit: UInt32 = 1 << 31

    /// The node by which it turned stale; nil where something happened to itself.
    static func node(_ cause: UInt32) -> UInt32? { cause & eventBit == 0 && cause != 0 ? cause : nil }

    /// The number of what happened to it; nil where it turned stale by another.
    static func event(_ cause: UInt32) -> Int? { cause & eventBit != 0 ? Int(cause & ~eventBit) : nil }

    static func make(event: Int) -> UInt32 { eventBit | UInt32(event) }
}

/// That one node's value was derived from another. An element of the list of those who depend on `dependency`, and of the
/// run of the edges of `dependent`.
struct Edge {
    private static let lastBit: UInt32 = 1 << 31

    var dependent: UInt32
    private var dependencyAndEnd: UInt32
    /// Neighbours in the list; 0 at its ends.
    var next: UInt32
    var previous: UInt32 = 0

    init(dependent: UInt32, dependency: UInt32, next: UInt32, isLast: Bool) {
        self.dependent = dependent
        dependencyAndEnd = dependency | (isLast ? Self.lastBit : 0)
        self.next = next
    }

    var dependency: UInt32 { dependencyAndEnd & ~Self.lastBit }

    /// Whether the run ends here.
    var isLast: Bool { dependencyAndEnd & Self.lastBit != 0 }
}
