import Primitives

/// Which ID an entry asks for.
public enum StreamIDRequest: Equatable {
    /// `*`
    case automatic
    /// `ms-*`
    case sequence(milliseconds: UInt64)
    /// `ms-seq`
    case exact(StreamID)
}

extension StreamValue {
    /// Most bytes of fields and values that an entry may have.
    public static var maximumEntrySize: Int { 1 << 30 }

    /// The ID that an entry gets; nil where what is asked for, or every ID, is not above the last.
    ///
    /// - Parameter now: milliseconds since 1970.
    public func nextID(_ request: StreamIDRequest, now: Int64) -> StreamID? {
        let last = state.pointee.lastID
        switch request {
        case .automatic:
            let now = UInt64(clamping: now)
            return now > last.milliseconds ? StreamID(now, 0) : last.successor
        case .sequence(let milliseconds):
            guard milliseconds == last.milliseconds else {
                return milliseconds > last.milliseconds ? StreamID(milliseconds, 0) : nil
            }
            return last.sequence == .max ? nil : StreamID(milliseconds, last.sequence + 1)
        case .exact(let id): return id > last ? id : nil
        }
    }

    /// Adds an entry. O(its size).
    ///
    /// - Parameters:
    ///   - id: as `nextID` gave it.
    ///   - textCount: bytes of all fields and values, at most `maximumEntrySize`.
    public func append(_ id: StreamID, _ pairs: StreamPairs, textCount: Int, limits: StreamLimits) {
        let last = state.pointee.blocks.last
        if last != state.pointee.blocks.end,
            isOpen(state.pointee.blocks.pointer(last).pointee, for: textCount, limits)
        {
            let block = state.pointee.blocks.pointer(last)
            state.pointee.memory &+= block.pointee.reserve(StreamBlock.room(textCount, pairs))
            block.pointee.append(id, pairs)
            note(block.pointee.replace(at: StreamBlock.liveOffset, with: Int64(block.pointee.live &+ 1)))
        } else {
            beginBlock(id, pairs, textCount)
        }
        state.pointee.length &+= 1
        state.pointee.entriesAdded &+= 1
        state.pointee.lastID = id
        state.pointee.lastEntryID = id
        if state.pointee.length == 1 { state.pointee.firstEntryID = id }
    }

    /// Whether a block takes one more entry.
    @inline(__always)
    private func isOpen(_ block: StreamBlock, for textCount: Int, _ limits: StreamLimits) -> Bool {
        let most = Self.maximumEntrySize
        let limit = limits.maxBlockBytes == 0 ? most : min(limits.maxBlockBytes, most)
        guard block.pack.byteCount &+ textCount < limit else { return false }
        return limits.maxBlockEntries == 0 || block.live &+ block.deleted < limits.maxBlockEntries
    }

    @inline(never)
    private func beginBlock(_ id: StreamID, _ pairs: StreamPairs, _ textCount: Int) {
        let last = state.pointee.blocks.last
        var spare: StreamBlock.Spare?
        if last != state.pointee.blocks.end {
            let block = state.pointee.blocks.pointer(last)
            state.pointee.memory -= block.pointee.memoryUsage
            spare = block.pointee.fit()
            state.pointee.memory += block.pointee.memoryUsage
        }
        let block = StreamBlock.make(id, pairs, textCount: textCount, in: spare)
        state.pointee.blocks.append(block)
        state.pointee.memory += block.memoryUsage
    }

    /// Keeps account of a block in which a number was replaced.
    @inline(__always)
    func note(_ replacement: StreamBlock.Replacement) {
        state.pointee.memory &+= replacement.growth
        if replacement.hasMoved { state.pointee.generation &+= 1 }
    }
}
