import Keyspace
import RESP

/// The members of a sorted set in a long range of ranks, which exist.
struct SortedSetStretches: AnswerStretches {
    private let set: SortedSetValue
    private let count: Int
    private var rest: Range<Int>
    private let isReverse: Bool
    private let withScores: Bool

    init(_ set: SortedSetValue, _ ranks: Range<Int>, reverse: Bool, withScores: Bool) {
        self.set = set
        count = ranks.count
        rest = ranks
        isReverse = reverse
        self.withScores = withScores
    }

    mutating func write(to reply: ReplyWriter) -> Bool {
        let withScores = withScores
        var stretch = Stretch(reply)
        var written = 0
        set.forEach(rest, reverse: isReverse) { member, score in
            reply.member(member, score, withScores: withScores)
            written &+= 1
            return stretch.continues(reply)
        }
        rest = isReverse ? rest.dropLast(written) : rest.dropFirst(written)
        return !rest.isEmpty
    }

    func writeHeader(to reply: ReplyWriter) { reply.members(count, withScores: withScores) }
}

/// A union, an intersection or a difference of sorted sets as it is answered.
final class SortedSetAnswer: SlicedWork, @unchecked Sendable {
    private let combination: SortedSetCombination
    private let version: UInt8
    private var stretches: SortedSetStretches?
    /// What is answered where that is long.
    private(set) var draft: ReplyDraft?

    init(_ combination: SortedSetCombination, version: UInt8) {
        self.combination = combination
        self.version = version
    }

    static func accepts(_ type: ValueType) -> Bool { SortedSetCombination.accepts(type) }

    var effort: Int { combination.effort }
    /// The members that are answered.
    var result: SortedSetValue? { combination.result }
    var withScores: Bool { combination.plan.withScores }

    func advance() -> Bool {
        if let draft { return stretches?.write(to: draft.writer(version: version)) ?? false }
        if combination.advance() { return true }
        guard let result, result.count > WorkLimits.inline else { return false }
        draft = ReplyDraft()
        stretches = SortedSetStretches(result, 0..<result.count, reverse: false, withScores: withScores)
        return true
    }
}

/// A copy of the members of a sorted set in a range of ranks, which exist.
final class SortedSetPart: SlicedWork, @unchecked Sendable {
    private static let stretch = 512
    private let source: SortedSetValue
    private let limits: SortedSetLimits
    private var rest: Range<Int>
    private var copy: SortedSetValue?
    let effort: Int

    init(_ source: SortedSetValue, _ ranks: Range<Int>, _ limits: SortedSetLimits) {
        self.source = source
        self.limits = limits
        rest = ranks
        effort = ranks.count
    }

    deinit { copy?.destroy() }

    static func accepts(_ type: ValueType) -> Bool { type == .sortedSet }

    func advance() -> Bool {
        let part = rest.prefix(Self.stretch)
        var builder = SortedSetBuilder(continuing: copy.take() ?? .make(), expected: effort, limits: limits)
        source.forEach(part) { member, score in
            builder.append(member, score)
            return true
        }
        copy = builder.finish()
        rest = rest.dropFirst(part.count)
        return !rest.isEmpty
    }

    /// The finished set, which is the caller's.
    func take() -> SortedSetValue? { copy.take() }
}
