import Primitives
import TestSupport
import Testing

@testable import Keyspace

@Suite struct SortedSetTests {
    static let limits = SortedSetLimits()

    static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    static func set(_ entries: [(String, Double)], large: Bool) -> SortedSetValue {
        var set = large ? SortedSetValue.tall() : SortedSetValue.make()
        for (member, score) in entries { bytes(member).withView { _ = set.insert($0, score, limits: limits) } }
        return set
    }

    static func names(_ set: SortedSetValue) -> [String] {
        set.entries.map { String(decoding: $0.member, as: UTF8.self) }
    }

    @Test(arguments: [false, true])
    func ordersByScoreAndThenByBytes(large: Bool) {
        let set = Self.set([("b", 1), ("a", 1), ("z", -.infinity), ("10", 0.5), ("2", 0.5), ("", 0.5)], large: large)
        #expect(Self.names(set) == ["z", "", "10", "2", "a", "b"])
        set.destroy()
    }

    @Test(arguments: [false, true])
    func zeroesOfBothSignsAreOneScore(large: Bool) {
        var set = Self.set([("a", 0), ("b", -0.0)], large: large)
        #expect(Self.names(set) == ["a", "b"])
        #expect(Self.bytes("a").withView { set.insert($0, -0.0, limits: Self.limits) } == .unchanged)
        #expect(set.ranks(in: ScoreRange(-0.0, 0)) == 0..<2)
        // Only the tree keeps the sign.
        #expect(Self.bytes("b").withView { set.score(of: $0) }?.sign == (large ? .minus : .plus))
        set.destroy()
    }

    @Test(arguments: [false, true])
    func scoresComeBackExactly(large: Bool) {
        let scores: [Double] = [
            0.1, 1e300, -1e-300, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .infinity, -.infinity,
            9_007_199_254_740_992, 0x1p62, -0x1p63, 127, 128,
            -4096, 1e15, 1e17, 3.0000000000000004, 1 / 3,
        ]
        let set = Self.set(scores.enumerated().map { ("m\($0)", $1) }, large: large)
        for (index, score) in scores.enumerated() {
            #expect(Self.bytes("m\(index)").withView { set.score(of: $0) } == score)
        }
        #expect(set.entries.map(\.score) == scores.sorted())
        set.destroy()
    }

    @Test func tooManyMembersMakeItLarge() {
        var set = SortedSetValue.make()
        let limits = SortedSetLimits(maxListpackEntries: 3, maxListpackValue: 5)
        for member in ["a", "b", "c"] { Self.bytes(member).withView { _ = set.insert($0, 1, limits: limits) } }
        #expect(set.encoding == .listpack)
        Self.bytes("c").withView { _ = set.insert($0, 7, limits: limits) }
        #expect(set.encoding == .listpack)
        Self.bytes("0").withView { _ = set.insert($0, 1, limits: limits) }
        #expect(set.encoding == .skipList)
        #expect(Self.names(set) == ["0", "a", "b", "c"])
        set.remove(0..<4)
        #expect(set.encoding == .skipList && set.isEmpty)
        set.destroy()
    }

    @Test func aLongMemberMakesItLarge() {
        var set = SortedSetValue.make()
        for count in [64, 65, 254, 255, 256, 5000] {
            [UInt8](repeating: 7, count: count).withView { _ = set.insert($0, Double(count), limits: Self.limits) }
            #expect(set.encoding == (count == 64 ? .listpack : .skipList))
        }
        #expect(set.entries.map(\.member.count) == [64, 65, 254, 255, 256, 5000])
        #expect(set.large.brokenInvariant() == nil)
        set.destroy()
    }

    @Test(arguments: [false, true])
    func updateSeesThePresentScore(large: Bool) {
        var set = Self.set([("a", 5)], large: large)
        Self.bytes("a").withView { member in
            #expect(set.update(member, limits: Self.limits) { ($0 ?? 0) + 2 } == .updated)
            #expect(set.update(member, limits: Self.limits) { _ in nil } == .unchanged)
            #expect(set.score(of: member) == 7)
        }
        Self.bytes("b").withView { member in
            #expect(set.update(member, limits: Self.limits) { $0.map { $0 + 1 } } == .unchanged)
            #expect(set.update(member, limits: Self.limits) { ($0 ?? 0) + 2 } == .added)
        }
        #expect(set.count == 2)
        set.destroy()
    }

    @Test(arguments: [false, true])
    func popsFromBothEnds(large: Bool) {
        var set = Self.set((0..<20).map { ("m\($0)", Double($0)) }, large: large)
        var popped: [Double] = []
        #expect(set.popMin(3) { popped.append($1) } == 3)
        #expect(set.popMax(2) { popped.append($1) } == 2)
        #expect(popped == [0, 1, 2, 19, 18])
        #expect(set.popMax(0) { _, _ in } == 0)
        #expect(set.popMin(.max) { _, _ in } == 15)
        #expect(set.isEmpty)
        set.destroy()
    }

    @Test(arguments: [false, true])
    func ranksBeyondTheEndsAreNobodys(large: Bool) {
        var set = Self.set([("a", 1), ("b", 2)], large: large)
        #expect(set.entries(1..<Int.max).count == 1)
        #expect(set.entries(5..<9).isEmpty)
        #expect(set.remove(2..<9) == 0)
        #expect(set.remove(Int.min..<1) == 1)
        set.destroy()
    }

    @Test(arguments: [false, true])
    func crossedRangesHoldNothing(large: Bool) {
        let set = Self.set([("a", 1), ("b", 1), ("c", 1)], large: large)
        #expect(set.ranks(in: ScoreRange(2, 0)).isEmpty)
        #expect(set.ranks(in: ScoreRange(1, 1, excludesMinimum: true)).isEmpty)
        #expect(set.ranks(in: ScoreRange(.infinity, -.infinity)).isEmpty)
        #expect(set.ranks(in: LexRange(.highest, .lowest)).isEmpty)
        #expect(set.ranks(in: LexRange(.inclusive(ByteView("c")), .inclusive(ByteView("a")))).isEmpty)
        #expect(set.ranks(in: LexRange(.lowest, .highest)) == 0..<3)
        #expect(set.ranks(in: LexRange(.exclusive(ByteView("a")), .highest)) == 1..<3)
        set.destroy()
    }

    @Test func builderChoosesTheEncoding() {
        for (count, encoding) in [(128, Encoding.listpack), (129, .skipList), (3000, .skipList)] {
            var builder = SortedSetBuilder(expected: 1000, limits: Self.limits)
            for index in 0..<count { Self.bytes("m\(index)").withView { builder.append($0, Double(index)) } }
            let set = builder.finish()
            #expect(set.encoding == encoding)
            #expect(set.entries.map(\.score) == (0..<count).map(Double.init))
            if encoding == .skipList { #expect(set.large.brokenInvariant() == nil) }
            set.destroy()
        }
    }

    @Test func foreignListpacksAreCheckedBeforeTheyAreTaken() {
        func pack(_ elements: [String]) -> Listpack {
            var pack = Listpack.make()
            for element in elements { Self.bytes(element).withView { pack.append($0) } }
            return pack
        }
        let bad = [
            [], ["a"], ["a", "x"], ["a", "nan"], ["a", "2", "b", "1"], ["b", "1", "a", "1"], ["a", "1", "a", "1"],
            ["a", ""], ["a", "1.5x"], ["a", "1", "a", "2"], ["7", "1", "b", "2", "7", "3"],
        ]
        for elements in bad {
            let pack = pack(elements)
            #expect(SortedSetValue.adopt(pack, limits: Self.limits) == nil, "\(elements)")
            pack.destroy()
        }
        let good = SortedSetValue.adopt(pack(["a", "-inf", "7", "1.5", "b", "1.5"]), limits: Self.limits)
        #expect(good?.entries.map(\.score) == [-.infinity, 1.5, 1.5])
        good?.destroy()
        let large = SortedSetValue.adopt(pack(["a", "1", "b", "2"]), limits: SortedSetLimits(maxListpackEntries: 1))
        #expect(large?.encoding == .skipList && large?.count == 2)
        large?.destroy()
    }

    @Test(arguments: [false, true])
    func everyMemberIsDrawn(large: Bool) {
        let set = Self.set((0..<10).map { ("m\($0)", 1) }, large: large)
        var generator = SeededGenerator(3)
        var drawn: [String: Int] = [:]
        for _ in 0..<2000 { set.randomMember(generator.next()) { member, _ in drawn[member.string, default: 0] += 1 } }
        #expect(drawn.count == 10 && drawn.values.allSatisfy { $0 > 120 })
        set.destroy()
        let empty = SortedSetValue.make()
        #expect(!empty.randomMember(1) { _, _ in })
        empty.destroy()
    }
}
