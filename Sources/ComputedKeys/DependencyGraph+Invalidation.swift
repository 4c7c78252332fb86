import Keyspace
import Primitives
import Synchronization

/// A cascade that is too large to be run while others wait: it is gone through in slices, with the lock given back between
/// them.
///
/// It runs ahead of what causes it, which does not happen before it is done and then marks the rest, so that it is of no
/// consequence for what is right: what is stale too early was going to be.
public final class CascadeJob: @unchecked Sendable {
    /// Edges that a command visits at once, about a millisecond.
    static let inlineLimit = 1 << 14
    /// Edges that a slice visits under one hold of the lock.
    static let slice = 1 << 12

    let cascade: Cascade
    /// Guarded by the graph's lock, and read by the thread that advances it.
    public internal(set) var isDone = false
    /// Nodes that turned stale in it.
    public var marked: Int { cascade.marked }

    init(_ cascade: Cascade) { self.cascade = cascade }
}

extension DependencyGraph {
    /// Marks what depends on a key that is going to be changed, as far as that is quickly done; returns what is left to do
    /// before, nil for nothing. The key's shard must be held.
    public func markAhead(_ key: Key, database: Int, now: Int64, into log: inout ChangeLog) -> CascadeJob? {
        withContent { content in
            let node = content.graph.find(NodeName(key, database: database))
            guard node != 0, content.graph.states[node].contains(.hasDependents) else { return nil }
            return begin(
                Cascade(roots: [node], revision: keyspace.advanceRevision(), now: now), &content, into: &log)
        }
    }

    /// Marks what depends on the source that expires next, if that is soon, for the same reason: nobody writes when it
    /// does. Returns what is left to do before, nil for nothing.
    ///
    /// - Parameter time: what "soon" is before, in milliseconds since 1970.
    public func markAheadOfExpiry(before time: Int64, now: Int64, into log: inout ChangeLog) -> CascadeJob? {
        withContent { content in
            guard let (node, deadline) = content.graph.deadlines.first(before: time),
                content.markedAhead.node != node || content.markedAhead.deadline != deadline
            else { return nil }
            content.markedAhead = (node, deadline)
            return begin(
                Cascade(roots: [node], revision: keyspace.advanceRevision(), now: now), &content, into: &log)
        }
    }

    private func begin(_ cascade: Cascade, _ content: inout Content, into log: inout ChangeLog) -> CascadeJob? {
        if advance(cascade, limit: CascadeJob.inlineLimit, &content, into: &log) { return nil }
        let job = CascadeJob(cascade)
        content.graph.suspended.append(.passRetained(cascade))
        return job
    }

    /// Goes on with a job for one slice; returns whether it is done.
    public func advance(_ job: CascadeJob, into log: inout ChangeLog) -> Bool {
        withContent { content in
            guard !job.isDone else { return true }
            guard advance(job.cascade, limit: CascadeJob.slice, &content, into: &log) else { return false }
            finish(job, &content)
            return true
        }
    }

    private func finish(_ job: CascadeJob, _ content: inout Content) {
        job.isDone = true
        let cascade = Unmanaged.passUnretained(job.cascade)
        guard let position = content.graph.suspended.firstIndex(where: { $0.toOpaque() == cascade.toOpaque() }) else {
            return
        }
        content.graph.suspended.remove(at: position).release()
    }

    /// Makes computed keys stale, and what was derived from keys and tags.
    ///
    /// - Parameter slices: whether a large cascade may be left to the returned job.
    /// - Returns: how many computed keys turned stale, and what is left to do.
    public func invalidate(
        _ targets: [ExplicitDependency], now: Int64, slices: Bool, into log: inout ChangeLog
    ) -> (marked: Int, job: CascadeJob?) {
        withContent { content in
            let revision = keyspace.advanceRevision()
            var nodes: [UInt32] = []
            for target in targets {
                let name = target.name
                if name.database == Node.tags { content.tagChanges.note(name.hash, revision: revision) }
                let node = content.graph.find(name)
                guard node != 0 else { continue }
                content.leases.leases[node]?.isTainted = true
                nodes.append(node)
            }
            let event = Cause.make(event: content.graph.number(of: "invalidate"))
            let stale = turnStale(
                nodes, cause: event, revision: revision, now: now, &content, into: &log)
            for node in nodes where content.graph.states[node].condition == .absent {
                content.graph.noteChange(of: node, "invalidate", revision: revision)
            }
            let roots = nodes.filter { content.graph.states[$0].condition == .absent }
            let cascade = Cascade(roots: roots, stale: stale, revision: revision, now: now)
            if slices, let job = begin(cascade, &content, into: &log) { return (cascade.marked, job) }
            if !slices { self.cascade(cascade, &content, into: &log) }
            return (cascade.marked, nil)
        }
    }

    // MARK: Whole databases

    public func changed(_ subject: ChangeLog.Subject, database: Int, revision: UInt64) {
        withContent { content in
            endAllLeases(&content)
            let first = UInt16(truncatingIfNeeded: database)
            switch subject {
            case .key: break
            case .wholeDatabase: removeAll(in: first, revision, &content)
            case .swappedDatabase(let other):
                swap(first, UInt16(truncatingIfNeeded: other), revision, &content)
            }
            publishSize(content)
            publishDeadline(content)
        }
    }

    private func endAllLeases(_ content: inout Content) {
        for lease in Array(content.leases.leases.values) { lose(lease, &content) }
        for node in Array(content.leases.failures.keys) { endFailure(of: node, &content) }
    }

    private func removeAll(in database: UInt16, _ revision: UInt64, _ content: inout Content) {
        if content.graph.computedCount > 0 { content.losses = RevisionGroups(since: revision) }
        let others = content.graph.nodeCounts.contains { $0.key != database && $0.key != Node.tags && $0.value > 0 }
        if !others, content.leases.waiters.isEmpty, content.graph.suspended.isEmpty {
            content.graph.states.reset(below: content.graph.nodes.end)
            content.graph = Graph(states: keyspace.nodeStates)
            keyspace.nodeStates.hasNodes.store(false, ordering: .relaxed)
            // What had changed before has gone with all that was derived from it.
            content.roots = []
            return
        }
        let nodes = content.graph.nodes(in: database)
        // Taking away one's value may end another.
        for node in nodes { content.graph.pin(node) }
        for node in nodes {
            content.graph.noteChange(of: node, KeyEvent.flushed.name, revision: revision)
            content.graph.removeValue(of: node)
            if content.leases.waiters[node] != nil { wakeWaiters(of: node, &content) }
        }
        for node in nodes { content.graph.unpin(node) }
        content.roots += nodes
    }

    /// Keys change places with what was derived from them, and all of it is stale: what other databases hold of it must
    /// be, and the rest is computed once more.
    private func swap(_ a: UInt16, _ b: UInt16, _ revision: UInt64, _ content: inout Content) {
        let event = Cause.make(event: content.graph.number(of: KeyEvent.swapped.name))
        for (from, to) in [(a, b), (b, a)].map({ (content.graph.nodes(in: $0.0), $0.1) }) {
            for node in from {
                let pointer = content.graph.nodes.pointer(node)
                pointer.pointee.database = to
                pointer.pointee.revision = revision
                let state = content.graph.states[node]
                if state.condition != .absent {
                    content.graph.states[node] = state.with(.stale)
                    pointer.pointee.cause = event
                }
                if content.leases.waiters[node] != nil { wakeWaiters(of: node, &content) }
                content.roots.append(node)
            }
        }
        let counts = (content.graph.nodeCounts[a], content.graph.nodeCounts[b])
        content.graph.nodeCounts[a] = counts.1
        content.graph.nodeCounts[b] = counts.0
    }
}

extension Graph {
    /// The nodes of a database. O(all nodes).
    func nodes(in database: UInt16) -> [UInt32] {
        (1..<nodes.end).filter { nodes[$0].database == database && nodes[$0].revision != Node.unused }
    }
}
