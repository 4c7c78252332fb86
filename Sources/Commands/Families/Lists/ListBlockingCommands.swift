import Keyspace
import Primitives
import RESP

/// The commands on lists that wait for one that has elements: BLPOP, BRPOP, BLMOVE, BRPOPLPUSH and BLMPOP.
public enum ListBlockingCommands {
    public static let commands: [Command] = [
        Command(
            "blpop", arity: -3, flags: [.write, .noscript, .blocking],
            keys: [.range(1, -2, [.readWrite, .access, .delete])], group: .list, since: "2.0.0",
            complexity: "O(k), k being the number of keys.",
            summary: "Removes the first element of the first list that has any, waiting for one.",
            syntax: "key:key... timeout:double", handler: { call throws(CommandError) in try pop(&call, .head) }),
        Command(
            "brpop", arity: -3, flags: [.write, .noscript, .blocking],
            keys: [.range(1, -2, [.readWrite, .access, .delete])], group: .list, since: "2.0.0",
            complexity: "O(k), k being the number of keys.",
            summary: "Removes the last element of the first list that has any, waiting for one.",
            syntax: "key:key... timeout:double", handler: { call throws(CommandError) in try pop(&call, .tail) }),
        Command(
            "blmove", arity: 6, flags: [.write, .denyoom, .noscript, .blocking], keys: ListMove.keys, group: .list,
            since: "6.2.0",
            summary: "Moves an element from an end of a list to an end of another one, waiting for one.",
            syntax: "source:key destination:key wherefrom=(LEFT|RIGHT) whereto=(LEFT|RIGHT) timeout:double",
            handler: blmove),
        Command(
            "brpoplpush", arity: 4, flags: [.write, .denyoom, .noscript, .blocking], keys: ListMove.keys, group: .list,
            since: "2.2.0",
            summary:
                "Makes the last element of a list the first one of another, waiting for one. BLMOVE does the same.",
            syntax: "source:key destination:key timeout:double", handler: brpoplpush),
        Command(
            "blmpop", arity: -5, flags: [.write, .blocking, .movableKeys],
            keys: [.counted(2, [.readWrite, .access, .delete])], group: .list, since: "7.0.0",
            complexity: "O(k + n), k being the number of keys and n that of the elements removed.",
            summary: "Removes elements from an end of the first of several lists that has any, waiting for one.",
            syntax: "timeout:double numkeys:integer key:key... where=(LEFT|RIGHT) [COUNT count:integer]",
            handler: blmpop),
    ]

    private static func pop(_ call: inout Call, _ end: ListEnd) throws(CommandError) {
        let deadline = try call.deadline(seconds: call.count - 1)
        let keys = 1..<call.count - 1
        for index in keys {
            let key = call.key(index)
            guard call.mayLook(at: key) else { continue }
            let isFound = try call.popElements(key, end, 1) { reply, _ in
                reply.array(2)
                reply.bulk(key.bytes)
            }
            if isFound { return call.log(end == .head ? "LPOP" : "RPOP", key) }
        }
        try call.wait(for: .value(.list), at: Array(keys), until: deadline, orElse: .nullArray)
    }

    private static func blmove(_ call: inout Call) throws(CommandError) {
        let move = ListMove(from: try call.listEnd(3), to: try call.listEnd(4))
        try wait(&call, move, until: try call.deadline(seconds: 5))
    }

    private static func brpoplpush(_ call: inout Call) throws(CommandError) {
        try wait(&call, ListMove(from: .tail, to: .head), until: try call.deadline(seconds: 3))
    }

    private static func wait(_ call: inout Call, _ move: ListMove, until deadline: Int64) throws(CommandError) {
        if try move.execute(&call) { return move.log(&call) }
        // What is missing in a transaction is an element; who has waited in vain gets what every such command answers.
        if call.isInTransaction { return call.reply.null() }
        try call.wait(for: .value(.list), at: [1], and: 2, until: deadline, orElse: .nullArray)
    }

    private static func blmpop(_ call: inout Call) throws(CommandError) {
        let deadline = try call.deadline(seconds: 1)
        let pop = try MultiplePop(call, keyCount: 2) { (call, index) throws(CommandError) in try call.listEnd(index) }
        for index in pop.keys where call.mayLook(at: call.key(index)) {
            if try pop.execute(&call, index) { return }
        }
        try call.wait(for: .value(.list), at: Array(pop.keys), until: deadline, orElse: .nullArray)
    }
}
