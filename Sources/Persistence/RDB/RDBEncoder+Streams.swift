import Keyspace
import Primitives

extension RDBEncoder {
    /// Blocks as they are, then what is known of the stream, then its groups: what is pending with times and counts, and
    /// for each consumer the IDs that are pending for it.
    mutating func appendStream(
        _ stream: StreamValue, _ progress: inout EncodingProgress, to buffer: inout ByteBuffer, limit: Int
    ) -> Bool {
        if !progress.hasBegun {
            buffer.appendLength(stream.blockCount)
            progress.blocks = stream.blocks
        }
        if progress.blocks != nil {
            guard appendBlocks(&progress, to: &buffer, limit: limit) else { return false }
            appendSummary(stream, to: &buffer)
        }
        while progress.group < stream.groupCount {
            let group = stream.groups[progress.group]
            guard appendGroup(group, &progress, to: &buffer, limit: limit) else { return false }
            progress.group += 1
        }
        return true
    }

    private mutating func appendBlocks(
        _ progress: inout EncodingProgress, to buffer: inout ByteBuffer, limit: Int
    ) -> Bool {
        while let (id, bytes) = progress.blocks?.next() {
            buffer.appendLength(16)
            buffer.appendBinary(id)
            appendString(bytes, to: &buffer)
            if buffer.count >= limit { return false }
        }
        progress.blocks = nil
        return true
    }

    private mutating func appendSummary(_ stream: StreamValue, to buffer: inout ByteBuffer) {
        buffer.appendLength(stream.count)
        buffer.appendNumbers(of: stream.lastID)
        buffer.appendNumbers(of: stream.firstEntryID)
        buffer.appendNumbers(of: stream.maxDeletedID)
        buffer.appendLength(UInt64(bitPattern: stream.entriesAdded))
        buffer.appendLength(stream.groupCount)
    }

    private mutating func appendGroup(
        _ group: StreamGroup, _ progress: inout EncodingProgress, to buffer: inout ByteBuffer, limit: Int
    ) -> Bool {
        if progress.consumer == nil {
            guard appendPending(of: group, &progress, to: &buffer, limit: limit) else { return false }
            buffer.appendLength(group.consumerCount)
            progress.consumer = 0
        }
        while let index = progress.consumer, index < group.consumerCount {
            let consumer = group.consumers[index]
            guard appendConsumer(consumer, of: group, &progress, to: &buffer, limit: limit) else { return false }
            progress.consumer = index + 1
        }
        progress.consumer = nil
        return true
    }

    private mutating func appendPending(
        of group: StreamGroup, _ progress: inout EncodingProgress, to buffer: inout ByteBuffer, limit: Int
    ) -> Bool {
        if progress.pending == nil {
            appendString(group.name, to: &buffer)
            buffer.appendNumbers(of: group.lastID)
            buffer.appendLength(UInt64(bitPattern: group.entriesRead ?? -1))
            buffer.appendLength(group.pendingCount)
            progress.pending = group.pending()
        }
        while let entry = progress.pending?.next() {
            buffer.appendBinary(entry.id)
            buffer.appendTime(entry.deliveryTime)
            buffer.appendLength(UInt64(bitPattern: entry.deliveryCount))
            if buffer.count >= limit { return false }
        }
        progress.pending = nil
        return true
    }

    private mutating func appendConsumer(
        _ consumer: StreamConsumer, of group: StreamGroup, _ progress: inout EncodingProgress,
        to buffer: inout ByteBuffer, limit: Int
    ) -> Bool {
        if progress.pending == nil {
            appendString(consumer.name, to: &buffer)
            buffer.appendTime(consumer.seenTime)
            buffer.appendLength(consumer.pendingCount)
            progress.pending = group.pending(of: consumer)
        }
        while let entry = progress.pending?.next() {
            buffer.appendBinary(entry.id)
            if buffer.count >= limit { return false }
        }
        progress.pending = nil
        return true
    }
}

extension ByteBuffer {
    /// Adds an ID as 16 bytes, big endian.
    fileprivate mutating func appendBinary(_ id: StreamID) {
        let target = UnsafeMutableRawPointer(reserve(16))
        target.storeBytes(of: id.milliseconds.bigEndian, as: UInt64.self)
        target.storeBytes(of: id.sequence.bigEndian, toByteOffset: 8, as: UInt64.self)
        commit(16)
    }

    /// Adds an ID as two lengths.
    fileprivate mutating func appendNumbers(of id: StreamID) {
        appendLength(id.milliseconds)
        appendLength(id.sequence)
    }
}
