import Glibc

/// Memory of zeroed slots for tables. Large ones are mapped, since the allocator may take them from its heap, where all of
/// it would be cleared at once; a mapping is cleared page by page at first use and given back in pieces.
enum SlotMemory {
    /// Tables of at least so many slots (256 KB) are mapped.
    private static let mappedFrom = 1 << 15
    /// Slots that are given back at once: 64 pages.
    private static let piece = 1 << 15

    static func allocate(_ capacity: Int) -> UnsafeMutablePointer<UInt64> {
        let size = capacity * 8
        guard capacity >= mappedFrom else {
            return Allocation.allocateZeroed(size).assumingMemoryBound(to: UInt64.self)
        }
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        guard let mapping = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0), mapping != MAP_FAILED else {
            Allocation.outOfMemory(size)
        }
        return mapping.assumingMemoryBound(to: UInt64.self)
    }

    /// Frees what is left of a table: `allocated` of its `capacity` slots.
    static func free(_ slots: UnsafeMutablePointer<UInt64>, _ capacity: Int, allocated: Int) {
        if capacity >= mappedFrom { munmap(slots, footprint(capacity, allocated)) } else { Allocation.free(slots) }
    }

    /// Gives back memory behind the first `needed` of the `allocated` slots, if that is worth a call; answers how many
    /// are allocated now.
    @inline(__always)
    static func trim(_ slots: UnsafeMutablePointer<UInt64>, _ capacity: Int, allocated: Int, needed: Int) -> Int {
        guard allocated &- needed >= piece, capacity >= mappedFrom else { return allocated }
        let kept = footprint(capacity, needed)
        munmap(UnsafeMutableRawPointer(slots) + kept, footprint(capacity, allocated) &- kept)
        return needed
    }

    /// Bytes that `allocated` of `capacity` slots take.
    static func footprint(_ capacity: Int, _ allocated: Int) -> Int {
        let size = allocated &* 8
        return capacity >= mappedFrom ? (size &+ 4095) & ~4095 : Allocation.footprint(size)
    }
}
