import Keyspace

/// Early cutoff: a computed key was published again with the value that it had, so what was derived from it and is only
/// maybe stale is as good as before, unless something else that it was derived from is not.
struct Restoration {
    /// Edges that are visited at most. What is left stays maybe stale and is computed once more at worst.
    private static let limit = 1 << 16

    private var queue: [UInt32]
    /// Nodes that are fresh again.
    private(set) var restored: [UInt32] = []
    /// Nodes that are fresh although they were derived from the having no value of one that has one again.
    private(set) var outdated: [UInt32] = []

    /// - Parameter node: published with the value that those had seen who are maybe stale by it.
    init(_ node: UInt32) { queue = [node] }

    mutating func run(_ graph: inout Graph) {
        // Those who saw a stale key must be found, however many there are.
        var left = graph.sawStaleCount == 0 ? Self.limit : .max
        while let node = queue.popLast() {
            var edge = graph.nodes[node].firstDependent
            while edge != 0, left > 0 {
                left -= 1
                visit(graph.edges.pointer(edge).pointee.dependent, &graph, &left)
                edge = graph.edges.pointer(edge).pointee.next
            }
        }
    }

    private mutating func visit(_ target: UInt32, _ graph: inout Graph, _ left: inout Int) {
        let state = graph.states[target]
        if state.condition == .fresh, state.contains(.sawStale) { outdated.append(target) }
        guard state.condition == .maybeStale, graph.isUnchanged(target, &left) else { return }
        graph.states[target] = state.with(.fresh)
        restored.append(target)
        if state.contains(.hasDependents) { queue.append(target) }
    }
}

extension Graph {
    /// Whether all that a node was derived from is what it was: none of the computed keys among it is stale.
    ///
    /// The one that it was last found to wait for is looked at first, so that many dependencies that become fresh one by one
    /// are not all looked at each time.
    fileprivate func isUnchanged(_ node: UInt32, _ limit: inout Int) -> Bool {
        if let cause = Cause.node(nodes[node].cause), isOutdated(cause) { return false }
        return forEachDependency(of: node) { dependency in
            limit -= 1
            guard isOutdated(dependency) else { return true }
            nodes.pointer(node).pointee.cause = dependency
            return false
        }
    }

    private func isOutdated(_ node: UInt32) -> Bool {
        switch states[node].condition {
        case .fresh: false
        case .maybeStale, .stale: true
        // A computed value that is gone cannot be compared with a new one.
        case .absent: nodes[node].computations > 0
        }
    }
}
