import Primitives

extension SortedSetValue {
    /// Gives `member` a score, adding it where it is not there. O(log n). The view must not come from this set.
    @discardableResult
    public mutating func insert(_ member: ByteView, _ score: Double, limits: SortedSetLimits) -> SortedSetChange {
        update(member, limits: limits) { _ in score }
    }

    /// Gives `member` the score that `decide` makes of its present one, nil where it is not there; where that answers
    /// nil, nothing changes. All of ZADD's conditions and increments are such decisions, for one search. O(log n).
    @discardableResult
    public mutating func update(
        _ member: ByteView, limits: SortedSetLimits, _ decide: (Double?) -> Double?
    ) -> SortedSetChange {
        if isSmall { return updateSmall(member, limits, decide) }
        return large.update(member, decide)
    }

    private mutating func updateSmall(
        _ member: ByteView, _ limits: SortedSetLimits, _ decide: (Double?) -> Double?
    ) -> SortedSetChange {
        if let position = small.find(member) {
            let old = small.score(at: position)
            guard let score = decide(old), score != old else { return .unchanged }
            withSmall { $0.update(at: position, member, score) }
            return .updated
        }
        guard let score = decide(nil) else { return .unchanged }
        if small.count >= limits.maxListpackEntries || member.count > limits.maxListpackValue
            || !small.pack.canHold(adding: member.count + 64)
        {
            enlarge(reserving: limits.expected)
            return large.update(member) { _ in score }
        }
        withSmall { $0.insert(member, score) }
        return .added
    }

    /// Removes `member`; answers the score that it had. O(log n).
    @discardableResult
    public mutating func remove(_ member: ByteView) -> Double? {
        if !isSmall { return large.remove(member) }
        guard let position = small.find(member) else { return nil }
        let score = small.score(at: position)
        withSmall { $0.remove(at: position) }
        return score
    }

    /// Removes the members with `ranks`; answers how many there were. Who wants to see them goes through them with
    /// `forEach` before. O(log n) and O(1) for each member.
    @discardableResult
    public mutating func remove(_ ranks: Range<Int>) -> Int {
        let ranks = ranks.clamped(to: 0..<count)
        guard !ranks.isEmpty else { return 0 }
        if isSmall { withSmall { $0.remove(ranks) } } else { large.remove(ranks) }
        return ranks.count
    }

    /// Removes up to `limit` members with the lowest scores, handing each to `body` before, the lowest first.
    @discardableResult
    public mutating func popMin(_ limit: Int, _ body: (ByteView, Double) -> Void) -> Int {
        pop(0..<min(max(limit, 0), count), reverse: false, body)
    }

    /// Removes up to `limit` members with the highest scores, handing each to `body` before, the highest first.
    @discardableResult
    public mutating func popMax(_ limit: Int, _ body: (ByteView, Double) -> Void) -> Int {
        pop((count - min(max(limit, 0), count))..<count, reverse: true, body)
    }

    private mutating func pop(_ ranks: Range<Int>, reverse: Bool, _ body: (ByteView, Double) -> Void) -> Int {
        forEach(ranks, reverse: reverse) { member, score in
            body(member, score)
            return true
        }
        return remove(ranks)
    }
}
