import Keyspace
import Primitives
import Synchronization

/// A node as people and tools see it.
public struct NodeReport: Sendable {
    /// The key; a tag has `tag:` before its name.
    public let name: String
    /// `fresh`, `maybe-stale`, `stale`, `absent`, or `source` for what was not computed.
    public let state: StaticString
    /// Position of the last change of what a reader sees.
    public let revision: UInt64
    public let dependencies: Int
    /// How often the value was published.
    public let computations: Int
    /// Microseconds that the last computation took.
    public let cost: Int
    /// How many steps away it is from where the search began.
    public let depth: Int
}

/// All that is known of one key.
public struct KeyReport: Sendable {
    public let node: NodeReport
    public let dependents: Int
    /// Reads of its value beyond those that its entry tells.
    public let carriedHits: Int
    /// Milliseconds that are left to whoever computes the value; nil where nobody does.
    public let lease: Int64?
    /// Those who wait for the value.
    public let waiters: Int
    /// Why it cannot be computed now.
    public let failure: [UInt8]?
}

/// Why a key is stale.
public struct StalenessReport: Sendable {
    /// From the key to the source that changed.
    public let chain: [NodeReport]
    /// What happened to the source; `computed` for a computed key that was published with another value.
    public let event: String
    public let revision: UInt64
}

/// What COMPUTE.STATS and INFO tell.
public struct GraphReport: Sendable {
    public let statistics: ComputeStatistics
    public let nodes: Int
    public let computed: Int
    public let edges: Int
    public let leases: Int
    public let waiters: Int
    public let memory: Int
}

/// Which way a look at the graph goes.
public enum GraphDirection: Sendable {
    /// To what a value was derived from.
    case up
    /// To what was derived from it.
    case down
}

extension DependencyGraph {
    /// Nodes that an answer about the graph holds at most.
    private static let reportLimit = 10_000

    /// The position of the last change: nothing that is published or turns stale later has one that is not greater.
    public var currentRevision: UInt64 { withContent { _ in keyspace.revision } }

    /// What is known of a key; nil where it has nothing to do with computed ones. O(dependents).
    public func report(on key: Key, database: Int, now: Int64) -> KeyReport? {
        withContent { content in
            let node = content.graph.find(NodeName(key, database: database))
            guard node != 0 else { return nil }
            let lease = content.leases.leases[node].map { $0.deadline - now }
            return KeyReport(
                node: content.graph.report(node, depth: 0), dependents: content.graph.dependentCount(of: node),
                carriedHits: content.graph.carriedHits[node] ?? 0, lease: lease.flatMap { $0 > 0 ? $0 : nil },
                waiters: content.leases.waiters[node]?.count ?? 0,
                failure: content.leases.failures[node].flatMap { $0.until > now ? $0.message : nil })
        }
    }

    /// What a key was derived from, or what was derived from it, nearest first.
    ///
    /// - Parameter isShown: whether the caller may hear of a key.
    public func related(
        to key: Key, database: Int, _ direction: GraphDirection, depth: Int, where isShown: (ByteView) -> Bool
    ) -> [NodeReport]? {
        withContent { content in
            let node = content.graph.find(NodeName(key, database: database))
            guard node != 0 else { return nil }
            var found: [NodeReport] = []
            content.graph.walk(from: node, direction, depth: depth, limit: Self.reportLimit) {
                if content.graph.shows($0, isShown) { found.append(content.graph.report($0, depth: $1)) }
            }
            return found
        }
    }

    /// Why a key is stale; nil where it is not.
    ///
    /// - Parameter isShown: whether the caller may hear of a key.
    public func staleness(of key: Key, database: Int, where isShown: (ByteView) -> Bool) -> StalenessReport? {
        withContent { content in
            var node = content.graph.find(NodeName(key, database: database))
            guard node != 0, content.graph.seen(node).isStale else { return nil }
            var chain: [NodeReport] = []
            var visited: Set<UInt32> = []
            while visited.insert(node).inserted, visited.count <= Self.reportLimit {
                if content.graph.shows(node, isShown) {
                    chain.append(content.graph.report(node, depth: visited.count - 1))
                }
                guard let cause = Cause.node(content.graph.nodes[node].cause) else { break }
                node = cause
            }
            let event = Cause.event(content.graph.nodes[node].cause).map { content.graph.events[$0].description }
            return StalenessReport(
                chain: chain, event: event ?? KeyEvent.published.name.description,
                revision: content.graph.nodes[node].revision)
        }
    }

    /// All nodes around a key, and the edges between them as positions in the list: from what was derived to what it was
    /// derived from.
    ///
    /// - Parameter isShown: whether the caller may hear of a key.
    public func surroundings(
        of key: Key, database: Int, limit: Int, where isShown: (ByteView) -> Bool
    ) -> (nodes: [NodeReport], edges: [(Int, Int)])? {
        withContent { content in
            let node = content.graph.find(NodeName(key, database: database))
            guard node != 0 else { return nil }
            var order: [UInt32] = [node]
            content.graph.walk(from: node, .up, depth: .max, limit: limit / 2) { found, _ in order.append(found) }
            content.graph.walk(from: node, .down, depth: .max, limit: limit / 2) { found, _ in order.append(found) }
            var positions: [UInt32: Int] = [:]
            var nodes: [NodeReport] = []
            for node in order where positions[node] == nil && content.graph.shows(node, isShown) {
                positions[node] = nodes.count
                nodes.append(content.graph.report(node, depth: 0))
            }
            var edges: [(Int, Int)] = []
            for (node, position) in positions.sorted(by: { $0.value < $1.value }) {
                for dependency in content.graph.dependencies(of: node) {
                    if let target = positions[dependency] { edges.append((position, target)) }
                }
            }
            return (nodes, edges)
        }
    }

    /// The position of the last change of a key that was once computed or is waited for, and whether it is fresh.
    public func revision(of key: Key, database: Int) -> (revision: UInt64, isFresh: Bool)? {
        withContent { content in
            let node = content.graph.find(NodeName(key, database: database))
            let revision = content.revision(of: node, key)
            guard node != 0 else { return revision > 0 ? (revision, false) : nil }
            return (revision, content.graph.states[node].condition == .fresh)
        }
    }

    /// Lets a connection be woken when one of the keys changes, unless one has a position behind the one given with it.
    ///
    /// - Returns: whether it will be woken.
    public func awaitChange(
        of keys: [(key: Key, since: UInt64)], database: Int, _ waiter: Waiter
    ) -> Bool {
        withContent { content in
            let nodes = keys.compactMap { content.graph.findOrMake(NodeName($0.key, database: database)) }
            guard nodes.count == keys.count else { return false }
            for node in nodes { enroll(waiter, for: node, &content) }
            let hasChanged = zip(nodes, keys).contains { content.revision(of: $0, $1.key) > $1.since }
            if hasChanged { endWaits(of: waiter.session, &content) }
            return !hasChanged
        }
    }

    /// Sizes and counts.
    public var report: GraphReport {
        withContent { content in
            GraphReport(
                statistics: content.statistics, nodes: content.graph.nodeCount, computed: content.graph.computedCount,
                edges: content.graph.edges.count, leases: content.leases.leases.count,
                waiters: content.leases.waiters.values.reduce(0) { $0 + $1.count },
                memory: content.graph.memoryUsage + content.leases.memoryUsage)
        }
    }

    /// Begins counting anew.
    public func resetStatistics() { withContent { $0.statistics = ComputeStatistics() } }

    #if DEBUG
        /// Switches off that dependencies are remembered before their values are read.
        public func setForgetsReads(_ isOn: Bool) { withContent { $0.forgetsReads = isOn } }
    #endif
}

extension DependencyGraph.Content {
    /// The position of the last change of a key's computed value; may be that of another key whose value has gone.
    fileprivate func revision(of node: UInt32, _ key: Key) -> UInt64 {
        max(node == 0 ? 0 : graph.nodes[node].revision, losses[key.hash])
    }
}

extension Graph {
    func report(_ node: UInt32, depth: Int) -> NodeReport {
        let content = nodes[node]
        return NodeReport(
            name: displayName(node), state: stateName(node), revision: content.revision,
            dependencies: dependencies(of: node).count, computations: Int(content.computations),
            cost: Int(content.cost), depth: depth)
    }

    /// Whether a node is shown to somebody who may not hear of every key. Tags are nobody's secret.
    func shows(_ node: UInt32, _ isShown: (ByteView) -> Bool) -> Bool { nodes[node].isTag || isShown(name(node)) }

    private func stateName(_ node: UInt32) -> StaticString {
        switch states[node].condition {
        case .fresh: "fresh"
        case .maybeStale: "maybe-stale"
        case .stale: "stale"
        case .absent: nodes[node].computations > 0 ? "absent" : "source"
        }
    }

    /// Calls `body` with the nodes that are reached from one, nearest first, each once, and how many steps away they are.
    func walk(
        from start: UInt32, _ direction: GraphDirection, depth: Int, limit: Int, _ body: (UInt32, Int) -> Void
    ) {
        var seen: Set<UInt32> = [start]
        var level = [start]
        var steps = 0
        while !level.isEmpty, steps < depth, seen.count <= limit {
            steps += 1
            var next: [UInt32] = []
            for node in level {
                let visit: (UInt32) -> Bool = { neighbour in
                    guard seen.count <= limit else { return false }
                    if seen.insert(neighbour).inserted {
                        body(neighbour, steps)
                        next.append(neighbour)
                    }
                    return true
                }
                switch direction {
                case .up: _ = dependencies(of: node).allSatisfy(visit)
                case .down: forEachDependent(of: node, visit)
                }
            }
            level = next
        }
    }
}
