import Glibc
import Primitives

/// Short elements one after the other in one block: what small hashes, sets, sorted sets and the chunks of lists are.
///
/// The bytes are Redis's listpack (Sanfilippo, "Listpack", 2017), so that an RDB file carries a block as it is:
///
///     total bytes u32 | count u16 | element ... | 0xFF        all little endian
///     element = tag, rest of its head, text | length of all that, 7 bits a byte, readable from its end
///
/// The count is 65535 where there are at least that many, and then found by walking. Texts that spell a 64-bit
/// integer canonically are kept as integers. A position is an element's offset from the start of the block; it stays
/// good until the listpack is changed before it.
///
/// The struct is a handle: copies share the block, mutation may move it, and one holder calls `destroy`. Invariant: the
/// block holds a well-formed listpack in a block of `capacity(for: byteCount)` bytes. `make` and `make(copying:)`
/// establish it, the second after `validate` has accepted the bytes where they come from outside.
@frozen
public struct Listpack {
    /// The block. Whoever keeps only this pointer can wrap it again with `init(block:)`.
    public var block: UnsafeMutableRawPointer

    /// The listpack in a block that `make` or a mutation left behind.
    @inlinable @inline(__always)
    public init(block: UnsafeMutableRawPointer) { self.block = block }

    /// Bytes before the first element.
    @inlinable static var headerCount: Int { 6 }
    @inlinable static var end: UInt8 { 0xFF }
    @inlinable static var uncounted: Int { 65535 }

    /// Bytes that no listpack grows beyond; see `canHold`.
    public static var maximumByteCount: Int { 1 << 30 }

    /// An empty listpack.
    public static func make() -> Listpack {
        let pack = Listpack(block: Allocation.allocate(capacity(for: headerCount + 1)))
        pack.setByteCount(headerCount + 1)
        pack.setStoredCount(0)
        pack.block.storeBytes(of: end, toByteOffset: headerCount, as: UInt8.self)
        return pack
    }

    /// A copy of `bytes`, a whole listpack that is known to be well formed or that `validate` accepted.
    public static func make(copying bytes: ByteView) -> Listpack {
        let block = Allocation.allocate(capacity(for: bytes.count))
        memcpy(block, bytes.start, bytes.count)
        return Listpack(block: block)
    }

    /// Takes over a malloc'ed block that holds a whole listpack, known to be well formed or accepted by `validate`.
    public static func adopt(_ block: UnsafeMutableRawPointer) -> Listpack {
        let count = Listpack(block: block).byteCount
        return Listpack(block: Allocation.reallocate(block, capacity(for: count)))
    }

    /// A listpack of its own with the same elements.
    public func copy() -> Listpack { Listpack.make(copying: bytes) }

    public func destroy() { Allocation.free(block) }

    /// Bytes from the header to the end mark.
    @inlinable @inline(__always)
    public var byteCount: Int { Int(block.loadUnaligned(as: UInt32.self)) }

    /// All bytes, as an RDB file holds them.
    @inlinable
    public var bytes: ByteView { ByteView(block, count: byteCount) }

    /// Bytes of memory that the block takes.
    @inlinable
    public var memoryUsage: Int { Allocation.footprint(Self.capacity(for: byteCount)) }

    @inlinable
    public var isEmpty: Bool { tag(at: Self.headerCount) == Self.end }

    /// Number of elements. O(1) below 65535, else O(n).
    public var count: Int {
        let stored = storedCount
        if stored != Self.uncounted { return stored }
        var counted = 0
        var offset = Self.headerCount
        while tag(at: offset) != Self.end {
            offset &+= entrySize(at: offset)
            counted &+= 1
        }
        if counted < Self.uncounted { setStoredCount(counted) }
        return counted
    }

    /// Whether elements of `size` encoded bytes more can be added. To be asked before adding what may be large.
    @inlinable
    public func canHold(adding size: Int) -> Bool {
        size <= Self.maximumByteCount && byteCount + size <= Self.maximumByteCount
    }

    /// What is allocated for `count` bytes: a little more, in steps of a sixteenth, so that the steps by which a
    /// listpack grows do not each move it, and its footprint follows from its length alone. All lengths up to a capacity, down
    /// to the one below it, have that capacity.
    @inlinable
    static func capacity(for count: Int) -> Int {
        if count <= 504 { return (count &+ 8 &+ 15) & ~15 &- 8 }
        let total = count &+ 8
        let step = (1 &<< (Int.bitWidth &- 1 &- total.leadingZeroBitCount)) &>> 4
        return (total &+ step &- 1) & ~(step &- 1) &- 8
    }

    @inlinable @inline(__always)
    func tag(at offset: Int) -> UInt8 { block.load(fromByteOffset: offset, as: UInt8.self) }

    @inlinable @inline(__always)
    var storedCount: Int { Int(block.loadUnaligned(fromByteOffset: 4, as: UInt16.self)) }

    @inline(__always)
    func setStoredCount(_ count: Int) {
        block.storeBytes(of: UInt16(truncatingIfNeeded: count), toByteOffset: 4, as: UInt16.self)
    }

    @inline(__always)
    func setByteCount(_ count: Int) { block.storeBytes(of: UInt32(truncatingIfNeeded: count), as: UInt32.self) }
}
