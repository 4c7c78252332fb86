import Primitives

/// How far a group has read.
extension StreamGroup {
    /// The entries that no consumer has been given yet.
    @inline(__always)
    public func newEntries() -> StreamCursor? {
        guard let first = lastID.successor, lastID < stream.lastEntryID else { return nil }
        var cursor = stream.entries(in: first ... .max)
        let next = state.pointee.next
        let blocks = stream.state.pointee.blocks
        if next.generation == stream.state.pointee.generation, cursor.position != blocks.end,
            blocks.pointer(cursor.position).pointee.id == next.block
        {
            cursor.skip(to: next.offset)
        }
        return cursor
    }

    /// Notes that the entry with `id` was delivered, the next one of `newEntries`.
    @inline(__always)
    public func advance(past id: StreamID) {
        if state.pointee.entriesRead >= 0, state.pointee.lastID >= stream.firstEntryID, !hasGaps {
            state.pointee.entriesRead &+= 1
        } else if stream.entriesAdded != 0 {
            state.pointee.entriesRead = stream.entriesAdded(upTo: id) ?? -1
        }
        state.pointee.lastID = id
    }

    /// Remembers where a cursor that `newEntries` gave has got to.
    @inline(__always)
    public func remember(_ cursor: StreamCursor) {
        guard let place = cursor.place else { return }
        state.pointee.next = (stream.state.pointee.generation, place.block, place.offset)
    }

    /// Whether an entry was deleted behind the last one that was delivered, so that counting on would be wrong.
    @inline(__always)
    private var hasGaps: Bool {
        stream.count > 0 && !stream.maxDeletedID.isZero && lastID <= stream.maxDeletedID
    }

    /// How many entries are still to be delivered; nil where deletions have made that unknown.
    public var lag: Int64? {
        if stream.entriesAdded == 0 || stream.count == 0 { return 0 }
        if lastID < stream.firstEntryID, stream.maxDeletedID < stream.firstEntryID { return Int64(stream.count) }
        if let entriesRead, !hasGaps { return stream.entriesAdded &- entriesRead }
        return stream.entriesAdded(upTo: lastID).map { stream.entriesAdded &- $0 }
    }
}

extension StreamValue {
    /// How many entries were ever added up to `id`; nil where that cannot be told.
    func entriesAdded(upTo id: StreamID) -> Int64? {
        let added = entriesAdded
        if added == 0 { return 0 }
        if count == 0, id <= lastID { return added }
        if !id.isZero, id < maxDeletedID { return nil }
        if id == lastID { return added }
        if id > lastID { return nil }
        // Without deletions, entries are missing at the front only.
        guard maxDeletedID.isZero || maxDeletedID < firstEntryID else { return nil }
        if id < firstEntryID { return added &- Int64(count) }
        return id == firstEntryID ? added &- Int64(count) &+ 1 : nil
    }
}
