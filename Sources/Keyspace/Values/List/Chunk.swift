import CLinux
import Glibc
import Primitives

/// One block of a `QuickList`, with the number of its elements so that a search by index passes over it unseen.
///
/// The first block of a list may have free bytes before its listpack, its slack: an element that comes to, or goes from, the
/// head moves the listpack's header instead of all elements.
struct Chunk {
    /// What the allocator gave.
    var base: UnsafeMutableRawPointer
    private var storedCount: UInt32
    private var storedSlack: UInt32 = 0

    init(_ pack: Listpack) {
        base = pack.block
        storedCount = UInt32(truncatingIfNeeded: pack.count)
    }

    /// Elements: each takes two of at most 2^32 bytes.
    @inline(__always)
    var count: Int {
        get { Int(storedCount) }
        set { storedCount = UInt32(truncatingIfNeeded: newValue) }
    }

    /// Free bytes before the listpack, below 2^32.
    @inline(__always)
    var slack: Int {
        get { Int(storedSlack) }
        set { storedSlack = UInt32(truncatingIfNeeded: newValue) }
    }

    @inline(__always)
    var pack: Listpack { Listpack(block: base + slack) }

    /// Bytes from the block's start to the listpack's end.
    @inline(__always)
    var extent: Int { slack &+ pack.byteCount }

    /// Writes the header of the listpack, which has `byteCount` bytes.
    @inline(__always)
    func writeHeader(_ byteCount: Int) {
        pack.setByteCount(byteCount)
        pack.setStoredCount(min(count, Listpack.uncounted))
    }

    /// Bytes that the block takes from the allocator.
    var memoryUsage: Int { Allocation.footprint(Listpack.capacity(for: extent)) }
}

/// The blocks of a list in order: an array with room at both ends, so that blocks come and go there in O(1) amortised, and
/// between others by moving the shorter side.
///
/// The textbook's linked list of blocks makes each step of a search wait for memory; here a search reads 16 bytes a block
/// in a row: the middle of ten million short elements is some 8,000 steps away, which takes 5 microseconds.
///
/// Invariant: `start + count <= capacity`, the slots from `start` on are initialised, and `base` has room for `capacity`.
struct ChunkDirectory {
    private var base: UnsafeMutablePointer<Chunk>
    private var capacity: Int
    private var start: Int
    private(set) var count = 0

    private static let minimumCapacity = 4

    init(reserving count: Int = 0) {
        capacity = max(Self.minimumCapacity, count + count / 4)
        start = (capacity - count) / 2
        base = Self.allocate(capacity)
    }

    func destroy() { Allocation.free(base) }

    private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Chunk> {
        Allocation.allocate(capacity * MemoryLayout<Chunk>.stride).assumingMemoryBound(to: Chunk.self)
    }

    var memoryUsage: Int { Allocation.footprint(capacity &* MemoryLayout<Chunk>.stride) }

    /// The first chunk; `count` of them follow each other.
    @inline(__always)
    var first: UnsafeMutablePointer<Chunk> { base + start }

    /// Puts a chunk before the one at `index`, or last.
    mutating func insert(_ chunk: Chunk, at index: Int) {
        assert(index >= 0 && index <= count)
        let isFrontShorter = index < count - index
        if isFrontShorter ? start == 0 : start + count == capacity { makeRoom(atFront: isFrontShorter) }
        if isFrontShorter {
            start -= 1
            memmove(first, first + 1, index * MemoryLayout<Chunk>.stride)
        } else {
            memmove(first + index + 1, first + index, (count - index) * MemoryLayout<Chunk>.stride)
        }
        (first + index).initialize(to: chunk)
        count += 1
    }

    /// Takes out the chunks in `range`, whose blocks stay the caller's.
    mutating func remove(_ range: Range<Int>) {
        assert(range.lowerBound >= 0 && range.upperBound <= count)
        let behind = count - range.upperBound
        if range.lowerBound < behind {
            memmove(first + range.count, first, range.lowerBound * MemoryLayout<Chunk>.stride)
            start += range.count
        } else {
            memmove(first + range.lowerBound, first + range.upperBound, behind * MemoryLayout<Chunk>.stride)
        }
        count -= range.count
        if capacity > 4 * Self.minimumCapacity, count < capacity / 4 { move(to: capacity / 2, start: capacity / 8) }
    }

    /// Room for a chunk more at one end: by moving to the middle where half is free, which a queue that drifts through the
    /// array comes to, else in a larger array.
    private mutating func makeRoom(atFront: Bool) {
        let larger = count > capacity / 2 ? capacity * 2 : capacity
        let free = larger - count
        // Most of it at the end that grows.
        move(to: larger, start: atFront ? free - free / 4 : free / 4)
    }

    private mutating func move(to newCapacity: Int, start newStart: Int) {
        assert(newStart + count <= newCapacity)
        if newCapacity == capacity {
            memmove(base + newStart, first, count * MemoryLayout<Chunk>.stride)
        } else {
            let array = Self.allocate(newCapacity)
            memcpy(array + newStart, first, count * MemoryLayout<Chunk>.stride)
            Allocation.free(base)
            base = array
            capacity = newCapacity
        }
        start = newStart
    }
}
