import Primitives

@testable import Keyspace

/// All that a keyspace holds, expired keys and fields included, as one line for each key.
struct KeyspaceText {
    private(set) var lines: [String: String] = [:]

    /// - Parameter showsEncodings: whether how values are kept is a part of it.
    init(_ keyspace: Keyspace, showsEncodings: Bool = true) {
        for shard in 0..<ShardSet.shardCount {
            for database in 0..<keyspace.databaseCount {
                keyspace.shard(shard).pointee.databases[database].table.forEach { entry in
                    lines["\(database)/\(Self.quoted(entry.key))"] = Self.describe(entry, showsEncodings)
                    return true
                }
            }
        }
    }

    /// How another differs, nil where it does not.
    func difference(from other: KeyspaceText) -> String? {
        for key in Set(lines.keys).union(other.lines.keys).sorted() where lines[key] != other.lines[key] {
            return "\(key)\n  was \(lines[key] ?? "nothing")\n  is  \(other.lines[key] ?? "nothing")"
        }
        return nil
    }

    private static func quoted(_ bytes: ByteView) -> String {
        bytes.buffer.map { $0 > 32 && $0 < 127 ? String(UnicodeScalar($0)) : "\\\($0)" }.joined()
    }

    private static func quoted(_ element: ListpackElement) -> String { element.withBytes { quoted($0) } }

    private static func describe(_ entry: Entry, _ showsEncodings: Bool) -> String {
        let expiry = entry.expiry.map { " until \($0)" } ?? ""
        let encoding = entry.type == .string || !showsEncodings ? "" : " \(entry.encoding)"
        return "\(entry.type)\(encoding)\(expiry)\(entry.isComputed ? " computed" : ""): \(value(entry))"
    }

    private static func value(_ entry: Entry) -> String {
        switch entry.type {
        case .string:
            return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) {
                quoted(entry.text(scratch: $0.baseAddress.unsafelyUnwrapped))
            }
        case .hash: return fields(entry.aggregate()).sorted().joined(separator: " ")
        case .list:
            var elements: [String] = []
            let list = entry.aggregate(ListValue.self)
            list.forEach(0..<list.count) {
                elements.append(quoted($0))
                return true
            }
            return elements.joined(separator: " ")
        case .set:
            var members: [String] = []
            entry.aggregate(SetValue.self).forEach { members.append(quoted($0)) }
            return members.sorted().joined(separator: " ")
        case .sortedSet:
            var members: [String] = []
            entry.aggregate(SortedSetValue.self).forEach { member, score in
                members.append("\(quoted(member))=\(score)")
                return true
            }
            return members.joined(separator: " ")
        case .stream: return describe(entry.aggregate(StreamValue.self))
        }
    }

    private static func fields(_ hash: HashValue) -> [String] {
        var fields: [String] = []
        hash.forEach(now: HashValue.always) {
            let expiry = $0.expiry == HashValue.noExpiry ? "" : "@\($0.expiry)"
            fields.append("\(quoted($0.field))=\(quoted($0.value))\(expiry)")
        }
        return fields
    }

    private static func describe(_ stream: StreamValue) -> String {
        var parts = [
            "last \(text(stream.lastID)) deleted \(text(stream.maxDeletedID)) added \(stream.entriesAdded)"
        ]
        var cursor = stream.entries(in: .zero ... .max)
        while let entry = cursor.next() {
            var fields: [String] = []
            entry.forEachField { fields.append("\(quoted($0))=\(quoted($1))") }
            parts.append("\(text(entry.id))[\(fields.joined(separator: " "))]")
        }
        for group in stream.groups {
            let consumers = group.consumers.map { "\(quoted($0.name)):\($0.pendingCount)" }
            parts.append(
                "group \(quoted(group.name)) at \(text(group.lastID)) read \(group.entriesRead ?? -1) \(consumers)")
            var pending = group.pending()
            while let entry = pending.next() {
                parts.append(
                    "\(text(entry.id))>\(quoted(entry.consumer.name))@\(entry.deliveryTime)x\(entry.deliveryCount)")
            }
        }
        return parts.joined(separator: " ")
    }

    private static func text(_ id: StreamID) -> String { "\(id.milliseconds)-\(id.sequence)" }
}
