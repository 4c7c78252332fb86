import Keyspace
import Persistence
import Primitives

/// What `freshet-check rdb` prints.
struct SnapshotReport {
    let summary: SnapshotSummary
    /// What is wrong with the file; nil where nothing is.
    let error: String?
    /// Bytes behind the snapshot.
    let trailing: Int64

    // MARK: Text

    func text(_ path: String) -> String {
        var lines = ["\(path): valid, version \(summary.version), \(summary.keys) keys"]
        if trailing > 0 { lines.append("\(trailing) bytes follow that are no part of it.") }
        for field in summary.fields { lines.append("  \(field.name): \(field.value)") }
        if summary.functions > 0 { lines.append("  libraries of functions: \(summary.functions)") }
        for (database, keys) in summary.databases.sorted(by: { $0.key < $1.key }) {
            lines.append("  database \(database): \(keys) keys")
        }
        if summary.keys > 0 {
            lines += ["", table]
        }
        if !summary.biggest.isEmpty {
            lines += ["", "Biggest keys, by memory:"]
            for key in summary.biggest {
                let name = key.name.withView { String(decoding: quotedText($0), as: UTF8.self) }
                lines.append(
                    "  \(Self.right("\(key.memory)", 12))  \(Self.left("\(key.type.name)", 7))"
                        + "\(Self.right("\(key.elements)", 10))  db \(key.database)  \(name)")
            }
        }
        return lines.joined(separator: "\n")
    }

    /// Totals by type, a line each.
    private var table: String {
        let columns = ["keys", "elements", "memory", "in file", "expiring", "expired"]
        var lines = [Self.left("  type", 10) + columns.map { Self.right($0, 13) }.joined()]
        func add(_ name: String, _ totals: SnapshotSummary.Totals) {
            let numbers = [
                totals.keys, totals.elements, totals.memory, totals.fileBytes, totals.expiring, totals.expired,
            ]
            lines.append(Self.left("  " + name, 10) + numbers.map { Self.right("\($0)", 13) }.joined())
        }
        for type in SnapshotSummary.types where summary.totals(type).keys > 0 {
            add("\(type.name)", summary.totals(type))
        }
        add("all", summary.all)
        return lines.joined(separator: "\n")
    }

    private static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(1, width - text.count)) + text
    }

    // MARK: JSON

    var json: String {
        var members = ["\"valid\":\(error == nil)"]
        if let error { members.append("\"error\":\(Self.json(error))") }
        members.append("\"version\":\(summary.version)")
        members.append("\"trailing_bytes\":\(trailing)")
        members.append("\"functions\":\(summary.functions)")
        members.append(
            "\"fields\":{"
                + summary.fields.map { "\(Self.json($0.name)):\(Self.json($0.value))" }.joined(separator: ",")
                + "}")
        let databases = summary.databases.sorted { $0.key < $1.key }
        members.append("\"databases\":{" + databases.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}")
        let types = SnapshotSummary.types.map { "\"\($0.name)\":\(Self.json(summary.totals($0)))" }
        members.append("\"types\":{" + types.joined(separator: ",") + "}")
        members.append("\"all\":\(Self.json(summary.all))")
        members.append("\"biggest\":[" + summary.biggest.map(Self.json).joined(separator: ",") + "]")
        return "{" + members.joined(separator: ",") + "}"
    }

    private static func json(_ totals: SnapshotSummary.Totals) -> String {
        "{\"keys\":\(totals.keys),\"elements\":\(totals.elements),\"memory\":\(totals.memory),"
            + "\"file_bytes\":\(totals.fileBytes),\"expiring\":\(totals.expiring),\"expired\":\(totals.expired)}"
    }

    private static func json(_ key: SnapshotSummary.Key) -> String {
        "{\"database\":\(key.database),\"key\":\(json(String(decoding: key.name, as: UTF8.self))),"
            + "\"type\":\"\(key.type.name)\",\"elements\":\(key.elements),\"memory\":\(key.memory)}"
    }

    private static func json(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
