import Primitives
import Testing

@Suite struct RandomGeneratorTests {
    @Test func equalSeedsGiveEqualSequences() {
        var a = RandomGenerator(seed: 5)
        var b = RandomGenerator(seed: 5)
        for _ in 0..<100 { #expect(a.next() == b.next()) }
    }

    @Test func boundsAreKeptAndEveryValueIsAboutAsLikely() {
        var generator = RandomGenerator(seed: 6)
        var counts = [Int](repeating: 0, count: 7)
        for _ in 0..<70000 { counts[generator.next(below: 7)] += 1 }
        for count in counts { #expect(abs(count - 10000) < 500) }
        #expect(generator.next(below: 0) == 0)
        #expect(generator.next(below: -3) == 0)
        #expect(generator.next(below: UInt64(0)) == 0)
        #expect(generator.next(below: 1) == 0)
        #expect(generator.next(below: UInt64.max) < .max)
    }
}
