import Primitives
import TestSupport
import Testing

@Suite struct HeavyHittersTests {
    init() { seedProcessHash() }

    private func add(_ name: String, _ weight: UInt64, to hitters: inout HeavyHitters) {
        Array(name.utf8).withView { hitters.add($0, hash: processHash($0), weight: weight) }
    }

    @Test func namesThatHaveAPlaceAreWeighedExactly() {
        var hitters = HeavyHitters(capacity: 100)
        for round in 0..<1000 { add("k\(round % 50)", UInt64(round % 50), to: &hitters) }
        #expect(hitters.all.count == 50)
        for item in hitters.all {
            let number = UInt64(String(decoding: item.name.dropFirst(), as: UTF8.self)) ?? 0
            #expect(item.weight == number * 20 && item.error == 0)
        }
    }

    /// Against sums that are kept of all names: no weight is too small, the error bounds it, and who is heavy is there.
    @Test func heavyNamesAreFoundAmongMany() {
        var random = SeededGenerator(11)
        var hitters = HeavyHitters(capacity: 64)
        var sums: [String: UInt64] = [:]
        var total: UInt64 = 0
        for _ in 0..<50_000 {
            let isHeavy = Int.random(in: 0..<10, using: &random) < 4
            let name =
                isHeavy ? "h\(Int.random(in: 0..<8, using: &random))" : "k\(Int.random(in: 0..<5000, using: &random))"
            let weight = UInt64.random(in: 0..<20, using: &random)
            add(name, weight, to: &hitters)
            sums[name, default: 0] += weight
            total += weight
        }
        var found: [String: HeavyHitters.Item] = [:]
        for item in hitters.all { found[String(decoding: item.name, as: UTF8.self)] = item }
        #expect(found.count == 64)
        for (name, item) in found {
            let sum = sums[name] ?? 0
            #expect(item.weight >= sum && item.certainWeight <= sum)
        }
        for (name, sum) in sums where sum > total / 64 { #expect(found[name] != nil, "\(name) weighs \(sum)") }
        let heaviest = found.sorted { $0.value.certainWeight > $1.value.certainWeight }.prefix(8).map(\.key)
        #expect(Set(heaviest) == Set((0..<8).map { "h\($0)" }))
    }

    @Test func oneNameWithoutEnd() {
        var hitters = HeavyHitters(capacity: 1)
        add("a", .max, to: &hitters)
        add("a", 5, to: &hitters)
        add("b", 1, to: &hitters)
        #expect(hitters.all.count == 1)
    }
}
