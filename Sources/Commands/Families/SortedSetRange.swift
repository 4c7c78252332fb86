import Glibc
import Keyspace
import Primitives
import RESP

/// Which members of a sorted set a command means: by rank, score or bytes, from either end, all or a window of them.
///
/// All forms of ZRANGE, ZCOUNT and ZREMRANGE read into one of these and so into a range of ranks; the number of elements of
/// a reply is known before its first is written.
struct SortedSetRange {
    enum Bounds {
        /// The first and the last rank, negative ones from the end on.
        case ranks(Int64, Int64)
        case scores(ScoreRange)
        case members(LexRange)
    }

    var bounds: Bounds
    /// Whether ranks are counted, and members answered, from the highest on.
    var isReverse = false
    /// Members to leave out at the side where the answer begins. A negative number leaves out all.
    var offset: Int64 = 0
    /// The most members; negative for all.
    var limit: Int64 = -1

    init(_ bounds: Bounds) { self.bounds = bounds }

    /// The ranks, counted from the lowest member on, that are meant in `value`. O(log n).
    @inline(__always)
    func ranks(in value: SortedSetValue) -> Range<Int> {
        let found: Range<Int>
        switch bounds {
        case .ranks(let first, let last): return ranks(first, last, count: value.count)
        case .scores(let range): found = value.ranks(in: range)
        case .members(let range): found = value.ranks(in: range)
        }
        if offset == 0, limit < 0 { return found }
        return window(found)
    }

    private func ranks(_ first: Int64, _ last: Int64, count: Int) -> Range<Int> {
        // A negative number and a count cannot overflow.
        let lower = first < 0 ? max(0, first + Int64(count)) : first
        let upper = last < 0 ? last + Int64(count) : min(last, Int64(count) - 1)
        guard lower <= upper else { return 0..<0 }
        return isReverse ? count - 1 - Int(upper)..<count - Int(lower) : Int(lower)..<Int(upper) + 1
    }

    private func window(_ found: Range<Int>) -> Range<Int> {
        guard offset >= 0, offset < Int64(found.count) else { return found.lowerBound..<found.lowerBound }
        let left = found.count - Int(offset)
        let count = limit < 0 ? left : Int(min(limit, Int64(left)))
        let start = isReverse ? found.upperBound - Int(offset) - count : found.lowerBound + Int(offset)
        return start..<start + count
    }
}

/// The ends of ranges as arguments.
extension Call {
    func rankBounds(_ first: Int, _ last: Int) throws(CommandError) -> SortedSetRange.Bounds {
        .ranks(try integer(first), try integer(last))
    }

    func scoreBounds(_ minimum: Int, _ maximum: Int) throws(CommandError) -> SortedSetRange.Bounds {
        guard let lower = Self.scoreBound(self[minimum]), let upper = Self.scoreBound(self[maximum]) else {
            throw CommandError("ERR min or max is not a float")
        }
        return .scores(
            ScoreRange(
                lower.score, upper.score, excludesMinimum: lower.isExcluded, excludesMaximum: upper.isExcluded))
    }

    func memberBounds(_ minimum: Int, _ maximum: Int) throws(CommandError) -> SortedSetRange.Bounds {
        guard let lower = Self.memberBound(self[minimum]), let upper = Self.memberBound(self[maximum]) else {
            throw CommandError("ERR min or max not valid string range item")
        }
        return .members(LexRange(lower, upper))
    }

    /// One end of an interval of scores: a number, with `(` in front where it is not part of the interval.
    @inline(__always)
    private static func scoreBound(_ text: ByteView) -> (score: Double, isExcluded: Bool)? {
        let isExcluded = text.count > 0 && text.start[0] == UInt8(ascii: "(")
        let number = isExcluded ? text[1..<text.count] : text
        guard let score = parseDouble(number) ?? unusualScore(number) else { return nil }
        return (score, isExcluded)
    }

    /// Ends of ranges have laxer rules than scores: spaces in front, no digits at all (0) and numbers that are too large
    /// (infinity) are all accepted.
    @inline(never)
    private static func unusualScore(_ text: ByteView) -> Double? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: text.count + 1) { copy in
            guard let base = copy.baseAddress else { return nil }
            memcpy(base, text.start, text.count)
            base[text.count] = 0
            var end: UnsafeMutablePointer<CChar>?
            let score = strtod(base, &end)
            return end?.pointee == 0 && !score.isNaN ? score : nil
        }
    }

    /// One end of an interval of members: `-`, `+`, or bytes with `[` or, where they are not part of it, `(` in front.
    private static func memberBound(_ text: ByteView) -> LexRange.Bound? {
        guard text.count > 0 else { return nil }
        switch text.start[0] {
        case UInt8(ascii: "-"): return text.count == 1 ? .lowest : nil
        case UInt8(ascii: "+"): return text.count == 1 ? .highest : nil
        case UInt8(ascii: "["): return .inclusive(text[1..<text.count])
        case UInt8(ascii: "("): return .exclusive(text[1..<text.count])
        default: return nil
        }
    }
}

/// Members and scores as replies have them.
extension ReplyWriter {
    /// The header of `count` members, with their scores or without.
    @inline(__always)
    func members(_ count: Int, withScores: Bool) { array(withScores && version < 3 ? count * 2 : count) }

    /// A member behind that header: RESP3 pairs it with its score, RESP2 puts one behind the other.
    @inline(__always)
    func member(_ member: ByteView, _ score: Double, withScores: Bool) {
        guard withScores else { return bulk(member) }
        if version >= 3 { array(2) }
        bulk(member)
        double(score)
    }

    /// The members of `value` with `ranks`, straight from the structure.
    @inline(__always)
    func members(of value: SortedSetValue, _ ranks: Range<Int>, reverse: Bool, withScores: Bool) {
        members(ranks.count, withScores: withScores)
        if withScores {
            value.forEach(ranks, reverse: reverse) { name, score in
                member(name, score, withScores: true)
                return true
            }
        } else {
            value.forEach(ranks, reverse: reverse) { name, _ in
                bulk(name)
                return true
            }
        }
    }
}
