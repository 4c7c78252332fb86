import Primitives

/// A sorted set of few short members: a listpack of member, score, member, score, in order.
///
/// A score is an integer element where it is integral, otherwise the shortest text that reads back as the same number.
/// Everything walks; at the usual limit of 128 members that costs less than following pointers would.
struct SmallSortedSet {
    var pack: Listpack

    @inline(__always)
    init(_ pack: Listpack) { self.pack = pack }

    var count: Int { pack.count / 2 }

    /// Position of `member`'s element.
    func find(_ member: ByteView) -> Int? { pack.find(member, skip: 1) }

    /// The score of the member whose element is at `position`.
    func score(at position: Int) -> Double {
        guard let next = pack.next(after: position) else { return 0 }
        return ScoreText.read(pack.element(at: next))
    }

    /// Puts in a member that is not there.
    mutating func insert(_ member: ByteView, _ score: Double) {
        var position = pack.endOffset
        if !isBeyondLast(member, score) {
            walk { entry, element, other in
                if other < score || (other == score && element.compare(member) < 0) { return true }
                position = entry
                return false
            }
        }
        let next = pack.insert(member, before: position)
        ScoreText.insert(score, into: &pack, before: next)
    }

    private func isBeyondLast(_ member: ByteView, _ score: Double) -> Bool {
        guard let last = pack.last, let position = pack.previous(before: last) else { return true }
        let other = ScoreText.read(pack.element(at: last))
        return other < score || (other == score && pack.element(at: position).compare(member) < 0)
    }

    /// Gives `member`, whose element is at `position`, another score; in place where its neighbours allow it.
    mutating func update(at position: Int, _ member: ByteView, _ score: Double) {
        guard let scorePosition = pack.next(after: position) else { return }
        let before = pack.previous(before: position).map { ScoreText.read(pack.element(at: $0)) } ?? -.infinity
        let next = pack.next(after: scorePosition).flatMap { pack.next(after: $0) }
        let after = next.map { ScoreText.read(pack.element(at: $0)) } ?? .infinity
        if before < score && score < after {
            pack.delete(at: scorePosition)
            ScoreText.insert(score, into: &pack, before: scorePosition)
        } else {
            remove(at: position)
            insert(member, score)
        }
    }

    mutating func remove(at position: Int) { pack.delete(at: position, count: 2) }

    mutating func remove(_ ranks: Range<Int>) { pack.deleteRange(from: ranks.lowerBound * 2, count: ranks.count * 2) }

    /// Entries in order until `body` answers false.
    @inline(__always)
    private func walk(_ body: (_ position: Int, ListpackElement, Double) -> Bool) {
        var next = pack.first
        while let position = next, let scorePosition = pack.next(after: position) {
            let score = ScoreText.read(pack.element(at: scorePosition))
            guard body(position, pack.element(at: position), score) else { return }
            next = pack.next(after: scorePosition)
        }
    }

    /// How many entries come before the one at `position`.
    func rank(of position: Int) -> Int {
        var rank = 0
        var next = pack.first
        while let current = next, current < position, let score = pack.next(after: current) {
            rank += 1
            next = pack.next(after: score)
        }
        return rank
    }

    func ranks(in range: ScoreRange) -> Range<Int> {
        var lower = 0
        var upper = 0
        walk { _, _, score in
            guard range.admits(score) else { return false }
            if !range.reaches(score) { lower += 1 }
            upper += 1
            return true
        }
        return min(lower, upper)..<upper
    }

    func ranks(in range: LexRange) -> Range<Int> {
        var lower = 0
        var upper = 0
        walk { _, element, _ in
            guard element.withBytes(range.admits) else { return false }
            if !element.withBytes(range.reaches) { lower += 1 }
            upper += 1
            return true
        }
        return min(lower, upper)..<upper
    }

    /// Hands out the entries of `ranks`, which are in 0..<count, until `body` answers false; answers whether it never
    /// did.
    func forEach(_ ranks: Range<Int>, reverse: Bool, _ body: (ByteView, Double) -> Bool) -> Bool {
        var left = ranks.count
        guard left > 0 else { return true }
        var next = pack.seek((reverse ? ranks.upperBound - 1 : ranks.lowerBound) * 2)
        while left > 0, let position = next, let scorePosition = pack.next(after: position) {
            let score = ScoreText.read(pack.element(at: scorePosition))
            guard pack.element(at: position).withBytes({ body($0, score) }) else { return false }
            left -= 1
            next = reverse ? entry(before: position) : pack.next(after: scorePosition)
        }
        return true
    }

    private func entry(before position: Int) -> Int? {
        guard let score = pack.previous(before: position) else { return nil }
        return pack.previous(before: score)
    }

    /// Whether a listpack from outside is a sorted set: pairs of a member and a number, in order, no member twice.
    static func validate(_ pack: Listpack) -> Bool {
        let count = pack.count
        guard count > 0, count % 2 == 0, !pack.hasDuplicates(stride: 2) else { return false }
        var previous: (member: ListpackElement, score: Double)?
        var isSound = true
        SmallSortedSet(pack).walk { position, member, _ in
            guard let scorePosition = pack.next(after: position),
                let score = ScoreText.parse(pack.element(at: scorePosition))
            else {
                isSound = false
                return false
            }
            if let previous {
                let order = previous.member.withBytes { member.compare($0) }
                isSound = previous.score < score || (previous.score == score && order > 0)
            }
            previous = (member, score)
            return isSound
        }
        return isSound
    }
}
