import Keyspace
import Primitives

/// A dependency of a value that is published once more, from where it was written down.
public struct RestoredDependency {
    public let dependency: ExplicitDependency
    /// Whether it was a computed key without a value to serve.
    public let wasStale: Bool

    public init(_ dependency: ExplicitDependency, wasStale: Bool) {
        self.dependency = dependency
        self.wasStale = wasStale
    }
}

extension DependencyGraph {
    /// Publishes a value as it was published when that was written down; nothing is checked that was checked then. Nobody
    /// else may be using the graph.
    public func restore(
        _ key: Key, database: Int, dependencies restored: [RestoredDependency], _ options: PublishOptions,
        now: Int64, into log: inout ChangeLog
    ) -> PublishOutcome {
        withContent { content in
            markPending(now: now, &content, into: &log)
            guard let node = content.graph.findOrMake(NodeName(key, database: database)) else { return .outOfMemory }
            content.graph.pin(node)
            defer { content.graph.unpin(node) }
            var dependencies: [Dependency] = []
            defer { for dependency in dependencies { content.graph.unpin(dependency.node) } }
            var isOutdated = false
            for restored in restored {
                guard let number = content.graph.findOrMake(restored.dependency.name) else { return .outOfMemory }
                content.graph.pin(number)
                if restored.wasStale { makeStale(number, now, &content, into: &log) }
                var dependency = content.graph.seen(number)
                if dependency.isStale, !restored.wasStale {
                    isOutdated = true
                    dependency.isStale = false
                }
                dependencies.append(dependency)
                if case .key(_, _, let deadline) = restored.dependency {
                    content.graph.deadlines.set(deadline, for: number)
                }
            }
            publishDeadline(content)
            let outcome = publish(node, dependencies, options, now, &content, into: &log) { _ in }
            // What it was derived from had a value that was served, and has none: it may have changed since.
            if isOutdated, case .stored = outcome { makeStale(node, now, &content, into: &log) }
            publishSize(content)
            return outcome
        }
    }

    /// Makes a node stale that is fresh, and what depends on it.
    private func makeStale(_ node: UInt32, _ now: Int64, _ content: inout Content, into log: inout ChangeLog) {
        guard content.graph.states[node].condition == .fresh else { return }
        let revision = keyspace.advanceRevision()
        let cause = Cause.make(event: content.graph.number(of: KeyEvent.stale.name))
        let stale = turnStale([node], cause: cause, revision: revision, now: now, &content, into: &log)
        cascade(Cascade(roots: [], stale: stale, revision: revision, now: now), &content, into: &log)
    }
}
