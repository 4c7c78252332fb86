import Keyspace
import Primitives
import RESP

/// What was delivered and not acknowledged: XPENDING shows it, XCLAIM and XAUTOCLAIM give it to another consumer.
public enum StreamPendingCommands {
    public static let commands: [Command] = [
        Command(
            "xpending", arity: -3, flags: .readonly, keys: [.one(1, [.readOnly, .access])], group: .stream,
            since: "5.0.0", complexity: "O(m), m being the number of entries looked at, or of consumers.",
            summary: "Tells which entries a group's consumers have not acknowledged.",
            syntax: "key:key group:string filters=[[IDLE min-idle-time:integer] start:string end:string count:integer "
                + "[consumer:string]]", handler: xpending),
        Command(
            "xclaim", arity: -6, flags: [.write, .fast], keys: [.one(1, [.readWrite, .update])], group: .stream,
            since: "5.0.0", complexity: "O(log n) for each ID, n being the number of pending entries.",
            summary: "Gives pending entries to another consumer.",
            syntax: "key:key group:string consumer:string min-idle-time:string id:string... [IDLE ms:integer] "
                + "[TIME unix-time-milliseconds:unix-time] [RETRYCOUNT count:integer] [FORCE] [JUSTID] "
                + "[LASTID lastid:string]", handler: xclaim),
        Command(
            "xautoclaim", arity: -6, flags: [.write, .fast], keys: [.one(1, [.readWrite, .delete])], group: .stream,
            since: "6.2.0", complexity: "O(m), m being ten times the count at most.",
            summary: "Gives the entries that are pending for long to another consumer.",
            syntax: "key:key group:string consumer:string min-idle-time:string start:string [COUNT count:integer] "
                + "[JUSTID]", handler: xautoclaim),
    ]

    // MARK: Looking

    private static func xpending(_ call: inout Call) throws(CommandError) {
        guard call.count == 3 || call.count >= 6 && call.count <= 9 else { throw .syntax }
        guard call.count > 3 else {
            let group = try pendingGroup(&call)
            return summary(&call, group)
        }
        var first = 3
        var minimumIdle: Int64 = 0
        if call.isWord(3, "idle") {
            minimumIdle = try call.integer(4)
            guard call.count >= 8 else { throw .syntax }
            first = 5
        }
        let limit = try call.clampedCount(first + 2)
        let start = try call.intervalStart(first)
        let end = try call.intervalEnd(first + 1)
        let group = try pendingGroup(&call)
        var consumer: StreamConsumer?
        if first + 3 < call.count {
            consumer = group.consumer(named: call[first + 3])
            if consumer == nil { return call.reply.array(0) }
        }
        let now = call.now
        var cursor = group.pending(from: start, of: consumer)
        call.reply.list { reply in
            var count = 0
            while count < limit, let pending = cursor.next(), pending.id <= end {
                let idle = now &- pending.deliveryTime
                if minimumIdle != 0, idle < minimumIdle { continue }
                reply.array(4)
                reply.bulk(pending.id)
                reply.bulk(pending.consumer.name)
                reply.integer(max(0, idle))
                reply.integer(pending.deliveryCount)
                count += 1
            }
            return count
        }
    }

    private static func pendingGroup(_ call: inout Call) throws(CommandError) -> StreamGroup {
        guard let group = try call.read(call.key(1), as: StreamValue.self)?.group(named: call[2]) else {
            throw .noGroup(call[1], call[2])
        }
        return group
    }

    /// How many entries are pending, their first and last ID, and how many for each consumer.
    private static func summary(_ call: inout Call, _ group: StreamGroup) {
        call.reply.array(4)
        call.reply.integer(group.pendingCount)
        guard let range = group.pendingRange else {
            call.reply.null()
            call.reply.null()
            return call.reply.nullArray()
        }
        call.reply.bulk(range.lowerBound)
        call.reply.bulk(range.upperBound)
        call.reply.list { reply in
            var count = 0
            for consumer in group.consumers where consumer.pendingCount > 0 {
                reply.array(2)
                reply.bulk(consumer.name)
                reply.bulk(integer: Int64(consumer.pendingCount))
                count += 1
            }
            return count
        }
    }

    // MARK: Claiming

    private static func xclaim(_ call: inout Call) throws(CommandError) {
        let key = call.key(1)
        let exists = try call.readAndUpdate(key, as: StreamValue.self) { (stream, call) throws(CommandError) in
            guard let group = stream.group(named: call[2]) else { throw .noGroup(call[1], call[2]) }
            let options = try StreamClaimOptions(call)
            if let lastID = options.lastID, lastID > group.lastID {
                group.advance(to: lastID)
                call.logProgress(key, group)
            }
            let consumer = call.consumer(3, of: group, key)
            consumer.seenTime = max(call.now, options.deliveryTime)
            let mark = call.reply.output.pointee.count
            call.reply.raw("*0\r\n")
            var claimed = 0
            var claims = ClaimEffects(call, key, group, consumer)
            for index in options.ids {
                let id = try call.streamID(index)
                if claim(&call, id, key, group, consumer, options, &claims) { claimed += 1 }
            }
            claims.log(&call)
            call.logsNothing()
            call.reply.setLength(claimed, at: mark, type: UInt8(ascii: "*"))
            return .xclaim
        }
        guard exists else { throw .noGroup(call[1], call[2]) }
    }

    /// Gives an entry to a consumer and answers with it; false where nothing was there to give.
    private static func claim(
        _ call: inout Call, _ id: StreamID, _ key: Key, _ group: StreamGroup, _ consumer: StreamConsumer,
        _ options: StreamClaimOptions, _ claims: inout ClaimEffects
    ) -> Bool {
        var cursor = group.pending(exactly: id)
        guard let entry = group.stream.entry(id) else {
            guard cursor == nil else {
                // What was deleted is nobody's any more.
                call.logAcknowledgement(key, group, id)
                cursor?.remove()
                return false
            }
            // But what a base says of it, was so.
            guard call.isReplaying, options.forces else { return false }
            group.force(id, on: consumer, now: call.now)
            guard let forced = group.pending(exactly: id) else { return false }
            give(forced, to: consumer, call, at: options.deliveryTime, count: options.retryCount, onlyID: true)
            return false
        }
        if let pending = cursor?.current {
            if options.minimumIdle > 0, call.now &- pending.deliveryTime < options.minimumIdle { return false }
        } else {
            guard options.forces else { return false }
            group.force(id, on: consumer, now: call.now)
            cursor = group.pending(exactly: id)
        }
        guard let cursor else { return false }
        give(cursor, to: consumer, call, at: options.deliveryTime, count: options.retryCount, onlyID: options.onlyIDs)
        claims.note(id, at: options.deliveryTime, count: cursor.current.deliveryCount, &call)
        if options.onlyIDs { call.reply.bulk(id) } else { call.reply.entry(entry) }
        return true
    }

    /// Puts the current entry of a cursor on a consumer's account.
    private static func give(
        _ cursor: PendingCursor, to consumer: StreamConsumer, _ call: borrowing Call, at time: Int64, count: Int64?,
        onlyID: Bool
    ) {
        let pending = cursor.current
        pending.deliveryTime = time
        pending.deliveryCount = count ?? (onlyID ? pending.deliveryCount : pending.deliveryCount &+ 1)
        if pending.consumer != consumer { cursor.assign(to: consumer) }
        consumer.activeTime = max(call.now, time)
    }

    private static func xautoclaim(_ call: inout Call) throws(CommandError) {
        // Looked up before the arguments are read, so that a miss counts whatever they are.
        let key = call.key(1)
        _ = call.access.read(key)
        let minimumIdle = max(
            0, try call.integer(4, or: CommandError("ERR Invalid min-idle-time argument for XAUTOCLAIM")))
        let start = try call.intervalStart(5)
        var limit = 100
        var onlyIDs = false
        var index = 6
        while index < call.count {
            if index + 1 < call.count, call.isWord(index, "count") {
                limit = try call.integer(index + 1, in: 1...Int64.max / 16, or: CommandError("ERR COUNT must be > 0"))
                index += 1
            } else if call.isWord(index, "justid") {
                onlyIDs = true
            } else {
                throw .syntax
            }
            index += 1
        }
        let exists = try call.update(key, as: StreamValue.self) { (stream, call) throws(CommandError) in
            guard let group = stream.group(named: call[2]) else { throw .noGroup(call[1], call[2]) }
            let consumer = call.consumer(3, of: group, key)
            consumer.seenTime = call.now
            claimAll(&call, key, group, consumer, start, minimumIdle: minimumIdle, limit: limit, onlyIDs: onlyIDs)
            call.logsNothing()
            return .xclaim
        }
        guard exists else { throw .noGroup(call[1], call[2]) }
    }

    /// Claims what is pending from `start` on and answers: where to go on, the entries, and the IDs of those that were
    /// deleted. At most ten times `limit` entries are looked at.
    private static func claimAll(
        _ call: inout Call, _ key: Key, _ group: StreamGroup, _ consumer: StreamConsumer, _ start: StreamID,
        minimumIdle: Int64, limit: Int, onlyIDs: Bool
    ) {
        var claims = ClaimEffects(call, key, group, consumer)
        var cursor = group.pending(from: start)
        var attempts = limit * 10
        var remaining = limit
        var claimed = 0
        var deleted: [StreamID] = []
        call.reply.array(3)
        let mark = call.reply.output.pointee.count
        call.reply.raw("*0\r\n")
        while attempts > 0, remaining > 0, let pending = cursor.next() {
            attempts -= 1
            guard let entry = group.stream.entry(pending.id) else {
                deleted.append(pending.id)
                call.logAcknowledgement(key, group, pending.id)
                cursor.remove()
                remaining -= 1
                continue
            }
            if minimumIdle > 0, call.now &- pending.deliveryTime < minimumIdle { continue }
            give(cursor, to: consumer, call, at: call.now, count: nil, onlyID: onlyIDs)
            claims.note(entry.id, at: call.now, count: cursor.current.deliveryCount, &call)
            if onlyIDs { call.reply.bulk(entry.id) } else { call.reply.entry(entry) }
            claimed += 1
            remaining -= 1
        }
        claims.log(&call)
        call.reply.setLength(claimed, at: mark, type: UInt8(ascii: "*"))
        call.reply.insert(cursor.next()?.id ?? .zero, at: mark)
        call.reply.array(deleted.count)
        for id in deleted { call.reply.bulk(id) }
    }
}

extension ReplyWriter {
    /// Puts an ID before what was written from `mark` on. O(bytes written since).
    fileprivate func insert(_ id: StreamID, at mark: Int) {
        let end = output.pointee.count
        bulk(id)
        let text = output.pointee.view[end..<output.pointee.count].array
        output.pointee.truncate(to: end)
        text.withView { output.pointee.insert($0, at: mark) }
    }
}
