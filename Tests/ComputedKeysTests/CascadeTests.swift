import TestSupport
import Testing

@testable import ComputedKeys
@testable import Keyspace

@Suite struct CascadeTests {
    @Test func aDiamondIsMarkedOnce() {
        let fixture = GraphFixture()
        fixture.derive(1, from: [0])
        fixture.derive(2, from: [0])
        fixture.derive(3, from: [1, 2])
        #expect(fixture.cascade([0]) == 3)
        #expect(fixture.condition(1) == .stale && fixture.condition(2) == .stale)
        #expect(fixture.condition(3) == .maybeStale)
        #expect(fixture.cascade([0]) == 0)
        // Whoever depends on what has changed is stale, however else it is reached.
        fixture.derive(1, from: [0])
        fixture.derive(4, from: [0, 1])
        #expect(fixture.cascade([0]) == 2)
        #expect(fixture.condition(4) == .stale)
    }

    @Test(arguments: [Int.max, 1, 7, 4096])
    func longChainsAndWideFans(_ limit: Int) {
        let count = 20_000
        let chain = GraphFixture()
        for name in 1...count { chain.derive(name, from: [name - 1]) }
        #expect(chain.cascade([0], limit: limit) == count)
        #expect(chain.condition(1) == .stale && chain.condition(count) == .maybeStale)
        let fan = GraphFixture()
        for name in 1...count { fan.derive(name, from: [0]) }
        #expect(fan.cascade([0], limit: limit) == count)
    }

    /// Edges go, and nodes are used for something else, while a cascade rests.
    @Test(arguments: [11, 12, 13] as [UInt64])
    func aSuspendedCascadeMissesNothing(_ seed: UInt64) {
        var random = SeededGenerator(seed)
        for _ in 0..<50 {
            let fixture = GraphFixture()
            let names = 1...200
            for name in names { fixture.derive(name, from: [name < 50 ? 0 : random.below(name)]) }
            let cascade = Cascade(roots: [fixture.node(0)], revision: 1000, now: 0)
            let unmanaged = Unmanaged.passRetained(cascade)
            fixture.graph.suspended.append(unmanaged)
            var touched: Set<Int> = []
            while !cascade.advance(&fixture.graph, limit: 1 + random.below(5), announcesAll: false, { _ in }) {
                let name = names.randomElement(using: &random) ?? 1
                touched.insert(name)
                if random.below(2) == 0 { fixture.drop(name) } else { fixture.derive(name, from: [1000 + name]) }
            }
            fixture.graph.suspended = []
            unmanaged.release()
            // What was left alone, and all that it was derived from, is marked.
            var reached: Set<UInt32> = [fixture.node(0)]
            for name in names where !touched.contains(name) {
                let sources = fixture.graph.dependencies(of: fixture.node(name))
                guard sources.allSatisfy({ reached.contains($0) }) else { continue }
                reached.insert(fixture.node(name))
                #expect(fixture.condition(name) != .fresh, "seed \(seed)")
            }
        }
    }
}

@Suite struct RestorationTests {
    private func restore(_ fixture: GraphFixture, _ name: Int) -> [UInt32] {
        var restoration = Restoration(fixture.node(name))
        restoration.run(&fixture.graph)
        return restoration.restored
    }

    @Test func restoresWhatWasMaybeStale() {
        let fixture = GraphFixture()
        fixture.derive(1, from: [0])
        for name in 2...100 { fixture.derive(name, from: [name - 1]) }
        fixture.cascade([0])
        fixture.set(1, .fresh)
        #expect(restore(fixture, 1).count == 99)
        #expect(fixture.condition(100) == .fresh)
    }

    @Test func everyDependencyMustBeFresh() {
        let fixture = GraphFixture()
        fixture.derive(1, from: [0])
        fixture.derive(2, from: [0])
        fixture.derive(3, from: [1, 2])
        fixture.derive(4, from: [3])
        fixture.cascade([0])
        fixture.set(1, .fresh)
        #expect(restore(fixture, 1).isEmpty)
        fixture.set(2, .fresh)
        #expect(restore(fixture, 2) == [fixture.node(3), fixture.node(4)])
        // What turned stale by itself stays so.
        fixture.derive(5, from: [1, 0])
        fixture.cascade([0])
        fixture.set(1, .fresh)
        #expect(!restore(fixture, 1).contains(fixture.node(5)))
    }

    @Test func whatSawNothingIsOutdated() {
        let fixture = GraphFixture()
        fixture.derive(1, from: [0])
        fixture.cascade([0])
        fixture.derive(2, from: [1])
        #expect(fixture.condition(2) == .fresh)
        fixture.set(1, .fresh)
        var restoration = Restoration(fixture.node(1))
        restoration.run(&fixture.graph)
        #expect(restoration.outdated == [fixture.node(2)])
    }
}

@Suite struct SourceDeadlineTests {
    @Test(arguments: [14, 15] as [UInt64])
    func comeUpInTheirTime(_ seed: UInt64) {
        var random = SeededGenerator(seed)
        var deadlines = SourceDeadlines()
        var model: [UInt32: Int64] = [:]
        var now: Int64 = 0
        for _ in 0..<5000 {
            let node = UInt32(1 + random.below(50))
            switch random.below(5) {
            case 0:
                deadlines.set(nil, for: node)
                model[node] = nil
            case 1:
                now += Int64(random.below(20))
                var due: Set<UInt32> = []
                while let node = deadlines.popDue(now: now) { due.insert(node) }
                let expected = Set(model.filter { $0.value < now }.keys)
                #expect(due == expected, "seed \(seed)")
                for node in expected { model[node] = nil }
            default:
                let deadline = now + Int64(random.below(200))
                deadlines.set(deadline, for: node)
                model[node] = deadline
            }
            #expect(deadlines.next <= model.values.min() ?? .max, "seed \(seed)")
        }
    }

    @Test func thatMoveToAndFroLeaveLittleBehind() {
        var deadlines = SourceDeadlines()
        for step in 0..<100_000 {
            deadlines.set(Int64(1_000_000 - step % 2), for: 1)
            deadlines.set(Int64(2_000_000 - step), for: 2)
        }
        #expect(deadlines.memoryUsage < 100_000)
        #expect(deadlines.next == 999_999)
    }
}
