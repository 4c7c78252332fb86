import Keyspace
import Primitives
import RESP

/// Members of sorted sets one by one: ZADD, ZINCRBY, ZREM, ZCARD, ZSCORE, ZMSCORE, ZRANK and ZREVRANK.
public enum SortedSetCommands {
    public static let commands: [Command] = [
        Command(
            "zadd", arity: -4, flags: [.write, .denyoom, .fast], keys: [.one(1, [.readWrite, .update])],
            element: 3, group: .sortedSet, since: "1.2.0",
            complexity: "O(log n) for each pair, n being the number of members.",
            summary: "Gives members scores, adding those that are not there.",
            syntax:
                "key:key condition=[NX|XX] comparison=[GT|LT] [change=CH] [increment=INCR] "
                + "data=(score:double member:string)...",
            handler: zadd),
        Command(
            "zincrby", arity: 4, flags: [.write, .denyoom, .fast], keys: [.one(1, [.readWrite, .access, .update])],
            element: 3, group: .sortedSet, since: "1.2.0", complexity: "O(log n), n being the number of members.",
            summary: "Adds to the score of a member, which is 0 for one that is not there.",
            syntax: "key:key increment:double member:string", handler: zincrby),
        Command(
            "zrem", arity: -3, flags: [.write, .fast], keys: [.one(1, [.readWrite, .delete])], element: 2,
            group: .sortedSet,
            since: "1.2.0", complexity: "O(log n) for each member named, n being the number of members.",
            summary: "Removes members; a set without any is removed too.", syntax: "key:key member:string...",
            handler: zrem),
        Command(
            "zcard", arity: 2, flags: [.readonly, .fast], keys: [.one(1, .readOnly)], group: .sortedSet,
            since: "1.2.0", summary: "Answers the number of members.", syntax: "key:key", handler: zcard),
        Command(
            "zscore", arity: 3, flags: [.readonly, .fast], keys: [.one(1, [.readOnly, .access])], element: 2,
            group: .sortedSet,
            since: "1.2.0", summary: "Answers the score of a member.", syntax: "key:key member:string",
            handler: zscore),
        Command(
            "zmscore", arity: -3, flags: [.readonly, .fast], keys: [.one(1, [.readOnly, .access])],
            element: 2, group: .sortedSet, since: "6.2.0", complexity: "O(n), n being the number of members named.",
            summary: "Answers the scores of several members.", syntax: "key:key member:string...",
            handler: zmscore),
        Command(
            "zrank", arity: -3, flags: [.readonly, .fast], keys: [.one(1, [.readOnly, .access])], element: 2,
            group: .sortedSet,
            since: "2.0.0", complexity: "O(log n), n being the number of members.",
            summary: "Answers how many members come before one in ascending order.",
            syntax: "key:key member:string [WITHSCORE]", handler: zrank),
        Command(
            "zrevrank", arity: -3, flags: [.readonly, .fast], keys: [.one(1, [.readOnly, .access])],
            element: 2, group: .sortedSet, since: "2.0.0", complexity: "O(log n), n being the number of members.",
            summary: "Answers how many members come before one in descending order.",
            syntax: "key:key member:string [WITHSCORE]", handler: zrevrank),
    ]

    // MARK: Adding

    /// What ZADD is asked to do beside adding.
    private struct AddOptions: OptionSet {
        let rawValue: UInt8
        static let onlyNew = AddOptions(rawValue: 1 << 0)
        static let onlyPresent = AddOptions(rawValue: 1 << 1)
        static let onlyGreater = AddOptions(rawValue: 1 << 2)
        static let onlyLess = AddOptions(rawValue: 1 << 3)
        static let countsUpdates = AddOptions(rawValue: 1 << 4)
        static let increments = AddOptions(rawValue: 1 << 5)

        /// The option that a word names; none for anything else.
        @inline(__always)
        static func named(_ word: ByteView) -> AddOptions {
            // Most words are scores: one look tells.
            guard word.count >= 2, word.count <= 4, word.start[0] > UInt8(ascii: "9") else { return [] }
            if word.equalsIgnoringCase("nx") { return .onlyNew }
            if word.equalsIgnoringCase("xx") { return .onlyPresent }
            if word.equalsIgnoringCase("gt") { return .onlyGreater }
            if word.equalsIgnoringCase("lt") { return .onlyLess }
            if word.equalsIgnoringCase("ch") { return .countsUpdates }
            return word.equalsIgnoringCase("incr") ? .increments : []
        }

        func check(pairs: Int) throws(CommandError) {
            if isSuperset(of: [.onlyNew, .onlyPresent]) {
                throw CommandError("ERR XX and NX options at the same time are not compatible")
            }
            // Any two of the three exclude each other.
            guard [.onlyNew, .onlyGreater, .onlyLess].filter(contains).count < 2 else {
                throw CommandError("ERR GT, LT, and/or NX options at the same time are not compatible")
            }
            if contains(.increments), pairs > 1 {
                throw CommandError("ERR INCR option supports a single increment-element pair")
            }
        }

        /// The score that a member gets for `argument` when it has `old`, nil to leave it as it is. NaN where the sum of
        /// both is none.
        @inline(__always)
        func decide(_ argument: Double, _ old: Double?) -> Double? {
            guard let old else { return contains(.onlyPresent) ? nil : argument }
            if contains(.onlyNew) { return nil }
            let score = contains(.increments) ? old + argument : argument
            if contains(.onlyGreater), score <= old { return nil }
            if contains(.onlyLess), score >= old { return nil }
            return score
        }
    }

    private static func zadd(_ call: inout Call) throws(CommandError) { try add(&call, []) }

    private static func zincrby(_ call: inout Call) throws(CommandError) { try add(&call, .increments) }

    private static func add(_ call: inout Call, _ given: AddOptions) throws(CommandError) {
        var options = given
        var first = 2
        while first < call.count, case let option = AddOptions.named(call[first]), !option.isEmpty {
            options.formUnion(option)
            first += 1
        }
        let values = call.count - first
        guard values > 0, values & 1 == 0 else { throw .syntax }
        if !options.isEmpty { try options.check(pairs: values / 2) }
        if options.contains(.increments) { return try increment(&call, options, first) }
        try insert(&call, options, first)
    }

    private static func insert(_ call: inout Call, _ options: AddOptions, _ first: Int) throws(CommandError) {
        // All scores are read before anything changes; those of a single pair only once.
        var score = try call.double(first)
        for index in stride(from: first + 2, to: call.count, by: 2) { _ = try call.double(index) }
        var added = 0
        var updated = 0
        try call.upsert(call.key(1), as: SortedSetValue.self) { (value, call) throws(CommandError) in
            let limits = call.limits.sortedSet
            for index in stride(from: first, to: call.count, by: 2) {
                if index != first { score = try call.double(index) }
                let change =
                    options.isEmpty
                    ? value.insert(call[index + 1], score, limits: limits)
                    : value.update(call[index + 1], limits: limits) { options.decide(score, $0) }
                switch change {
                case .added: added &+= 1
                case .updated: updated &+= 1
                case .unchanged: break
                }
            }
            return added &+ updated > 0 ? .zadd : nil
        }
        call.reply.integer(options.contains(.countsUpdates) ? added + updated : added)
    }

    /// Adds to one score and answers the sum; nothing where a condition kept it from that.
    private static func increment(_ call: inout Call, _ options: AddOptions, _ first: Int) throws(CommandError) {
        let argument = try call.double(first)
        var result: Double?
        try call.upsert(call.key(1), as: SortedSetValue.self) { (value, call) throws(CommandError) in
            let change = value.update(call[first + 1], limits: call.limits.sortedSet) { old in
                result = options.decide(argument, old)
                // Nothing is as good as a sum that is none: the set holds no NaN.
                return result?.isNaN == true ? nil : result
            }
            if result?.isNaN == true { throw CommandError("ERR resulting score is not a number (NaN)") }
            return change == .unchanged ? nil : .zincr
        }
        if let result { call.reply.double(result) } else { call.reply.null() }
    }

    // MARK: Removing

    private static func zrem(_ call: inout Call) throws(CommandError) {
        var removed = 0
        try call.update(call.key(1), as: SortedSetValue.self) { (value, call) throws(CommandError) in
            for index in 2..<call.count where value.remove(call[index]) != nil {
                removed += 1
                if value.isEmpty { break }
            }
            return removed > 0 ? .zrem : nil
        }
        call.reply.integer(removed)
    }

    // MARK: Reading

    private static func zcard(_ call: inout Call) throws(CommandError) {
        call.reply.integer(try call.read(call.key(1), as: SortedSetValue.self)?.count ?? 0)
    }

    private static func zscore(_ call: inout Call) throws(CommandError) {
        guard let value = try call.read(call.key(1), as: SortedSetValue.self), let score = value.score(of: call[2])
        else { return call.reply.null() }
        call.reply.double(score)
    }

    private static func zmscore(_ call: inout Call) throws(CommandError) {
        let value = try call.read(call.key(1), as: SortedSetValue.self)
        call.reply.array(call.count - 2)
        for index in 2..<call.count {
            if let score = value?.score(of: call[index]) { call.reply.double(score) } else { call.reply.null() }
        }
    }

    private static func zrank(_ call: inout Call) throws(CommandError) { try rank(&call, reverse: false) }

    private static func zrevrank(_ call: inout Call) throws(CommandError) { try rank(&call, reverse: true) }

    private static func rank(_ call: inout Call, reverse: Bool) throws(CommandError) {
        guard call.count <= 4 else { throw .wrongArity(call.name) }
        let withScore = call.count == 4
        if withScore, !call.isWord(3, "withscore") { throw .syntax }
        guard let value = try call.read(call.key(1), as: SortedSetValue.self),
            let (rank, score) = value.rank(of: call[2])
        else { return withScore ? call.reply.nullArray() : call.reply.null() }
        if withScore { call.reply.array(2) }
        call.reply.integer(reverse ? value.count - 1 - rank : rank)
        if withScore { call.reply.double(score) }
    }
}

extension KeyEvent {
    static let zadd = KeyEvent(.sortedSet, "zadd")
    static let zincr = KeyEvent(.sortedSet, "zincr")
    static let zrem = KeyEvent(.sortedSet, "zrem")
}
