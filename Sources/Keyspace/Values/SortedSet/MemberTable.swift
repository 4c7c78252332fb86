import CLinux
import Primitives

/// The way from a member to its block: an open-addressing table of 8-byte slots that grows and shrinks in small steps.
///
/// A slot is a 48-bit pointer under a 16-bit tag; zero is an empty slot. The home of a hash is
/// `hash * capacity / 2^64`, so homes ascend with hashes whatever the capacity: a SCAN cursor is a prefix of the hash
/// and stays good when the table is resized, and capacities need not be powers of two (growth by half wastes less).
/// Probing is linear. The tag's upper 10 bits are the lowest of the hash, its lower 6 are the distance from home (63
/// stands for "63 or more"): a probe at distance d only matches a tag that says d, so a false match, which costs a cache
/// miss, is rarer than one in a thousand, and a removal can shift its followers back without asking for their hashes.
///
/// A resize allocates the new slots and moves a few old ones, from the end of the old table, with every change. Meanwhile
/// a member is in exactly one of both tables. Memory behind the old table's end is given back in pieces, since returning
/// hundreds of megabytes at once would be a pause too. A member that is removed from the old table leaves `removed`, so
/// that probes go on past it. The bounds make a second resize during the first impossible: growing drains the old slots
/// within capacity/16 changes, and shrinking, which is by at most eight, within capacity/64.
struct MemberTable {
    var slots: UnsafeMutablePointer<UInt64>
    var capacity: Int
    /// Members in `slots`.
    var used = 0
    /// The slots that are being drained, if there are any.
    var oldSlots: UnsafeMutablePointer<UInt64>?
    var oldCapacity = 0
    /// Members in `oldSlots`.
    var oldUsed = 0
    /// Old slots from this one on have been moved.
    var oldEnd = 0
    /// Old slots that are still allocated.
    var oldAllocated = 0

    static let smallest = 16
    static let removed: UInt64 = 1
    static let pointerMask: UInt64 = (1 << 48) &- 1
    /// Old slots that are moved with every change. More when the table shrinks: there is less room to fill meanwhile, and
    /// most slots are empty.
    var step: Int { capacity < oldCapacity ? 64 : 16 }

    /// An empty table with room for `count` members.
    init(reserving count: Int) {
        seedProcessHash()
        capacity = max(Self.smallest, count &+ count / 3)
        slots = SlotMemory.allocate(capacity)
    }

    func destroy() {
        SlotMemory.free(slots, capacity, allocated: capacity)
        if let oldSlots { SlotMemory.free(oldSlots, oldCapacity, allocated: oldAllocated) }
    }

    var count: Int { used &+ oldUsed }

    /// Bytes that the slots take from the allocator.
    var memoryUsage: Int {
        SlotMemory.footprint(capacity, capacity)
            &+ (oldSlots == nil ? 0 : SlotMemory.footprint(oldCapacity, oldAllocated))
    }

    @inline(__always)
    static func home(_ hash: UInt64, _ capacity: Int) -> Int {
        Int(truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(truncatingIfNeeded: capacity)).high)
    }

    @inline(__always)
    static func tag(_ hash: UInt64, _ distance: Int) -> UInt64 {
        (hash & 0x3ff) << 6 | UInt64(truncatingIfNeeded: min(distance, 63))
    }

    @inline(__always)
    static func block(_ slot: UInt64) -> MemberBlock {
        // A slot that is neither empty nor `removed` holds a pointer that was stored by `place`.
        MemberBlock(UnsafeMutableRawPointer(bitPattern: UInt(slot & pointerMask)).unsafelyUnwrapped)
    }

    /// Starts loading the slots where `hash` will be looked for.
    @inline(__always)
    func prefetch(_ hash: UInt64) { clinux_prefetch_read(slots + Self.home(hash, capacity)) }

    /// Starts loading the block of a member with `hash`, whose slots were prefetched; not where it waits to be moved.
    @inline(__always)
    func prefetchBlock(_ hash: UInt64) {
        var index = Self.home(hash, capacity)
        var distance = 0
        while index < capacity, slots[index] != 0 {
            if slots[index] >> 48 == Self.tag(hash, distance) {
                return clinux_prefetch_read(Self.block(slots[index]).base)
            }
            distance &+= 1
            index &+= 1
        }
    }

    /// The block of `member`, whose hash is `hash`.
    @inline(__always)
    func find(_ member: ByteView, _ hash: UInt64) -> MemberBlock? {
        if let index = Self.index(of: member, hash, slots, capacity, end: capacity) { return Self.block(slots[index]) }
        return oldSlots == nil ? nil : findOld(member, hash)
    }

    @inline(never)
    private func findOld(_ member: ByteView, _ hash: UInt64) -> MemberBlock? {
        guard let oldSlots, let index = Self.index(of: member, hash, oldSlots, oldCapacity, end: oldEnd) else {
            return nil
        }
        return Self.block(oldSlots[index])
    }

    /// Where `member` is among the slots before `end`; what was behind it has moved, what comes after that is at the
    /// front.
    @inline(__always)
    private static func index(
        of member: ByteView, _ hash: UInt64, _ slots: UnsafeMutablePointer<UInt64>, _ capacity: Int, end: Int
    ) -> Int? {
        var index = home(hash, capacity)
        var distance = 0
        if index >= end {
            distance = capacity &- index
            index = 0
        }
        while distance < capacity {
            let slot = slots[index]
            if slot == 0 { return nil }
            if slot >> 48 == tag(hash, distance), slot != removed, block(slot).bytes == member { return index }
            distance &+= 1
            index &+= 1
            if index == end {
                distance &+= capacity &- end
                index = 0
            }
        }
        return nil
    }

    /// Puts in a member that is not there.
    @inline(__always)
    mutating func insert(_ block: MemberBlock, _ hash: UInt64) {
        if oldSlots != nil { drain(step) }
        place(block, hash)
        if used &* 5 > capacity &* 4, oldSlots == nil { startResize(to: capacity &+ capacity / 2) }
    }

    @inline(__always)
    mutating func place(_ block: MemberBlock, _ hash: UInt64) {
        var index = Self.home(hash, capacity)
        var distance = 0
        while slots[index] != 0 {
            distance &+= 1
            index &+= 1
            if index == capacity { index = 0 }
        }
        slots[index] = Self.tag(hash, distance) << 48 | UInt64(UInt(bitPattern: block.base))
        used &+= 1
    }

    /// Takes out a member that is there, by its block, which stays the caller's.
    mutating func remove(_ block: MemberBlock, _ hash: UInt64) {
        if oldSlots != nil { drain(step) }
        if let index = Self.index(of: block, hash, slots, capacity, end: capacity) {
            closeGap(index)
            used &-= 1
        } else if let oldSlots, let index = Self.index(of: block, hash, oldSlots, oldCapacity, end: oldEnd) {
            oldSlots[index] = Self.removed
            oldUsed &-= 1
        }
        if used &* 5 < capacity, oldSlots == nil, capacity > Self.smallest * 2 {
            startResize(to: max(Self.smallest, used &* 2, capacity / 8))
        }
    }

    @inline(__always)
    private static func index(
        of block: MemberBlock, _ hash: UInt64, _ slots: UnsafeMutablePointer<UInt64>, _ capacity: Int, end: Int
    ) -> Int? {
        let pointer = UInt64(UInt(bitPattern: block.base))
        var index = home(hash, capacity)
        if index >= end { index = 0 }
        for _ in 0..<end {
            let slot = slots[index]
            if slot == 0 { return nil }
            if slot & pointerMask == pointer { return index }
            index &+= 1
            if index == end { index = 0 }
        }
        return nil
    }

    /// Empties the slot at `index` and moves back what it kept from home, so that no probe ends too early.
    private mutating func closeGap(_ index: Int) {
        var hole = index
        var index = index
        var gap = 0
        while true {
            index &+= 1
            if index == capacity { index = 0 }
            gap &+= 1
            let slot = slots[index]
            if slot == 0 { break }
            let distance = distance(slot, at: index)
            if distance < gap { continue }
            let kept = slot & ~(UInt64(63) << 48)
            slots[hole] = kept | UInt64(truncatingIfNeeded: min(distance &- gap, 63)) << 48
            hole = index
            gap = 0
        }
        slots[hole] = 0
    }

    /// How far from home the member in `slot` is.
    @inline(__always)
    private func distance(_ slot: UInt64, at index: Int) -> Int {
        let distance = Int(truncatingIfNeeded: slot >> 48 & 63)
        if distance < 63 { return distance }
        let exact = index &- Self.home(processHash(Self.block(slot).bytes), capacity)
        return exact < 0 ? exact &+ capacity : exact
    }
}
