import Keyspace
import Primitives
import RESP

/// Unions, intersections and differences of sets, answered, stored or counted.
public enum SetAlgebraCommands {
    private static let interCost = "O(n k), n being the size of the smallest of k sets."
    private static let totalCost = "O(n), n being the number of members of all sets."

    public static let commands: [Command] = [
        Command(
            "smembers", arity: 2, flags: [.readonly], keys: [.one(1, [.readOnly, .access])], group: .set,
            since: "1.0.0", complexity: "O(n), n being the size of the set.", summary: "Answers all members.",
            syntax: "key:key", handler: sunion),
        answering("sinter", cost: interCost, summary: "Answers the members that are in all of several sets.", sinter),
        answering("sunion", cost: totalCost, summary: "Answers the members that are in any of several sets.", sunion),
        answering("sdiff", cost: totalCost, summary: "Answers the members of a set that are in none of others.", sdiff),
        Command(
            "sintercard", arity: -3, flags: [.readonly, .movableKeys], keys: [.counted(1, [.readOnly, .access])],
            group: .set, since: "7.0.0", complexity: interCost,
            summary: "Counts the members that are in all of several sets.",
            syntax: "numkeys:integer key:key... [LIMIT limit:integer]", handler: sintercard),
        storing(
            "sinterstore", writing: .readWrite, cost: interCost,
            summary: "Stores the members that are in all of several sets.",
            sinterstore),
        storing(
            "sunionstore", cost: totalCost, summary: "Stores the members that are in any of several sets.",
            sunionstore),
        storing(
            "sdiffstore", cost: totalCost, summary: "Stores the members of a set that are in none of others.",
            sdiffstore),
    ]

    private static func answering(
        _ name: String, cost: String, summary: String, _ handler: @escaping Command.Handler
    ) -> Command {
        Command(
            name, arity: -2, flags: [.readonly], keys: [.range(1, -1, [.readOnly, .access])], group: .set,
            since: "1.0.0", complexity: cost, summary: summary, syntax: "key:key...", handler: handler)
    }

    private static func storing(
        _ name: String, writing: KeySpecification.Flags = .overwrite, cost: String, summary: String,
        _ handler: @escaping Command.Handler
    ) -> Command {
        Command(
            name, arity: -3, flags: [.write, .denyoom],
            keys: [.one(1, writing.union(.update)), .range(2, -1, [.readOnly, .access])], group: .set, since: "1.0.0",
            complexity: cost, summary: summary, syntax: "destination:key key:key...", handler: handler)
    }

    // MARK: Answering

    private static func sinter(_ call: inout Call) throws(CommandError) { try answer(&call, .intersection) }

    private static func sunion(_ call: inout Call) throws(CommandError) { try answer(&call, .union) }

    private static func sdiff(_ call: inout Call) throws(CommandError) { try answer(&call, .difference) }

    private static func answer(_ call: inout Call, _ operation: SetAlgebra.Operation) throws(CommandError) {
        let answer = try call.work(on: 1..<call.count) { SetAnswer(operation, $0) }
        call.reply.draft(answer.draft) { $0.set(answer.count) }
    }

    private static func sintercard(_ call: inout Call) throws(CommandError) {
        let error = CommandError("ERR numkeys should be greater than 0")
        let keys = try call.integer(1, in: 1...Int64.max, or: error)
        guard keys <= call.count - 2 else {
            throw CommandError("ERR Number of keys can't be greater than number of args")
        }
        let limit = try limit(call, from: 2 + keys)
        let intersection = try call.work(on: 2..<2 + keys) { SetCount(limit, $0) }
        call.reply.integer(intersection.count)
    }

    /// The most members to count, which is behind LIMIT; 0 for all.
    private static func limit(_ call: borrowing Call, from start: Int) throws(CommandError) -> Int {
        var limit = 0
        var index = start
        while index < call.count {
            guard call.isWord(index, "limit"), index + 1 < call.count else { throw .syntax }
            let error = CommandError("ERR LIMIT can't be negative")
            limit = try call.integer(index + 1, in: 0...Int64.max, or: error)
            index += 2
        }
        return limit
    }

    // MARK: Storing

    private static func sinterstore(_ call: inout Call) throws(CommandError) {
        try store(&call, .intersection, KeyEvent(.set, "sinterstore"))
    }

    private static func sunionstore(_ call: inout Call) throws(CommandError) {
        try store(&call, .union, KeyEvent(.set, "sunionstore"))
    }

    private static func sdiffstore(_ call: inout Call) throws(CommandError) {
        try store(&call, .difference, KeyEvent(.set, "sdiffstore"))
    }

    private static func store(
        _ call: inout Call, _ operation: SetAlgebra.Operation, _ event: KeyEvent
    ) throws(CommandError) {
        let limits = call.limits.set
        let result = try call.work(on: 2..<call.count) { SetResult(operation, $0, limits) }
        call.storeSet(result.take(), event: event)
    }
}

extension Call {
    /// Puts a result under the first key and answers its size; one without members removes the key.
    mutating func storeSet(_ set: SetValue, event: KeyEvent) {
        let count = set.count
        if count == 0 {
            set.destroy()
            _ = access.remove(key(1))
        } else {
            access.store(key(1), set, event: event)
        }
        reply.integer(count)
    }
}
