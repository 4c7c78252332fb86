import Keyspace
import Primitives
import Synchronization

/// What was derived from what, who is computing what, and what must not be served any more.
///
/// One lock guards all of it. It stands behind the shards in the lock order, and mailboxes stand behind it. A reader of a
/// computed key does not take it: it looks at the node's byte in `NodeStates`.
public final class DependencyGraph: @unchecked Sendable {
    /// All that the lock guards.
    struct Content: ~Copyable {
        var graph: Graph
        var leases = Leases()
        var statistics = ComputeStatistics()
        /// Nodes that have changed and whose dependents were not marked yet.
        var roots: [UInt32] = []
        var tagChanges = RevisionGroups()
        /// The source whose expiry was last prepared for.
        var markedAhead: (node: UInt32, deadline: Int64) = (0, 0)
        /// Changes by which computed keys have gone, or become ordinary.
        var losses = RevisionGroups()
        #if DEBUG
            /// Whether dependencies are remembered only when the computation ends, which is wrong: what the tests of the
            /// invariant must find out.
            var forgetsReads = false
        #endif
    }

    unowned(unsafe) let keyspace: Keyspace
    private let lock = UnsafeMutablePointer<ShardLock>.allocate(capacity: 1)
    private let content = UnsafeMutablePointer<Content>.allocate(capacity: 1)
    /// Changes with every start of the server; stands before every revision on the wire.
    public let epoch: String
    /// Lets a connection whose wait is over go on. Called under the graph's lock; set before commands are executed.
    nonisolated(unsafe) public var wake: @Sendable (Waiter) -> Void = { _ in }
    /// Bytes that nodes, edges and leases may take; 0 for no limit.
    public let memoryLimit = Atomic<Int>(0)

    /// - Parameters:
    ///   - keyspace: must outlive the graph, which becomes its `dependencies`.
    ///   - epoch: what no other run of the server has.
    public init(keyspace: Keyspace, epoch: String) {
        self.keyspace = keyspace
        self.epoch = epoch
        lock.initialize(to: ShardLock())
        content.initialize(to: Content(graph: Graph(states: keyspace.nodeStates)))
        keyspace.dependencies = self
    }

    deinit {
        content.deinitialize(count: 1)
        content.deallocate()
        lock.deinitialize(count: 1)
        lock.deallocate()
    }

    /// Calls `body` with the lock held.
    @inline(__always)
    func withContent<R>(_ body: (inout Content) -> R) -> R {
        lock.pointee.lock()
        defer { lock.pointee.unlock() }
        return body(&content.pointee)
    }

    // MARK: Waiting

    /// Wakes all who wait for `node`.
    func wakeWaiters(of node: UInt32, _ content: inout Content) {
        guard let waiters = content.leases.waiters.removeValue(forKey: node) else { return }
        // Others may listen to the node, which stays announced: what nobody wants to hear does no harm.
        for waiter in waiters {
            content.leases.awaited[waiter.session]?.removeAll { $0 == node }
            wake(waiter)
        }
        content.graph.unpin(node)
    }

    /// Lets `waiter` be woken when something happens to `node`.
    func enroll(_ waiter: Waiter, for node: UInt32, _ content: inout Content) {
        if content.leases.waiters[node] == nil { content.graph.pin(node) }
        if content.leases.waiters[node, default: []].insert(waiter).inserted {
            content.leases.awaited[waiter.session, default: []].append(node)
        }
        content.graph.states[node].insert(.announced)
    }

    /// Ends the waits of a connection.
    func endWaits(of session: Int, _ content: inout Content) {
        for node in content.leases.awaited.removeValue(forKey: session) ?? [] {
            content.leases.waiters[node]?.remove(Waiter(worker: 0, session: session))
            guard content.leases.waiters[node]?.isEmpty == true else { continue }
            content.leases.waiters[node] = nil
            content.graph.unpin(node)
        }
    }

    /// Notes how large the graph is, so that writes know whether marking what depends on them may take long.
    func publishSize(_ content: borrowing Content) {
        keyspace.nodeStates.hasManyNodes.store(
            content.graph.computedCount > CascadeJob.inlineLimit, ordering: .relaxed)
    }
}

/// What the graph has counted since the start, or since CONFIG RESETSTAT.
public struct ComputeStatistics: Sendable {
    public var published = 0
    public var superseded = 0
    public var marked = 0
    public var restored = 0
    public var leasesGranted = 0
    public var leasesLost = 0
    public var failed = 0
    public var waits = 0
    public var busy = 0
}
