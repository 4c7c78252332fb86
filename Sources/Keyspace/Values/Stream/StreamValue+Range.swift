import Primitives

extension StreamValue {
    /// The entries with IDs in `range`, in either direction. Nothing may change the stream while they are gone through.
    @inline(__always)
    public func entries(in range: ClosedRange<StreamID>, reverse: Bool = false) -> StreamCursor {
        StreamCursor(self, range, reverse: reverse)
    }

    /// About how many entries have IDs in `range`, rather more than fewer. O(log n).
    public func estimatedCount(in range: ClosedRange<StreamID>) -> Int {
        let blocks = state.pointee.blocks
        // Few blocks are in one page.
        guard count > 0, let end = blocks.floor(range.upperBound) else { return 0 }
        let start = blocks.floor(range.lowerBound) ?? blocks.first
        guard start.page <= end.page else { return 0 }
        let passed = blocks.mostBetween(start, end) &+ 1
        return min(count, passed * (count / blocks.count &+ 1))
    }

    /// Whether there is an entry with `id`. O(log n).
    public func contains(_ id: StreamID) -> Bool { entry(id) != nil }

    /// The entry with `id`. O(log n).
    public func entry(_ id: StreamID) -> StreamEntry? {
        var cursor = entries(in: id...id)
        return cursor.next()
    }

    /// Looks for the first and the last live entry again, after some were removed.
    func findEdges() {
        guard state.pointee.length > 0 else {
            state.pointee.firstEntryID = .zero
            state.pointee.lastEntryID = .zero
            return
        }
        var forward = entries(in: .zero ... .max)
        var backward = entries(in: .zero ... .max, reverse: true)
        state.pointee.firstEntryID = forward.next()?.id ?? .zero
        state.pointee.lastEntryID = backward.next()?.id ?? .zero
    }
}

/// Goes through the live entries of a range, block by block.
public struct StreamCursor {
    private let stream: StreamValue
    private let range: ClosedRange<StreamID>
    private let isReverse: Bool
    /// The block that `offset` is in; `end` of the index where there is no more.
    private(set) var position: OrderedPages<StreamBlock>.Position
    /// Position of the next entry, or backwards of the one that was handed out last; 0 where the block is not begun.
    private(set) var offset = 0
    private var block: StreamBlock?
    private var fields = StreamBlock.Fields(count: 0, offset: 0)

    init(_ stream: StreamValue, _ range: ClosedRange<StreamID>, reverse: Bool) {
        self.stream = stream
        self.range = range
        isReverse = reverse
        let blocks = stream.state.pointee.blocks
        if reverse {
            position = blocks.floor(range.upperBound) ?? blocks.end
        } else {
            position = blocks.floor(range.lowerBound) ?? blocks.first
        }
    }

    /// Goes on in the block that `position` is at from an entry that is known not to be behind the first of the range.
    mutating func skip(to offset: Int) {
        guard open() else { return }
        self.offset = offset
    }

    /// The ID of the block that the cursor is in, and its own position there.
    var place: (block: StreamID, offset: Int)? { block.map { ($0.id, offset) } }

    /// The next entry; nil at the end of the range.
    @inline(__always)
    public mutating func next() -> StreamEntry? { isReverse ? nextBackward() : nextForward() }

    /// Reads the head of the block at `position`; false where there is none.
    @inline(__always)
    private mutating func open() -> Bool {
        if block != nil { return true }
        let blocks = stream.state.pointee.blocks
        guard position != blocks.end else { return false }
        let block = blocks.pointer(position).pointee
        fields = block.fields
        offset = 0
        self.block = block
        return true
    }

    @inline(__always)
    private mutating func nextForward() -> StreamEntry? {
        while open(), let block {
            if offset == 0 { offset = firstOffset(block) }
            let end = block.endOffset
            while offset < end {
                let entry = block.entry(at: offset, fields)
                if entry.id > range.upperBound { return nil }
                offset = entry.end
                if entry.id >= range.lowerBound, !entry.isDeleted { return entry }
            }
            let next = stream.state.pointee.blocks.after(position)
            // The cursor stays at the end: entries may come there, from which somebody goes on.
            guard next != stream.state.pointee.blocks.end else { return nil }
            self.block = nil
            position = next
        }
        return nil
    }

    /// Where to begin in a block. Who reads new entries wants few of the last block: it is looked for from the end.
    private func firstOffset(_ block: StreamBlock) -> Int {
        guard position == stream.state.pointee.blocks.last, range.lowerBound > block.id else {
            return block.firstEntry(fields)
        }
        var offset = block.endOffset
        while let previous = block.previousEntry(before: offset) {
            if block.entry(at: previous, fields).id < range.lowerBound { break }
            offset = previous
        }
        return offset
    }

    private mutating func nextBackward() -> StreamEntry? {
        while open(), let block {
            if offset == 0 { offset = block.endOffset }
            while let previous = block.previousEntry(before: offset) {
                offset = previous
                let entry = block.entry(at: previous, fields)
                if entry.id < range.lowerBound { return nil }
                if entry.id <= range.upperBound, !entry.isDeleted { return entry }
            }
            self.block = nil
            let blocks = stream.state.pointee.blocks
            position = blocks.before(position) ?? blocks.end
        }
        return nil
    }
}
