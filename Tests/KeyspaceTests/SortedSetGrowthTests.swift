import Primitives
import TestSupport
import Testing

@testable import Keyspace

@Suite struct SortedSetGrowthTests {
    static let limits = SortedSetLimits(maxListpackEntries: 0)

    static func member(_ number: Int) -> [UInt8] { Array("member:\(number)".utf8) }

    static func insert(_ set: inout SortedSetValue, _ number: Int, _ score: Double) {
        member(number).withView { _ = set.insert($0, score, limits: limits) }
    }

    @Test func ascendingScoresFillTheLeaves() {
        var set = SortedSetValue.make()
        for number in 0..<20_000 { Self.insert(&set, number, Double(number)) }
        #expect(set.large.brokenInvariant() == nil)
        #expect(set.large.state.pointee.tree.leafNodes == (20_000 + ScoreLeaf.capacity - 1) / ScoreLeaf.capacity)
        set.destroy()
    }

    @Test func descendingScoresFillTheLeaves() {
        var set = SortedSetValue.make()
        for number in 0..<20_000 { Self.insert(&set, number, Double(-number)) }
        #expect(set.large.brokenInvariant() == nil)
        #expect(set.large.state.pointee.tree.leafNodes == (20_000 + ScoreLeaf.capacity - 1) / ScoreLeaf.capacity)
        set.destroy()
    }

    @Test func aQueueStaysSmall() {
        var set = SortedSetValue.make()
        for number in 0..<20_000 {
            Self.insert(&set, number, Double(number))
            if number >= 200 { #expect(set.popMin(1) { _, _ in } == 1) }
        }
        #expect(set.count == 200)
        #expect(set.large.brokenInvariant() == nil)
        #expect(set.large.state.pointee.tree.leafNodes <= 5)
        set.destroy()
    }

    @Test func memoryIsGivenBack() {
        var set = SortedSetValue.make()
        Self.insert(&set, -1, 0)
        let before = set.memoryUsage
        for number in 0..<20_000 { Self.insert(&set, number, Double(number * 7919 % 10_007)) }
        let full = set.memoryUsage
        #expect(full > 20_000 * 40 && full < 20_000 * 100)
        #expect(set.remove(1..<20_001) == 20_000)
        #expect(set.large.brokenInvariant() == nil)
        #expect(set.memoryUsage < before + 4096)
        set.destroy()
    }

    /// Looks at every stage of the resizes, large enough that the old slots' memory is given back in pieces.
    @Test func theTableIsWholeWhileItIsResized() {
        var set = SortedSetValue.make()
        var stages = 0
        for number in 0..<45_000 {
            Self.insert(&set, number, Double(number))
            let table = set.large.state.pointee.table
            guard table.oldSlots != nil, number < 200 || table.oldEnd % 4001 < 16 else { continue }
            stages += 1
            #expect(set.large.brokenInvariant() == nil, "\(number)")
            for absent in 0..<20 { #expect(Self.member(-1 - absent).withView { set.score(of: $0) } == nil) }
        }
        #expect(stages > 30)
        while set.count > 0 {
            set.remove(0..<16)
            if set.large.state.pointee.table.oldSlots != nil, set.count < 1000 {
                #expect(set.large.brokenInvariant() == nil, "\(set.count)")
            }
        }
        #expect(set.large.state.pointee.table.capacity <= 32)
        set.destroy()
    }

    /// While a table with far too much room shrinks, what is added meanwhile must not fill the smaller one.
    @Test(arguments: [1, 20, 200]) func aTableWithFarTooMuchRoomCanGrowWhileItShrinks(used: Int) {
        var builder = SortedSetBuilder(expected: 100_000, limits: Self.limits)
        for number in 0..<used { Self.member(number).withView { builder.append($0, Double(number)) } }
        var set = builder.finish()
        set.remove(0..<1)
        for number in used..<used + 5000 { Self.insert(&set, number, Double(number)) }
        #expect(set.large.brokenInvariant() == nil)
        set.destroy()
    }

    @Test func aTableWithFarTooMuchRoomGivesItBack() {
        var builder = SortedSetBuilder(expected: 100_000, limits: Self.limits)
        for number in 0..<8000 { Self.member(number).withView { builder.append($0, Double(number)) } }
        var set = builder.finish()
        while set.count > 100 { set.remove(0..<1) }
        #expect(set.large.brokenInvariant() == nil)
        #expect(set.large.state.pointee.table.capacity < 1000)
        set.destroy()
    }

    @Test func aCopyIsIndependent() {
        var set = SortedSetValue.make()
        for number in 0..<3000 { Self.insert(&set, number, Double(number % 17)) }
        let copy = set.copy()
        let entries = set.entries
        set.remove(0..<2000)
        #expect(copy.entries == entries)
        #expect(copy.large.brokenInvariant() == nil)
        copy.destroy()
        set.destroy()
    }

    /// Members that stay are seen although the table grows and shrinks below the scan.
    @Test(arguments: [1, 2, 3, 4])
    func scanSeesWhatStays(seed: UInt64) {
        var generator = SeededGenerator(seed)
        var set = SortedSetValue.make()
        for number in 0..<500 { Self.insert(&set, number, 1) }
        var seen = Set<[UInt8]>()
        var cursor: UInt64 = 0
        var calls = 0
        var extra = 500
        repeat {
            cursor = set.scan(cursor, limit: 10) { member, _ in seen.insert(member.array) }
            calls += 1
            if Bool.random(using: &generator) {
                for _ in 0..<200 {
                    Self.insert(&set, extra, 2)
                    extra += 1
                }
            } else {
                // All that is not to stay, or a part of it.
                let ranks = set.ranks(in: ScoreRange(2, 2))
                set.remove(
                    ranks.lowerBound..<(ranks.lowerBound + ranks.count / Int.random(in: 1...3, using: &generator)))
            }
        } while cursor != 0 && calls < 10_000
        #expect(calls < 10_000)
        for number in 0..<500 { #expect(seen.contains(Self.member(number)), "seed \(seed)") }
        set.destroy()
    }

    @Test(arguments: [1, 7, 100, 100_000])
    func scanOfAStillSetSeesEachOnce(limit: Int) {
        for count in [1, 40, 1000, 3001] {
            var set = SortedSetValue.make()
            for number in 0..<count { Self.insert(&set, number, 1) }
            var seen: [[UInt8]: Int] = [:]
            var cursor: UInt64 = 0
            var calls = 0
            repeat {
                cursor = set.scan(cursor, limit: limit) { member, _ in seen[member.array, default: 0] += 1 }
                calls += 1
            } while cursor != 0 && calls < 100_000
            #expect(seen.count == count && seen.values.allSatisfy { $0 == 1 })
            #expect(calls <= count * 4 / limit + 20)
            set.destroy()
        }
    }

    @Test func anyCursorIsSafe() {
        var set = SortedSetValue.make()
        for number in 0..<100 { Self.insert(&set, number, 1) }
        var generator = SeededGenerator(9)
        var cursors: [UInt64] = [.max, 1 << 48, (1 << 48) - 1, 1]
        for _ in 0..<100 { cursors.append(generator.next() >> 16) }
        for cursor in cursors {
            for limit in [Int.min, 0, 1, Int.max] { _ = set.scan(cursor, limit: limit) { _, _ in } }
        }
        set.destroy()
    }
}
