import Keyspace
import Primitives
import RESP

/// Unions, intersections and differences of sorted sets, answered, stored or counted.
public enum SortedSetAlgebraCommands {
    private static let unionCost =
        "O(n) + O(m log m), n being the number of all members read and m that of those of the result."
    private static let interCost =
        "O(n k) + O(m log m), n being the size of the smallest of k sets and m that of the result."
    private static let diffCost = "O(n k) + O(m), n being the size of the first of k sets and m that of the result."
    private static let combining =
        "[WEIGHTS weight:double...] [AGGREGATE (SUM|MIN|MAX)]"

    public static let commands: [Command] = [
        answering(
            "zunion", cost: unionCost, summary: "Answers the members that are in any of several sorted sets.",
            options: combining + " [WITHSCORES]", handler: zunion),
        answering(
            "zinter", cost: interCost, summary: "Answers the members that are in all of several sorted sets.",
            options: combining + " [WITHSCORES]", handler: zinter),
        answering(
            "zdiff", cost: diffCost, summary: "Answers the members of a sorted set that are in none of others.",
            options: "[WITHSCORES]", handler: zdiff),
        answering(
            "zintercard", since: "7.0.0", cost: "O(n k), n being the size of the smallest of k sets.",
            summary: "Counts the members that are in all of several sorted sets.", options: "[LIMIT limit:integer]",
            handler: zintercard),
        storing(
            "zunionstore", since: "2.0.0", cost: unionCost,
            summary: "Stores the members that are in any of several sorted sets.", options: combining,
            handler: zunionstore),
        storing(
            "zinterstore", since: "2.0.0", cost: interCost,
            summary: "Stores the members that are in all of several sorted sets.", options: combining,
            handler: zinterstore),
        storing(
            "zdiffstore", since: "6.2.0", cost: diffCost,
            summary: "Stores the members of a sorted set that are in none of others.", options: "",
            handler: zdiffstore),
    ]

    private static func answering(
        _ name: String, since: String = "6.2.0", cost: String, summary: String, options: String,
        handler: @escaping Command.Handler
    ) -> Command {
        Command(
            name, arity: -3, flags: [.readonly, .movableKeys], keys: [.counted(1, [.readOnly, .access])],
            group: .sortedSet, since: since, complexity: cost, summary: summary,
            syntax: "numkeys:integer key:key... " + options, handler: handler)
    }

    private static func storing(
        _ name: String, since: String, cost: String, summary: String, options: String,
        handler: @escaping Command.Handler
    ) -> Command {
        Command(
            name, arity: -4, flags: [.write, .denyoom, .movableKeys],
            keys: [.one(1, [.overwrite, .update]), .counted(2, [.readOnly, .access])], group: .sortedSet,
            since: since, complexity: cost, summary: summary,
            syntax: "destination:key numkeys:integer key:key..." + (options.isEmpty ? "" : " " + options),
            handler: handler)
    }

    private static func zunion(_ call: inout Call) throws(CommandError) { try answer(&call, .union) }

    private static func zinter(_ call: inout Call) throws(CommandError) { try answer(&call, .intersection) }

    private static func zdiff(_ call: inout Call) throws(CommandError) { try answer(&call, .difference) }

    private static func answer(_ call: inout Call, _ operation: SortedSetAlgebra.Operation) throws(CommandError) {
        let (plan, keys) = try SortedSetAlgebra.parse(operation, &call, countAt: 1, form: .answer)
        let version = call.reply.version
        let answer = try call.work(on: keys) { SortedSetAnswer(SortedSetCombination(plan, $0), version: version) }
        guard let result = answer.result else { return call.reply.array(0) }
        guard let draft = answer.draft else {
            return call.reply.members(of: result, 0..<result.count, reverse: false, withScores: plan.withScores)
        }
        call.reply.draft(draft) { $0.members(result.count, withScores: plan.withScores) }
        call.access.keyspace.releaseInBackground(answer)
    }

    private static func zintercard(_ call: inout Call) throws(CommandError) {
        let (plan, keys) = try SortedSetAlgebra.parse(.intersection, &call, countAt: 1, form: .count)
        let combination = try call.work(on: keys) { SortedSetCombination(plan, $0) }
        call.reply.integer(min(combination.count, plan.limit))
    }

    private static func zunionstore(_ call: inout Call) throws(CommandError) {
        try store(&call, .union, KeyEvent(.sortedSet, "zunionstore"))
    }

    private static func zinterstore(_ call: inout Call) throws(CommandError) {
        try store(&call, .intersection, KeyEvent(.sortedSet, "zinterstore"))
    }

    private static func zdiffstore(_ call: inout Call) throws(CommandError) {
        try store(&call, .difference, KeyEvent(.sortedSet, "zdiffstore"))
    }

    private static func store(
        _ call: inout Call, _ operation: SortedSetAlgebra.Operation, _ event: KeyEvent
    ) throws(CommandError) {
        let (plan, keys) = try SortedSetAlgebra.parse(operation, &call, countAt: 2, form: .store)
        let combination = try call.work(on: keys) { SortedSetCombination(plan, $0) }
        try call.storeSortedSet(combination.take(), at: 1, event: event)
    }
}
