import Glibc
import Primitives

/// What a table consists of: 48 bits that lead to an element, or that are one.
protocol TableElement {
    /// Not zero, and below 2^48.
    var word: UInt64 { get }
    /// The element whose `word` this is; what is above the 48 bits is passed over.
    init(word: UInt64)
    /// The hash of its name, computed anew.
    var hash: UInt64 { get }
    /// Bytes of its own that it takes beside the slot.
    var footprint: Int { get }
    /// Another one of the same content.
    func clone() -> Self
    /// Frees what it owns.
    func free()
    /// Asks the processor for what it leads to.
    func prefetch()
    /// Where the table's expiry heap has it; nil where it does not expire.
    var expiryIndex: Int? { get }
}

/// A hash table of a large hash's fields or of a large set's members.
///
/// It is an extendible hash table (Fagin et al., 1979): a directory, indexed by the first bits of the hash, of segments
/// of at most 1024 slots. A full segment splits in two by the next bit, so that growth moves at most one segment's
/// entries at a time, never needs a second table beside the first, and takes memory in proportion. A small table is one
/// segment that doubles until it has 1024 slots, and needs no directory.
///
/// A slot is 8 bytes: 16 bits of the hash above 48 of the element; zero is free. Within a segment, entries lie
/// at or after the slot that the bits of the hash after the segment's prefix name (open addressing, linear probing,
/// removal by shifting back). Segments and slots are thus in the order of the hash, whatever the table's size is, which
/// makes a prefix of the hash a cursor that growing and shrinking cannot confuse.
///
/// The struct is a handle: copies share the table, and one holder calls `destroy`. It keeps no state outside its blocks,
/// so that any thread that has it to itself may use or destroy it.
struct SegmentedTable<Element: TableElement> {
    struct Header {
        /// Entries in the table.
        var count = 0
        /// 2^depth words: the address of a segment, above it the number of bits of its prefix. A segment with a shorter
        /// prefix than the directory's has several neighbouring words.
        var directory: UnsafeMutablePointer<UInt64>
        /// The directory of depth 0.
        var single: UInt64
        var depth = 0
        /// Slots in a segment are 2^log; only the segment of depth 0 has fewer than 2^maximumLog.
        var log: Int
        /// Segments with a prefix as long as the directory's.
        var deepest = 1
        /// Footprint of all entries.
        var entryBytes = 0
        /// Footprint of header, directory, segments and expiry heap.
        var tableBytes: Int
        var expiries = ExpiryHeap()
    }

    let header: UnsafeMutablePointer<Header>

    /// The table's one pointer, to keep in a word and wrap again.
    var storage: UnsafeMutableRawPointer { UnsafeMutableRawPointer(header) }

    /// The table whose `storage` this is.
    @inline(__always)
    init(storage: UnsafeMutableRawPointer) { header = storage.assumingMemoryBound(to: Header.self) }

    static var minimumLog: Int { 3 }
    static var maximumLog: Int { 10 }
    /// Prefix and slot together stay within the 48 bits of a cursor.
    static var maximumDepth: Int { 38 }

    /// An empty table, with room for about `expected` entries, at most a segment's, before it first grows.
    static func make(expecting expected: Int = 0) -> SegmentedTable {
        seedProcessHash()
        var log = minimumLog
        while log < maximumLog, Segment.limit(log: log) < expected { log += 1 }
        let storage = Allocation.allocate(MemoryLayout<Header>.size)
        let table = SegmentedTable(storage: storage)
        let segment = Segment.make(log: log)
        let single = withUnsafeMutablePointer(to: &table.header.pointee.single) { $0 }
        table.header.initialize(
            to: Header(
                directory: single, single: segment.word(depth: 0), log: log,
                tableBytes: Allocation.footprint(MemoryLayout<Header>.size) + Segment.footprint(log: log)))
        return table
    }

    /// Frees the table and its entries. O(n).
    func destroy() { drain { $0.free() } }

    /// Frees the table and hands its entries to `body`, which owns them then. O(n).
    func drain(_ body: (Element) -> Void) {
        forEachSegment { segment, _ in
            segment.forEachAhead(log: header.pointee.log, body)
            Allocation.free(segment.block)
        }
        if header.pointee.depth > 0 { Allocation.free(header.pointee.directory) }
        header.pointee.expiries.destroy()
        Allocation.free(storage)
    }

    /// A table of its own with the same entries. O(n).
    func copy() -> SegmentedTable {
        let copy = SegmentedTable(storage: Allocation.allocate(MemoryLayout<Header>.size))
        copy.header.initialize(to: header.pointee)
        let depth = header.pointee.depth
        let log = header.pointee.log
        if depth > 0 {
            let size = (1 << depth) * MemoryLayout<UInt64>.stride
            copy.header.pointee.directory = Allocation.allocate(size).assumingMemoryBound(to: UInt64.self)
        } else {
            copy.header.pointee.directory = withUnsafeMutablePointer(to: &copy.header.pointee.single) { $0 }
        }
        let expiries = header.pointee.expiries.copy()
        copy.header.pointee.expiries = expiries
        var index = 0
        forEachSegment { segment, segmentDepth in
            let clone = Segment.make(log: log)
            clone.count = segment.count
            for slot in 0..<(1 << log) where segment.slots[slot] != 0 {
                let old = segment.slots[slot]
                let entry = Slot.entry(old).clone()
                clone.slots[slot] = Slot.make(entry, tagOf: old)
                if let heapIndex = entry.expiryIndex { expiries.setEntry(FieldEntry(word: entry.word), at: heapIndex) }
            }
            let span = 1 << (depth - segmentDepth)
            for _ in 0..<span {
                copy.header.pointee.directory[index] = clone.word(depth: segmentDepth)
                index += 1
            }
        }
        return copy
    }

    /// Number of entries, expired ones that were not removed yet among them. O(1).
    @inline(__always)
    var count: Int { header.pointee.count }

    /// Bytes of memory that the table and its entries take. O(1).
    var memoryUsage: Int { header.pointee.tableBytes + header.pointee.entryBytes }

    @inline(__always)
    func forEachSegment(_ body: (Segment, _ depth: Int) -> Void) {
        let depth = header.pointee.depth
        let directory = header.pointee.directory
        var index = 0
        while index < 1 << depth {
            let word = directory[index]
            let segmentDepth = Segment.depth(word)
            // Read on before `body` may free the segment.
            index += 1 << (depth - segmentDepth)
            body(Segment(word), segmentDepth)
        }
    }

    /// Calls `body` with each entry, in the order of their hashes' segments. `body` must not change the table.
    func forEach(_ body: (Element) -> Void) {
        let log = header.pointee.log
        forEachSegment { segment, _ in segment.forEach(log: log, body) }
    }
}
