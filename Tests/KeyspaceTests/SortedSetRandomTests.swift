import Primitives
import TestSupport
import Testing

@testable import Keyspace

/// Random changes to a set and to an array that it must equal, with the structure's own rules checked on the way.
@Suite struct SortedSetRandomTests {
    /// Listpack, tall tree of small nodes, and how many members there may be.
    enum Shape: CaseIterable { case listpack, tall, converting }

    @Test(arguments: Shape.allCases, [1, 2, 3])
    func behavesAsASortedArray(shape: Shape, seed: UInt64) {
        var generator = SeededGenerator(seed)
        var set = shape == .tall ? SortedSetValue.tall() : SortedSetValue.make()
        let limits = SortedSetLimits(maxListpackEntries: shape == .converting ? 20 : 10_000)
        let names = shape == .listpack ? 60 : 400
        var model = SortedSetModel()
        for step in 0..<2500 {
            // Grow for a while, shrink for a while.
            let isGrowing = (step / 500) % 2 == 0
            change(&set, &model, names, isGrowing, limits, &generator)
            #expect(set.count == model.entries.count)
            if step % 10 == 0 { compare(set, model, names, &generator, "seed \(seed), step \(step)") }
        }
        set.destroy()
    }

    private func member(_ names: Int, _ generator: inout SeededGenerator) -> [UInt8] {
        let number = Int.random(in: 0..<names, using: &generator)
        // Some are integers, some long, some empty.
        return number == 0 ? [] : Array((number % 3 == 0 ? "\(number)" : "member:\(number)").utf8)
    }

    private func score(_ generator: inout SeededGenerator) -> Double {
        let number = Double(Int.random(in: -20...20, using: &generator))
        return Bool.random(using: &generator) ? number : number / 8
    }

    private func change(
        _ set: inout SortedSetValue, _ model: inout SortedSetModel, _ names: Int, _ isGrowing: Bool,
        _ limits: SortedSetLimits, _ generator: inout SeededGenerator
    ) {
        let choice = Int.random(in: 0..<100, using: &generator)
        let member = member(names, &generator)
        if choice < (isGrowing ? 80 : 25) {
            let score = score(&generator)
            let change = member.withView { set.insert($0, score, limits: limits) }
            #expect(change == model.insert(member, score))
        } else if choice < 92 {
            let score = member.withView { set.remove($0) }
            let index = model.index(of: member)
            #expect(score == index.map { model.entries[$0].score })
            if let index { model.entries.remove(at: index) }
        } else if choice < 96 {
            let low = Int.random(in: 0...model.entries.count, using: &generator)
            let high = min(model.entries.count, low + Int.random(in: 0..<(isGrowing ? 3 : 40), using: &generator))
            #expect(set.remove(low..<high) == high - low)
            model.entries.removeSubrange(low..<high)
        } else {
            let limit = Int.random(in: 0..<3, using: &generator)
            var popped: [SortedSetEntry] = []
            if choice < 98 {
                set.popMin(limit) { popped.append(SortedSetEntry(member: $0.array, score: $1)) }
                #expect(popped == Array(model.entries.prefix(limit)))
                model.entries.removeFirst(min(limit, model.entries.count))
            } else {
                set.popMax(limit) { popped.append(SortedSetEntry(member: $0.array, score: $1)) }
                #expect(popped == model.entries.suffix(limit).reversed())
                model.entries.removeLast(min(limit, model.entries.count))
            }
        }
    }

    private func compare(
        _ set: SortedSetValue, _ model: SortedSetModel, _ names: Int, _ generator: inout SeededGenerator,
        _ place: Comment
    ) {
        #expect(set.entries == model.entries, place)
        if !set.isSmall { #expect(set.large.brokenInvariant() == nil, place) }
        let ends = (0..<2).map { _ in Int.random(in: 0...model.entries.count, using: &generator) }.sorted()
        let reversed = set.entries(ends[0]..<ends[1], reverse: true)
        #expect(reversed == model.entries[ends[0]..<ends[1]].reversed(), place)

        let wanted = member(names, &generator)
        let rank = wanted.withView { set.rank(of: $0) }
        #expect(rank?.rank == model.index(of: wanted), place)
        #expect(wanted.withView { set.score(of: $0) } == model.index(of: wanted).map { model.entries[$0].score }, place)

        let range = ScoreRange(
            score(&generator), score(&generator), excludesMinimum: Bool.random(using: &generator),
            excludesMaximum: Bool.random(using: &generator))
        let ranks = set.ranks(in: range)
        #expect(Array(model.entries[ranks]) == model.entries.filter { model.contains($0, in: range) }, place)
        #expect(set.ranks(in: .all) == 0..<set.count, place)
    }

    @Test(arguments: [false, true], [4, 5])
    func rangesOfMembersAreThoseOfASortedArray(large: Bool, seed: UInt64) {
        var generator = SeededGenerator(seed)
        var set = large ? SortedSetValue.tall() : SortedSetValue.make()
        let limits = SortedSetLimits(maxListpackEntries: 10_000)
        var members = Set<[UInt8]>()
        for _ in 0..<300 {
            let member = member(600, &generator)
            members.insert(member)
            member.withView { _ = set.insert($0, 1, limits: limits) }
        }
        let sorted = members.sorted { $0.lexicographicallyPrecedes($1) }
        for _ in 0..<200 {
            let low = member(600, &generator)
            let high = member(600, &generator)
            low.withView { lowView in
                high.withView { highView in
                    let closed = set.ranks(in: LexRange(.inclusive(lowView), .inclusive(highView)))
                    let inside = sorted.filter {
                        !$0.lexicographicallyPrecedes(low) && !high.lexicographicallyPrecedes($0)
                    }
                    #expect(Array(sorted[closed]) == inside, "seed \(seed)")
                    let open = set.ranks(in: LexRange(.exclusive(lowView), .exclusive(highView)))
                    #expect(Array(sorted[open]) == inside.filter { $0 != low && $0 != high }, "seed \(seed)")
                    let above = set.ranks(in: LexRange(.exclusive(lowView), .highest))
                    #expect(Array(sorted[above]) == sorted.filter { low.lexicographicallyPrecedes($0) }, "seed \(seed)")
                }
            }
        }
        set.destroy()
    }
}
