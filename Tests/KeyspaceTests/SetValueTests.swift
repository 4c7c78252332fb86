import Primitives
import TestSupport
import Testing

@testable import Keyspace

@Suite struct SetValueTests {
    typealias Member = [UInt8]

    static func contents(_ set: SetValue) -> Set<Member> {
        var result: Set<Member> = []
        set.forEach { element in
            let isNew = result.insert(element.array).inserted
            #expect(isNew)
        }
        return result
    }

    /// What the set says of its size and memory is what its parts take.
    static func checkAccount(_ set: SetValue) {
        let copy = set.copy()
        #expect(copy.memoryUsage == set.memoryUsage)
        copy.destroy()
        guard set.encoding == .hashTable else { return }
        let table = set.table
        var count = 0
        var bytes = 0
        table.forEach {
            count += 1
            bytes += $0.footprint
        }
        #expect(count == table.header.pointee.count)
        #expect(bytes == table.header.pointee.entryBytes)
    }

    struct Plan: Sendable, CustomStringConvertible {
        var seed: UInt64
        var members: Int
        var limits = SetLimits()
        var integersOnly = false
        var expected: [Encoding]

        var description: String { "seed \(seed), \(members) members" }

        func member(_ number: Int) -> Member {
            // Integers of all widths, about the bounds of what needs no block, and texts that nearly are integers.
            let wide: [Int64] = [1 << 46, 1 << 46 - 1, -1 << 46, -1 << 46 - 1, .max, .min, 0, -1, 1 << 31, -1 << 15]
            if number < wide.count { return Array("\(wide[number])".utf8) }
            if integersOnly || number % 3 == 0 { return Array("\(number &* 7919 &* (number % 2 == 0 ? 1 : -1))".utf8) }
            if number % 3 == 1 { return Array("0\(number)".utf8) }
            return Array("member:\(number)".utf8) + [UInt8](repeating: 66, count: number % 40)
        }
    }

    static let plans: [Plan] = [
        Plan(seed: 1, members: 60, expected: [.listpack]),
        Plan(seed: 2, members: 300, integersOnly: true, expected: [.intset]),
        Plan(seed: 3, members: 400, expected: [.hashTable]),
        Plan(seed: 4, members: 4000, expected: [.hashTable]),
        Plan(seed: 5, members: 3000, integersOnly: true, expected: [.hashTable]),
        Plan(
            seed: 6, members: 40, limits: SetLimits(maxIntsetEntries: 0, maxListpackEntries: 0, maxListpackValue: 0),
            expected: [.hashTable]),
        Plan(
            seed: 7, members: 3000, limits: SetLimits(maxIntsetEntries: .max), integersOnly: true, expected: [.intset]),
    ]

    @Test(arguments: plans)
    func everyOperationMatchesTheModel(plan: Plan) {
        var random = SeededGenerator(plan.seed)
        var source = RandomGenerator(seed: plan.seed)
        var set = SetValue.make()
        var model: Set<Member> = []
        for step in 0..<12_000 {
            let member = plan.member(random.below(plan.members))
            // Phases of growth and of shrinking.
            let removing = (step / 3000) % 2 == 1
            switch random.below(removing ? 14 : 8) {
            case 0...4:
                let isNew = member.withView { set.add($0, limits: plan.limits) }
                #expect(isNew == model.insert(member).inserted)
            case 5, 8...13:
                let wasThere = member.withView { set.remove($0) }
                #expect(wasThere == (model.remove(member) != nil))
            case 6:
                let chosen = set.random(using: &source)?.array
                #expect(chosen.map(model.contains) ?? model.isEmpty)
            default:
                guard random.oneIn(10) else { continue }
                var popped: [Member] = []
                let count = random.below(5)
                set.pop(count, using: &source) { popped.append($0.array) }
                #expect(popped.count == min(count, model.count))
                for member in popped { #expect(model.remove(member) != nil) }
            }
            #expect(member.withView { set.contains($0) } == model.contains(member))
            #expect(member.withView { set.contains(SetElement($0)) } == model.contains(member))
            #expect(set.count == model.count)
            if step % 1000 == 0 {
                #expect(Self.contents(set) == model)
                Self.checkAccount(set)
            }
        }
        #expect(plan.expected.contains(set.encoding))
        let copy = set.copy()
        set.destroy()
        #expect(Self.contents(copy) == model)
        copy.destroy()
    }

    @Test func encodingsFollowTheLimits() {
        let limits = SetLimits(maxIntsetEntries: 4, maxListpackEntries: 3, maxListpackValue: 5)
        let cases: [(members: [String], encoding: Encoding)] = [
            (["1", "2", "3", "4"], .intset), (["1", "2", "3", "4", "5"], .hashTable), (["1", "a"], .listpack),
            (["a", "b", "c"], .listpack), (["a", "b", "c", "d"], .hashTable), (["a", "abcdef"], .hashTable),
            (["1", "2", "3", "a"], .hashTable), (["123456", "a"], .hashTable), (["01"], .listpack),
            (["1", "1", "1", "1", "1", "1"], .intset), (["9223372036854775808"], .hashTable),
        ]
        for (members, encoding) in cases {
            var set = SetValue.make()
            for member in members { _ = Array(member.utf8).withView { set.add($0, limits: limits) } }
            #expect(set.encoding == encoding, "\(members)")
            #expect(Self.contents(set) == Set(members.map { Array($0.utf8) }))
            set.destroy()
        }
    }

    @Test func integersTakeNoBlocks() {
        var set = SetValue.make()
        for number in 0..<20_000 {
            _ = Array("\(number)".utf8).withView { set.add($0, limits: SetLimits()) }
        }
        #expect(set.encoding == .hashTable)
        #expect(set.table.header.pointee.entryBytes == 0)
        #expect(set.memoryUsage < 20_000 * 24)
        set.destroy()
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func scanSeesEveryMemberThatStays(seed: UInt64) {
        var random = SeededGenerator(seed)
        var set = SetValue.make()
        // Integers, which become a table on the way, and others.
        let name = { (number: Int) in Array((seed < 3 ? "\(number)" : "m\(number)").utf8) }
        let staying = 500
        let growing = seed % 2 == 0
        let extra = 6000
        for number in 0..<(growing ? staying : staying + extra) {
            _ = name(number).withView { set.add($0, limits: SetLimits()) }
        }
        var seen: Set<Member> = []
        var cursor: UInt64 = 0
        var calls = 0
        var next = staying
        repeat {
            cursor = set.scan(cursor, count: 10) { seen.insert($0.array) }
            #expect(cursor < 1 << 48)
            calls += 1
            for _ in 0..<random.below(200) where next < staying + extra {
                _ = name(next).withView { growing ? set.add($0, limits: SetLimits()) : set.remove($0) }
                next += 1
            }
        } while cursor != 0 && calls < 100_000
        #expect(cursor == 0)
        for number in 0..<staying { #expect(seen.contains(name(number))) }
        for _ in 0..<1000 {
            _ = set.scan(random.next() >> UInt64(random.below(64)), count: .max) { _ in }
            _ = set.scan(random.next() >> UInt64(random.below(64)), count: .min) { _ in }
        }
        set.destroy()
    }

    @Test(arguments: [(5, "m"), (50, ""), (100, "m"), (3000, ""), (3000, "m")])
    func randomMembersAreUniformAndDifferent(members: Int, prefix: String) {
        var source = RandomGenerator(seed: 42)
        var set = SetValue.make()
        for number in 0..<members {
            _ = Array("\(prefix)\(number)".utf8).withView { set.add($0, limits: SetLimits()) }
        }
        var counts: [Member: Int] = [:]
        for _ in 0..<members * 20 { counts[set.random(using: &source)?.array ?? [], default: 0] += 1 }
        set.forEachRandomPick(members * 20, using: &source) {
            counts[$0.array, default: 0] += 1
            return true
        }
        #expect(counts.count == members)
        // 40 expected of each, with a deviation of 6.3.
        #expect(counts.values.allSatisfy { $0 > 5 && $0 < 90 })
        for wanted in [0, 1, members / 20, members / 2, members - 1, members, members * 2, .max] {
            var seen: [Member] = []
            set.forEachRandom(wanted, using: &source) { seen.append($0.array) }
            #expect(Set(seen).count == seen.count)
            #expect(seen.count == min(wanted, members))
        }
        set.destroy()
    }

    /// Few members are sought, of many those that stay are moved.
    @Test(arguments: [(50, ""), (100, "m"), (3000, ""), (3000, "m")])
    func poppedMembersAreUniformAndGone(members: Int, prefix: String) {
        var source = RandomGenerator(seed: 42)
        for wanted in [1, members / 20, members / 2, members - 1] {
            var counts = [Int](repeating: 0, count: members)
            let rounds = 40 * members / wanted
            for _ in 0..<min(rounds, 200) {
                var set = SetValue.make()
                for number in 0..<members {
                    _ = Array("\(prefix)\(number)".utf8).withView { set.add($0, limits: SetLimits()) }
                }
                var popped: Set<Member> = []
                set.pop(wanted, using: &source) { popped.insert($0.array) }
                #expect(popped.count == wanted)
                #expect(set.count == members - wanted)
                #expect(Self.contents(set).isDisjoint(with: popped))
                for member in popped {
                    counts[Int(String(decoding: member.dropFirst(prefix.utf8.count), as: UTF8.self)) ?? 0] += 1
                }
                set.destroy()
            }
            // 40 expected of each, with a deviation of at most 6.3.
            if rounds <= 200 { #expect(counts.allSatisfy { $0 > 5 && $0 < 90 }) }
        }
    }

    @Test func damagedBlocksAreRefusedOrHarmless() {
        var integers = SetValue.make()
        var texts = SetValue.make()
        for number in 0..<20 {
            _ = Array("\(number * 5000)".utf8).withView { integers.add($0, limits: SetLimits()) }
            _ = Array("m\(number)".utf8).withView { texts.add($0, limits: SetLimits()) }
        }
        for set in [integers, texts] {
            let sample = set.blockBytes?.array ?? []
            let whole = sample.withView { SetValue.load($0, encoding: set.encoding, limits: SetLimits()) }
            #expect(whole.map(Self.contents) == Self.contents(set))
            whole?.destroy()
            for index in sample.indices {
                let cut = Array(sample[..<index])
                #expect(cut.withView { SetValue.load($0, encoding: set.encoding, limits: SetLimits()) } == nil)
                for bit in 0..<8 {
                    var damaged = sample
                    damaged[index] ^= 1 << UInt8(bit)
                    guard
                        var loaded = damaged.withView({
                            SetValue.load($0, encoding: set.encoding, limits: SetLimits())
                        })
                    else { continue }
                    #expect(Self.contents(loaded).count == loaded.count)
                    _ = loaded.add("12345", limits: SetLimits())
                    _ = loaded.remove("5000")
                    loaded.destroy()
                }
            }
            set.destroy()
        }
        #expect(SetValue.load(.empty, encoding: .hashTable, limits: SetLimits()) == nil)
    }
}
