import Primitives

/// A list: elements in the order in which they were put at either end or between others.
///
/// - `.listpack`: all elements in one block; `storage` is the listpack's.
/// - `.quickList`: a `QuickList` of blocks that each keep within the limits; `storage` is its state's.
///
/// A list becomes a `QuickList` before its one block would exceed the limits, which is what `prepare` is for, and a listpack
/// again (`shrink`) when one block is left of it that has fallen to half of them: the gap keeps a list that grows and
/// shrinks around a limit from changing back and forth.
///
/// The struct is a handle of two words: it is loaded from the key's entry, changed, and stored back; one holder calls
/// `destroy`, which any thread may do. What is put in must not lie in the list itself. Elements that are handed out are good
/// until the list is changed; closures must not change it.
@frozen
public struct ListValue {
    public internal(set) var encoding: Encoding
    /// What `encoding` says.
    public internal(set) var storage: UnsafeMutableRawPointer

    /// The longest element in bytes: lengths within a block have 32 bits.
    public static var maximumElement: Int { Int(UInt32.max) - 64 }

    /// Wraps what another handle left behind.
    @inline(__always)
    public init(encoding: Encoding, storage: UnsafeMutableRawPointer) {
        assert(encoding == .listpack || encoding == .quickList)
        self.encoding = encoding
        self.storage = storage
    }

    /// An empty list, kept as a listpack.
    public static func make() -> ListValue { ListValue(encoding: .listpack, storage: Listpack.make().block) }

    /// The list in a listpack that `Listpack.validate` accepted; takes it over. O(1).
    public static func adopt(_ pack: Listpack, limits: ListLimits) -> ListValue {
        var list = ListValue(encoding: .listpack, storage: pack.block)
        list.prepare(adding: 0, count: 0, limits)
        return list
    }

    @inline(__always)
    var isSmall: Bool { encoding == .listpack }

    /// Meaningful for `.listpack`.
    @inline(__always)
    var pack: Listpack {
        get { Listpack(block: storage) }
        set { storage = newValue.block }
    }

    /// Meaningful for `.quickList`.
    @inline(__always)
    var quick: QuickList { QuickList(storage) }

    /// Number of elements. O(1).
    @inline(__always)
    public var count: Int { isSmall ? pack.count : quick.count }

    public var isEmpty: Bool { count == 0 }

    /// Bytes of memory behind `storage`. O(1).
    @inline(__always)
    public var memoryUsage: Int { isSmall ? pack.memoryUsage : quick.memoryUsage }

    /// How many blocks the elements are in.
    public var blockCount: Int { isSmall ? 1 : quick.chunkCount }

    /// A list of its own with the same elements. O(n).
    public func copy() -> ListValue {
        isSmall
            ? ListValue(encoding: .listpack, storage: pack.copy().block)
            : ListValue(encoding: .quickList, storage: quick.copy().storage)
    }

    /// Frees all memory. O(number of blocks).
    public func destroy() {
        if isSmall { pack.destroy() } else { quick.destroy() }
    }
}
