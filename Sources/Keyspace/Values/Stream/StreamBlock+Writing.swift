import Glibc
import Primitives

/// Fields and values as they stand among a command's arguments: field, value, field, value, ...
public typealias StreamPairs = UnsafeBufferPointer<ByteView>

extension StreamBlock {
    /// Most bytes that an element takes beside its text: head and trailing length.
    private static var elementOverhead: Int { 10 }
    /// Most bytes that the numbers of an entry, or of the head, take.
    private static var numbers: Int { 64 }

    /// Room that an entry may need.
    @inline(__always)
    static func room(_ textCount: Int, _ pairs: StreamPairs) -> Int {
        textCount &+ pairs.count &* elementOverhead &+ numbers
    }

    /// A block with a first entry.
    ///
    /// - Parameters:
    ///   - textCount: bytes of all fields and values.
    ///   - spare: memory to be used, or freed where it is too small.
    static func make(_ id: StreamID, _ pairs: StreamPairs, textCount: Int, in spare: Spare?) -> StreamBlock {
        // Fields stand in the head, only values in the entry.
        let needed = room(textCount, pairs) + numbers
        let block: StreamBlock
        if let spare, spare.capacity >= needed {
            block = StreamBlock(id: id, memory: spare.memory, capacity: spare.capacity)
        } else {
            if let spare { Allocation.free(spare.memory) }
            block = StreamBlock(id: id, memory: Allocation.allocate(needed), capacity: needed)
        }
        var writer = ElementWriter(block.memory + Listpack.headerCount)
        writer.append(1)
        writer.append(0)
        writer.append(Int64(pairs.count / 2))
        for index in stride(from: 0, to: pairs.count, by: 2) { writer.append(pairs[index]) }
        writer.append(0)
        writer.append(sameFieldsFlag)
        writer.append(0)
        writer.append(0)
        for index in stride(from: 1, to: pairs.count, by: 2) { writer.append(pairs[index]) }
        writer.append(Int64(pairs.count / 2 + 3))
        block.finish(writer, elements: 0)
        return block
    }

    /// Adds an entry behind the others; the block must have room for it.
    @inline(__always)
    func append(_ id: StreamID, _ pairs: StreamPairs) {
        let fields = fields
        let isSame = hasFields(fields, pairs)
        var writer = ElementWriter(memory + endOffset)
        writer.append(isSame ? Self.sameFieldsFlag : 0)
        writer.append(Int64(bitPattern: id.milliseconds &- self.id.milliseconds))
        writer.append(Int64(bitPattern: id.sequence &- self.id.sequence))
        if isSame {
            var index = 1
            while index < pairs.count {
                writer.append(pairs[index])
                index &+= 2
            }
            writer.append(Int64(pairs.count &>> 1 &+ 3))
        } else {
            writer.append(Int64(pairs.count &>> 1))
            for pair in pairs { writer.append(pair) }
            writer.append(Int64(pairs.count &+ 4))
        }
        finish(writer, elements: pack.storedCount)
    }

    /// Whether the fields of the head are those of `pairs`.
    @inline(__always)
    private func hasFields(_ fields: Fields, _ pairs: StreamPairs) -> Bool {
        guard pairs.count == fields.count &* 2 else { return false }
        var offset = fields.offset
        var index = 0
        while index < pairs.count {
            guard pack.element(at: offset) == pairs[index] else { return false }
            offset &+= pack.entrySize(at: offset)
            index &+= 2
        }
        return true
    }

    /// Ends the listpack behind what was written, to which `elements` came before.
    @inline(__always)
    private func finish(_ writer: ElementWriter, elements: Int) {
        writer.target.storeBytes(of: Listpack.end, as: UInt8.self)
        let count = writer.target - memory + 1
        assert(count <= capacity)
        pack.setByteCount(count)
        pack.setStoredCount(min(elements + writer.count, Listpack.uncounted))
    }

    /// Makes room for `size` more bytes; answers by how much the memory that the block takes has grown.
    @inline(__always)
    mutating func reserve(_ size: Int) -> Int {
        pack.byteCount &+ size <= capacity ? 0 : grow(pack.byteCount + size)
    }

    @inline(never)
    private mutating func grow(_ needed: Int) -> Int { resize(max(needed, capacity + capacity / 2)) }

    /// Memory that a block has left.
    struct Spare {
        let memory: UnsafeMutableRawPointer
        let capacity: Int
    }

    /// Moves a block that is full to memory of its own size and answers what it was written in, for the next one: to
    /// shrink it where it is would leave holes between blocks that nothing fits into. Nil where it stays.
    mutating func fit() -> Spare? {
        let count = pack.byteCount
        guard capacity - count > count / 32 else { return nil }
        guard count <= 1 << 16 else {
            _ = resize(count)
            return nil
        }
        let spare = Spare(memory: memory, capacity: capacity)
        self = copy()
        return spare
    }

    private mutating func resize(_ size: Int) -> Int {
        let before = memoryUsage
        memory = Allocation.reallocate(memory, size)
        capacity = size
        return memoryUsage - before
    }

    /// What became of a block in which a number was replaced.
    struct Replacement {
        /// Bytes of memory by which the block has grown.
        var growth = 0
        /// Whether what is behind the number has another position now.
        var hasMoved = false
    }

    /// Replaces the number at `offset`, whose length may change with it.
    @inline(__always)
    mutating func replace(at offset: Int, with value: Int64) -> Replacement {
        if value >= 0, value < 128, pack.tag(at: offset) < 128 {
            memory.storeBytes(of: UInt8(truncatingIfNeeded: value), toByteOffset: offset, as: UInt8.self)
            return Replacement()
        }
        return replaceLong(at: offset, with: value)
    }

    @inline(never)
    private mutating func replaceLong(at offset: Int, with value: Int64) -> Replacement {
        let encoded = Listpack.Encoded(value)
        let old = pack.entrySize(at: offset)
        let count = pack.byteCount
        let difference = encoded.totalSize - old
        let growth = difference > 0 ? reserve(difference) : 0
        if difference != 0 {
            memmove(memory + offset + encoded.totalSize, memory + offset + old, count - offset - old)
            pack.setByteCount(count + difference)
        }
        encoded.write(to: memory + offset)
        return Replacement(growth: growth, hasMoved: difference != 0)
    }
}

/// Writes elements one behind the other where there is known to be room.
private struct ElementWriter {
    var target: UnsafeMutableRawPointer
    var count = 0

    @inline(__always)
    init(_ target: UnsafeMutableRawPointer) { self.target = target }

    @inline(__always)
    mutating func append(_ value: Int64) {
        count &+= 1
        if value >= 0, value < 128 {
            target.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
            target.storeBytes(of: 1, toByteOffset: 1, as: UInt8.self)
            target += 2
            return
        }
        write(Listpack.Encoded(value))
    }

    @inline(__always)
    mutating func append(_ text: ByteView) {
        count &+= 1
        write(Listpack.Encoded(text))
    }

    @inline(__always)
    private mutating func write(_ encoded: Listpack.Encoded) {
        encoded.write(to: target)
        target += encoded.totalSize
    }
}
