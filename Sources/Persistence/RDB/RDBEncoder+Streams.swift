import Keyspace
import Primitives

extension RDBEncoder {
    /// Blocks as they are, then what is known of the stream, then its groups: what is pending with times and counts, and
    /// for each consumer the IDs that are pending for it.
    mutating func appendStream(_ stream: StreamValue, to buffer: inout ByteBuffer, drain: Drain) {
        buffer.appendLength(stream.blockCount)
        stream.forEachBlock { id, bytes in
            buffer.appendLength(16)
            buffer.appendBinary(id)
            appendString(bytes, to: &buffer)
            drainIfLarge(&buffer, drain)
        }
        buffer.appendLength(stream.count)
        buffer.appendNumbers(of: stream.lastID)
        buffer.appendNumbers(of: stream.firstEntryID)
        buffer.appendNumbers(of: stream.maxDeletedID)
        buffer.appendLength(UInt64(bitPattern: stream.entriesAdded))
        buffer.appendLength(stream.groupCount)
        for group in stream.groups { appendGroup(group, to: &buffer, drain: drain) }
    }

    private mutating func appendGroup(_ group: StreamGroup, to buffer: inout ByteBuffer, drain: Drain) {
        appendString(group.name, to: &buffer)
        buffer.appendNumbers(of: group.lastID)
        buffer.appendLength(UInt64(bitPattern: group.entriesRead ?? -1))
        buffer.appendLength(group.pendingCount)
        var pending = group.pending()
        while let entry = pending.next() {
            buffer.appendBinary(entry.id)
            buffer.appendTime(entry.deliveryTime)
            buffer.appendLength(UInt64(bitPattern: entry.deliveryCount))
            drainIfLarge(&buffer, drain)
        }
        buffer.appendLength(group.consumerCount)
        for consumer in group.consumers {
            appendString(consumer.name, to: &buffer)
            buffer.appendTime(consumer.seenTime)
            buffer.appendLength(consumer.pendingCount)
            var pending = group.pending(of: consumer)
            while let entry = pending.next() {
                buffer.appendBinary(entry.id)
                drainIfLarge(&buffer, drain)
            }
        }
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
