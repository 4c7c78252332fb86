import Primitives

extension Listpack {
    /// Whether `bytes`, from wherever they come, are a whole well-formed listpack: every operation is safe on them. O(n).
    ///
    /// - Parameter limit: most bytes that it may have, below 2^32.
    public static func validate(_ bytes: ByteView, limit: Int = maximumByteCount) -> Bool {
        let total = bytes.count
        guard total > headerCount, total <= limit else { return false }
        let base = UnsafeRawPointer(bytes.start)
        guard base.loadUnaligned(as: UInt32.self) == UInt32(total), bytes.start[total - 1] == end else { return false }
        let stored = Int(base.loadUnaligned(fromByteOffset: 4, as: UInt16.self))
        // Only read within `total`, which the walk below proves for every element before it is touched.
        let pack = Listpack(block: UnsafeMutableRawPointer(mutating: base))
        var offset = headerCount
        var count = 0
        while offset < total - 1 {
            guard let size = pack.validEntrySize(at: offset, limit: total - 1) else { return false }
            offset += size
            count += 1
        }
        return offset == total - 1 && (stored == uncounted || stored == count)
    }

    /// Bytes of the element at `offset` with its trailing length, where it is well formed and ends by `limit`.
    private func validEntrySize(at offset: Int, limit: Int) -> Int? {
        let tag = tag(at: offset)
        // The head of a long text must be there before the length in it is read.
        let head = tag == 0xF0 ? 5 : (tag & 0xF0 == 0xE0 ? 2 : 1)
        guard tag <= 0xF4, offset + head <= limit else { return nil }
        let size = size(at: offset)
        let trailer = Self.trailerSize(size)
        guard size <= limit, offset + size + trailer <= limit else { return nil }
        // The one spelling that walking backwards reads as `size`.
        var remaining = size
        var index = trailer - 1
        while index >= 0 {
            let byte = UInt8(remaining & 0x7F) | (index > 0 ? 0x80 : 0)
            guard self.tag(at: offset + size + index) == byte else { return nil }
            remaining >>= 7
            index -= 1
        }
        return size + trailer
    }
}
