import Primitives

/// Changes between the encodings.
extension ListValue {
    /// Makes the list ready for `count` elements more whose texts have `bytes` bytes together: a listpack that would exceed
    /// the limits becomes the first block of a `QuickList`. O(1).
    @inline(__always)
    public mutating func prepare(adding bytes: Int, count: Int, _ limits: ListLimits) {
        if isSmall, exceeds(limits, adding: bytes, count: count) { enlarge() }
    }

    /// The heads of elements do not count, as they do not for Redis, unless they are what the elements mostly consist of.
    @inline(__always)
    private func exceeds(_ limits: ListLimits, adding bytes: Int, count: Int) -> Bool {
        let total = pack.byteCount &+ bytes
        if total > limits.maxBytes || total &+ 4 &* count > 2 &* limits.maxBytes { return true }
        // The count is looked at only where it may decide: finding it can take a walk.
        return limits.maxCount != .max && pack.count &+ count > limits.maxCount
    }

    /// Makes a listpack the first block of a `QuickList`. O(1).
    mutating func enlarge() {
        let list = QuickList.make()
        if pack.isEmpty {
            pack.destroy()
        } else {
            list.adopt(pack)
        }
        self = ListValue(encoding: .quickList, storage: list.storage)
    }

    /// Turns a `QuickList` of one block that has fallen to half of the limits back to a listpack. To be called when elements
    /// were removed or replaced. O(1).
    @inline(__always)
    public mutating func shrink(_ limits: ListLimits) {
        if !isSmall, quick.chunkCount == 1 { shrinkSingle(limits) }
    }

    @inline(never)
    private mutating func shrinkSingle(_ limits: ListLimits) {
        guard quick.chunk(0).pack.byteCount <= limits.maxBytes / 2, quick.count <= limits.maxCount / 2 else { return }
        quick.settle(0)
        let pack = quick.chunk(0).pack
        quick.abandon()
        self = ListValue(encoding: .listpack, storage: pack.block)
    }
}
