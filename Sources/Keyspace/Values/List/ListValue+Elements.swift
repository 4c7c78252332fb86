import Primitives

/// Elements anywhere in the list, by index or by their text. Indices count from 0 at the head. O(number of blocks) to find
/// the block, whose elements are then walked from its nearer end.
extension ListValue {
    /// The element with `index`; nil where there is none.
    public func element(at index: Int) -> ListpackElement? {
        guard index >= 0, index < count else { return nil }
        if isSmall { return pack.seek(index).map(pack.element(at:)) }
        return quick.element(at: index)
    }

    /// Hands the elements with the indices in `range` to `body`, the last first where `reverse`, until it answers false;
    /// answers whether it never did. Indices that no element has are passed over.
    @inline(__always)
    @discardableResult
    public func forEach(_ range: Range<Int>, reverse: Bool = false, _ body: (ListpackElement) -> Bool) -> Bool {
        let range = range.clamped(to: 0..<count)
        guard isSmall else { return quick.forEach(range, reverse: reverse, body) }
        return pack.forEach(range, reverse: reverse, body)
    }

    /// Hands the index of each element equal to `text` among those with the indices in `range`, which exist, to `body`, the
    /// last first where `reverse`, until it answers false; answers whether it never did. O(n), but little for a block
    /// without such an element.
    @inline(__always)
    @discardableResult
    public func forEachIndex(
        of text: ByteView, in range: Range<Int>, reverse: Bool, _ body: (Int) -> Bool
    ) -> Bool {
        guard isSmall else { return quick.forEachIndex(of: text, in: range, reverse: reverse, body) }
        return pack.forEachIndex(of: text, in: range, reverse: reverse, body)
    }

    /// Puts another element in the place of the one with `index`; false where there is none. The list is one that `prepare`
    /// has made ready.
    public mutating func replace(_ index: Int, with text: ByteView, _ limits: ListLimits) -> Bool {
        guard index >= 0, index < count else { return false }
        if isSmall {
            guard let offset = pack.seek(index) else { return false }
            pack.replace(at: offset, with: text)
        } else {
            quick.replace(index, with: Listpack.Encoded(text), limits)
        }
        return true
    }

    /// Puts an element before or behind the first one equal to `pivot`; false where there is none. The list is one that
    /// `prepare` has made ready. O(n).
    public mutating func insert(_ text: ByteView, beside pivot: ByteView, after: Bool, _ limits: ListLimits) -> Bool {
        guard isSmall else { return quick.insert(Listpack.Encoded(text), beside: pivot, after: after, limits) }
        guard var offset = pack.find(pivot) else { return false }
        if after { offset &+= pack.entrySize(at: offset) }
        pack.insert(text, before: offset)
        return true
    }

    /// Removes the elements with the indices in `range`; indices that no element has are passed over. O(number of blocks).
    public mutating func remove(_ range: Range<Int>) {
        let range = range.clamped(to: 0..<count)
        guard !range.isEmpty else { return }
        if isSmall { pack.deleteRange(from: range.lowerBound, count: range.count) } else { quick.remove(range) }
    }

    /// Removes up to `limit` elements equal to `text`, the first from `end` on; answers how many there were. O(n).
    public mutating func remove(_ text: ByteView, limit: Int, from end: ListEnd) -> Int {
        guard limit > 0 else { return 0 }
        return isSmall ? pack.remove(text, limit: limit, from: end) : quick.remove(text, limit: limit, from: end)
    }
}
