import Primitives

/// Streams as files hold them: whole blocks, and groups with what is pending.
extension StreamValue {
    /// The blocks, in order. The stream must not change while they are gone through.
    public var blocks: StreamBlockCursor { StreamBlockCursor(state.pointee.blocks) }

    /// Adds a block from outside behind all others; false, and the stream stays as it was, where it is damaged or does not
    /// come behind them. O(n).
    public func append(block bytes: ByteView, id: StreamID) -> Bool {
        // The one entry of a block may be as large as entries get, to which heads of elements come.
        guard Listpack.validate(bytes, limit: 2 * Self.maximumEntrySize) else { return false }
        let pack = Listpack(block: UnsafeMutableRawPointer(mutating: UnsafeRawPointer(bytes.start)))
        guard let contents = StreamBlock.contents(of: pack, id: id),
            state.pointee.blocks.count == 0 || id > state.pointee.lastID
        else { return false }
        let memory = Allocation.allocate(bytes.count)
        memory.copyMemory(from: bytes.start, byteCount: bytes.count)
        let block = StreamBlock(id: id, memory: memory, capacity: bytes.count)
        state.pointee.blocks.append(block)
        state.pointee.memory += block.memoryUsage
        state.pointee.length += contents.live
        state.pointee.lastID = contents.last
        return true
    }

    /// Ends adding blocks: says what is known beside them. `entriesAdded` is nil where it is not known, and taken to be the
    /// number of entries. False where the last ID is below that of an entry which is not deleted.
    public func finishBlocks(lastID: StreamID, maxDeletedID: StreamID, entriesAdded: Int64?) -> Bool {
        guard lastID >= state.pointee.lastID else { return false }
        set(lastID: lastID, entriesAdded: entriesAdded ?? Int64(count), maxDeletedID: maxDeletedID)
        findEdges()
        return true
    }

    /// How many entries a group that has read up to `id` has read, as far as that can be told.
    public func estimatedEntriesRead(upTo id: StreamID) -> Int64? { entriesAdded(upTo: id) }
}

/// Goes through the blocks of a stream.
public struct StreamBlockCursor {
    private let blocks: OrderedPages<StreamBlock>
    private var position: OrderedPages<StreamBlock>.Position

    init(_ blocks: OrderedPages<StreamBlock>) {
        self.blocks = blocks
        position = blocks.first
    }

    /// The ID of the next block and its listpack.
    public mutating func next() -> (id: StreamID, bytes: ByteView)? {
        guard position != blocks.end else { return nil }
        let block = blocks.pointer(position)
        position = blocks.after(position)
        return (block.pointee.id, block.pointee.pack.bytes)
    }
}

extension StreamGroup {
    /// Adds what is pending for a consumer, behind all that is; false where the ID is not above theirs.
    public func appendPending(
        _ id: StreamID, to consumer: StreamConsumer, deliveryTime: Int64, deliveryCount: Int64
    ) -> Bool {
        let last = state.pointee.pending.last
        guard last == state.pointee.pending.end || state.pointee.pending.pointer(last).pointee.id < id else {
            return false
        }
        account {
            state.pointee.pending.append(
                PendingEntry(id: id, deliveryTime: deliveryTime, deliveryCount: deliveryCount, consumer: consumer.state)
            )
        }
        consumer.state.pointee.pendingCount &+= 1
        return true
    }
}
