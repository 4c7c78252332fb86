import Primitives

extension SortedSetValue {
    /// The score of `member`. O(1), O(n) in a listpack.
    public func score(of member: ByteView) -> Double? {
        if isSmall { return small.find(member).map(small.score(at:)) }
        return large.find(member)?.score
    }

    /// Asks the processor for the slots where `member` will be looked for, where that is a table.
    @inline(__always)
    public func prefetchSlot(of member: ByteView) {
        if !isSmall { large.state.pointee.table.prefetch(processHash(member)) }
    }

    /// Asks for the block of `member`, whose slots were prefetched.
    @inline(__always)
    public func prefetchBlock(of member: ByteView) {
        if !isSmall { large.state.pointee.table.prefetchBlock(processHash(member)) }
    }

    /// The rank of `member`, from 0 for the lowest, and its score. O(log n). From the other end the rank is
    /// `count - 1 - rank`.
    public func rank(of member: ByteView) -> (rank: Int, score: Double)? {
        if isSmall {
            guard let position = small.find(member) else { return nil }
            return (small.rank(of: position), small.score(at: position))
        }
        guard let block = large.find(member) else { return nil }
        return (large.state.pointee.tree.rank(of: block), block.score)
    }

    /// Ranks of the members whose scores are in `range`; their number is that of the members. O(log n).
    public func ranks(in range: ScoreRange) -> Range<Int> {
        isSmall ? small.ranks(in: range) : large.ranks(in: range)
    }

    /// Ranks of the members that are in `range`. O(log n). Where not all scores are equal the answer is some range.
    public func ranks(in range: LexRange) -> Range<Int> {
        isSmall ? small.ranks(in: range) : large.ranks(in: range)
    }

    /// Hands the members with `ranks` to `body`, from the highest on where `reverse`, until it answers false; answers
    /// whether it never did. Ranks that nobody has are passed over. O(log n) and O(1) for each member.
    @discardableResult
    public func forEach(_ ranks: Range<Int>, reverse: Bool = false, _ body: (ByteView, Double) -> Bool) -> Bool {
        let ranks = ranks.clamped(to: 0..<count)
        return isSmall ? small.forEach(ranks, reverse: reverse, body) : large.forEach(ranks, reverse: reverse, body)
    }

    /// Hands all members to `body` in order, until it answers false; answers whether it never did.
    @discardableResult
    public func forEach(_ body: (ByteView, Double) -> Bool) -> Bool { forEach(0..<count, body) }

    /// Hands a member to `body`, each as likely as any other where `random` is uniform over 64 bits. O(log n). An empty
    /// set has none: false.
    @discardableResult
    public func randomMember(_ random: UInt64, _ body: (ByteView, Double) -> Void) -> Bool {
        let count = count
        guard count > 0 else { return false }
        let rank = Int(random.multipliedFullWidth(by: UInt64(count)).high)
        forEach(rank..<(rank + 1)) { member, score in
            body(member, score)
            return true
        }
        return true
    }

    /// Hands about `limit` members to `body` and answers the cursor to go on from: 0 at the end, and 0 begins. A member
    /// that is in the set from a scan's first call to its last is seen at least once. Any cursor is safe.
    public func scan(_ cursor: UInt64, limit: Int, _ body: (ByteView, Double) -> Void) -> UInt64 {
        if isSmall {
            forEach { member, score in
                body(member, score)
                return true
            }
            return 0
        }
        return large.state.pointee.table.scan(cursor, limit) { body($0.bytes, $0.score) }
    }
}
