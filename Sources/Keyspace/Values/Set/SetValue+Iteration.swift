import Primitives

extension SetValue {
    /// Calls `body` with each member. O(n).
    @inline(__always)
    public func forEach(_ body: (ListpackElement) -> Void) {
        switch encoding {
        case .intset: for index in 0..<integers.count { body(.integer(integers[index])) }
        case .listpack:
            var offset = pack.first
            while let current = offset {
                body(pack.element(at: current))
                offset = pack.next(after: current)
            }
        default:
            var position: UInt64 = 0
            repeat { position = table.forEach(at: position) { body($0.value) } } while position != 0
        }
    }

    /// Members that a call of `forEach(at:)` hands out of a set that is one block.
    private static var stretch: Int { 512 }

    /// Calls `body` with some hundreds of members and answers where to go on; 0 begins, and 0 is answered at the end. The
    /// set must not change between calls.
    @inline(__always)
    public func forEach(at position: UInt64, _ body: (SetElement) -> Void) -> UInt64 {
        switch encoding {
        case .intset:
            let start = Int(truncatingIfNeeded: position)
            let end = min(integers.count, start &+ Self.stretch)
            for index in start..<end { body(SetElement(integers[index])) }
            return end == integers.count ? 0 : UInt64(end)
        case .listpack:
            var offset = position == 0 ? pack.first : Int(truncatingIfNeeded: position)
            var left = Self.stretch
            while let current = offset, left > 0 {
                body(SetElement(pack.element(at: current)))
                offset = pack.next(after: current)
                left &-= 1
            }
            return UInt64(offset ?? 0)
        default: return table.forEach(at: position) { body(SetElement($0)) }
        }
    }

    /// Calls `body` with some members, about `count` of a table, all of a smaller set, and answers the cursor that goes on
    /// from there; 0 begins and ends a scan. Members that are there for the whole of a scan are seen at least once, also
    /// while the set changes its size or encoding. Any cursor is safe.
    public func scan(_ cursor: UInt64, count: Int, _ body: (ListpackElement) -> Void) -> UInt64 {
        guard encoding == .hashTable else {
            forEach(body)
            return 0
        }
        return table.scan(cursor, count: count) { body($0.value) }
    }
}
