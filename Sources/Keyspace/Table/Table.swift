import CLinux
import Primitives

/// The keys of one database in one shard: open addressing with linear probing over 8-byte slots, each a 16-bit tag of
/// the hash and a 48-bit pointer to an `Entry`, whose low bits are free to say that its value is a computed one.
///
/// A key's home is `hash * capacity / 2^64`: the *high* bits of the hash. Three things follow. Capacities need not be
/// powers of two, so the table grows by half and is never emptier than 53 %. Order of homes is order of hashes at every
/// capacity, so a SCAN cursor is a hash prefix and survives any resize. And a resize moves slots in one sequential pass.
///
/// Resizing is incremental: slots of the old array move a few at a time with every insertion and removal, and in the
/// background. While it lasts a lookup looks at both arrays. Removed slots become tombstones where a probe must go on.
///
/// Invariants: `used` (entries and tombstones) and what is still to be moved here are together below `capacity`, so that
/// probes end; a key is in at most one array;
/// slots are written with relaxed stores because other workers peek at them, without the lock, to prefetch.
struct Table: ~Copyable {
    /// Slot array and size class in one word, so that a peek sees both or neither.
    var directoryWord: UInt64 = 0
    private(set) var capacity = 0
    /// Entries in both arrays.
    private(set) var count = 0
    /// Slots of the current array that are not empty.
    private var used = 0
    private(set) var old: SlotArray?
    /// Slots of the old array before this one have moved.
    private var migrated = 0
    /// Entries that are still in the old array.
    private var oldCount = 0
    /// Slots of the old array to move with each insertion or removal, so that it is empty before the new one is full.
    private var step = 0
    private unowned(unsafe) let reclaimer: Reclaimer

    /// Readable words behind the last slot, always empty: who peeks at a few slots does not wrap around.
    static let peekMargin = 8
    static let empty: UInt64 = 0
    static let tombstone: UInt64 = 1
    /// In a slot: the entry's value is a computed one; the entry is marked, or was. Blocks are aligned to 16 bytes, so that
    /// the bits are free.
    static let computedBit: UInt64 = 2
    static let markedBit: UInt64 = 4
    static let entryMask: UInt64 = 0xFFFF_FFFF_FFF0

    struct SlotArray {
        var slots: UnsafeMutablePointer<UInt64>
        var capacity: Int
    }

    /// - Parameter reclaimer: frees arrays that workers may be peeking at; must outlive the table.
    init(reclaimer: Reclaimer) {
        seedProcessHash()
        self.reclaimer = reclaimer
    }

    deinit {
        guard capacity > 0 else { return }
        retire(SlotArray(slots: slots, capacity: capacity))
        if let old { retire(old) }
    }

    private func retire(_ array: SlotArray) {
        reclaimer.budget.add(-array.capacity * 8)
        reclaimer.retire(UnsafeMutableRawPointer(array.slots))
    }

    @inline(__always)
    var slots: UnsafeMutablePointer<UInt64> { Self.slots(of: directoryWord) }

    @inline(__always)
    static func slots(of directory: UInt64) -> UnsafeMutablePointer<UInt64> {
        // Never followed while the table is empty: capacity is zero then.
        UnsafeMutablePointer(bitPattern: UInt(directory & 0xFFFF_FFFF_FFFF)).unsafelyUnwrapped
    }

    /// Bytes of the slot arrays.
    var memoryUsage: Int { (capacity + (old?.capacity ?? 0)) * 8 }

    @inline(__always)
    static func home(_ hash: UInt64, _ capacity: Int) -> Int {
        Int(truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(truncatingIfNeeded: capacity)).high)
    }

    /// Bits that neither choose the shard nor the home.
    @inline(__always)
    static func tag(_ hash: UInt64) -> UInt64 { (hash >> 12) & 0xFFFF }

    @inline(__always)
    static func entry(_ slot: UInt64) -> Entry {
        Entry(base: UnsafeMutableRawPointer(bitPattern: UInt(slot & entryMask)).unsafelyUnwrapped)
    }

    @inline(__always)
    static func slot(_ hash: UInt64, _ entry: Entry) -> UInt64 {
        tag(hash) << 48 | word(entry)
    }

    /// What a slot holds beside the tag.
    @inline(__always)
    private static func word(_ entry: Entry) -> UInt64 {
        UInt64(UInt(bitPattern: entry.base)) | (entry.isComputed ? computedBit : 0)
            | (entry.flags.contains(.marked) ? markedBit : 0)
    }

    // MARK: Lookup

    /// The slot that holds `key`. Expected O(1).
    @inline(__always)
    func find(_ hash: UInt64, _ key: ByteView) -> UnsafeMutablePointer<UInt64>? {
        guard capacity > 0 else { return nil }
        if let found = Self.find(hash, key, in: slots, capacity) { return found }
        guard let old else { return nil }
        return Self.find(hash, key, in: old.slots, old.capacity)
    }

    @inline(__always)
    private static func find(
        _ hash: UInt64, _ key: ByteView, in slots: UnsafeMutablePointer<UInt64>, _ capacity: Int
    ) -> UnsafeMutablePointer<UInt64>? {
        let tag = tag(hash)
        var index = home(hash, capacity)
        while true {
            let slot = slots[index]
            if slot == empty { return nil }
            if slot >> 48 == tag, slot != tombstone, entry(slot).key == key { return slots + index }
            index &+= 1
            if index == capacity { index = 0 }
        }
    }

    /// Marks the entry in a slot.
    func mark(_ slot: UnsafeMutablePointer<UInt64>) {
        Self.entry(slot.pointee).flags.insert(.marked)
        clinux_store_relaxed(slot, slot.pointee | Self.markedBit)
    }

    /// Whether the first entry whose tag is that of `hash` is marked, or was; nil where there is none. Looks at slots only,
    /// and of a table that is being resized only at the new part.
    @inline(__always)
    func isMarked(_ hash: UInt64) -> Bool? {
        guard capacity > 0 else { return nil }
        let tag = Self.tag(hash)
        var index = Self.home(hash, capacity)
        while slots[index] != Self.empty {
            if slots[index] >> 48 == tag, slots[index] != Self.tombstone {
                return slots[index] & Self.markedBit != 0
            }
            index &+= 1
            if index == capacity { index = 0 }
        }
        return nil
    }

    // MARK: Mutation

    /// Adds an entry whose key is not in the table. Amortised O(1).
    @inline(__always)
    mutating func insert(_ hash: UInt64, _ entry: Entry) {
        if used &+ oldCount >= Self.limit(capacity) { makeRoom() }
        if old != nil { migrate(slots: step) }
        place(Self.slot(hash, entry), home: Self.home(hash, capacity))
        count &+= 1
    }

    /// Slots that may be taken before the table grows.
    @inline(__always)
    private static func limit(_ capacity: Int) -> Int { capacity &- capacity / 5 }

    @inline(__always)
    private mutating func place(_ slot: UInt64, home: Int) {
        let slots = slots
        var index = home
        while slots[index] > Self.tombstone {
            index &+= 1
            if index == capacity { index = 0 }
        }
        if slots[index] == Self.empty { used &+= 1 }
        clinux_store_relaxed(slots + index, slot)
    }

    /// Puts `entry`, the moved block of the same key, into `slot`.
    @inline(__always)
    func replace(_ slot: UnsafeMutablePointer<UInt64>, with entry: Entry) {
        clinux_store_relaxed(slot, slot.pointee & 0xFFFF << 48 | Self.word(entry))
    }

    /// Takes the entry out of `slot`. Slots found before are invalid afterwards.
    mutating func remove(_ slot: UnsafeMutablePointer<UInt64>) {
        count -= 1
        let index = slot - slots
        if index >= 0, index < capacity {
            clear(index)
        } else {
            // In the old array, which is about to go.
            oldCount -= 1
            clinux_store_relaxed(slot, Self.tombstone)
        }
        if old != nil {
            migrate(slots: step)
        } else if capacity > TableSizes.capacities[0], count < capacity / 8 {
            resize()
        }
    }

    /// Empties a slot of the current array, or makes it a tombstone where probes go on behind it.
    private mutating func clear(_ index: Int) {
        let slots = slots
        let slot = slots + index
        let next = index + 1 == capacity ? 0 : index + 1
        if slots[next] == Self.empty {
            clinux_store_relaxed(slot, Self.empty)
            used -= 1
            var previous = index == 0 ? capacity - 1 : index - 1
            while slots[previous] == Self.tombstone {
                clinux_store_relaxed(slots + previous, Self.empty)
                used -= 1
                previous = previous == 0 ? capacity - 1 : previous - 1
            }
        } else {
            clinux_store_relaxed(slot, Self.tombstone)
        }
    }

    // MARK: Resizing

    /// Grows, or only sweeps tombstones out where they are what fills the table.
    @inline(never)
    private mutating func makeRoom() {
        if old != nil { migrate(slots: .max) }
        resize()
    }

    private mutating func resize() {
        var sizeClass = 0
        // At most 55 % full afterwards, and not so much smaller that the old array cannot move step by step.
        while TableSizes.capacities[sizeClass] * 11 / 20 < count + 1 || TableSizes.capacities[sizeClass] < capacity / 8
        {
            sizeClass += 1
        }
        take(sizeClass)
    }

    /// Makes an empty table that has never held anything as large as it needs to be for `expected` entries.
    mutating func reserve(_ expected: Int) {
        guard capacity == 0, expected > 0 else { return }
        var sizeClass = 0
        while sizeClass < TableSizes.count - 1, Self.limit(TableSizes.capacities[sizeClass]) <= expected {
            sizeClass += 1
        }
        take(sizeClass)
    }

    /// Takes a new array, to which what is in the old one moves from now on.
    private mutating func take(_ sizeClass: Int) {
        let size = TableSizes.capacities[sizeClass]
        step = max(8, 2 * capacity / (Self.limit(size) - count) + 1)
        oldCount = count
        reclaimer.budget.add(size * 8)
        let block = Allocation.allocateZeroed((size + Self.peekMargin) * 8).assumingMemoryBound(to: UInt64.self)
        if capacity > 0 { old = SlotArray(slots: slots, capacity: capacity) }
        migrated = 0
        used = 0
        capacity = size
        clinux_store_relaxed(&directoryWord, UInt64(sizeClass) << 48 | UInt64(UInt(bitPattern: block)))
        if count == 0, let empty = old {
            retire(empty)
            old = nil
        }
    }

    /// Moves up to `limit` slots of the old array; returns whether more are left.
    @discardableResult
    mutating func migrate(slots limit: Int) -> Bool {
        guard let source = old else { return false }
        let end = limit < source.capacity - migrated ? migrated + limit : source.capacity
        // The keys must be hashed again for their new home: fetch them together.
        for index in migrated..<end where source.slots[index] > Self.tombstone {
            clinux_prefetch_read(Self.entry(source.slots[index]).base)
        }
        for index in migrated..<end {
            let slot = source.slots[index]
            guard slot > Self.tombstone else { continue }
            clinux_store_relaxed(source.slots + index, Self.tombstone)
            oldCount &-= 1
            place(slot, home: Self.home(processHash(Self.entry(slot).key), capacity))
        }
        migrated = end
        guard end == source.capacity else { return true }
        retire(source)
        old = nil
        return false
    }
}

/// Capacities that tables take, each half as large again as the one before.
enum TableSizes {
    static let count = 72
    nonisolated(unsafe) static let capacities: UnsafeMutablePointer<Int> = {
        let sizes = UnsafeMutablePointer<Int>.allocate(capacity: count)
        var size = 8
        for index in 0..<count {
            sizes[index] = size
            size += size / 2
        }
        return sizes
    }()
}
