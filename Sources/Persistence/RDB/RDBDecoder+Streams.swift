import Keyspace
import Primitives

extension RDBDecoder {
    mutating func decodeStream(_ type: RDBType, _ reader: inout RDBReader) throws(PersistenceError) -> StreamValue {
        try Self.building(.make()) { stream throws(PersistenceError) in
            for _ in 0..<(try reader.readCount(of: 2)) {
                let name = try reader.readString(into: &first)
                guard name.count == 16 else { throw Self.damaged("the ID of a stream's block") }
                var idReader = RDBReader(name)
                let id = try idReader.readBinaryID()
                guard stream.append(block: try reader.readString(into: &first), id: id) else {
                    throw Self.damaged("a stream")
                }
            }
            let length = try reader.readNumber()
            let lastID = try reader.readNumbersOfID()
            var maxDeletedID = StreamID.zero
            var entriesAdded: Int64?
            if type != .stream {
                // Of the first entry: found anew.
                _ = try reader.readNumbersOfID()
                maxDeletedID = try reader.readNumbersOfID()
                entriesAdded = Int64(clamping: try reader.readNumber())
            }
            guard length == UInt64(stream.count),
                stream.finishBlocks(lastID: lastID, maxDeletedID: maxDeletedID, entriesAdded: entriesAdded)
            else { throw PersistenceError("what is said of a stream does not fit to its entries") }
            for _ in 0..<(try reader.readCount(of: 5)) { try decodeGroup(type, &reader, stream) }
        }
    }

    private mutating func decodeGroup(
        _ type: RDBType, _ reader: inout RDBReader, _ stream: StreamValue
    ) throws(PersistenceError) {
        let name = try reader.readString(into: &first)
        let lastID = try reader.readNumbersOfID()
        let entriesRead: Int64?
        if type == .stream {
            entriesRead = stream.estimatedEntriesRead(upTo: lastID)
        } else {
            // Minus one for an unknown number.
            entriesRead = Int64(exactly: try reader.readNumber())
        }
        guard stream.group(named: name) == nil else { throw Self.twice("a group of a stream") }
        stream.createGroup(named: name, lastID: lastID, entriesRead: entriesRead)
        guard let group = stream.group(named: name) else { return }
        var pending = try Self.readPending(&reader)
        for _ in 0..<(try reader.readCount(of: 10)) { try decodeConsumer(type, &reader, group, &pending) }
        for entry in pending {
            guard let consumer = entry.consumer else { throw PersistenceError("an entry is pending for no consumer") }
            guard
                group.appendPending(
                    entry.id, to: consumer, deliveryTime: entry.deliveryTime, deliveryCount: entry.deliveryCount)
            else { throw Self.damaged("what is pending in a group of a stream") }
        }
    }

    /// What is pending in a group, before it is known for whom.
    private struct PendingEntry {
        var id: StreamID
        var deliveryTime: Int64
        var deliveryCount: Int64
        var consumer: StreamConsumer?
    }

    private static func readPending(_ reader: inout RDBReader) throws(PersistenceError) -> [PendingEntry] {
        let count = try reader.readCount(of: 25)
        var pending: [PendingEntry] = []
        pending.reserveCapacity(count)
        for _ in 0..<count {
            let id = try reader.readBinaryID()
            let time = try reader.readTime()
            // Still to be counted on.
            let deliveries = Int64(min(try reader.readNumber(), 1 << 62))
            if let last = pending.last, last.id >= id { throw damaged("what is pending in a group of a stream") }
            pending.append(PendingEntry(id: id, deliveryTime: time, deliveryCount: deliveries))
        }
        return pending
    }

    private mutating func decodeConsumer(
        _ type: RDBType, _ reader: inout RDBReader, _ group: StreamGroup, _ pending: inout [PendingEntry]
    ) throws(PersistenceError) {
        let name = try reader.readString(into: &first)
        let seenTime = try reader.readTime()
        guard group.consumer(named: name) == nil else { throw Self.twice("a consumer of a stream") }
        let consumer = group.createConsumer(named: name, now: seenTime)
        consumer.activeTime = type == .stream3 ? try reader.readTime() : seenTime
        for _ in 0..<(try reader.readCount(of: 16)) {
            let id = try reader.readBinaryID()
            var low = 0
            var high = pending.count
            while low < high {
                let middle = (low + high) / 2
                if pending[middle].id < id { low = middle + 1 } else { high = middle }
            }
            guard low < pending.count, pending[low].id == id, pending[low].consumer == nil else {
                throw PersistenceError("an entry is pending for a consumer and not in the group, or for two")
            }
            pending[low].consumer = consumer
        }
    }
}

extension RDBReader {
    /// An ID as 16 bytes, big endian.
    fileprivate mutating func readBinaryID() throws(PersistenceError) -> StreamID {
        StreamID(UInt64(bigEndian: try readInteger()), UInt64(bigEndian: try readInteger()))
    }

    /// A time in milliseconds since 1970, -1 for none: what lies further back would make differences overflow.
    fileprivate mutating func readTime() throws(PersistenceError) -> Int64 { max(-1, try readInteger()) }

    /// An ID as two lengths.
    fileprivate mutating func readNumbersOfID() throws(PersistenceError) -> StreamID {
        StreamID(try readNumber(), try readNumber())
    }
}
