import ComputedKeys

/// A part of the dependency graph as text that draws it: for Graphviz (dot) or Mermaid. Arrows go the way that changes go,
/// from what a value was derived from to the value.
struct GraphPicture {
    let nodes: [NodeReport]
    /// Positions in `nodes`: what was derived, and what from.
    let edges: [(Int, Int)]

    /// In the language of Graphviz.
    var dot: String {
        var text = "digraph computed {\n  rankdir=LR;\n  node [shape=box, style=filled, fontname=\"sans-serif\"];\n"
        for (index, node) in nodes.enumerated() {
            text += "  n\(index) [label=\"\(Self.quoted(node.name))\\n\(node.state)\", fillcolor=\"\(color(node))\"];\n"
        }
        for (derived, source) in edges { text += "  n\(source) -> n\(derived);\n" }
        return text + "}\n"
    }

    /// In the language of Mermaid.
    var mermaid: String {
        var text = "graph LR\n"
        for (index, node) in nodes.enumerated() {
            text += "  n\(index)[\"\(Self.quoted(node.name))<br/>\(node.state)\"]\n"
            text += "  style n\(index) fill:\(color(node))\n"
        }
        for (derived, source) in edges { text += "  n\(source) --> n\(derived)\n" }
        return text
    }

    private func color(_ node: NodeReport) -> String {
        switch node.state.description {
        case "fresh": "#c8e6c9"
        case "stale": "#ffcdd2"
        case "maybe-stale": "#ffe0b2"
        default: "#e0e0e0"
        }
    }

    /// Names may hold anything: what would end a label, or is not visible, is replaced.
    private static func quoted(_ name: String) -> String {
        String(
            String.UnicodeScalarView(
                name.unicodeScalars.map { $0.value < 32 || "\"\\<>&".unicodeScalars.contains($0) ? "_" : $0 }))
    }
}
