import Keyspace
import Primitives
import RESP

/// ZPOPMIN, ZPOPMAX and ZMPOP, which take members off an end, ZRANDMEMBER and ZSCAN.
public enum SortedSetPopCommands {
    public static let commands: [Command] = [
        Command(
            "zpopmin", arity: -2, flags: [.write, .fast], keys: [.one(1, [.readWrite, .access, .delete])],
            group: .sortedSet, since: "5.0.0", complexity: "O(log n + m), m being the number of members removed.",
            summary: "Removes the members with the lowest scores and answers them.",
            syntax: "key:key [count:integer]", handler: zpopmin),
        Command(
            "zpopmax", arity: -2, flags: [.write, .fast], keys: [.one(1, [.readWrite, .access, .delete])],
            group: .sortedSet, since: "5.0.0", complexity: "O(log n + m), m being the number of members removed.",
            summary: "Removes the members with the highest scores and answers them.",
            syntax: "key:key [count:integer]", handler: zpopmax),
        Command(
            "zmpop", arity: -4, flags: [.write, .movableKeys], keys: [.counted(1, [.readWrite, .access, .delete])],
            group: .sortedSet, since: "7.0.0",
            complexity: "O(k) + O(log n + m), k being the number of keys and m that of the members removed.",
            summary: "Removes members from an end of the first of several sorted sets that has any.",
            syntax: "numkeys:integer key:key... where=(MIN|MAX) [COUNT count:integer]", handler: zmpop),
        Command(
            "zrandmember", arity: -2, flags: .readonly, keys: [.one(1, [.readOnly, .access])], group: .sortedSet,
            since: "6.2.0", complexity: "O(m log n), m being the number of members answered.",
            summary: "Answers members chosen at random.", syntax: "key:key options=[count:integer [WITHSCORES]]",
            handler: zrandmember),
        Command(
            "zscan", arity: -3, flags: .readonly, keys: [.one(1, [.readOnly, .access])], group: .sortedSet,
            since: "2.8.0", complexity: "O(1) for each call, O(n) for a whole scan.",
            summary: "Goes through the members of a sorted set in several calls.",
            syntax: "key:key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]", handler: zscan),
    ]

    // MARK: Popping

    enum End {
        case lowest, highest
    }

    private static func zpopmin(_ call: inout Call) throws(CommandError) { try pop(&call, .lowest) }

    private static func zpopmax(_ call: inout Call) throws(CommandError) { try pop(&call, .highest) }

    private static func pop(_ call: inout Call, _ end: End) throws(CommandError) {
        guard call.count <= 3 else { throw .syntax }
        let hasCount = call.count == 3
        let count = hasCount ? try call.integer(2, in: 0...Int64.max, or: .mustBePositive) : 1
        guard
            try pop(
                &call, call.key(1), end, count,
                { reply, count in
                    // Only a count makes pairs of RESP3.
                    if hasCount { reply.members(count, withScores: true) } else { reply.array(2) }
                },
                { reply, member, score in
                    if hasCount { return reply.member(member, score, withScores: true) }
                    reply.bulk(member)
                    reply.double(score)
                })
        else { return call.reply.array(0) }
    }

    private static func zmpop(_ call: inout Call) throws(CommandError) {
        let request = try MultiplePop(call, keyCount: 1, end: end)
        if try !popFirst(&call, request) { call.reply.nullArray() }
    }

    /// The end that an argument names.
    static func end(_ call: borrowing Call, _ index: Int) throws(CommandError) -> End {
        if call.isWord(index, "min") { return .lowest }
        guard call.isWord(index, "max") else { throw .syntax }
        return .highest
    }

    /// Pops of the first set that has members and answers them; false where none has.
    static func popFirst(_ call: inout Call, _ request: MultiplePop<End>) throws(CommandError) -> Bool {
        for index in request.keys {
            let key = call.key(index)
            guard call.mayLook(at: key) else { continue }
            var popped = 0
            let found = try pop(
                &call, key, request.end, request.count,
                { reply, count in
                    reply.array(2)
                    reply.bulk(key.bytes)
                    reply.array(count)
                    popped = count
                },
                { reply, member, score in
                    reply.array(2)
                    reply.bulk(member)
                    reply.double(score)
                })
            guard found else { continue }
            call.log(request.end == .lowest ? "ZPOPMIN" : "ZPOPMAX", key, Int64(popped))
            return true
        }
        return false
    }

    /// Pops up to `count` members of the set at `key`; false where there is none.
    ///
    /// - Parameters:
    ///   - header: is given the number of members that follow.
    ///   - body: is given each of them.
    @inline(__always)
    static func pop(
        _ call: inout Call, _ key: Key, _ end: End, _ count: Int, _ header: (ReplyWriter, Int) -> Void,
        _ body: (ReplyWriter, ByteView, Double) -> Void
    ) throws(CommandError) -> Bool {
        let reply = call.reply
        return try call.update(key, as: SortedSetValue.self) { (value, _) throws(CommandError) in
            if count == 0 {
                reply.array(0)
                return nil
            }
            header(reply, min(count, value.count))
            switch end {
            case .lowest:
                value.popMin(count) { body(reply, $0, $1) }
                return .zpopmin
            case .highest:
                value.popMax(count) { body(reply, $0, $1) }
                return .zpopmax
            }
        }
    }

    // MARK: Random members

    private static func zrandmember(_ call: inout Call) throws(CommandError) {
        guard call.count > 2 else { return try oneRandomMember(&call) }
        let largest = Int64.max
        let count = try call.integer(2)
        guard count != Int64.min else {
            throw CommandError(
                "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")
        }
        let withScores = call.count == 4
        guard call.count <= 4, !withScores || call.isWord(3, "withscores") else { throw .syntax }
        if withScores, count < -largest / 2 || count > largest / 2 { throw .outOfRange }
        guard let value = try call.read(call.key(1), as: SortedSetValue.self), count != 0 else {
            return call.reply.array(0)
        }
        if count < 0 {
            try repeatedMembers(&call, value, Int(-count), withScores)
        } else if count >= Int64(value.count) {
            call.reply.members(of: value, 0..<value.count, reverse: false, withScores: withScores)
        } else {
            distinctMembers(&call, value, Int(count), withScores)
        }
    }

    private static func oneRandomMember(_ call: inout Call) throws(CommandError) {
        guard let value = try call.read(call.key(1), as: SortedSetValue.self) else { return call.reply.null() }
        let reply = call.reply
        value.randomMember(call.random.next()) { member, _ in reply.bulk(member) }
    }

    /// Members that may be the same, as many as are asked for. A reply that outgrows the longest string is refused: it is
    /// the only one whose size has nothing to do with what is stored.
    private static func repeatedMembers(
        _ call: inout Call, _ value: SortedSetValue, _ count: Int, _ withScores: Bool
    ) throws(CommandError) {
        let reply = call.reply
        let mark = reply.output.pointee.count
        let most = call.limits.maximumString
        // The shortest element takes six bytes.
        guard count <= most / 6 else { throw .outOfRange }
        reply.members(count, withScores: withScores)
        for _ in 0..<count {
            value.randomMember(call.random.next()) { reply.member($0, $1, withScores: withScores) }
            guard reply.output.pointee.count - mark <= most else {
                reply.output.pointee.truncate(to: mark)
                throw .outOfRange
            }
        }
    }

    /// Different members, fewer than there are.
    private static func distinctMembers(_ call: inout Call, _ value: SortedSetValue, _ count: Int, _ withScores: Bool) {
        let reply = call.reply
        let size = value.count
        reply.members(count, withScores: withScores)
        guard size > 256, count < size / 8 else {
            // Selection sampling (Knuth, The Art of Computer Programming 2, algorithm S): each member in turn with the
            // probability that fills the sample.
            var needed = count
            var left = size
            var random = call.random
            value.forEach { member, score in
                if random.next(below: left) < needed {
                    reply.member(member, score, withScores: withScores)
                    needed -= 1
                }
                left -= 1
                return needed > 0
            }
            call.random = random
            return
        }
        // Floyd's sampling (Bentley, Programming Pearls: a sample of brilliance, 1987): one number for each member.
        var ranks = Set<Int>(minimumCapacity: count)
        for bound in size - count..<size {
            let rank = call.random.next(below: bound + 1)
            let chosen = ranks.insert(rank).inserted ? rank : bound
            ranks.insert(chosen)
            value.forEach(chosen..<chosen + 1) { member, score in
                reply.member(member, score, withScores: withScores)
                return true
            }
        }
    }

    // MARK: Scanning

    private static func zscan(_ call: inout Call) throws(CommandError) {
        let cursor = try ScanOptions.cursor(call, 2)
        guard let value = try call.read(call.key(1), as: SortedSetValue.self) else {
            return call.reply.raw("*2\r\n$1\r\n0\r\n*0\r\n")
        }
        try scan(&call, value, cursor)
    }

    private static func scan(_ call: inout Call, _ value: SortedSetValue, _ cursor: UInt64) throws(CommandError) {
        let options = try ScanOptions(call, from: 3, of: .members)
        let reply = call.reply
        let scratch = call.scratch
        let mark = reply.output.pointee.count
        var count = 0
        let next = value.scan(cursor, limit: options.limit) { member, score in
            guard options.matches(member) else { return }
            reply.bulk(member)
            // Scores are strings here, whatever the protocol.
            reply.bulk(ByteView(scratch, count: formatDouble(score, to: scratch)))
            count += 2
        }
        reply.finishScan(at: mark, cursor: next, count: count)
    }
}

extension KeyEvent {
    static let zpopmin = KeyEvent(.sortedSet, "zpopmin")
    static let zpopmax = KeyEvent(.sortedSet, "zpopmax")
}
