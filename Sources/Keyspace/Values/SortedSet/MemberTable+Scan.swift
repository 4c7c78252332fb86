import Primitives

extension MemberTable {
    /// Hands out the members whose hashes are in the next part of the hash space, about `limit` of them, and answers the
    /// cursor to go on from, zero at the end.
    ///
    /// A cursor is the upper 48 bits of the hash up to which everything was handed out. It knows nothing of the table's
    /// capacity, so a member that stays from a scan's first call to its last is seen, whatever resizes in between.
    func scan(_ cursor: UInt64, _ limit: Int, _ body: (MemberBlock) -> Void) -> UInt64 {
        guard cursor < 1 << 48 else { return 0 }
        let from = cursor << 16
        // The walk may need longer than `limit` slots where the table is sparse: go on until enough was seen, but not
        // for ever.
        var left = max(1, limit)
        var slotsLeft = left > 1 << 32 ? capacity : min(capacity, left &* 10 &+ 64)
        var start = from
        while true {
            let first = Self.home(start, capacity)
            let last = first &+ min(left, slotsLeft) &+ 1
            let end = last >= capacity ? 0 : boundary(last)
            // Of the slots' boundary only the prefix is kept; what lies beyond it comes with the next call.
            let through = end == 0 ? UInt64.max : end &- 1
            var seen = Self.walk(slots, capacity, end: capacity, start...through, body)
            if let oldSlots { seen &+= Self.walk(oldSlots, oldCapacity, end: oldEnd, start...through, body) }
            if end == 0 { return 0 }
            start = end
            left &-= seen
            slotsLeft &-= last &- first
            if left <= 0 || slotsLeft <= 0 { return end >> 16 }
        }
    }

    /// The lowest hash whose home is `slot`, rounded down to a cursor's precision; above every hash of a lower prefix.
    private func boundary(_ slot: Int) -> UInt64 {
        let divisor = UInt64(truncatingIfNeeded: capacity)
        // `slot` is below the capacity, so the quotient fits.
        let (quotient, remainder) = divisor.dividingFullWidth((UInt64(truncatingIfNeeded: slot), 0))
        return (remainder == 0 ? quotient : quotient &+ 1) & ~0xffff
    }

    /// Hands out the members of `slots` whose hashes are in `range`; answers how many.
    private static func walk(
        _ slots: UnsafeMutablePointer<UInt64>, _ capacity: Int, end: Int, _ range: ClosedRange<UInt64>,
        _ body: (MemberBlock) -> Void
    ) -> Int {
        var index = home(range.lowerBound, capacity)
        let last = home(range.upperBound, capacity)
        var seen = 0
        let homes = last &- index
        var steps = 0
        if index >= end {
            steps = capacity &- index
            index = 0
        }
        // Members are at home or behind it, up to the next empty slot.
        while steps < capacity {
            let slot = slots[index]
            if slot == 0 {
                if steps >= homes { break }
            } else if slot != removed {
                let block = block(slot)
                if range.contains(processHash(block.bytes)) {
                    body(block)
                    seen &+= 1
                }
            }
            steps &+= 1
            index &+= 1
            if index == end {
                steps &+= capacity &- end
                index = 0
            }
        }
        return seen
    }
}
