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

    @Test func unitNumbersFillTheirRange() {
        var generator = RandomGenerator(seed: 7)
        var sum = 0.0
        for _ in 0..<10000 {
            let value = generator.nextUnit()
            #expect(value >= 0 && value < 1)
            sum += value
        }
        #expect(abs(sum / 10000 - 0.5) < 0.02)
    }
}

@Suite struct CheckedMathTests {
    @Test func whatDoesNotFitIsNil() {
        #expect(Int64.max.adding(checked: 1) == nil)
        #expect(Int64.min.subtracting(checked: 1) == nil)
        #expect(Int64(1 << 40).multiplied(checked: 1 << 30) == nil)
        #expect((Int64.max / 1000).secondsInMilliseconds == Int64.max / 1000 * 1000)
        #expect((Int64.max / 1000 + 1).secondsInMilliseconds == nil)
        #expect(Int64.min.secondsInMilliseconds == nil)
        #expect((0.5).exactInteger == nil)
        #expect((0x1p62).exactInteger == 1 << 62)
        #expect((0x1p63).exactInteger == nil)
        #expect(Double.nan.exactInteger == nil)
        #expect((-0.0).exactInteger == 0)
    }
}
