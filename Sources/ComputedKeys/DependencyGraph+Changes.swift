import Keyspace
import Primitives
import Synchronization

extension DependencyGraph: DependencyTracking {
    // MARK: Reads

    public func willRead(_ key: Key, database: Int, reader: Int, deadline: Int64?) -> Bool {
        withContent { content in
            guard let lease = content.leases.frames[reader]?.last,
                let node = content.graph.findOrMake(NodeName(key, database: database))
            else { return false }
            remember(node, in: lease, &content)
            // An old value inside its period of grace is not what it would be derived from later.
            let state = content.graph.states[node]
            if state.contains(.hasGrace), state.condition != .fresh { lease.isTainted = true }
            content.graph.deadlines.set(deadline, for: node)
            publishDeadline(content)
            return true
        }
    }

    /// Adds what was read to what a computation depends on.
    func remember(_ node: UInt32, in lease: Lease, _ content: inout Content) {
        let seen = content.graph.seen(node)
        guard lease.add(seen) else { return }
        content.graph.pin(node)
        content.leases.dependencyCount += 1
    }

    func publishDeadline(_ content: borrowing Content) {
        keyspace.nodeStates.nextDeadline.store(content.graph.deadlines.next, ordering: .relaxed)
    }

    public func announce(_ node: UInt32) {
        withContent { content in _ = content.graph.states[node].insert(.announced) }
    }

    public func isInGrace(_ node: UInt32, now: Int64) -> Bool {
        withContent { content in
            guard content.graph.states[node].condition != .absent, let grace = content.graph.graces[node] else {
                return false
            }
            return now - grace.since < grace.duration
        }
    }

    public func wants(_ key: Key, database: Int) -> Bool {
        withContent { $0.graph.find(NodeName(key, database: database)) != 0 }
    }

    // MARK: Writes

    public func changed(
        _ key: Key, database: Int, event: KeyEvent, node current: UInt32?, deadline: Int64?, revision: UInt64
    ) {
        let changesValue = event.effect == .value || event.effect == .readers
        guard changesValue || event.effect == .expiry else { return }
        withContent { content in
            let node = content.graph.find(NodeName(key, database: database))
            guard node != 0 else { return }
            content.graph.deadlines.set(deadline, for: node)
            publishDeadline(content)
            guard changesValue else { return }
            // A transaction has one position, and may have changed the key before somebody read it.
            let isLater = revision > content.graph.nodes[node].revision
            let revision = isLater ? revision : keyspace.advanceRevision()
            content.graph.noteChange(of: node, event.name, revision: revision)
            if current == nil {
                if content.graph.states[node].condition != .absent { content.losses.note(key.hash, revision: revision) }
                content.graph.removeValue(of: node)
                content.graph.nodes.pointer(node).pointee.computations = 0
            }
            // Who computes it does so for a key that is something else by now.
            content.leases.leases[node]?.isTainted = true
            if content.graph.states[node].contains(.announced) { wakeWaiters(of: node, &content) }
            content.roots.append(node)
        }
    }

    public func carryHits(of node: UInt32) {
        withContent { $0.graph.carriedHits[node, default: 0] += Int(UInt16.max) + 1 }
    }

    public func cost(of node: UInt32) -> UInt32 { withContent { $0.graph.nodes[node].cost } }

    public func droppedValue(of node: UInt32) {
        withContent { content in
            // It turned stale at an earlier position, which may go with the node: who asks for later changes is told once more.
            content.losses.note(content.graph.hash(node), revision: keyspace.advanceRevision())
            content.graph.removeValue(of: node)
            // What is maybe stale by it cannot become fresh again: there is nothing to compare a new value with.
            content.roots.append(node)
        }
    }

    public func propagate(now: Int64, into log: inout ChangeLog) {
        withContent { markPending(now: now, &$0, into: &log) }
    }

    /// Marks what was derived from nodes whose changes were noted.
    func markPending(now: Int64, _ content: inout Content, into log: inout ChangeLog) {
        guard !content.roots.isEmpty else { return }
        let roots = content.roots
        content.roots = []
        // A position of its own: who asks for what changed since one that was given before must be told.
        cascade(Cascade(roots: roots, revision: keyspace.advanceRevision(), now: now), &content, into: &log)
        for root in roots { content.graph.release(root) }
    }

    public func expireSources(now: Int64, into log: inout ChangeLog) {
        withContent { content in
            var expired: [UInt32] = []
            let revision = keyspace.advanceRevision()
            while let node = content.graph.deadlines.popDue(now: now) {
                content.graph.noteChange(of: node, KeyEvent.expired.name, revision: revision)
                expired.append(node)
            }
            publishDeadline(content)
            cascade(Cascade(roots: expired, revision: revision, now: now), &content, into: &log)
        }
    }

    /// Marks all that a cascade reaches, and adds to `log` what somebody listens to.
    func cascade(_ cascade: Cascade, _ content: inout Content, into log: inout ChangeLog) {
        _ = advance(cascade, limit: .max, &content, into: &log)
    }

    /// Marks on, visiting at most `limit` edges; returns whether the cascade is done.
    func advance(_ cascade: Cascade, limit: Int, _ content: inout Content, into log: inout ChangeLog) -> Bool {
        var announced: [UInt32] = []
        let before = cascade.marked
        let isDone = cascade.advance(&content.graph, limit: limit, announcesAll: keyspace.announcesAll) {
            announced.append($0)
        }
        content.statistics.marked += cascade.marked - before
        for node in announced { tell(node, .stale, &content, into: &log) }
        return isDone
    }

    private func tell(_ node: UInt32, _ event: KeyEvent, _ content: inout Content, into log: inout ChangeLog) {
        log.append(content.graph.name(node), database: Int(content.graph.nodes[node].database), event: event)
        if content.leases.waiters[node] != nil { wakeWaiters(of: node, &content) }
    }

    /// Adds to `log` what has become of a node, where somebody listens.
    func announce(_ node: UInt32, _ event: KeyEvent, _ content: inout Content, into log: inout ChangeLog) {
        guard keyspace.announcesAll || content.graph.states[node].contains(.announced) else { return }
        tell(node, event, &content, into: &log)
    }

    /// Makes fresh and maybe stale nodes stale; not what depends on them. Returns those that were fresh.
    @discardableResult
    func turnStale(
        _ nodes: [UInt32], cause: UInt32, revision: UInt64, now: Int64, _ content: inout Content,
        into log: inout ChangeLog
    ) -> [UInt32] {
        nodes.filter { node in
            let state = content.graph.states[node]
            guard state.condition == .fresh || state.condition == .maybeStale else { return false }
            content.graph.states[node] = state.with(.stale)
            content.graph.nodes.pointer(node).pointee.cause = cause
            guard state.condition == .fresh else { return false }
            content.graph.nodes.pointer(node).pointee.revision = revision
            if state.contains(.hasGrace) { content.graph.graces[node]?.since = now }
            content.statistics.marked += 1
            announce(node, .stale, &content, into: &log)
            return true
        }
    }
}

extension Graph {
    /// What a reader sees of a node now.
    func seen(_ node: UInt32) -> Dependency {
        let condition = states[node].condition
        return Dependency(
            node: node, isStale: condition == .stale || condition == .maybeStale, revision: nodes[node].revision)
    }
}
