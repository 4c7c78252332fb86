import Primitives
import Testing

@testable import Keyspace

/// What is noted of the use of keys.
@Suite struct UseCounterTests {
    @Test func aCounterGrowsEverMoreSlowly() {
        var random = RandomGenerator(seed: 5)
        var counter = UseCounter(now: 0)
        var after: [Int: UInt8] = [:]
        for use in 1...100_000 {
            counter.note(now: 0, decayMinutes: 1, logFactor: 10, &random)
            if [10, 1000, 100_000].contains(use) { after[use] = counter.value }
        }
        // What Redis's documentation lists for this factor, give or take.
        #expect((6...14).contains(after[10] ?? 0))
        #expect((14...24).contains(after[1000] ?? 0))
        #expect((120...180).contains(after[100_000] ?? 0))
    }

    @Test func aFactorOfZeroCountsEveryUse() {
        var random = RandomGenerator(seed: 5)
        var counter = UseCounter(now: 0)
        for _ in 0..<300 { counter.note(now: 0, decayMinutes: 1, logFactor: 0, &random) }
        #expect(counter.value == 255)
    }

    @Test func aCounterFallsWithTime() {
        let counter = UseCounter(bits: UseCounter(now: 0).bits | 100)
        let value = Int(counter.value)
        #expect(Int(counter.decayed(now: 59_999, minutes: 1)) == value)
        #expect(Int(counter.decayed(now: 600_000, minutes: 1)) == value - 10)
        #expect(Int(counter.decayed(now: 600_000, minutes: 5)) == value - 2)
        #expect(Int(counter.decayed(now: 600_000, minutes: 0)) == value)
        #expect(counter.decayed(now: 600_000_000, minutes: 1) == 0)
    }

    @Test func anEraHalvesWhatWasCountedBefore() {
        var counter = AdmissionCounter(count: 0, isOnTrial: true, era: 65_535)
        for _ in 0..<20 { counter.note(era: 65_535) }
        #expect(counter.count(in: 65_535) == 15)
        #expect(counter.count(in: 0) == 7)
        #expect(counter.count(in: 3) == 0)
        counter.note(era: 1)
        #expect(counter.count(in: 1) == 4)
        let copy = AdmissionCounter(bits: counter.bits)
        #expect(copy.isOnTrial && copy.count(in: 1) == 4)
        #expect(copy.bits < 1 << 24)
    }

    @Test func theHistoryGivesBackWhatItWasTold() {
        let history = UseHistory()
        var random = RandomGenerator(seed: 3)
        let hashes = (0..<100).map { _ in random.next() }
        #expect(history.take(hashes[0]) == 0)
        history.prepare()
        history.setKeyCount(1000)
        for (index, hash) in hashes.enumerated() { history.remember(hash, count: 1 + index % 15) }
        let kept = hashes.indices.filter { history.take(hashes[$0]) == 1 + $0 % 15 }.count
        #expect(kept > 90)
        // Each is given back once.
        #expect(hashes.filter { history.take($0) != 0 }.count <= 2)
    }

    @Test func theHistoryForgetsByHalvesWithEachEra() {
        let history = UseHistory()
        history.prepare()
        history.setKeyCount(10)
        var random = RandomGenerator(seed: 3)
        let hash = random.next()
        history.remember(hash, count: 12)
        history.note(uses: 2000)
        #expect(history.era == 1)
        for _ in 0..<4 { history.sweep() }
        #expect(history.take(hash) == 6)
    }

    @Test func dearValuesCountForMore() {
        #expect(CostBonus.of(microseconds: 0) == 0)
        #expect(CostBonus.of(microseconds: 999) == 0)
        #expect(CostBonus.of(microseconds: 1000) == 1)
        #expect(CostBonus.of(microseconds: 1_000_000) == 10)
        #expect(CostBonus.of(microseconds: .max) == 15)
    }
}
