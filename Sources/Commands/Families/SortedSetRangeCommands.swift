import Keyspace
import Primitives
import RESP

/// Ranges of sorted sets: ZRANGE and its older forms, ZRANGESTORE, ZCOUNT, ZLEXCOUNT and ZREMRANGEBY*.
public enum SortedSetRangeCommands {
    private static let answers = "O(log n + m), n being the number of members and m that of those answered."
    private static let removes = "O(log n + m), n being the number of members and m that of those removed."

    public static let commands: [Command] = [
        Command(
            "zcount", arity: 4, flags: [.readonly, .fast], keys: [.one(1, [.readOnly, .access])], group: .sortedSet,
            since: "2.0.0", complexity: "O(log n), n being the number of members.",
            summary: "Counts the members whose scores are in a range.", syntax: "key:key min:double max:double",
            handler: zcount),
        Command(
            "zlexcount", arity: 4, flags: [.readonly, .fast], keys: [.one(1, [.readOnly, .access])],
            group: .sortedSet, since: "2.8.9", complexity: "O(log n), n being the number of members.",
            summary: "Counts the members that are in a range of byte order.",
            syntax: "key:key min:string max:string", handler: zlexcount),
        reading(
            "zrange", since: "1.2.0", summary: "Answers the members in a range of ranks, scores or byte order.",
            syntax: """
                key:key start:string stop:string sortby=[BYSCORE|BYLEX] [REV] \
                [LIMIT offset:integer count:integer] [WITHSCORES]
                """, handler: zrange),
        reading(
            "zrevrange", since: "1.2.0", summary: "Answers the members in a range of ranks, the highest first.",
            syntax: "key:key start:integer stop:integer [WITHSCORES]", handler: zrevrange),
        reading(
            "zrangebyscore", since: "1.0.5", summary: "Answers the members whose scores are in a range.",
            syntax: "key:key min:double max:double [WITHSCORES] [LIMIT offset:integer count:integer]",
            handler: zrangebyscore),
        reading(
            "zrevrangebyscore", since: "2.2.0",
            summary: "Answers the members whose scores are in a range, the highest first.",
            syntax: "key:key max:double min:double [WITHSCORES] [LIMIT offset:integer count:integer]",
            handler: zrevrangebyscore),
        reading(
            "zrangebylex", since: "2.8.9", summary: "Answers the members that are in a range of byte order.",
            syntax: "key:key min:string max:string [LIMIT offset:integer count:integer]", handler: zrangebylex),
        reading(
            "zrevrangebylex", since: "2.8.9",
            summary: "Answers the members that are in a range of byte order, the highest first.",
            syntax: "key:key max:string min:string [LIMIT offset:integer count:integer]", handler: zrevrangebylex),
        Command(
            "zrangestore", arity: -5, flags: [.write, .denyoom],
            keys: [.one(1, [.overwrite, .update]), .one(2, [.readOnly, .access])], group: .sortedSet, since: "6.2.0",
            complexity: "O(log n + m), n being the number of members and m that of those stored.",
            summary: "Stores the members in a range of ranks, scores or byte order under another key.",
            syntax: """
                dst:key src:key min:string max:string sortby=[BYSCORE|BYLEX] [REV] [LIMIT offset:integer count:integer]
                """, handler: zrangestore),
        removing(
            "zremrangebyrank", since: "2.0.0", summary: "Removes the members in a range of ranks.",
            syntax: "key:key start:integer stop:integer", handler: zremrangebyrank),
        removing(
            "zremrangebyscore", since: "1.2.0", summary: "Removes the members whose scores are in a range.",
            syntax: "key:key min:double max:double", handler: zremrangebyscore),
        removing(
            "zremrangebylex", since: "2.8.9", summary: "Removes the members that are in a range of byte order.",
            syntax: "key:key min:string max:string", handler: zremrangebylex),
    ]

    private static func reading(
        _ name: String, since: String, summary: String, syntax: String, handler: @escaping Command.Handler
    ) -> Command {
        Command(
            name, arity: -4, flags: .readonly, keys: [.one(1, [.readOnly, .access])], group: .sortedSet, since: since,
            complexity: answers, summary: summary, syntax: syntax, handler: handler)
    }

    private static func removing(
        _ name: String, since: String, summary: String, syntax: String, handler: @escaping Command.Handler
    ) -> Command {
        Command(
            name, arity: 4, flags: .write, keys: [.one(1, [.readWrite, .delete])], group: .sortedSet, since: since,
            complexity: removes, summary: summary, syntax: syntax, handler: handler)
    }

    // MARK: Counting

    private static func zcount(_ call: inout Call) throws(CommandError) { try count(&call, call.scoreBounds(2, 3)) }

    private static func zlexcount(_ call: inout Call) throws(CommandError) { try count(&call, call.memberBounds(2, 3)) }

    private static func count(_ call: inout Call, _ bounds: SortedSetRange.Bounds) throws(CommandError) {
        let value = try call.read(call.key(1), as: SortedSetValue.self)
        call.reply.integer(value.map { SortedSetRange(bounds).ranks(in: $0).count } ?? 0)
    }

    // MARK: Answering

    private static func zrange(_ call: inout Call) throws(CommandError) { try answer(&call, Form()) }

    private static func zrevrange(_ call: inout Call) throws(CommandError) {
        try answer(&call, Form(order: .rank, isReverse: true))
    }

    private static func zrangebyscore(_ call: inout Call) throws(CommandError) {
        try answer(&call, Form(order: .score, isReverse: false))
    }

    private static func zrevrangebyscore(_ call: inout Call) throws(CommandError) {
        try answer(&call, Form(order: .score, isReverse: true))
    }

    private static func zrangebylex(_ call: inout Call) throws(CommandError) {
        try answer(&call, Form(order: .member, isReverse: false))
    }

    private static func zrevrangebylex(_ call: inout Call) throws(CommandError) {
        try answer(&call, Form(order: .member, isReverse: true))
    }

    @inline(__always)
    private static func answer(_ call: inout Call, _ form: Form) throws(CommandError) {
        let (range, withScores) = try form.parse(call, 2)
        guard let value = try call.read(call.key(1), as: SortedSetValue.self) else { return call.reply.array(0) }
        let ranks = range.ranks(in: value)
        if call.isLong(ranks.count, of: value.count, bytes: value.memoryUsage) {
            let stretches = SortedSetStretches(value, ranks, reverse: range.isReverse, withScores: withScores)
            return try call.answer(stretches, of: 1)
        }
        call.reply.members(of: value, ranks, reverse: range.isReverse, withScores: withScores)
    }

    private static func zrangestore(_ call: inout Call) throws(CommandError) {
        let (range, _) = try Form(stores: true).parse(call, 3)
        guard let value = try call.read(call.key(2), as: SortedSetValue.self) else {
            return try call.storeSortedSet(nil, at: 1, event: .zrangestore)
        }
        // The key is read again, which counts.
        call.access.statistics.pointee.hits.add(-1)
        let limits = call.limits.sortedSet
        let part = try call.work(on: 2..<3) { _ in SortedSetPart(value, range.ranks(in: value), limits) }
        try call.storeSortedSet(part.take(), at: 1, event: .zrangestore)
    }

    // MARK: Removing

    private static func zremrangebyrank(_ call: inout Call) throws(CommandError) {
        try remove(&call, call.rankBounds(2, 3), KeyEvent(.sortedSet, "zremrangebyrank"))
    }

    private static func zremrangebyscore(_ call: inout Call) throws(CommandError) {
        try remove(&call, call.scoreBounds(2, 3), KeyEvent(.sortedSet, "zremrangebyscore"))
    }

    private static func zremrangebylex(_ call: inout Call) throws(CommandError) {
        try remove(&call, call.memberBounds(2, 3), KeyEvent(.sortedSet, "zremrangebylex"))
    }

    private static func remove(
        _ call: inout Call, _ bounds: SortedSetRange.Bounds, _ event: KeyEvent
    ) throws(CommandError) {
        var removed = 0
        try call.update(call.key(1), as: SortedSetValue.self) { (value, _) throws(CommandError) in
            removed = value.remove(SortedSetRange(bounds).ranks(in: value))
            return removed > 0 ? event : nil
        }
        call.reply.integer(removed)
    }
}

/// One of the forms of ZRANGE: what its name fixes, the rest is up to its options.
private struct Form {
    enum Order {
        case rank, score, member
    }

    /// Nil where BYSCORE and BYLEX choose.
    var order: Order?
    /// Nil where REV chooses.
    var isReverse: Bool?
    /// Whether the members are stored, so that there are no scores to answer.
    var stores = false

    /// Reads both ends of the range, which are at `start`, and the options behind them.
    @inline(__always)
    func parse(_ call: borrowing Call, _ start: Int) throws(CommandError) -> (SortedSetRange, withScores: Bool) {
        var order = order
        var isReverse = isReverse
        var offset: Int64 = 0
        var limit: Int64 = -1
        var withScores = false
        var index = start + 2
        while index < call.count {
            if call.isWord(index, "limit"), index + 2 < call.count {
                offset = try call.integer(index + 1)
                limit = try call.integer(index + 2)
                index += 2
            } else if !stores, call.isWord(index, "withscores") {
                withScores = true
            } else if isReverse == nil, call.isWord(index, "rev") {
                isReverse = true
            } else if order == nil, call.isWord(index, "bylex") {
                order = .member
            } else if order == nil, call.isWord(index, "byscore") {
                order = .score
            } else {
                throw .syntax
            }
            index += 1
        }
        let reverse = isReverse ?? false
        var range: SortedSetRange
        // The end where the answer begins comes first.
        let (low, high) = reverse ? (start + 1, start) : (start, start + 1)
        switch order ?? .rank {
        case .rank:
            guard limit == -1 else {
                throw CommandError(
                    "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")
            }
            range = SortedSetRange(try call.rankBounds(start, start + 1))
        case .score: range = SortedSetRange(try call.scoreBounds(low, high))
        case .member:
            guard !withScores else {
                throw CommandError("ERR syntax error, WITHSCORES not supported in combination with BYLEX")
            }
            range = SortedSetRange(try call.memberBounds(low, high))
        }
        range.isReverse = reverse
        range.offset = offset
        range.limit = limit
        return (range, withScores)
    }
}

extension Call {
    /// Ends a command that stores a sorted set at the key at `index`: an empty one, or none, removes what is there.
    /// Takes `value` over and answers the number of members.
    mutating func storeSortedSet(_ value: SortedSetValue?, at index: Int, event: KeyEvent) throws(CommandError) {
        guard let value, !value.isEmpty else {
            value?.destroy()
            _ = access.remove(key(index))
            return reply.integer(0)
        }
        access.store(key(index), value, event: event)
        reply.integer(value.count)
    }
}

extension KeyEvent {
    static let zrangestore = KeyEvent(.sortedSet, "zrangestore")
}
