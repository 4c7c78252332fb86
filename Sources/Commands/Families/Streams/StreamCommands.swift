import Keyspace
import Primitives
import RESP

/// Entries of streams: XADD, XLEN, XRANGE, XREVRANGE, XDEL, XTRIM and XSETID.
public enum StreamCommands {
    public static let commands: [Command] = [
        Command(
            "xadd", arity: -5, flags: [.write, .denyoom, .fast], keys: [.one(1, [.readWrite, .update])],
            group: .stream, since: "5.0.0",
            complexity: "O(1), and O(n) to trim, n being the number of entries removed.",
            summary: "Adds an entry to the end of a stream, which it may trim.",
            syntax: "key:key [NOMKSTREAM] trim=[\(trimming)] id-selector=(auto-id=*|id:string) "
                + "data=(field:string value:string)...", handler: xadd),
        Command(
            "xlen", arity: 2, flags: [.readonly, .fast], keys: [.one(1, .readOnly)], group: .stream, since: "5.0.0",
            summary: "Answers the number of entries.", syntax: "key:key", handler: xlen),
        Command(
            "xrange", arity: -4, flags: .readonly, keys: [.one(1, [.readOnly, .access])], group: .stream,
            since: "5.0.0", complexity: "O(log n + m), m being the number of entries returned.",
            summary: "Returns the entries between two IDs.",
            syntax: "key:key start:string end:string [COUNT count:integer]", handler: xrange),
        Command(
            "xrevrange", arity: -4, flags: .readonly, keys: [.one(1, [.readOnly, .access])], group: .stream,
            since: "5.0.0", complexity: "O(log n + m), m being the number of entries returned.",
            summary: "Returns the entries between two IDs, the last one first.",
            syntax: "key:key end:string start:string [COUNT count:integer]", handler: xrevrange),
        Command(
            "xdel", arity: -3, flags: [.write, .fast], keys: [.one(1, [.readWrite, .delete])], group: .stream,
            since: "5.0.0", complexity: "O(log n) for each ID.", summary: "Removes entries by their IDs.",
            syntax: "key:key id:string...", handler: xdel),
        Command(
            "xtrim", arity: -4, flags: .write, keys: [.one(1, [.readWrite, .delete])], group: .stream,
            since: "5.0.0", complexity: "O(n), n being the number of entries removed.",
            summary: "Removes the oldest entries.", syntax: "key:key trim=(\(trimming))", handler: xtrim),
        Command(
            "xsetid", arity: -3, flags: [.write, .denyoom, .fast], keys: [.one(1, [.readWrite, .update])],
            group: .stream, since: "5.0.0", summary: "Sets what a stream knows of IDs that were used.",
            syntax: "key:key last-id:string [ENTRIESADDED entries-added:integer] "
                + "[MAXDELETEDID max-deleted-id:string]", handler: xsetid),
    ]

    private static let trimming =
        "strategy=(MAXLEN|MINID) operator=[equal==|approximately=~] threshold:string [LIMIT count:integer]"

    // MARK: Writing

    private static func xadd(_ call: inout Call) throws(CommandError) {
        var options = StreamTrimOptions()
        let position = try options.parse(call, isAdding: true)
        let count = call.count - position - 1
        guard count >= 2, count & 1 == 0 else { throw .wrongArity(call.name) }
        guard let request = StreamIDRequest(call[position]) else { throw .invalidStreamID }
        if request == .exact(.zero) { throw CommandError("ERR The ID specified in XADD must be greater than 0-0") }
        let key = call.key(1)
        if !options.makesStream, try call.findStream(key) == nil { return call.reply.null() }
        var added = StreamID.zero
        var removed = 0
        var length = 0
        try call.upsert(key, as: StreamValue.self) { (stream, call) throws(CommandError) in
            added = try append(call, to: stream, request, from: position + 1)
            if let trimming = options.trimming {
                removed = stream.trim(trimming, isApproximate: options.isApproximate, limit: options.limit)
                length = stream.count
            }
            return .xadd
        }
        if removed > 0 { call.access.changed(key, .xtrim) }
        call.logEntry(key, added, from: position + 1, trimmedTo: removed > 0 ? length : nil)
        call.reply.bulk(added)
    }

    /// Adds the entry whose fields and values are the arguments from `first` on.
    @inline(__always)
    private static func append(
        _ call: borrowing Call, to stream: StreamValue, _ request: StreamIDRequest, from first: Int
    ) throws(CommandError) -> StreamID {
        guard stream.lastID != .max else {
            throw CommandError("ERR The stream has exhausted the last possible ID, unable to add more items")
        }
        guard let id = stream.nextID(request, now: call.now) else {
            throw CommandError(
                "ERR The ID specified in XADD is equal or smaller than the target stream top item")
        }
        let pairs = StreamPairs(rebasing: call.arguments[first...])
        var textCount = 0
        for text in pairs { textCount &+= text.count }
        guard textCount <= StreamValue.maximumEntrySize else {
            throw CommandError("ERR Elements are too large to be stored")
        }
        stream.append(id, pairs, textCount: textCount, limits: call.limits.stream)
        return id
    }

    private static func xdel(_ call: inout Call) throws(CommandError) {
        let key = call.key(1)
        guard try call.findStream(key) != nil else { return call.reply.integer(0) }
        for index in 2..<call.count { _ = try call.streamID(index) }
        var removed = 0
        try call.update(key, as: StreamValue.self) { (stream, call) throws(CommandError) in
            for index in 2..<call.count where stream.remove(try call.streamID(index)) { removed += 1 }
            return removed > 0 ? .xdel : nil
        }
        call.reply.integer(removed)
    }

    private static func xtrim(_ call: inout Call) throws(CommandError) {
        var options = StreamTrimOptions()
        _ = try options.parse(call, isAdding: false)
        guard let trimming = options.trimming else { throw .syntax }
        let key = call.key(1)
        var removed = 0
        try call.update(key, as: StreamValue.self) { (stream, call) throws(CommandError) in
            removed = stream.trim(trimming, isApproximate: options.isApproximate, limit: options.limit)
            guard removed > 0 else { return nil }
            call.logTrimming(key, to: stream.count)
            return .xtrim
        }
        call.reply.integer(removed)
    }

    private static func xsetid(_ call: inout Call) throws(CommandError) {
        let id = try call.streamID(2)
        var entriesAdded: Int64?
        var maxDeletedID: StreamID?
        var index = 3
        while index < call.count {
            guard index + 1 < call.count else { throw .syntax }
            if call.isWord(index, "entriesadded") {
                entriesAdded = try call.integer(index + 1)
                if let entriesAdded, entriesAdded < 0 { throw CommandError("ERR entries_added must be positive") }
            } else if call.isWord(index, "maxdeletedid") {
                let deleted = try call.streamID(index + 1)
                guard id >= deleted else { throw smaller("the provided max_deleted_entry_id") }
                maxDeletedID = deleted.isZero ? nil : deleted
            } else {
                throw .syntax
            }
            index += 2
        }
        let exists = try call.update(call.key(1), as: StreamValue.self) { (stream, _) throws(CommandError) in
            guard id >= stream.maxDeletedID else { throw smaller("current max_deleted_entry_id") }
            if stream.count > 0 {
                guard id >= stream.lastEntryID else { throw smaller("the target stream top item") }
                if let entriesAdded, entriesAdded < Int64(stream.count) {
                    throw CommandError(
                        "ERR The entries_added specified in XSETID is smaller than the target stream length")
                }
            }
            stream.set(lastID: id, entriesAdded: entriesAdded, maxDeletedID: maxDeletedID)
            return .xsetid
        }
        guard exists else { throw .noSuchKey }
        call.reply.ok()
    }

    private static func smaller(_ other: String) -> CommandError {
        CommandError(composed: "ERR The ID specified in XSETID is smaller than \(other)")
    }

    // MARK: Reading

    private static func xlen(_ call: inout Call) throws(CommandError) {
        call.reply.integer(try call.read(call.key(1), as: StreamValue.self)?.count ?? 0)
    }

    private static func xrange(_ call: inout Call) throws(CommandError) { try range(&call, 2, 3, reverse: false) }

    private static func xrevrange(_ call: inout Call) throws(CommandError) { try range(&call, 3, 2, reverse: true) }

    private static func range(
        _ call: inout Call, _ startIndex: Int, _ endIndex: Int, reverse: Bool
    ) throws(CommandError) {
        let start = try call.intervalStart(startIndex)
        let end = try call.intervalEnd(endIndex)
        var limit: Int?
        var index = 4
        while index < call.count {
            guard index + 1 < call.count, call.isWord(index, "count") else { throw .syntax }
            limit = try call.clampedCount(index + 1)
            index += 2
        }
        guard let stream = try call.read(call.key(1), as: StreamValue.self) else { return call.reply.array(0) }
        if limit == 0 { return call.reply.nullArray() }
        guard start <= end else { return call.reply.array(0) }
        let entries = stream.entries(in: start...end, reverse: reverse)
        let count = min(limit ?? .max, stream.estimatedCount(in: start...end))
        if call.isLong(count, of: stream.count, bytes: stream.memoryUsage) {
            return try call.answer(StreamStretches(entries, limit: limit ?? 0), of: 1)
        }
        call.reply.entries(entries, limit: limit ?? 0)
    }
}
