import Primitives
import TestSupport
import Testing

@testable import Keyspace

/// Unions, intersections and differences of sets of every encoding, against those of the standard library.
@Suite struct SetAlgebraTests {
    typealias Member = [UInt8]

    private static func result(_ operation: SetAlgebra.Operation, _ sets: [SetValue?]) -> [Member] {
        let algebra = SetAlgebra(operation, sets)
        var members: [Member] = []
        while algebra.advance({
            members.append($0.value.array)
            return true
        }) {}
        return members
    }

    private static func expected(_ operation: SetAlgebra.Operation, _ sets: [SetValue?]) -> Set<Member> {
        let contents = sets.map { $0.map(SetValueTests.contents) ?? [] }
        return contents.dropFirst().reduce(contents[0]) { result, next in
            switch operation {
            case .union: result.union(next)
            case .intersection: result.intersection(next)
            case .difference: result.subtracting(next)
            }
        }
    }

    /// Sets of all sizes and encodings over the same members.
    private static func sets(_ random: inout SeededGenerator) -> [SetValue?] {
        let limits = [
            SetLimits(), SetLimits(maxIntsetEntries: 0, maxListpackEntries: 0), SetLimits(maxIntsetEntries: 100_000),
            SetLimits(maxListpackEntries: 100_000),
        ]
        return (0..<1 + random.below(4)).map { _ in
            if random.oneIn(12) { return nil }
            let limits = random.pick(limits)
            let range = random.pick([3, 40, 2000, 6000])
            let integersOnly = random.oneIn(3)
            var set = SetValue.make()
            for _ in 0..<random.below(range) {
                let number = random.below(range)
                let member =
                    integersOnly || number % 2 == 0
                    ? "\(number)" : number % 5 == 0 ? "\(Int.max - number)" : "m\(number)"
                _ = Array(member.utf8).withView { set.add($0, limits: limits) }
            }
            return set
        }
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func resultsAreThoseOfTheModel(seed: UInt64) {
        var random = SeededGenerator(seed)
        var sets = Self.sets(&random)
        // Some are named twice.
        if random.oneIn(3) { sets.append(sets[0]) }
        for operation in [SetAlgebra.Operation.union, .intersection, .difference] {
            let members = Self.result(operation, sets)
            #expect(Set(members) == Self.expected(operation, sets), "seed \(seed), \(operation)")
            #expect(Set(members).count == members.count)
        }
        if random.oneIn(3) { sets.removeLast() }
        for index in sets.indices where !sets[..<index].contains(where: { $0?.storage == sets[index]?.storage }) {
            sets[index]?.destroy()
        }
    }

    @Test func membersOfAStretchCanBeCutOff() {
        var set = SetValue.make()
        for number in 0..<5000 { _ = Array("m\(number)".utf8).withView { set.add($0, limits: SetLimits()) } }
        let algebra = SetAlgebra(.union, [set])
        var count = 0
        while algebra.advance({ _ in
            count += 1
            return count < 10
        }) {}
        #expect(count == 10)
        #expect(algebra.effort == 5000)
        set.destroy()
    }
}
