import CLinux
import Keyspace
import Primitives

/// Marks everything that was derived from what has changed, each node once, without recursion.
///
/// What was derived from a changed node directly is stale. What was derived from a node that turned stale is *maybe* stale:
/// that node may be published again with the value that it had. A node that is not fresh already has nothing fresh
/// behind it, so a walk ends there.
///
/// A walk can stop anywhere and go on later, with the graph's lock released between: the position is kept when edges are
/// removed, and nodes that are used for something else meanwhile are at worst marked without need.
final class Cascade {
    /// Changed nodes, and nodes that turned stale, whose dependents are still to be marked.
    private var roots: [UInt32]
    private var stack: [UInt32] = []
    /// The node whose dependents are being marked, and the next edge to one.
    private var node: UInt32 = 0
    private var edge: UInt32 = 0
    private var isRoot = false
    /// Nodes that turned stale.
    private(set) var marked = 0
    let revision: UInt64
    /// Milliseconds since 1970: when periods of grace begin.
    let now: Int64

    /// - Parameters:
    ///   - roots: nodes that have changed.
    ///   - stale: nodes that have been turned stale.
    init(roots: [UInt32], stale: [UInt32] = [], revision: UInt64, now: Int64) {
        self.roots = roots
        stack = stale
        marked = stale.count
        self.revision = revision
        self.now = now
    }

    /// Goes on from `next` where it stands at `edge`, which goes.
    func leave(_ edge: UInt32, for next: UInt32) {
        if self.edge == edge { self.edge = next }
    }

    /// Marks on, visiting at most `limit` edges; returns whether it is done.
    ///
    /// - Parameter announce: called with nodes that turned stale and that somebody listens to.
    func advance(_ graph: inout Graph, limit: Int, announcesAll: Bool, _ announce: (UInt32) -> Void) -> Bool {
        var left = limit
        let states = graph.states
        while true {
            while edge == 0 {
                guard enterNext(graph) else { return true }
            }
            guard left > 0 else { return false }
            left -= 1
            let current = graph.edges.pointer(edge).pointee
            edge = current.next
            let target = current.dependent
            let state = states[target]
            switch state.condition {
            case .absent, .stale: continue
            case .maybeStale:
                guard isRoot else { continue }
                states[target] = state.with(.stale)
                graph.nodes.pointer(target).pointee.cause = node
            case .fresh:
                states[target] = state.with(isRoot || state.contains(.sawStale) ? .stale : .maybeStale)
                let pointer = graph.nodes.pointer(target)
                pointer.pointee.revision = revision
                pointer.pointee.cause = node
                marked += 1
                if state.contains(.hasDependents) { stack.append(target) }
                if state.contains(.hasGrace) { graph.graces[target]?.since = now }
                if announcesAll || state.contains(.announced) { announce(target) }
            }
        }
    }

    /// Turns to the next node whose dependents are to be marked.
    private func enterNext(_ graph: borrowing Graph) -> Bool {
        if let root = roots.popLast() {
            node = root
            isRoot = true
        } else if let next = stack.popLast() {
            node = next
            isRoot = false
        } else {
            return false
        }
        edge = graph.nodes.pointer(node).pointee.firstDependent
        return true
    }
}
