import Keyspace
import Primitives
import RESP

/// What the consumers of a group do: XREADGROUP, which gives each entry to one of them, and XACK.
public enum StreamGroupReadCommands {
    public static let commands: [Command] = [
        Command(
            "xreadgroup", arity: -7, flags: [.write, .blocking, .movableKeys],
            keys: [.halves("streams", from: 4, [.readOnly, .access])], group: .stream, since: "5.0.0",
            complexity: "O(log n + m) for each stream, m being the number of entries returned.",
            summary: "Returns new entries of streams to a consumer, or those that it has not acknowledged.",
            syntax: "GROUP group-block=(group:string consumer:string) [COUNT count:integer] "
                + "[BLOCK milliseconds:integer] [NOACK] STREAMS streams=(key:key... id:string...)",
            handler: xreadgroup),
        Command(
            "xack", arity: -4, flags: [.write, .fast], keys: [.one(1, [.readWrite, .update])], group: .stream,
            since: "5.0.0", complexity: "O(log n) for each ID, n being the number of pending entries.",
            summary: "Tells that entries were processed.", syntax: "key:key group:string id:string...", handler: xack),
    ]

    private static func xreadgroup(_ call: inout Call) throws(CommandError) {
        let options = try StreamReadOptions(call, isGroup: true)
        guard let group = options.group else { throw .syntax }
        for index in options.keys {
            let key = call.key(index)
            guard call.mayLook(at: key) else { continue }
            guard try call.read(key, as: StreamValue.self)?.group(named: call[group]) != nil else {
                throw CommandError(
                    composed: "\(CommandError.noGroup(key.bytes, call[group]).message) in XREADGROUP with GROUP option")
            }
            _ = try start(call, options.id(index))
        }
        var mark: Int?
        var count = 0
        for index in options.keys {
            let key = call.key(index)
            guard call.mayLook(at: key) else { continue }
            let start = try start(call, options.id(index))
            try call.readAndUpdate(key, as: StreamValue.self) { (stream, call) throws(CommandError) in
                guard let group = stream.group(named: call[group]) else { return nil }
                let consumer = call.consumer(options.consumer, of: group, key)
                consumer.seenTime = call.now
                if let start {
                    if mark == nil { mark = call.reply.beginStreams() }
                    history(&call, key, group, consumer, start, limit: options.count)
                } else {
                    guard let cursor = group.newEntries() else { return nil }
                    if mark == nil { mark = call.reply.beginStreams() }
                    deliver(&call, key, cursor, group, consumer, options)
                }
                count += 1
                return .xreadgroup
            }
        }
        if let mark {
            call.logsNothing()
            return call.reply.endStreams(count, at: mark)
        }
        guard let deadline = options.deadline else { return call.reply.nullArray() }
        try call.wait(for: .change, at: Array(options.keys), until: deadline, orElse: .nullArray)
    }

    /// Behind which ID a consumer wants to see again what is pending for it; nil where it wants new entries.
    @inline(__always)
    private static func start(_ call: borrowing Call, _ index: Int) throws(CommandError) -> StreamID? {
        if call[index].count == 1 {
            switch call[index][0] {
            case UInt8(ascii: ">"): return nil
            case UInt8(ascii: "$"): throw meaningless("$")
            case UInt8(ascii: "+"): throw meaningless("+")
            default: break
            }
        }
        let id = try call.streamID(index)
        return id == .max ? nil : id
    }

    private static func meaningless(_ id: String) -> CommandError {
        CommandError(
            composed: "ERR The \(id) ID is meaningless in the context of XREADGROUP: you want to read the history of "
                + "this consumer by specifying a proper ID, or use the > ID to get new messages. The \(id) ID would "
                + "just return an empty result set.")
    }

    /// Answers with new entries, which become pending for the consumer.
    @inline(__always)
    private static func deliver(
        _ call: inout Call, _ key: Key, _ cursor: StreamCursor, _ group: StreamGroup, _ consumer: StreamConsumer,
        _ options: StreamReadOptions
    ) {
        var cursor = cursor
        let now = call.now
        let reply = call.reply
        var claims = ClaimEffects(call, key, group, consumer)
        reply.stream(key)
        reply.list { reply in
            var count = 0
            while let entry = cursor.next() {
                group.advance(past: entry.id)
                reply.entry(entry)
                if !options.acknowledges {
                    group.deliver(entry.id, to: consumer, now: now)
                    claims.note(entry.id, at: now, count: 1, &call)
                }
                count &+= 1
                if count == options.count { break }
            }
            return count
        }
        group.remember(cursor)
        claims.log(&call)
        call.logProgress(key, group)
    }

    /// Answers with what is pending for the consumer; of entries that were deleted only their IDs.
    private static func history(
        _ call: inout Call, _ key: Key, _ group: StreamGroup, _ consumer: StreamConsumer, _ start: StreamID, limit: Int
    ) {
        var cursor = group.pending(from: start.successor ?? .max, of: consumer)
        let now = call.now
        let reply = call.reply
        var claims = ClaimEffects(call, key, group, consumer)
        reply.stream(key)
        reply.list { reply in
            var count = 0
            while let pending = cursor.next() {
                if let entry = group.stream.entry(pending.id) {
                    reply.entry(entry)
                    pending.deliveryTime = now
                    pending.deliveryCount &+= 1
                    claims.note(pending.id, at: now, count: pending.deliveryCount, &call)
                } else {
                    reply.array(2)
                    reply.bulk(pending.id)
                    reply.nullArray()
                }
                count += 1
                if count == limit { break }
            }
            return count
        }
        claims.log(&call)
    }

    private static func xack(_ call: inout Call) throws(CommandError) {
        var acknowledged = 0
        try call.readAndUpdate(call.key(1), as: StreamValue.self) { (stream, call) throws(CommandError) in
            guard let group = stream.group(named: call[2]) else { return nil }
            // All IDs are right before anything changes; a single one is read only once.
            if call.count > 4 { for index in 3..<call.count { _ = try call.streamID(index) } }
            for index in 3..<call.count where group.acknowledge(try call.streamID(index)) { acknowledged &+= 1 }
            return acknowledged > 0 ? .xack : nil
        }
        call.reply.integer(acknowledged)
    }
}

extension Call {
    /// The consumer that an argument names, which comes into being where it is new.
    @inline(__always)
    mutating func consumer(_ index: Int, of group: StreamGroup, _ key: Key) -> StreamConsumer {
        if let consumer = group.consumer(named: self[index]) { return consumer }
        access.changed(key, .xgroupCreateConsumer)
        let consumer = group.createConsumer(named: self[index], now: now)
        logConsumer(key, group, consumer)
        return consumer
    }
}
