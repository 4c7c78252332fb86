import Glibc
import Primitives

/// Changes of a listpack. A text that is written must not lie in the listpack itself, which may move while it is read,
/// and `canHold` must be true of it; callers keep elements and listpacks far below that by their own limits.
extension Listpack {
    public mutating func append(_ text: ByteView) { insert(Encoded(text), at: endOffset) }
    public mutating func append(_ value: Int64) { insert(Encoded(value), at: endOffset) }

    public mutating func append(_ element: ListpackElement) { insert(Encoded(element), at: endOffset) }

    public mutating func prepend(_ text: ByteView) { insert(Encoded(text), at: Self.headerCount) }
    public mutating func prepend(_ value: Int64) { insert(Encoded(value), at: Self.headerCount) }

    /// Puts an element before the one at position `offset`, or last where that is `endOffset`. Its own position is
    /// `offset` then; the position after it is the answer.
    @discardableResult
    public mutating func insert(_ text: ByteView, before offset: Int) -> Int {
        let encoded = Encoded(text)
        insert(encoded, at: offset)
        return offset &+ encoded.totalSize
    }

    @discardableResult
    public mutating func insert(_ value: Int64, before offset: Int) -> Int {
        let encoded = Encoded(value)
        insert(encoded, at: offset)
        return offset &+ encoded.totalSize
    }

    /// Puts another element in the place of the one at position `offset`, which stays the position of the new one.
    public mutating func replace(at offset: Int, with text: ByteView) { replace(at: offset, with: Encoded(text)) }
    public mutating func replace(at offset: Int, with value: Int64) { replace(at: offset, with: Encoded(value)) }

    /// Removes up to `count` elements from position `offset` on. `offset` is then the position of the one after them, or
    /// `endOffset`. Answers how many there were.
    @discardableResult
    public mutating func delete(at offset: Int, count: Int = 1) -> Int {
        var end = offset
        var deleted = 0
        while deleted < count, tag(at: end) != Self.end {
            end &+= entrySize(at: end)
            deleted &+= 1
        }
        splice(at: offset, removing: end &- offset, inserting: 0)
        adjustCount(by: -deleted)
        return deleted
    }

    /// Removes up to `count` elements from the one with `index` on, which may count from the end. Answers how many
    /// there were.
    @discardableResult
    public mutating func deleteRange(from index: Int, count: Int) -> Int {
        guard count > 0, let offset = seek(index) else { return 0 }
        return delete(at: offset, count: count)
    }

    @inline(__always)
    mutating func insert(_ encoded: Encoded, at offset: Int) {
        splice(at: offset, removing: 0, inserting: encoded.totalSize)
        encoded.write(to: block + offset)
        adjustCount(by: 1)
    }

    @inline(__always)
    mutating func replace(at offset: Int, with encoded: Encoded) {
        splice(at: offset, removing: entrySize(at: offset), inserting: encoded.totalSize)
        encoded.write(to: block + offset)
    }

    /// Makes `removed` bytes at `offset` to `inserted` ones of undefined content.
    @inline(__always)
    private mutating func splice(at offset: Int, removing removed: Int, inserting inserted: Int) {
        if removed == inserted { return }
        let oldCount = byteCount
        let newCount = oldCount - removed + inserted
        precondition(newCount <= Int(UInt32.max))
        let oldCapacity = Self.capacity(for: oldCount)
        let newCapacity = Self.capacity(for: newCount)
        if newCapacity > oldCapacity { block = Allocation.reallocate(block, newCapacity) }
        memmove(block + offset + inserted, block + offset + removed, oldCount &- offset &- removed)
        setByteCount(newCount)
        if newCapacity < oldCapacity { block = Allocation.reallocate(block, newCapacity) }
    }

    /// Makes room for `size` bytes at `offset`, which are to be written.
    mutating func open(at offset: Int, _ size: Int) { splice(at: offset, removing: 0, inserting: size) }

    /// Makes the first `count` bytes, the last of which is the end mark, the whole listpack, which has `removed` elements
    /// less.
    mutating func truncate(to count: Int, removing removed: Int) {
        let oldCapacity = Self.capacity(for: byteCount)
        let newCapacity = Self.capacity(for: count)
        setByteCount(count)
        adjustCount(by: -removed)
        if newCapacity < oldCapacity { block = Allocation.reallocate(block, newCapacity) }
    }

    @inline(__always)
    func adjustCount(by change: Int) {
        let stored = storedCount
        if stored != Self.uncounted { setStoredCount(min(stored &+ change, Self.uncounted)) }
    }
}

extension Listpack.Encoded {
    /// An element of another listpack.
    init(_ element: ListpackElement) {
        switch element {
        case .bytes(let view): self.init(view)
        case .integer(let value): self.init(value)
        }
    }
}
