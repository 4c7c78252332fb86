import Keyspace
import Primitives

extension CommandEncoder {
    /// Entries one by one, then what is known of the stream, then its groups with their consumers and what is pending.
    ///
    /// When a consumer was last seen is not in it. What is pending and was deleted from the stream has an XCLAIM like the
    /// rest: Freshet takes it over, Redis leaves it out.
    func appendStream(
        _ stream: StreamValue, _ key: ByteView, _ progress: inout EncodingProgress, to buffer: inout ByteBuffer,
        limit: Int
    ) -> Bool {
        if !progress.hasBegun {
            if stream.count == 0 { appendEmptyStream(key, to: &buffer) }
            progress.entries = stream.entries(in: .zero ... .max)
        }
        if progress.entries != nil {
            while let entry = progress.entries?.next() {
                append(entry, key, to: &buffer)
                if buffer.count >= limit { return false }
            }
            progress.entries = nil
            appendSummary(stream, key, to: &buffer)
        }
        while progress.group < stream.groupCount {
            let group = stream.groups[progress.group]
            guard append(group, key, &progress, to: &buffer, limit: limit) else { return false }
            progress.group += 1
        }
        return true
    }

    private func append(_ entry: StreamEntry, _ key: ByteView, to buffer: inout ByteBuffer) {
        buffer.appendCommand(arguments: 3 + 2 * entry.fieldCount)
        buffer.appendArgument("XADD")
        buffer.appendArgument(key)
        buffer.appendArgument(entry.id)
        entry.forEachField { field, value in
            buffer.appendArgument(field)
            buffer.appendArgument(value)
        }
    }

    /// Adds an entry that is trimmed at once: nothing else makes a stream without entries.
    private func appendEmptyStream(_ key: ByteView, to buffer: inout ByteBuffer) {
        buffer.appendCommand(arguments: 7)
        buffer.appendArgument("XADD")
        buffer.appendArgument(key)
        buffer.appendArgument("MAXLEN")
        buffer.appendArgument("0")
        buffer.appendArgument(StreamID(0, 1))
        buffer.appendArgument("x")
        buffer.appendArgument("y")
    }

    private func appendSummary(_ stream: StreamValue, _ key: ByteView, to buffer: inout ByteBuffer) {
        buffer.appendCommand(arguments: 7)
        buffer.appendArgument("XSETID")
        buffer.appendArgument(key)
        buffer.appendArgument(stream.lastID)
        buffer.appendArgument("ENTRIESADDED")
        buffer.appendArgument(stream.entriesAdded)
        buffer.appendArgument("MAXDELETEDID")
        buffer.appendArgument(stream.maxDeletedID)
    }

    private func append(
        _ group: StreamGroup, _ key: ByteView, _ progress: inout EncodingProgress, to buffer: inout ByteBuffer,
        limit: Int
    ) -> Bool {
        if progress.pending == nil {
            appendHead(of: group, key, to: &buffer)
            progress.pending = group.pending()
        }
        // XCLAIM makes the consumers that it names.
        while let entry = progress.pending?.next() {
            append(entry, of: group, key, to: &buffer)
            if buffer.count >= limit { return false }
        }
        progress.pending = nil
        return true
    }

    /// Adds a group and those of its consumers for whom nothing is pending.
    private func appendHead(of group: StreamGroup, _ key: ByteView, to buffer: inout ByteBuffer) {
        buffer.appendCommand(arguments: 7)
        buffer.appendArgument("XGROUP")
        buffer.appendArgument("CREATE")
        buffer.appendArgument(key)
        buffer.appendArgument(group.name)
        buffer.appendArgument(group.lastID)
        buffer.appendArgument("ENTRIESREAD")
        buffer.appendArgument(group.entriesRead ?? -1)
        for consumer in group.consumers where consumer.pendingCount == 0 {
            buffer.appendCommand(arguments: 5)
            buffer.appendArgument("XGROUP")
            buffer.appendArgument("CREATECONSUMER")
            buffer.appendArgument(key)
            buffer.appendArgument(group.name)
            buffer.appendArgument(consumer.name)
        }
    }

    private func append(_ entry: Pending, of group: StreamGroup, _ key: ByteView, to buffer: inout ByteBuffer) {
        buffer.appendCommand(arguments: 12)
        buffer.appendArgument("XCLAIM")
        buffer.appendArgument(key)
        buffer.appendArgument(group.name)
        buffer.appendArgument(entry.consumer.name)
        buffer.appendArgument("0")
        buffer.appendArgument(entry.id)
        buffer.appendArgument("TIME")
        buffer.appendArgument(entry.deliveryTime)
        buffer.appendArgument("RETRYCOUNT")
        buffer.appendArgument(entry.deliveryCount)
        buffer.appendArgument("JUSTID")
        buffer.appendArgument("FORCE")
    }
}
