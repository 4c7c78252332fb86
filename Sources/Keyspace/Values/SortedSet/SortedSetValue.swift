import Primitives

/// When a sorted set stops to be a listpack: `zset-max-listpack-entries` and `zset-max-listpack-value`.
@frozen
public struct SortedSetLimits: Sendable {
    /// Members that a listpack may hold.
    public var maxListpackEntries: Int
    /// Bytes that a member of a listpack may have.
    public var maxListpackValue: Int
    /// Members for which a table gets room when it is made. Who adds members in the order of their hashes must say how many
    /// they will be: in too small a table all would crowd at one end.
    public var expected = 0

    @inlinable
    public init(maxListpackEntries: Int = 128, maxListpackValue: Int = 64) {
        self.maxListpackEntries = maxListpackEntries
        self.maxListpackValue = maxListpackValue
    }
}

/// What became of a member that was given a score.
@frozen
public enum SortedSetChange: Sendable {
    case added, updated, unchanged
}

/// A sorted set: members, each with a score, in the order of scores and, where those are equal, of the members' bytes.
///
/// A handle of an encoding and a pointer, loaded from a key's entry, changed and stored back: a change may replace both.
/// Copies share the storage; one holder calls `destroy`. A set begins as a listpack, becomes a tree with a table where a
/// limit is exceeded and never turns back. Scores are never NaN; callers reject it. Negative and positive zero are equal.
///
/// Ranges of scores, of members and of ranks all come down to ranges of ranks, counted from 0: `ranks(in:)` finds them in
/// O(log n), their count is the answer to ZCOUNT, and `forEach` and `remove` take them. Views that are handed out are good
/// until the set is changed; closures must not change it.
@frozen
public struct SortedSetValue {
    /// `.listpack` or `.skipList`.
    public internal(set) var encoding: Encoding
    public internal(set) var storage: UnsafeMutableRawPointer

    /// The set whose parts were taken from a `SortedSetValue` before.
    public init(encoding: Encoding, storage: UnsafeMutableRawPointer) {
        assert(encoding == .listpack || encoding == .skipList)
        self.encoding = encoding
        self.storage = storage
    }

    init(_ large: LargeSortedSet) { self.init(encoding: .skipList, storage: large.storage) }

    /// An empty set.
    public static func make() -> SortedSetValue {
        SortedSetValue(encoding: .listpack, storage: Listpack.make().block)
    }

    /// The set in a listpack that `Listpack.validate` accepted; takes it over. Nil, and the listpack stays the caller's,
    /// where it does not hold members and scores in order.
    public static func adopt(_ pack: Listpack, limits: SortedSetLimits) -> SortedSetValue? {
        guard SmallSortedSet.validate(pack) else { return nil }
        var set = SortedSetValue(encoding: .listpack, storage: pack.block)
        var isSmall = pack.count / 2 <= limits.maxListpackEntries
        _ = set.forEach { member, _ in
            isSmall = isSmall && member.count <= limits.maxListpackValue
            return isSmall
        }
        if !isSmall { set.enlarge() }
        return set
    }

    /// Frees everything. O(n); may run on any thread.
    public func destroy() {
        if isSmall { Allocation.free(storage) } else { large.destroy() }
    }

    /// A set of its own with the same members. O(n).
    public func copy() -> SortedSetValue {
        isSmall
            ? SortedSetValue(encoding: .listpack, storage: small.pack.copy().block) : SortedSetValue(large.copy())
    }

    @inline(__always)
    var isSmall: Bool { encoding == .listpack }

    @inline(__always)
    var small: SmallSortedSet { SmallSortedSet(Listpack(block: storage)) }

    @inline(__always)
    var large: LargeSortedSet { LargeSortedSet(storage) }

    /// The listpack, to be saved as it is; nil where the set is not one.
    public var listpack: Listpack? { isSmall ? small.pack : nil }

    /// Number of members. O(1).
    public var count: Int { isSmall ? small.count : large.count }

    public var isEmpty: Bool { count == 0 }

    /// Bytes of memory that the set takes. O(1).
    public var memoryUsage: Int { isSmall ? small.pack.memoryUsage : large.memoryUsage }

    /// Changes the listpack and keeps the block that it has then.
    @inline(__always)
    mutating func withSmall(_ change: (inout SmallSortedSet) -> Void) {
        var set = small
        change(&set)
        storage = set.pack.block
    }

    /// Turns the listpack into a tree and a table.
    mutating func enlarge(reserving expected: Int = 0) {
        let pack = small
        let set = LargeSortedSet.make(reserving: max(pack.count, expected))
        _ = pack.forEach(0..<pack.count, reverse: false) { member, score in
            set.append(member, score)
            return true
        }
        pack.pack.destroy()
        self = SortedSetValue(set)
    }
}
