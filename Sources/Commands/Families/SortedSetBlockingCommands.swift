import Keyspace
import Primitives
import RESP

/// BZPOPMIN, BZPOPMAX and BZMPOP, which wait for a sorted set that has members.
public enum SortedSetBlockingCommands {
    public static let commands: [Command] = [
        Command(
            "bzpopmin", arity: -3, flags: [.write, .noscript, .blocking, .fast],
            keys: [.range(1, -2, [.readWrite, .access, .delete])], group: .sortedSet, since: "5.0.0",
            complexity: "O(log n)",
            summary: "Removes the member with the lowest score of the first sorted set that has any, waiting for one.",
            syntax: "key:key... timeout:double", handler: { call throws(CommandError) in try pop(&call, .lowest) }),
        Command(
            "bzpopmax", arity: -3, flags: [.write, .noscript, .blocking, .fast],
            keys: [.range(1, -2, [.readWrite, .access, .delete])], group: .sortedSet, since: "5.0.0",
            complexity: "O(log n)",
            summary: "Removes the member with the highest score of the first sorted set that has any, waiting for one.",
            syntax: "key:key... timeout:double", handler: { call throws(CommandError) in try pop(&call, .highest) }),
        Command(
            "bzmpop", arity: -5, flags: [.write, .blocking, .movableKeys],
            keys: [.counted(2, [.readWrite, .access, .delete])], group: .sortedSet, since: "7.0.0",
            complexity: "O(k) + O(m log n), k being the number of keys and m that of the members removed.",
            summary: "Removes members from an end of the first of several sorted sets that has any, waiting for one.",
            syntax: "timeout:double numkeys:integer key:key... where=(MIN|MAX) [COUNT count:integer]", handler: bzmpop),
    ]

    private static func pop(_ call: inout Call, _ end: SortedSetPopCommands.End) throws(CommandError) {
        let deadline = try call.deadline(seconds: call.count - 1)
        let keys = 1..<call.count - 1
        for index in keys {
            let key = call.key(index)
            guard call.mayLook(at: key) else { continue }
            let found = try SortedSetPopCommands.pop(
                &call, key, end, 1,
                { reply, _ in
                    reply.array(3)
                    reply.bulk(key.bytes)
                },
                { reply, member, score in
                    reply.bulk(member)
                    reply.double(score)
                })
            if found { return call.log(end == .lowest ? "ZPOPMIN" : "ZPOPMAX", key) }
        }
        try call.wait(for: .value(.sortedSet), at: Array(keys), until: deadline, orElse: .nullArray)
    }

    private static func bzmpop(_ call: inout Call) throws(CommandError) {
        let deadline = try call.deadline(seconds: 1)
        let request = try MultiplePop(call, keyCount: 2, end: SortedSetPopCommands.end)
        if try SortedSetPopCommands.popFirst(&call, request) { return }
        try call.wait(for: .value(.sortedSet), at: Array(request.keys), until: deadline, orElse: .nullArray)
    }
}
