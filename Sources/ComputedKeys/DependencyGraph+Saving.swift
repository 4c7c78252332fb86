import Keyspace

extension DependencyGraph {
    /// Tells with what a value that is served was published: its dependencies, and the position of that publication, before
    /// which all computed ones of them were published that it was derived from. The key's shard must be held.
    ///
    /// - Parameters:
    ///   - deadline: when the value expires, in milliseconds since 1970.
    ///   - body: called under the graph's lock, which it must not need.
    /// - Returns: false where the value is not served.
    public func describe(
        _ node: UInt32, deadline: Int64?, _ body: (PublicationRecord, _ revision: UInt64) -> Void
    ) -> Bool {
        withContent { content in
            // What has changed and is not marked yet may be what it was derived from.
            guard content.graph.states[node].condition == .fresh, content.roots.isEmpty else { return false }
            var options = PublishOptions()
            options.deadline = deadline
            options.grace = content.graph.graces[node]?.duration ?? 0
            options.cost = content.graph.nodes[node].cost
            let dependencies = content.graph.dependencies(of: node).map { content.graph.seen($0) }
            body(content.graph.record(dependencies, options), content.graph.nodes[node].revision)
            return true
        }
    }
}
