import TestSupport
import Testing

@testable import ComputedKeys
@testable import Keyspace

@Suite struct GraphTests {
    @Test func aNodeLivesAsLongAsItIsNeeded() {
        let fixture = GraphFixture()
        fixture.derive(1, from: [2, 3])
        #expect(fixture.graph.nodeCount == 3)
        fixture.derive(4, from: [1])
        fixture.drop(1)
        // The value is gone, and what it was derived from; something depends on the node.
        #expect(fixture.find(1) != 0 && fixture.find(2) == 0)
        #expect(fixture.condition(1) == .absent)
        fixture.drop(4)
        #expect(fixture.graph.nodeCount == 0 && fixture.graph.edges.count == 0)
        #expect(fixture.graph.computedCount == 0)
    }

    @Test func pinsKeepNodes() {
        let fixture = GraphFixture()
        let node = fixture.node(1)
        fixture.graph.pin(node)
        fixture.graph.pin(node)
        fixture.graph.unpin(node)
        #expect(fixture.find(1) == node)
        fixture.graph.unpin(node)
        #expect(fixture.find(1) == 0)
        // Once there were too many to count they stay.
        let kept = fixture.node(2)
        for _ in 0..<70_000 { fixture.graph.pin(kept) }
        for _ in 0..<70_000 { fixture.graph.unpin(kept) }
        #expect(fixture.find(2) == kept)
    }

    @Test(arguments: [8, 9, 10] as [UInt64])
    func listsAndCountsAgree(_ seed: UInt64) {
        var random = SeededGenerator(seed)
        let fixture = GraphFixture()
        for step in 0..<3000 {
            let name = random.below(60)
            if random.below(4) == 0 {
                fixture.drop(name)
            } else {
                // Each of a lower number, so that there are no cycles, and each once.
                let sources = Set((0..<random.below(6)).map { _ in random.below(name + 1) }).subtracting([name])
                fixture.derive(name, from: Array(sources))
            }
            if step.isMultiple(of: 50) { #expect(fixture.isConsistent(0..<60), "seed \(seed) step \(step)") }
        }
        for name in (0..<60).reversed() { fixture.drop(name) }
        #expect(fixture.graph.nodeCount == 0 && fixture.graph.edges.count == 0, "seed \(seed)")
    }

    @Test func cyclesAreFoundWhateverStateTheirNodesHave() {
        let fixture = GraphFixture()
        fixture.derive(1, from: [0])
        fixture.derive(2, from: [1])
        func cycle(_ name: Int, _ sources: [Int]) -> [UInt32]? {
            guard
                case .some(.path(let path)) = fixture.graph.cycle(
                    from: fixture.node(name), over: sources.map { fixture.graph.seen(fixture.node($0)) })
            else { return nil }
            return path
        }
        let way = [0, 2, 1, 0].map { fixture.node($0) }
        #expect(cycle(0, [0]) == [way[0], way[0]])
        // The first has no value yet, is fresh, and is stale.
        #expect(cycle(0, [2]) == way)
        fixture.derive(0, from: [9])
        #expect(cycle(0, [2, 9]) == way)
        fixture.cascade([9])
        #expect(fixture.condition(2) == .maybeStale)
        #expect(cycle(0, [2]) == way)
        #expect(cycle(0, [9]) == nil)
        #expect(cycle(3, [2, 1]) == nil)
        // Where there are many dependents too.
        for name in 100..<3000 { fixture.derive(name, from: [0]) }
        fixture.derive(0, from: [9])
        #expect(cycle(0, [2])?.count == 4)
        #expect(cycle(0, [9, 8]) == nil)
    }
}
