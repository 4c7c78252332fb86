import Keyspace

extension Graph {
    /// Makes `node`, which must have no edges, depend on `dependencies`; false where no numbers of edges are left.
    /// O(number of dependencies).
    mutating func link(_ node: UInt32, to dependencies: [Dependency]) -> Bool {
        assert(nodes[node].dependencyCount == 0)
        guard !dependencies.isEmpty else { return true }
        guard let run = edges.allocate(dependencies.count) else { return false }
        for (offset, dependency) in dependencies.enumerated() {
            let edge = run + UInt32(offset)
            let head = nodes.pointer(dependency.node).pointee.firstDependent
            edges.pointer(edge).pointee = Edge(dependent: node, dependency: dependency.node, next: head)
            if head != 0 { edges.pointer(head).pointee.previous = edge }
            nodes.pointer(dependency.node).pointee.firstDependent = edge
            states[dependency.node].insert(.hasDependents)
        }
        nodes.pointer(node).pointee.dependencies = run
        nodes.pointer(node).pointee.dependencyCount = UInt32(dependencies.count)
        return true
    }

    /// Makes `node` depend on nothing, and ends what only it depended on. O(number of dependencies).
    mutating func unlinkDependencies(of node: UInt32) {
        let count = Int(nodes[node].dependencyCount)
        guard count > 0 else { return }
        let run = nodes[node].dependencies
        nodes.pointer(node).pointee.dependencyCount = 0
        nodes.pointer(node).pointee.dependencies = 0
        for edge in run..<run + UInt32(count) { unlink(edge) }
        edges.free(run, count)
    }

    private mutating func unlink(_ number: UInt32) {
        let edge = edges.pointer(number).pointee
        for cascade in suspended { cascade._withUnsafeGuaranteedRef { $0.leave(number, for: edge.next) } }
        if edge.next != 0 { edges.pointer(edge.next).pointee.previous = edge.previous }
        guard edge.previous == 0 else {
            edges.pointer(edge.previous).pointee.next = edge.next
            return
        }
        nodes.pointer(edge.dependency).pointee.firstDependent = edge.next
        guard edge.next == 0 else { return }
        states[edge.dependency].remove(.hasDependents)
        release(edge.dependency)
    }

    /// What `node` was derived from.
    func dependencies(of node: UInt32) -> [UInt32] {
        let run = nodes[node].dependencies
        return (run..<run + nodes[node].dependencyCount).map { edges.pointer($0).pointee.dependency }
    }

    /// Calls `body` with what was derived from `node`, until it returns false.
    func forEachDependent(of node: UInt32, _ body: (UInt32) -> Bool) {
        var edge = nodes[node].firstDependent
        while edge != 0 {
            guard body(edges.pointer(edge).pointee.dependent) else { return }
            edge = edges.pointer(edge).pointee.next
        }
    }

    /// Number of what was derived from `node`. O(result).
    func dependentCount(of node: UInt32) -> Int {
        var count = 0
        forEachDependent(of: node) { _ in
            count += 1
            return true
        }
        return count
    }
}
