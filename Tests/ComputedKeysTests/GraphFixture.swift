import Primitives

@testable import ComputedKeys
@testable import Keyspace

/// A graph whose nodes are named by numbers, with what tests say of it.
final class GraphFixture {
    private let states = NodeStates()
    var graph: Graph
    private var revision: UInt64 = 0

    init() { graph = Graph(states: states) }

    /// The node of a name, made where there is none.
    func node(_ name: Int) -> UInt32 {
        Array("node:\(name)".utf8).withView { graph.findOrMake(NodeName(Key($0), database: 0)) } ?? 0
    }

    /// The node of a name; 0 where there is none.
    func find(_ name: Int) -> UInt32 {
        Array("node:\(name)".utf8).withView { graph.find(NodeName(Key($0), database: 0)) }
    }

    /// Makes a node fresh, derived from others.
    func derive(_ name: Int, from sources: [Int]) {
        let target = node(name)
        graph.pin(target)
        graph.removeValue(of: target)
        let dependencies = sources.map { graph.seen(node($0)) }
        _ = graph.link(target, to: dependencies)
        revision += 1
        graph.setValue(of: target, derivedFrom: dependencies, PublishOptions(), revision: revision)
        graph.unpin(target)
    }

    func drop(_ name: Int) {
        let node = find(name)
        guard node != 0 else { return }
        graph.removeValue(of: node)
        graph.release(node)
    }

    func condition(_ name: Int) -> NodeState.Condition { graph.states[node(name)].condition }

    func set(_ name: Int, _ condition: NodeState.Condition) {
        let node = node(name)
        graph.states[node] = graph.states[node].with(condition)
    }

    /// Marks what depends on some nodes; returns how many turned stale.
    @discardableResult
    func cascade(_ names: [Int], limit: Int = .max) -> Int {
        revision += 1
        let cascade = Cascade(roots: names.map { node($0) }, revision: revision, now: 0)
        while !cascade.advance(&graph, limit: limit, announcesAll: false, { _ in }) {}
        return cascade.marked
    }

    /// Whether lists, counts and flags agree with the edges that the nodes say they have.
    func isConsistent(_ names: Range<Int>) -> Bool {
        var dependents: [UInt32: [UInt32]] = [:]
        var edges = 0
        let nodes = names.map { find($0) }.filter { $0 != 0 }
        for node in nodes {
            for dependency in graph.dependencies(of: node) {
                dependents[dependency, default: []].append(node)
                edges += 1
            }
        }
        guard edges == graph.edges.count, nodes.count == graph.nodeCount else { return false }
        return nodes.allSatisfy { node in
            var listed: [UInt32] = []
            graph.forEachDependent(of: node) {
                listed.append($0)
                return true
            }
            let expected = dependents[node] ?? []
            return listed.sorted() == expected.sorted()
                && graph.states[node].contains(.hasDependents) == !expected.isEmpty
        }
    }
}
