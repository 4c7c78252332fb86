import Primitives

/// Changes between the ends.
extension QuickList {
    // MARK: Replacing and inserting

    /// Puts another element in the place of the one with `index`, which exists.
    func replace(_ index: Int, with encoded: Listpack.Encoded, _ limits: ListLimits) {
        let place = place(index)
        let chunk = chunk(place.chunk)
        guard let offset = chunk.pack.seek(place.index) else { return }
        let newBytes = chunk.pack.byteCount &- chunk.pack.entrySize(at: offset) &+ encoded.totalSize
        if chunk.count == 1 || newBytes <= chunk.pack.byteCount || limits.admit(bytes: newBytes, count: chunk.count) {
            return withPack(place.chunk, change: 0) { $0.replace(at: offset, with: encoded) }
        }
        withPack(place.chunk, change: -1) { _ = $0.delete(at: offset) }
        state.pointee.count &-= 1
        insert(encoded, into: place.chunk, at: offset, limits)
    }

    /// Puts an element before or behind the first one equal to `pivot`; false where there is none.
    func insert(_ encoded: Listpack.Encoded, beside pivot: ByteView, after: Bool, _ limits: ListLimits) -> Bool {
        for index in 0..<chunkCount {
            let pack = chunk(index).pack
            guard let offset = pack.find(pivot) else { continue }
            insert(encoded, into: index, at: after ? offset &+ pack.entrySize(at: offset) : offset, limits)
            return true
        }
        return false
    }

    /// Puts an element at the position `offset` of a block, or beside it where the block is full.
    private func insert(_ encoded: Listpack.Encoded, into index: Int, at offset: Int, _ limits: ListLimits) {
        state.pointee.count &+= 1
        if fits(encoded.totalSize, into: index, limits) {
            return withPack(index, change: 1) { $0.insert(encoded, at: offset) }
        }
        if offset == Listpack.headerCount { return insert(encoded, between: index, limits) }
        if offset == chunk(index).pack.endOffset { return insert(encoded, between: index &+ 1, limits) }
        split(index, at: offset)
        insert(encoded, between: index &+ 1, limits)
        join(index, limits)
    }

    /// Puts an element between two blocks: last into the left one, first into the block at `index`, or into one of its own.
    private func insert(_ encoded: Listpack.Encoded, between index: Int, _ limits: ListLimits) {
        if fits(encoded.totalSize, into: index &- 1, limits) {
            return withPack(index &- 1, change: 1) { $0.insert(encoded, at: $0.endOffset) }
        }
        if !fits(encoded.totalSize, into: index, limits) { add(Listpack.make(), at: index) }
        withPack(index, change: 1) { $0.insert(encoded, at: Listpack.headerCount) }
    }

    /// Splits a block at the position `offset` within it.
    private func split(_ index: Int, at offset: Int) {
        let before = chunk(index).count
        let right = withPack(index, change: 0) { $0.split(at: offset) }
        add(right, at: index &+ 1)
        state.pointee.directory.first[index].count = before &- chunk(index &+ 1).count
    }

    /// Joins what a split at the block `index` has left small with its neighbours.
    private func join(_ index: Int, _ limits: ListLimits) {
        // From the right, so that the indices before stay.
        for left in stride(from: min(index &+ 2, chunkCount &- 2), through: max(0, index &- 1), by: -1) {
            let (one, other) = (chunk(left), chunk(left &+ 1))
            guard limits.admit(bytes: one.pack.byteCount &+ other.pack.byteCount, count: one.count &+ other.count)
            else { continue }
            withPack(left, change: other.count) { $0.append(contentsOf: other.pack) }
            drop(left &+ 1..<(left &+ 2))
        }
    }

    // MARK: Removing

    /// Removes the elements with the indices in `range`, which exist.
    func remove(_ range: Range<Int>) {
        let place = place(range.lowerBound)
        var index = place.chunk
        var left = range.count
        state.pointee.count &-= left
        if place.index > 0 {
            let part = min(left, chunk(index).count &- place.index)
            withPack(index, change: -part) { $0.deleteRange(from: place.index, count: part) }
            left &-= part
            index &+= 1
        }
        let firstWhole = index
        while left > 0, chunk(index).count <= left {
            left &-= chunk(index).count
            index &+= 1
        }
        if left > 0 { withPack(index, change: -left) { $0.deleteRange(from: 0, count: left) } }
        drop(firstWhole..<index)
    }

    /// Removes up to `limit` elements equal to `text`, the first from `end` on; answers how many there were.
    func remove(_ text: ByteView, limit: Int, from end: ListEnd) -> Int {
        var removed = 0
        var index = end == .head ? 0 : chunkCount &- 1
        while removed < limit, index >= 0, index < chunkCount {
            let before = chunk(index).count
            let part = withPack(index, change: 0) { $0.remove(text, limit: limit &- removed, from: end) }
            removed &+= part
            state.pointee.count &-= part
            state.pointee.directory.first[index].count = before &- part
            if part == before {
                drop(index..<(index &+ 1))
                if end == .head { continue }
            }
            index &+= end == .head ? 1 : -1
        }
        return removed
    }
}
