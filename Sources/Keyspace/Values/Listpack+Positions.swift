import Glibc
import Primitives

extension Listpack {
    /// Position of the first element.
    @inlinable
    public var first: Int? { isEmpty ? nil : Self.headerCount }

    /// Position of the last element.
    public var last: Int? { previous(before: endOffset) }

    /// Position of the element after the one at `offset`.
    @inlinable @inline(__always)
    public func next(after offset: Int) -> Int? {
        let next = offset &+ entrySize(at: offset)
        return tag(at: next) == Self.end ? nil : next
    }

    /// Position of the element before the one at `offset`, which may be `endOffset`.
    public func previous(before offset: Int) -> Int? {
        guard offset > Self.headerCount else { return nil }
        var size = 0
        var shift = 0
        var index = offset
        while true {
            index &-= 1
            let byte = tag(at: index)
            size |= Int(byte & 0x7F) &<< shift
            if byte < 0x80 { break }
            shift &+= 7
        }
        return index &- size
    }

    /// Position after the last element, where elements can be inserted.
    @inlinable
    public var endOffset: Int { byteCount &- 1 }

    /// Position of the element with `index`, counted from 0, or from the end where it is negative (-1 is the last).
    /// O(n), from the nearer end where the count is known.
    public func seek(_ index: Int) -> Int? {
        var index = index
        let stored = storedCount
        if stored != Self.uncounted {
            if index < 0 { index += stored }
            guard index >= 0, index < stored else { return nil }
            if index > stored / 2 { index -= stored }
        }
        if index >= 0 {
            var offset = Self.headerCount
            while tag(at: offset) != Self.end {
                if index == 0 { return offset }
                offset &+= entrySize(at: offset)
                index &-= 1
            }
            return nil
        }
        var offset = last
        while let current = offset {
            index &+= 1
            if index == 0 { return current }
            offset = previous(before: current)
        }
        return nil
    }

    /// Position of the first element equal to `text` from position `offset` on (the first element where nil), looking at
    /// one element and then passing over `skip`: 1 finds the fields of a hash. O(n), without a copy.
    public func find(_ text: ByteView, from offset: Int? = nil, skip: Int = 0) -> Int? {
        let offset = offset ?? Self.headerCount
        if let value = Listpack.integer(text) { return findInteger(value, text, from: offset, skip: skip) }
        if text.count < 64 { return findShort(text, from: offset, skip: skip) }
        return findLong(text, from: offset, skip: skip)
    }

    /// Most texts: the tag alone tells nearly all others apart, and both tags and lengths of their neighbours are one
    /// byte.
    private func findShort(_ text: ByteView, from start: Int, skip: Int) -> Int? {
        let wanted = 0x80 | UInt8(truncatingIfNeeded: text.count)
        var offset = start
        while true {
            let tag = tag(at: offset)
            if tag == wanted, equalBytes(bytePointer(offset &+ 1), text.start, text.count) { return offset }
            if tag == Self.end { return nil }
            offset &+= entrySize(at: offset)
            guard let next = pass(skip, from: offset) else { return nil }
            offset = next
        }
    }

    private func findLong(_ text: ByteView, from start: Int, skip: Int) -> Int? {
        var offset = start
        while tag(at: offset) != Self.end {
            if case .bytes(let view) = element(at: offset), view == text { return offset }
            offset &+= entrySize(at: offset)
            guard let next = pass(skip, from: offset) else { return nil }
            offset = next
        }
        return nil
    }

    /// An integer may also lie here as text: blocks from other writers need not be canonical.
    private func findInteger(_ value: Int64, _ text: ByteView, from start: Int, skip: Int) -> Int? {
        var offset = start
        while tag(at: offset) != Self.end {
            switch element(at: offset) {
            case .integer(let other): if other == value { return offset }
            case .bytes(let view): if view == text { return offset }
            }
            offset &+= entrySize(at: offset)
            guard let next = pass(skip, from: offset) else { return nil }
            offset = next
        }
        return nil
    }

    /// The offset `skip` elements on, which may be the end's; nil where the listpack ends before.
    @inline(__always)
    private func pass(_ skip: Int, from start: Int) -> Int? {
        var offset = start
        var skip = skip
        while skip > 0 {
            if tag(at: offset) == Self.end { return nil }
            offset &+= entrySize(at: offset)
            skip &-= 1
        }
        return offset
    }

    @inline(__always)
    private func bytePointer(_ offset: Int) -> UnsafePointer<UInt8> {
        UnsafePointer((block + offset).assumingMemoryBound(to: UInt8.self))
    }
}
