import Keyspace
import Primitives

/// What is published beside the value.
public struct PublishOptions {
    /// Milliseconds for which the value is served when it has turned stale.
    public var grace: Int64 = 0
    /// Microseconds that the computation took; nil for the time since its begin.
    public var cost: UInt32?
    /// When the value expires, in milliseconds since 1970; nil for never.
    public var deadline: Int64?
    /// Whether the key has the value already, as a computed one.
    public var isEqual = false
    /// Whether the key has a value that is not a computed one.
    public var replacesOrdinary = false
    /// Whether what the value was derived from is to be told.
    public var isRecorded = false

    public init() {}
}

/// What a value was derived from, as whoever keeps it elsewhere must know it.
public struct PublishedDependency {
    /// The key or the tag; good while it is told.
    public let name: ByteView
    /// The number of the key's database; nil for a tag.
    public let database: Int?
    /// Whether it was a computed key without a value to serve.
    public let wasStale: Bool
}

/// What was published: with `PublishOptions.isRecorded` it is told under the graph's lock, so that what others do to the
/// graph comes before it or behind it for whoever writes it down at once.
public struct PublicationRecord {
    public let dependencies: [PublishedDependency]
    public let options: PublishOptions
}

/// How a computation ended.
public enum PublishOutcome {
    /// The value may be stored, for this node and at this position.
    case stored(node: UInt32, revision: UInt64)
    /// What it was derived from has changed.
    case superseded(UInt64)
    /// The token stands for nothing.
    case lost
    /// The value would be derived from itself, by this way.
    case cycle(String)
    /// A dependency may have changed after the position that was given: its name.
    case outdated([UInt8])
    case outOfMemory
}

extension DependencyGraph {
    /// Ends a computation with a value. The shard of its key must be held, and the caller stores the value before it gives
    /// that back, where the outcome says so.
    ///
    /// - Parameter record: told what was published.
    public func publish(
        token: ByteView, _ options: PublishOptions, now: Int64, into log: inout ChangeLog,
        record: (PublicationRecord) -> Void = { _ in }
    ) -> PublishOutcome {
        withContent { content in
            // There may be changes whose dependents are not marked yet: what follows must know of them.
            markPending(now: now, &content, into: &log)
            guard let lease = lease(of: token, now: now, &content) else { return .lost }
            let old = content.graph.seen(lease.node)
            adoptInnerReads(lease, &content)
            var options = options
            options.cost =
                options.cost ?? UInt32(clamping: Clock.monotonicMicroseconds() - lease.startedAt)
            #if DEBUG
                let dependencies =
                    content.forgetsReads
                    ? lease.dependencies.map { content.graph.seen($0.node) } : lease.dependencies
            #else
                let dependencies = lease.dependencies
            #endif
            var outcome = PublishOutcome.superseded(keyspace.revision)
            if !lease.isTainted, dependencies.allSatisfy({ content.graph.isUnchanged($0) }) {
                outcome = publish(lease.node, dependencies, options, now, &content, into: &log, record)
            }
            var isStored = false
            if case .stored = outcome { isStored = true } else { content.statistics.superseded += 1 }
            end(lease, &content) { outer, content in
                if isStored {
                    // It may have read the ordinary value that was there.
                    if options.replacesOrdinary { return }
                    outer.accept(content.graph.seen(lease.node), from: old)
                } else {
                    // It may use the value, and nobody would tell it when that changes.
                    outer.isTainted = true
                }
            }
            wakeWaiters(of: lease.node, &content)
            content.graph.unpin(lease.node)
            publishSize(content)
            return outcome
        }
    }

    /// Adds to a computation what those inside it that still go on have read, since the connection has.
    private func adoptInnerReads(_ lease: Lease, _ content: inout Content) {
        let frames = content.leases.frames[lease.session] ?? []
        guard let position = frames.firstIndex(where: { $0 === lease }) else { return }
        for inner in frames[(position + 1)...] {
            for dependency in inner.dependencies where lease.add(dependency) {
                content.graph.pin(dependency.node)
                content.leases.dependencyCount += 1
            }
            lease.isTainted = lease.isTainted || inner.isTainted
        }
    }

    /// Publishes a value without a lease. The shards of the key and of its dependencies must be held.
    ///
    /// - Parameters:
    ///   - revision: a position that was given before the sources were read; nil where their present state counts.
    ///   - record: told what was published.
    public func publish(
        _ key: Key, database: Int, dependencies explicit: [ExplicitDependency], since revision: UInt64?,
        _ options: PublishOptions, now: Int64, into log: inout ChangeLog,
        record: (PublicationRecord) -> Void = { _ in }
    ) -> PublishOutcome {
        withContent { content in
            markPending(now: now, &content, into: &log)
            if let revision, let outdated = outdated(explicit, since: revision, content) {
                return .outdated(outdated)
            }
            guard hasMemory(content), let node = content.graph.findOrMake(NodeName(key, database: database)) else {
                return .outOfMemory
            }
            content.graph.pin(node)
            defer { content.graph.unpin(node) }
            var dependencies: [Dependency] = []
            var seen: Set<UInt32> = []
            for explicit in explicit {
                guard let dependency = content.graph.findOrMake(explicit.name) else { return .outOfMemory }
                guard seen.insert(dependency).inserted else { continue }
                content.graph.pin(dependency)
                dependencies.append(content.graph.seen(dependency))
                if case .key(_, _, let deadline) = explicit {
                    content.graph.deadlines.set(deadline, for: dependency)
                }
            }
            publishDeadline(content)
            let outcome = publish(node, dependencies, options, now, &content, into: &log, record)
            for dependency in dependencies { content.graph.unpin(dependency.node) }
            // Who computes it computes what is there already.
            wakeWaiters(of: node, &content)
            publishSize(content)
            return outcome
        }
    }

    /// The first dependency that may have changed after `revision`.
    private func outdated(
        _ dependencies: [ExplicitDependency], since revision: UInt64, _ content: borrowing Content
    ) -> [UInt8]? {
        for dependency in dependencies {
            let name = dependency.name
            let node = content.graph.find(name)
            let isTag = name.database == Node.tags
            let isNewer = node != 0 && content.graph.nodes[node].revision > revision
            let isStale = node != 0 && content.graph.seen(node).isStale
            let mayHaveChanged =
                isTag
                ? content.tagChanges.mayHaveChanged(name.hash, after: revision)
                : keyspace.mayHaveChanged(name.hash, after: revision)
            if revision == 0 || isNewer || isStale || mayHaveChanged { return name.bytes.array }
        }
        return nil
    }

    /// Makes a node fresh with what its value was derived from, and what depends on it stale or, where the value is what
    /// it was, fresh again.
    func publish(
        _ node: UInt32, _ dependencies: [Dependency], _ options: PublishOptions, _ now: Int64,
        _ content: inout Content, into log: inout ChangeLog, _ record: (PublicationRecord) -> Void
    ) -> PublishOutcome {
        guard hasMemory(content), dependencies.count <= EdgePool.maximumRun else { return .outOfMemory }
        switch content.graph.cycle(from: node, over: dependencies) {
        case .none: break
        case .some(.path(let path)): return .cycle(content.graph.describe(path))
        // Too large to look at all of it: what is not cached is right too.
        case .some(.unknown): return .superseded(keyspace.revision)
        }
        let before = content.graph.states[node]
        content.graph.removeValue(of: node)
        guard content.graph.link(node, to: dependencies) else {
            // The value that is there stays, and is not to be served, nor what was derived from it.
            if before.condition != .absent { content.graph.keepStaleValue(of: node) }
            cascade(
                Cascade(roots: [node], revision: keyspace.advanceRevision(), now: now), &content, into: &log)
            return .outOfMemory
        }
        let revision = keyspace.advanceRevision()
        content.graph.setValue(of: node, derivedFrom: dependencies, options, revision: revision)
        // Who has read it already, or computes around it, will not look at it again.
        if options.deadline == nil || before.contains(.hasDependents) || content.graph.nodes[node].pins > 1 {
            content.graph.deadlines.set(options.deadline, for: node)
            publishDeadline(content)
        }
        content.statistics.published += 1
        if before.condition == .absent { content.graph.carriedHits[node] = nil }
        let wasStale = before.condition == .stale || before.condition == .maybeStale
        if !options.isEqual || before.condition == .absent {
            cascade(Cascade(roots: [node], revision: revision, now: now), &content, into: &log)
        } else if wasStale {
            restore(node, revision, now, &content, into: &log)
        }
        if options.isRecorded { record(content.graph.record(dependencies, options)) }
        return .stored(node: node, revision: revision)
    }

    private func restore(
        _ node: UInt32, _ revision: UInt64, _ now: Int64, _ content: inout Content, into log: inout ChangeLog
    ) {
        var restoration = Restoration(node)
        restoration.run(&content.graph)
        content.statistics.restored += restoration.restored.count
        for node in restoration.restored { announce(node, .restored, &content, into: &log) }
        turnStale(restoration.outdated, cause: node, revision: revision, now: now, &content, into: &log)
        guard !restoration.outdated.isEmpty else { return }
        cascade(
            Cascade(roots: [], stale: restoration.outdated, revision: revision, now: now), &content, into: &log)
    }
}

extension Graph {
    func record(_ dependencies: [Dependency], _ options: PublishOptions) -> PublicationRecord {
        let described = dependencies.map {
            PublishedDependency(
                name: name($0.node), database: nodes[$0.node].isTag ? nil : Int(nodes[$0.node].database),
                wasStale: $0.isStale)
        }
        return PublicationRecord(dependencies: described, options: options)
    }

    /// Whether a reader sees of a node what was seen of it before.
    func isUnchanged(_ dependency: Dependency) -> Bool {
        let now = seen(dependency.node)
        return now.revision == dependency.revision && now.isStale == dependency.isStale
    }

    /// Makes a node, which must have no value, fresh.
    mutating func setValue(
        of node: UInt32, derivedFrom dependencies: [Dependency], _ options: PublishOptions, revision: UInt64
    ) {
        let pointer = nodes.pointer(node)
        pointer.pointee.revision = revision
        pointer.pointee.cause = 0
        pointer.pointee.computations = pointer.pointee.computations &+ 1
        pointer.pointee.cost = options.cost ?? 0
        var state = states[node].with(.fresh)
        if dependencies.contains(where: \.isStale) {
            state.insert(.sawStale)
            sawStaleCount += 1
        }
        if options.grace > 0 {
            state.insert(.hasGrace)
            graces[node] = Grace(duration: options.grace)
        }
        states[node] = state
        computedCount += 1
    }
}
