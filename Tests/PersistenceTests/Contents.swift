import Keyspace
import Primitives

/// What a value consists of, whatever its encoding.
struct Contents: Equatable {
    var elements: [[UInt8]] = []

    init(_ entry: Entry) {
        switch entry.type {
        case .string:
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { scratch in
                if let base = scratch.baseAddress { elements.append(entry.text(scratch: base).array) }
            }
        case .list:
            let list = entry.aggregate(ListValue.self)
            list.forEach(0..<list.count) {
                elements.append($0.array)
                return true
            }
        case .set:
            entry.aggregate(SetValue.self).forEach { elements.append($0.array) }
            elements.sort { $0.lexicographicallyPrecedes($1) }
        case .sortedSet:
            entry.aggregate(SortedSetValue.self).forEach {
                elements += [$0.array, Array("\($1)".utf8)]
                return true
            }
        case .hash:
            entry.aggregate(HashValue.self).forEach(now: HashValue.always) {
                elements.append($0.field.array + [0] + $0.value.array + Array(" \($0.expiry)".utf8))
            }
            elements.sort { $0.lexicographicallyPrecedes($1) }
        case .stream: append(entry.aggregate(StreamValue.self))
        }
    }

    private mutating func append(_ stream: StreamValue) {
        append("\(stream.count) \(stream.lastID) \(stream.firstEntryID) \(stream.lastEntryID)")
        append("\(stream.maxDeletedID) \(stream.entriesAdded) \(stream.groupCount)")
        var cursor = stream.entries(in: .zero ... .max)
        while let entry = cursor.next() {
            append("\(entry.id)")
            entry.forEachField { elements += [$0.array, $1.array] }
        }
        for group in stream.groups {
            append("\(group.name.array) \(group.lastID) \(group.entriesRead ?? -1) \(group.pendingCount)")
            for consumer in group.consumers {
                append("\(consumer.name.array) \(consumer.seenTime) \(consumer.activeTime)")
                var pending = group.pending(of: consumer)
                while let entry = pending.next() {
                    append("\(entry.id) \(entry.deliveryTime) \(entry.deliveryCount)")
                }
            }
        }
    }

    private mutating func append(_ text: String) { elements.append(Array(text.utf8)) }
}
