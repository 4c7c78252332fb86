import Keyspace

extension Graph {
    /// Makes `node`, which must have no edges, depend on `dependencies`; false where no numbers of edges are left.
    /// O(number of dependencies).
    mutating func link(_ node: UInt32, to dependencies: [Dependency]) -> Bool {
        assert(nodes[node].dependencies == 0)
        guard !dependencies.isEmpty else { return true }
        guard let run = edges.allocate(dependencies.count) else { return false }
        for (offset, dependency) in dependencies.enumerated() {
            let edge = run + UInt32(offset)
            let head = nodes.pointer(dependency.node).pointee.firstDependent
            edges.pointer(edge).pointee = Edge(
                dependent: node, dependency: dependency.node, next: head, isLast: offset == dependencies.count - 1)
            if head != 0 { edges.pointer(head).pointee.previous = edge }
            nodes.pointer(dependency.node).pointee.firstDependent = edge
            states[dependency.node].insert(.hasDependents)
        }
        nodes.pointer(node).pointee.dependencies = run
        return true
    }

    /// Makes `node` depend on nothing, and ends what only it depended on. O(number of dependencies).
    mutating func unlinkDependencies(of node: UInt32) {
        let run = nodes[node].dependencies
        guard run != 0 else { return }
        nodes.pointer(node).pointee.dependencies = 0
        var count = 0
        var edge = run
        var isLast = false
        while !isLast {
            isLast = edges.pointer(edge).pointee.isLast
            unlink(edge)
            edge += 1
            count += 1
        }
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

    /// Calls `body` with what `node` was derived from, until it returns false; returns whether it did not.
    @discardableResult
    func forEachDependency(of node: UInt32, _ body: (UInt32) -> Bool) -> Bool {
        var number = nodes[node].dependencies
        guard number != 0 else { return true }
        while true {
            let edge = edges.pointer(number).pointee
            guard body(edge.dependency) else { return false }
            if edge.isLast { return true }
            number += 1
        }
    }

    /// What `node` was derived from.
    func dependencies(of node: UInt32) -> [UInt32] {
        var result: [UInt32] = []
        forEachDependency(of: node) {
            result.append($0)
            return true
        }
        return result
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
