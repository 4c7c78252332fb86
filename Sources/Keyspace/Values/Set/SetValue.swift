import Primitives

/// When a set is kept in which encoding.
@frozen
public struct SetLimits: Sendable {
    /// Integers of an intset (`set-max-intset-entries`).
    public var maxIntsetEntries: Int
    /// Members of a listpack (`set-max-listpack-entries`).
    public var maxListpackEntries: Int
    /// Bytes of a listpack's member (`set-max-listpack-value`).
    public var maxListpackValue: Int

    @inlinable
    public init(maxIntsetEntries: Int = 512, maxListpackEntries: Int = 128, maxListpackValue: Int = 64) {
        self.maxIntsetEntries = maxIntsetEntries
        self.maxListpackEntries = maxListpackEntries
        self.maxListpackValue = maxListpackValue
    }
}

/// A set of byte strings.
///
/// - `.intset`: an `IntSet`, where all members spell integers.
/// - `.listpack`: the members in one block, in the order in which they came.
/// - `.hashTable`: a `MemberSet`, in which integers of 47 bits take no memory beside their slots.
///
/// A set changes its encoding only downwards in this list, but for results of commands. The struct is a handle of two
/// words: it is loaded from the key's entry, changed, and stored back; one holder calls `destroy`, which any thread may do.
///
/// Members are handed out as views that are good until the set is changed; closures must not change it. A text that is
/// passed in must not lie in the set itself. A set that became empty is the caller's to remove.
@frozen
public struct SetValue {
    public internal(set) var encoding: Encoding
    /// What `encoding` says.
    public internal(set) var storage: UnsafeMutableRawPointer

    /// Wraps what another handle left behind.
    public init(encoding: Encoding, storage: UnsafeMutableRawPointer) {
        self.encoding = encoding
        self.storage = storage
    }

    init(_ table: MemberSet) { self.init(encoding: .hashTable, storage: table.storage) }

    init(_ pack: Listpack) { self.init(encoding: .listpack, storage: pack.block) }

    /// An empty set, of integers as long as nothing else comes.
    public static func make() -> SetValue { SetValue(encoding: .intset, storage: IntSet.make().block) }

    /// An empty set of that encoding, with room in a table for about `expected` members.
    public static func make(_ encoding: Encoding, expecting expected: Int = 0) -> SetValue {
        switch encoding {
        case .intset: make()
        case .listpack: SetValue(Listpack.make())
        default: SetValue(MemberSet.make(expecting: expected))
        }
    }

    /// Meaningful for `.intset`.
    @inline(__always)
    var integers: IntSet {
        get { IntSet(block: storage) }
        set { storage = newValue.block }
    }

    /// Meaningful for `.listpack`.
    @inline(__always)
    var pack: Listpack {
        get { Listpack(block: storage) }
        set { storage = newValue.block }
    }

    /// Meaningful for `.hashTable`.
    @inline(__always)
    var table: MemberSet { MemberSet(storage: storage) }

    /// Number of members. O(1).
    public var count: Int {
        switch encoding {
        case .intset: integers.count
        case .listpack: pack.count
        default: table.count
        }
    }

    public var isEmpty: Bool { count == 0 }

    /// Bytes of memory behind `storage`. O(1).
    public var memoryUsage: Int {
        switch encoding {
        case .intset: integers.memoryUsage
        case .listpack: pack.memoryUsage
        default: table.memoryUsage
        }
    }

    /// What freeing it costs, in blocks.
    var freeingEffort: Int {
        // Members may have blocks or not: what they take tells how many have.
        encoding == .hashTable ? (table.header.pointee.entryBytes >> 5) + table.count >> 9 : 1
    }

    /// A set of its own with the same members. O(n).
    public func copy() -> SetValue {
        switch encoding {
        case .intset: SetValue(encoding: .intset, storage: integers.copy().block)
        case .listpack: SetValue(pack.copy())
        default: SetValue(table.copy())
        }
    }

    /// Frees all memory. O(n) for a table; may run on any thread.
    public func destroy() {
        if encoding == .hashTable { table.destroy() } else { Allocation.free(storage) }
    }
}
