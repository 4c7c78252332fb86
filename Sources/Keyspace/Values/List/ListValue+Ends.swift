import Primitives

/// The ends of the list: what queues and stacks use, in O(1) amortised.
extension ListValue {
    /// Puts an element at an end of a list that `prepare` has made ready.
    @inline(__always)
    public mutating func push(_ text: ByteView, at end: ListEnd, _ limits: ListLimits) {
        push(Listpack.Encoded(text), at: end, limits)
    }

    /// Puts an element of another list at an end of a list that `prepare` has made ready.
    public mutating func push(_ element: ListpackElement, at end: ListEnd, _ limits: ListLimits) {
        push(Listpack.Encoded(element), at: end, limits)
    }

    @inline(__always)
    private mutating func push(_ encoded: Listpack.Encoded, at end: ListEnd, _ limits: ListLimits) {
        guard isSmall else { return quick.push(encoded, at: end, limits) }
        pack.insert(encoded, at: end == .head ? Listpack.headerCount : pack.endOffset)
    }

    /// The element at an end; nil where the list is empty.
    @inline(__always)
    public func element(at end: ListEnd) -> ListpackElement? {
        guard isSmall else { return quick.element(at: end) }
        return pack.element(at: end)
    }

    /// Removes the element at an end of a list that is not empty.
    @inline(__always)
    public mutating func removeElement(at end: ListEnd) {
        guard isSmall else { return quick.removeElement(at: end) }
        pack.removeElement(at: end)
    }
}

extension Listpack {
    /// The element at an end; nil where there is none.
    @inline(__always)
    func element(at end: ListEnd) -> ListpackElement? {
        guard let offset = end == .head ? first : last else { return nil }
        return element(at: offset)
    }

    /// Removes the element at an end, where there is one.
    @inline(__always)
    mutating func removeElement(at end: ListEnd) {
        guard let offset = end == .head ? first : last else { return }
        delete(at: offset)
    }
}
