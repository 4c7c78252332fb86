import Primitives

/// The ends of a list.
@frozen
public enum ListEnd: Sendable {
    case head, tail
}

/// How large one block of a list may become: what `list-max-listpack-size` says.
@frozen
public struct ListLimits: Sendable {
    /// Bytes of a block.
    public let maxBytes: Int
    /// Elements of a block.
    public let maxCount: Int

    /// - Parameter listpackSize: a number of elements, which is bounded in bytes too; from -1 to -5 the bytes alone decide,
    ///   4, 8, 16, 32 or 64 KB. Zero counts as one element, everything below -5 as -5.
    public init(listpackSize: Int = -2) {
        if listpackSize >= 0 {
            maxBytes = 8192
            maxCount = max(1, listpackSize)
        } else {
            maxBytes = 4096 << (min(-listpackSize, 5) - 1)
            maxCount = .max
        }
    }

    /// Whether a block of `bytes` stays within the limits. The few bytes less are what the allocator adds to a block, so that
    /// a full one ends where the allocator's next size begins.
    @inline(__always)
    func admit(bytes: Int, count: Int) -> Bool { bytes <= maxBytes &- 8 && count <= maxCount }
}
