import CLinux
import Primitives

/// Fetching ahead what commands are going to read: each step asks for one pointer's target while the next command's is
/// still on its way, so that none of them waits for memory when it runs.
///
/// The first steps read words that stay readable whatever other workers do, and take no lock. An entry and what is behind
/// it may be freed at any time: those steps take the shard's lock if it is free, and do without otherwise.
extension Keyspace {
    /// Asks the processor for the shard and the table slot of a key. Takes no lock; needs `reclaimer.enter`.
    @inline(__always)
    public func prefetchSlot(_ hash: UInt64, database: Int) {
        let shard = shard(Self.shardIndex(hash))
        clinux_prefetch_write(shard)
        guard let slot = peekSlot(hash, shard, database) else { return }
        clinux_prefetch_read(slot)
        // A probe that begins at the end of a cache line goes on in the next.
        clinux_prefetch_read(slot + Self.nearSlots)
    }

    /// Slots that are fetched ahead: most keys are no further from their home.
    private static let nearSlots = 6
    /// Slots that are looked at ahead of a call.
    private static let peekedSlots = 16

    /// Asks the processor for the entry of a key whose slot was prefetched.
    @inline(__always)
    public func prefetchEntry(_ hash: UInt64, database: Int) -> KeyPeek {
        let peek = KeyPeek(slot: peekEntrySlot(hash, database))
        guard !peek.isEmpty else { return peek }
        clinux_prefetch_read(peek.entry.base)
        // Header and key begin in one line; short values end in that or the next. The header of a computed one is longer.
        clinux_prefetch_read(peek.entry.base + 48 + (peek.isComputed ? 16 : 0))
        return peek
    }

    /// Asks for the state of a computed value whose entry was prefetched. No lock is needed: the blocks of computed values
    /// are freed when no worker is in the batch any more that it saw them in.
    public func prefetchState(_ peek: KeyPeek) { nodeStates.prefetch(peek.entry.node) }

    /// Asks for what an element of the aggregate under a key is found by, once its entry was prefetched: the block of a
    /// small aggregate, the slot of a large one. Passes over a key whose shard somebody else works in.
    ///
    /// - Returns: the element's hash where `prefetchElementBlock` has more to fetch.
    public func prefetchElement(_ element: ByteView, of hash: UInt64, database: Int) -> UInt64? {
        guard tryLock(Self.shardIndex(hash)) else { return nil }
        defer { unlock(Self.shardIndex(hash)) }
        guard let entry = peekEntry(hash, database) else { return nil }
        return Entry(base: entry).prefetchElement(element)
    }

    /// Asks for the block of an element whose slot was prefetched.
    public func prefetchElementBlock(_ elementHash: UInt64, of hash: UInt64, database: Int) {
        guard tryLock(Self.shardIndex(hash)) else { return }
        defer { unlock(Self.shardIndex(hash)) }
        guard let entry = peekEntry(hash, database) else { return }
        Entry(base: entry).prefetchElementBlock(elementHash)
    }

    /// What is most likely the entry of a key: nothing but its tag is compared. It may be read under the shard's lock.
    @inline(__always)
    private func peekEntry(_ hash: UInt64, _ database: Int) -> UnsafeMutableRawPointer? {
        let slot = peekEntrySlot(hash, database)
        return slot == Table.empty ? nil : Table.entry(slot).base
    }

    /// The slot of what is most likely the entry of a key; empty where there is none.
    @inline(__always)
    private func peekEntrySlot(_ hash: UInt64, _ database: Int) -> UInt64 {
        guard let slot = peekSlot(hash, shard(Self.shardIndex(hash)), database) else { return Table.empty }
        return Self.peek(slot, 0..<Self.nearSlots, Table.tag(hash)) ?? Self.peekFurther(slot, Table.tag(hash))
    }

    @inline(never)
    private static func peekFurther(_ home: UnsafeMutablePointer<UInt64>, _ tag: UInt64) -> UInt64 {
        peek(home, nearSlots..<peekedSlots, tag) ?? Table.empty
    }

    /// The first slot with a tag, or an empty one, of some of those behind a key's home; nil where there is none.
    @inline(__always)
    private static func peek(_ home: UnsafeMutablePointer<UInt64>, _ range: Range<Int>, _ tag: UInt64) -> UInt64? {
        for index in range {
            let value = clinux_load_relaxed(home + index)
            if value == Table.empty || value >> 48 == tag && value != Table.tombstone { return value }
        }
        return nil
    }

    @inline(__always)
    private func peekSlot(
        _ hash: UInt64, _ shard: UnsafeMutablePointer<Shard>, _ database: Int
    ) -> UnsafeMutablePointer<UInt64>? {
        let directory = clinux_load_relaxed(&shard.pointee.databases[database].table.directoryWord)
        guard directory != 0 else { return nil }
        return Table.slots(of: directory) + Table.home(hash, capacities[Int(directory >> 48)])
    }
}

/// What the slot of a key says ahead of a call, most likely: no key was compared, and no lock was held.
public struct KeyPeek {
    fileprivate var slot = Table.empty

    public init() {}

    fileprivate init(slot: UInt64) { self.slot = slot }

    var isEmpty: Bool { slot == Table.empty }
    fileprivate var entry: Entry { Table.entry(slot) }
    /// Whether the value is a computed one, for which `prefetchState` has more to fetch.
    public var isComputed: Bool { slot & Table.computedBit != 0 }
    /// Whether the key is there, and nobody wants to hear of its changes.
    public var isUnmarked: Bool { slot != Table.empty && slot & Table.markedBit == 0 }
}
