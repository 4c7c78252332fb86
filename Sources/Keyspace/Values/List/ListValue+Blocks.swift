import Primitives

/// Whole blocks, as files hold them.
extension ListValue {
    /// The block at `index`, of which there are `blockCount`; good until the list changes.
    public func block(_ index: Int) -> Listpack { isSmall ? pack : quick.chunk(index).pack }

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
