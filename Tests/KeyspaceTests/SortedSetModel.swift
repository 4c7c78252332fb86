import Primitives
import Testing

@testable import Keyspace

/// A member and its score, copied.
struct SortedSetEntry: Equatable {
    var member: [UInt8]
    var score: Double

    static func isBefore(_ a: SortedSetEntry, _ b: SortedSetEntry) -> Bool {
        a.score != b.score ? a.score < b.score : a.member.lexicographicallyPrecedes(b.member)
    }
}

/// What a sorted set is meant to be: an array in order.
struct SortedSetModel {
    var entries: [SortedSetEntry] = []

    func index(of member: [UInt8]) -> Int? { entries.firstIndex { $0.member == member } }

    mutating func insert(_ member: [UInt8], _ score: Double) -> SortedSetChange {
        if let index = index(of: member) {
            if entries[index].score == score { return .unchanged }
            entries.remove(at: index)
            place(SortedSetEntry(member: member, score: score))
            return .updated
        }
        place(SortedSetEntry(member: member, score: score))
        return .added
    }

    private mutating func place(_ entry: SortedSetEntry) {
        let index = entries.firstIndex { SortedSetEntry.isBefore(entry, $0) } ?? entries.count
        entries.insert(entry, at: index)
    }

    func contains(_ entry: SortedSetEntry, in range: ScoreRange) -> Bool {
        let aboveMinimum = range.excludesMinimum ? entry.score > range.minimum : entry.score >= range.minimum
        let belowMaximum = range.excludesMaximum ? entry.score < range.maximum : entry.score <= range.maximum
        return aboveMinimum && belowMaximum
    }
}

extension SortedSetValue {
    /// The members with `ranks`, copied.
    func entries(_ ranks: Range<Int>, reverse: Bool = false) -> [SortedSetEntry] {
        var entries: [SortedSetEntry] = []
        forEach(ranks, reverse: reverse) { member, score in
            entries.append(SortedSetEntry(member: member.array, score: score))
            return true
        }
        return entries
    }

    var entries: [SortedSetEntry] { entries(0..<count) }

    /// A large set whose tree has small nodes.
    static func tall() -> SortedSetValue { SortedSetValue(LargeSortedSet.make(leafLimit: 6, innerLimit: 6)) }
}
