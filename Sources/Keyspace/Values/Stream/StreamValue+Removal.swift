import Primitives

/// Up to where a stream is trimmed.
public enum StreamTrimming: Equatable {
    /// To so many entries.
    case length(Int)
    /// To entries from this ID on.
    case minimum(StreamID)
}

extension StreamValue {
    /// Deletes the entry with `id`; false where there is none. O(log n).
    public func remove(_ id: StreamID) -> Bool {
        guard let position = state.pointee.blocks.floor(id), let entry = entry(id) else { return false }
        // The entry is in the last block that does not begin behind it.
        let block = state.pointee.blocks.pointer(position)
        if block.pointee.live == 1 {
            removeBlock(at: position)
        } else {
            markDeleted(entry, in: block)
            count(in: block, deleted: 1)
        }
        state.pointee.length -= 1
        if id > state.pointee.maxDeletedID { state.pointee.maxDeletedID = id }
        if id == state.pointee.firstEntryID || id == state.pointee.lastEntryID { findEdges() }
        return true
    }

    /// Removes the oldest entries; answers how many. O(blocks removed).
    ///
    /// - Parameters:
    ///   - isApproximate: whether only whole blocks go.
    ///   - limit: no block is touched by which more entries than this would go; 0 for any number.
    public func trim(_ trimming: StreamTrimming, isApproximate: Bool, limit: Int) -> Int {
        var removed = 0
        while state.pointee.blocks.count > 0 {
            if case .length(let length) = trimming, state.pointee.length <= length { break }
            let position = state.pointee.blocks.first
            let live = state.pointee.blocks.pointer(position).pointee.live
            if limit > 0, removed + live > limit { break }
            guard isBelow(trimming, state.pointee.blocks.pointer(position).pointee, live) else {
                if !isApproximate { removed += trimBlock(at: position, trimming) }
                break
            }
            removeBlock(at: position)
            state.pointee.length -= live
            removed += live
        }
        if removed > 0 { findEdges() }
        return removed
    }

    /// Whether all of a block is to be trimmed.
    private func isBelow(_ trimming: StreamTrimming, _ block: StreamBlock, _ live: Int) -> Bool {
        switch trimming {
        case .length(let length): return state.pointee.length - live >= length
        case .minimum(let minimum):
            guard let last = block.previousEntry(before: block.endOffset) else { return true }
            return block.entry(at: last, block.fields).id < minimum
        }
    }

    /// Deletes the entries of a block that are to be trimmed.
    private func trimBlock(at position: OrderedPages<StreamBlock>.Position, _ trimming: StreamTrimming) -> Int {
        let block = state.pointee.blocks.pointer(position)
        let fields = block.pointee.fields
        let end = block.pointee.endOffset
        var offset = block.pointee.firstEntry(fields)
        var removed = 0
        while offset < end {
            let entry = block.pointee.entry(at: offset, fields)
            switch trimming {
            case .length(let length): if state.pointee.length <= length { offset = end }
            case .minimum(let minimum): if entry.id >= minimum { offset = end }
            }
            guard offset < end else { break }
            offset = entry.end
            guard !entry.isDeleted else { continue }
            markDeleted(entry, in: block)
            state.pointee.length -= 1
            removed += 1
        }
        if removed > 0 { count(in: block, deleted: removed) }
        return removed
    }

    /// The flags of a deleted entry take as many bytes as those of others.
    private func markDeleted(_ entry: StreamEntry, in block: UnsafeMutablePointer<StreamBlock>) {
        let flags = block.pointee.pack.integer(at: entry.start) | StreamBlock.deletedFlag
        note(block.pointee.replace(at: entry.start, with: flags))
    }

    /// Keeps count in a block's head of entries that were marked as deleted.
    private func count(in block: UnsafeMutablePointer<StreamBlock>, deleted: Int) {
        note(block.pointee.replace(at: StreamBlock.liveOffset, with: Int64(block.pointee.live - deleted)))
        let total = Int64(block.pointee.deleted + deleted)
        note(block.pointee.replace(at: block.pointee.deletedOffset, with: total))
    }

    private func removeBlock(at position: OrderedPages<StreamBlock>.Position) {
        let block = state.pointee.blocks.pointer(position).pointee
        state.pointee.memory -= block.memoryUsage
        state.pointee.generation &+= 1
        Allocation.free(block.memory)
        state.pointee.blocks.remove(at: position)
    }
}
