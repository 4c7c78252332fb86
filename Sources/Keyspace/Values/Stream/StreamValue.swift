import Primitives

/// When a stream begins a new block: `stream-node-max-bytes` and `stream-node-max-entries`, 0 for no limit.
@frozen
public struct StreamLimits: Sendable {
    public var maxBlockBytes: Int
    public var maxBlockEntries: Int

    @inlinable
    public init(maxBlockBytes: Int = 4096, maxBlockEntries: Int = 100) {
        self.maxBlockBytes = maxBlockBytes
        self.maxBlockEntries = maxBlockEntries
    }
}

/// A stream: entries of fields and values in the order of their IDs, to which entries are added at the end, and groups of
/// consumers that share reading them.
///
/// Entries lie in blocks of about 4 KB (`StreamBlock`), which an ordered index finds by the ID of their first entry
/// (`OrderedPages`). Adding is O(1), finding an ID O(log n) and a walk through one block. A deleted entry stays in its block
/// until no live one is left there, as in Redis; trimming removes whole blocks.
///
/// A handle of one pointer, as other values are; a stream without entries stays until its key is deleted.
@frozen
public struct StreamValue {
    public let storage: UnsafeMutableRawPointer

    /// All of a stream but its blocks and groups.
    struct State {
        /// Number of live entries.
        var length = 0
        /// The last ID that was given away; the next is greater.
        var lastID = StreamID.zero
        /// The first live entry; 0-0 where there is none.
        var firstEntryID = StreamID.zero
        /// The last live entry; 0-0 where there is none.
        var lastEntryID = StreamID.zero
        /// The greatest ID that was deleted one by one.
        var maxDeletedID = StreamID.zero
        /// Entries ever added, as far as is known.
        var entriesAdded: Int64 = 0
        var blocks = OrderedPages<StreamBlock>()
        /// Bytes of the blocks, the groups and what belongs to them; not those of the index.
        var memory = 0
        /// Counts what makes positions in blocks worthless: a block that goes, or whose head changes its length.
        var generation: UInt64 = 1
        /// The groups in the order of their names.
        var groups = NamedPointers<StreamGroup.State>()
    }

    public init(encoding: Encoding = .stream, storage: UnsafeMutableRawPointer) {
        assert(encoding == .stream)
        self.storage = storage
    }

    @inline(__always)
    var state: UnsafeMutablePointer<State> { storage.assumingMemoryBound(to: State.self) }

    /// A stream without entries.
    public static func make() -> StreamValue {
        let storage = Allocation.allocate(MemoryLayout<State>.size)
        storage.bindMemory(to: State.self, capacity: 1).initialize(to: State())
        return StreamValue(storage: storage)
    }

    public var encoding: Encoding { .stream }

    /// Number of entries that are not deleted. O(1).
    public var count: Int { state.pointee.length }

    /// The last ID that was given away; XADD's must be greater.
    public var lastID: StreamID { state.pointee.lastID }
    /// The first entry's ID; 0-0 where there is none.
    public var firstEntryID: StreamID { state.pointee.firstEntryID }
    /// The last entry's ID; 0-0 where there is none.
    public var lastEntryID: StreamID { state.pointee.lastEntryID }
    /// The greatest ID that was deleted.
    public var maxDeletedID: StreamID { state.pointee.maxDeletedID }
    /// Entries that were ever added.
    public var entriesAdded: Int64 { state.pointee.entriesAdded }
    /// Blocks that entries lie in.
    public var blockCount: Int { state.pointee.blocks.count }

    /// Bytes of memory behind `storage`. O(1).
    public var memoryUsage: Int {
        Allocation.footprint(MemoryLayout<State>.size) + state.pointee.memory + state.pointee.blocks.memoryUsage
            + state.pointee.groups.memoryUsage
    }

    /// Frees everything. O(blocks + pages of pending entries); may run on any thread.
    public func destroy() {
        state.pointee.blocks.forEach { Allocation.free($0.pointee.memory) }
        state.pointee.blocks.destroy()
        for group in groups { group.destroy() }
        state.pointee.groups.destroy()
        Allocation.free(storage)
    }

    /// A stream of its own with the same entries, groups, consumers and pending entries. O(n).
    public func copy() -> StreamValue {
        let copy = StreamValue.make()
        copy.state.pointee = state.pointee
        copy.state.pointee.memory = 0
        copy.state.pointee.blocks = state.pointee.blocks.copy()
        copy.state.pointee.blocks.forEach {
            $0.pointee = $0.pointee.copy()
            copy.state.pointee.memory += $0.pointee.memoryUsage
        }
        copy.state.pointee.groups = NamedPointers()
        for group in groups { group.copy(to: copy) }
        return copy
    }

    /// Sets what only XSETID changes by itself. The last ID must not be below that of the last entry.
    public func set(lastID: StreamID, entriesAdded: Int64?, maxDeletedID: StreamID?) {
        state.pointee.lastID = lastID
        // IDs that were used may come again.
        state.pointee.generation &+= 1
        if let entriesAdded { state.pointee.entriesAdded = entriesAdded }
        if let maxDeletedID { state.pointee.maxDeletedID = maxDeletedID }
    }
}

extension StreamValue: AggregateValue {
    @inlinable public static var type: ValueType { .stream }
    /// A stream outlives its entries.
    @inlinable public var isVacant: Bool { false }
    /// A block for each that must be freed.
    public var freeingEffort: Int { state.pointee.blocks.count + groups.reduce(0) { $0 + $1.freeingEffort } }
}
