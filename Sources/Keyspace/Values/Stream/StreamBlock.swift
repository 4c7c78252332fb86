import Primitives

/// Consecutive entries of a stream in one block: the listpack that Redis keeps them in, so that an RDB file carries it as
/// it is.
///
///     live | deleted | n | field 1 ... field n | 0                      the head, with the fields of the first entry
///     flags | ms | seq | value 1 ... value n | elements before           an entry with the fields of the head (flag 2)
///     flags | ms | seq | m | field 1 | value 1 ... | elements before     any other
///
/// IDs are kept as differences to the block's own, which is that of its first entry. A deleted entry stays in its place
/// with flag 1. The last element of an entry is the number of its other elements, from which a walk backwards finds its
/// start.
///
/// Unlike other listpacks a block may be larger than its contents: what is known of its size is `capacity`.
struct StreamBlock: StreamKeyed {
    /// The ID that those in the block are differences to.
    var id: StreamID
    var memory: UnsafeMutableRawPointer
    /// Bytes asked of the allocator.
    var capacity: Int

    @inline(__always)
    var tags: UInt64 { 0 }

    static var deletedFlag: Int64 { 1 }
    static var sameFieldsFlag: Int64 { 2 }

    /// Position of the number of live entries.
    static var liveOffset: Int { Listpack.headerCount }

    /// For reading only.
    @inline(__always)
    var pack: Listpack { Listpack(block: memory) }

    @inline(__always)
    var live: Int { Int(pack.integer(at: Self.liveOffset)) }

    @inline(__always)
    var deletedOffset: Int { Self.liveOffset &+ pack.entrySize(at: Self.liveOffset) }

    @inline(__always)
    var deleted: Int { Int(pack.integer(at: deletedOffset)) }

    /// What the head says of the fields that entries share.
    struct Fields: BitwiseCopyable {
        /// Number of fields.
        var count: Int
        /// Position of the first.
        var offset: Int
    }

    @inline(__always)
    var fields: Fields {
        let count = deletedOffset &+ pack.entrySize(at: deletedOffset)
        return Fields(count: Int(pack.integer(at: count)), offset: count &+ pack.entrySize(at: count))
    }

    /// Position of the first entry.
    func firstEntry(_ fields: Fields) -> Int { pack.skip(fields.count &+ 1, from: fields.offset) }

    @inline(__always)
    var endOffset: Int { pack.endOffset }

    /// The entry at a position.
    @inline(__always)
    func entry(at offset: Int, _ fields: Fields) -> StreamEntry {
        let pack = pack
        let flags = pack.integer(at: offset)
        var position = offset &+ pack.entrySize(at: offset)
        let milliseconds = id.milliseconds &+ UInt64(bitPattern: pack.integer(at: position))
        position &+= pack.entrySize(at: position)
        let sequence = id.sequence &+ UInt64(bitPattern: pack.integer(at: position))
        position &+= pack.entrySize(at: position)
        var entry = StreamEntry(
            id: StreamID(milliseconds, sequence), isDeleted: flags & Self.deletedFlag != 0, pack: pack,
            fieldCount: fields.count, sharedFields: fields.offset, values: position, start: offset)
        if flags & Self.sameFieldsFlag == 0 {
            entry.fieldCount = Int(pack.integer(at: position))
            entry.sharedFields = 0
            entry.values = position &+ pack.entrySize(at: position)
        }
        return entry
    }

    /// Position of the entry before the one at `offset`, which may be `endOffset`; nil where that is the first.
    func previousEntry(before offset: Int) -> Int? {
        // Every entry, and the head, ends with the number of its elements; the head's is 0.
        guard var position = pack.previous(before: offset) else { return nil }
        var elements = pack.integer(at: position)
        guard elements > 0 else { return nil }
        while elements > 0 {
            guard let previous = pack.previous(before: position) else { return nil }
            position = previous
            elements &-= 1
        }
        return position
    }

    /// Bytes of memory that the block takes.
    @inline(__always)
    var memoryUsage: Int { Allocation.footprint(capacity) }

    /// A block of its own with the same entries and nothing to spare.
    func copy() -> StreamBlock {
        let count = pack.byteCount
        let copy = Allocation.allocate(count)
        copy.copyMemory(from: memory, byteCount: count)
        return StreamBlock(id: id, memory: copy, capacity: count)
    }
}

/// An entry as it lies in its block; good until the stream is changed.
public struct StreamEntry {
    public let id: StreamID
    let isDeleted: Bool
    let pack: Listpack
    /// Number of fields, each with a value.
    public internal(set) var fieldCount: Int
    /// Position of the first of the fields that the entry shares; 0 where it has its own.
    var sharedFields: Int
    /// Position of the first value, or of the first field where the entry has its own.
    var values: Int
    /// Position of the entry.
    let start: Int

    /// Calls `body` with each field and its value; answers the position behind the entry.
    @inline(__always)
    @discardableResult
    public func forEachField(_ body: (ListpackElement, ListpackElement) -> Void) -> Int {
        var field = sharedFields
        var value = values
        var remaining = fieldCount
        while remaining > 0 {
            if sharedFields != 0 {
                body(pack.element(at: field), pack.element(at: value))
                field &+= pack.entrySize(at: field)
            } else {
                let next = value &+ pack.entrySize(at: value)
                body(pack.element(at: value), pack.element(at: next))
                value = next
            }
            value &+= pack.entrySize(at: value)
            remaining &-= 1
        }
        return value &+ pack.entrySize(at: value)
    }

    /// Position behind the entry.
    @inline(__always)
    var end: Int { pack.skip(sharedFields != 0 ? fieldCount &+ 1 : fieldCount &* 2 &+ 1, from: values) }
}

extension Listpack {
    /// The integer at a position that is known to hold one.
    @inline(__always)
    func integer(at offset: Int) -> Int64 {
        let tag = tag(at: offset)
        if tag < 0x80 { return Int64(tag) }
        if case .integer(let value) = longElement(tag, at: offset) { return value }
        return 0
    }

    /// The position `count` elements on.
    @inline(__always)
    func skip(_ count: Int, from offset: Int) -> Int {
        var offset = offset
        var count = count
        while count > 0 {
            offset &+= entrySize(at: offset)
            count &-= 1
        }
        return offset
    }
}
