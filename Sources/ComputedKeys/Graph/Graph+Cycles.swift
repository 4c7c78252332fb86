import Keyspace
import Primitives

/// What a search for a way from a node back to itself has found.
enum CycleSearch {
    /// The nodes of the way; the first is the last.
    case path([UInt32])
    /// There was too much to look at.
    case unknown
}

extension Graph {
    /// Nodes that a search for a cycle looks at.
    private static let searchLimit = 1 << 16

    /// Dependents of a node that are looked at before the search goes the other way.
    private static let dependentLimit = 1 << 10

    /// Whether `node` would depend on itself, if it depended on `dependencies`; nil where it would not.
    ///
    /// As a rule nothing is to be searched: a node with dependents is being published because it is stale, so whatever
    /// depends on it is not fresh either, and a fresh dependency cannot be among that. Only what is stale, or was derived
    /// from a stale key's having no value, can lead back. A node that is fresh or had no value has fresh dependents: it is
    /// searched for a way from it to one of the dependencies, where it has few dependents, and otherwise for one back.
    func cycle(from node: UInt32, over dependencies: [Dependency]) -> CycleSearch? {
        if dependencies.contains(where: { $0.node == node }) { return .path([node, node]) }
        guard states[node].contains(.hasDependents) else { return nil }
        let isStale = states[node].condition == .stale || states[node].condition == .maybeStale
        if !isStale, addsNothing(dependencies, to: node) || leadsNowhere(node, dependencies) { return nil }
        var cameFrom: [UInt32: UInt32] = [:]
        var queue: [UInt32] = []
        for dependency in dependencies where leadsOn(dependency.node, isStale) {
            cameFrom[dependency.node] = node
            queue.append(dependency.node)
        }
        while let next = queue.popLast() {
            for dependency in self.dependencies(of: next) where cameFrom[dependency] == nil {
                if dependency == node { return .path(way(to: next, from: node, cameFrom)) }
                guard leadsOn(dependency, isStale) else { continue }
                guard cameFrom.count < Self.searchLimit else { return .unknown }
                cameFrom[dependency] = next
                queue.append(dependency)
            }
        }
        return nil
    }

    /// Whether a node depends on all of `dependencies` already.
    private func addsNothing(_ dependencies: [Dependency], to node: UInt32) -> Bool {
        Set(self.dependencies(of: node)).isSuperset(of: dependencies.map(\.node))
    }

    /// Whether it is quickly found that none of `dependencies` depends on a node.
    private func leadsNowhere(_ node: UInt32, _ dependencies: [Dependency]) -> Bool {
        let targets = Set(dependencies.map(\.node))
        var isFound = false
        var seen: Set<UInt32> = [node]
        var queue = [node]
        while let next = queue.popLast() {
            forEachDependent(of: next) { dependent in
                isFound = targets.contains(dependent)
                if seen.insert(dependent).inserted { queue.append(dependent) }
                return !isFound && seen.count <= Self.dependentLimit
            }
            if isFound || seen.count > Self.dependentLimit { return false }
        }
        return true
    }

    /// Whether a way to a node that is stale, or else to any node, may lead through `node`.
    private func leadsOn(_ node: UInt32, _ isToStale: Bool) -> Bool {
        switch states[node].condition {
        case .absent: false
        case .fresh: !isToStale || sawStaleCount > 0
        case .maybeStale, .stale: true
        }
    }

    private func way(to last: UInt32, from node: UInt32, _ cameFrom: [UInt32: UInt32]) -> [UInt32] {
        var way = [node]
        var current = last
        while current != node, let previous = cameFrom[current] {
            way.append(current)
            current = previous
        }
        way.append(node)
        return way.reversed()
    }

    /// A way as people read it: `a -> b -> a`. Long ones lose their middle.
    func describe(_ path: [UInt32]) -> String {
        var names = path.map { displayName($0) }
        if names.count > 16 { names = names.prefix(8) + ["..."] + names.suffix(8) }
        return names.joined(separator: " -> ")
    }

    /// The name of a node for people: a tag's has `tag:` before it.
    func displayName(_ node: UInt32) -> String {
        let name = name(node)
        let text = name[0..<min(name.count, 256)].string
        return nodes[node].isTag ? "tag:" + text : text
    }
}

extension DependencyGraph {
    /// How waiting for `lease` would be waiting for oneself: nil where it would not. Connections that compute wait for at
    /// most one key each, so that the way is followed, not searched.
    func waitingCycle(to lease: Lease, session: Int, _ content: borrowing Content) -> String? {
        let own = content.leases.frames[session] ?? []
        guard let innermost = own.last else { return nil }
        var way = [innermost.node]
        var current = lease
        while way.count <= content.leases.frames.count + 1 {
            way.append(current.node)
            if current.session == session {
                // Through the computations that lie around the innermost one.
                let start = own.firstIndex { $0 === current } ?? 0
                let nested = own[start...].map(\.node)
                return content.graph.describe(way.count == 2 ? nested + [lease.node] : [current.node] + way.dropFirst())
            }
            guard let wanted = content.leases.frames[current.session]?.last?.wanted, wanted != 0,
                let next = content.leases.leases[wanted]
            else { return nil }
            current = next
        }
        return nil
    }
}
