import Primitives

@testable import ComputedKeys
@testable import Keyspace

/// All computed keys of a dependency graph, as one line for each.
struct GraphText {
    private(set) var lines: [String: String] = [:]

    init(_ graph: DependencyGraph) {
        graph.withContent { content in
            for node in 1..<max(1, content.graph.nodes.end) where content.graph.nodes[node].revision != Node.unused {
                let state = content.graph.states[node]
                guard state.condition != .absent else { continue }
                let dependencies = content.graph.dependencies(of: node).map { Self.name($0, content.graph) }.sorted()
                let grace = content.graph.graces[node].map { " grace \($0.duration)" } ?? ""
                let seen = state.contains(.sawStale) ? " saw stale" : ""
                lines[Self.name(node, content.graph)] =
                    "\(state.condition)\(seen)\(grace) cost \(content.graph.nodes[node].cost) of \(dependencies)"
            }
        }
    }

    private static func name(_ node: UInt32, _ graph: borrowing Graph) -> String {
        let database = graph.nodes[node].isTag ? "tag" : String(graph.nodes[node].database)
        return "\(database)/\(graph.name(node).string)"
    }

    /// How another differs, nil where it does not.
    func difference(from other: GraphText) -> String? {
        for key in Set(lines.keys).union(other.lines.keys).sorted() where lines[key] != other.lines[key] {
            return "node \(key)\n  was \(lines[key] ?? "nothing")\n  is  \(other.lines[key] ?? "nothing")"
        }
        return nil
    }
}
