import Primitives

/// Whole blocks, as files hold them.
extension ListValue {
    /// Calls `body` with each block, from the head on; there are `blockCount`. `body` must not change the list.
    public func forEachBlock(_ body: (Listpack) -> Void) {
        if isSmall { return body(pack) }
        for index in 0..<quick.chunkCount { body(quick.chunk(index).pack) }
    }

    /// Adds the elements of a listpack that `Listpack.validate` accepted behind all others, and takes it over: as it is
    /// where it is within the limits, else element by element. O(1), or O(its elements).
    public mutating func append(adopting block: Listpack, _ limits: ListLimits) {
        guard !block.isEmpty else { return block.destroy() }
        let count = block.count
        guard count == 1 || limits.admit(bytes: block.byteCount, count: count) else {
            _ = block.forEach(0..<count, reverse: false) { element in
                prepare(adding: element.count, count: 1, limits)
                push(element, at: .tail, limits)
                return true
            }
            return block.destroy()
        }
        if isEmpty {
            destroy()
            self = .adopt(block, limits: limits)
            return
        }
        if isSmall { enlarge() }
        quick.adopt(block)
    }
}
