import Glibc
import Primitives

/// Integers in ascending order in one block, all as wide as the widest needs: what a set of few integers is.
///
/// The bytes are Redis's intset, so that an RDB file carries a block as it is:
///
///     width in bytes u32: 2, 4 or 8 | count u32 | integer ...        all little endian
///
/// The struct is a handle: copies share the block, mutation may move it, and one holder calls `destroy`. Invariant: the
/// block was made by `make`, with room as a listpack of as many bytes has it.
struct IntSet {
    private(set) var block: UnsafeMutableRawPointer

    @inline(__always)
    init(block: UnsafeMutableRawPointer) { self.block = block }

    private static var headerCount: Int { 8 }
    /// Integers that no set grows beyond.
    static var maximumCount: Int { 1 << 26 }

    static func make(width: Int = 2, count: Int = 0) -> IntSet {
        let set = IntSet(block: Allocation.allocate(Listpack.capacity(for: headerCount + width * count)))
        set.block.storeBytes(of: UInt32(width), as: UInt32.self)
        set.setCount(count)
        return set
    }

    func destroy() { Allocation.free(block) }

    func copy() -> IntSet {
        let copy = IntSet.make(width: width, count: count)
        memcpy(copy.block, block, byteCount)
        return copy
    }

    @inline(__always)
    var count: Int { Int(block.load(fromByteOffset: 4, as: UInt32.self)) }

    @inline(__always)
    private func setCount(_ count: Int) {
        block.storeBytes(of: UInt32(truncatingIfNeeded: count), toByteOffset: 4, as: UInt32.self)
    }

    @inline(__always)
    private var width: Int { Int(block.load(as: UInt32.self)) }

    private var byteCount: Int { Self.headerCount &+ width &* count }

    var memoryUsage: Int { Allocation.footprint(Listpack.capacity(for: byteCount)) }

    /// All bytes, as an RDB file holds them.
    var bytes: ByteView { ByteView(block, count: byteCount) }

    private static func width(of value: Int64) -> Int {
        if Int64(Int16(truncatingIfNeeded: value)) == value { return 2 }
        return Int64(Int32(truncatingIfNeeded: value)) == value ? 4 : 8
    }

    /// The integer at `index`, which is in 0..<count.
    @inline(__always)
    subscript(index: Int) -> Int64 {
        let start = block + Self.headerCount
        switch width {
        case 2: return Int64(start.load(fromByteOffset: index &* 2, as: Int16.self))
        case 4: return Int64(start.load(fromByteOffset: index &* 4, as: Int32.self))
        default: return start.load(fromByteOffset: index &* 8, as: Int64.self)
        }
    }

    private func store(_ value: Int64, at index: Int) {
        let start = block + Self.headerCount
        switch width {
        case 2: start.storeBytes(of: Int16(truncatingIfNeeded: value), toByteOffset: index &* 2, as: Int16.self)
        case 4: start.storeBytes(of: Int32(truncatingIfNeeded: value), toByteOffset: index &* 4, as: Int32.self)
        default: start.storeBytes(of: value, toByteOffset: index &* 8, as: Int64.self)
        }
    }

    /// The index of the first integer from `start` on that is not below `value`; `count` where all are. O(log n) of the
    /// distance, by doubling steps, so that a merge of sets of unlike sizes costs little more than the smaller one.
    func lowerBound(_ value: Int64, from start: Int = 0) -> Int {
        let count = count
        var low = start
        var step = 1
        while low &+ step <= count, self[low &+ step &- 1] < value {
            low &+= step
            step &*= 2
        }
        var high = min(count, low &+ step)
        while low < high {
            let middle = (low &+ high) / 2
            if self[middle] < value { low = middle &+ 1 } else { high = middle }
        }
        return low
    }

    /// The index of `value`. O(log n).
    @inline(__always)
    func index(of value: Int64) -> Int? {
        let count = count
        var low = 0
        var high = count
        while low < high {
            let middle = (low &+ high) / 2
            if self[middle] < value { low = middle &+ 1 } else { high = middle }
        }
        return low < count && self[low] == value ? low : nil
    }

    /// Adds `value`, and says whether it is new. O(n).
    mutating func add(_ value: Int64) -> Bool {
        let count = count
        let needed = Self.width(of: value)
        if needed > width {
            // It is outside of what all others fit into: first or last.
            widen(to: needed, room: value < 0 ? 1 : 0)
            store(value, at: value < 0 ? 0 : count)
            return true
        }
        let index = count > 0 && self[count &- 1] < value ? count : lowerBound(value)
        if index < count, self[index] == value { return false }
        resize(to: count &+ 1)
        let start = block + Self.headerCount
        memmove(start + (index &+ 1) &* width, start + index &* width, (count &- index) &* width)
        store(value, at: index)
        return true
    }

    /// Removes the integer at `index`. O(n).
    mutating func remove(at index: Int) {
        let start = block + Self.headerCount
        memmove(start + index &* width, start + (index &+ 1) &* width, (count &- index &- 1) &* width)
        resize(to: count &- 1)
    }

    private mutating func resize(to count: Int) {
        let old = Listpack.capacity(for: byteCount)
        let new = Listpack.capacity(for: Self.headerCount &+ width &* count)
        if old != new { block = Allocation.reallocate(block, new) }
        setCount(count)
    }

    /// The same with wider integers, one more of them, and `room` of undefined ones in front.
    private mutating func widen(to width: Int, room: Int) {
        let wide = IntSet.make(width: width, count: count &+ 1)
        for index in 0..<count { wide.store(self[index], at: index &+ room) }
        destroy()
        self = wide
    }

    /// Whether bytes from outside are a whole intset that is not empty: ascending integers, no wider than said.
    static func validate(_ bytes: ByteView) -> Bool {
        guard bytes.count >= headerCount else { return false }
        let base = UnsafeRawPointer(bytes.start)
        let width = Int(base.loadUnaligned(as: UInt32.self))
        let count = Int(base.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        guard width == 2 || width == 4 || width == 8, count > 0, count <= maximumCount,
            bytes.count == headerCount + width * count
        else { return false }
        let set = IntSet.make(copying: bytes)
        defer { set.destroy() }
        for index in 0..<count - 1 where set[index] >= set[index + 1] { return false }
        return true
    }

    /// A copy of bytes that `validate` accepted.
    static func make(copying bytes: ByteView) -> IntSet {
        let block = Allocation.allocate(Listpack.capacity(for: bytes.count))
        memcpy(block, bytes.start, bytes.count)
        return IntSet(block: block)
    }
}
