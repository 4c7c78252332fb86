import Keyspace
import Primitives
import RESP

/// Strings compared and deleted, and their digests: DELEX and DIGEST as in Redis 8.4, DELIFEQ as in Valkey 9.
public enum StringConditionCommands {
    public static let commands: [Command] = [
        Command(
            "delex", arity: -2, flags: [.write, .fast], keys: [.one(1, [.readWrite, .delete, .variable])],
            group: .string, since: "8.4.0", complexity: "O(1), or O(n) for a string of n bytes that is compared.",
            summary: "Removes a key if the string at it is, or is not, another one.",
            syntax: "key:key condition=[IFEQ ifeq-value:string|IFNE ifne-value:string|IFDEQ ifdeq-digest:string|"
                + "IFDNE ifdne-digest:string]",
            handler: deleteUnderCondition),
        Command(
            "delifeq", arity: 3, flags: [.write, .fast], keys: [.one(1, [.readWrite, .access, .delete])],
            group: .string, since: "9.0.0", complexity: "O(n), n being the length of the string.",
            summary: "Removes a key if the string at it is another one.", syntax: "key:key value:string",
            handler: deleteIfEqual),
        Command(
            "digest", arity: 2, flags: [.readonly, .fast], keys: [.one(1, [.readOnly, .access])], group: .string,
            since: "8.4.0", complexity: "O(n), n being the length of the string.",
            summary: "Returns the digest of the string at a key, XXH3 in hexadecimal digits.", syntax: "key:key",
            handler: digest),
    ]

    private static func deleteUnderCondition(_ call: inout Call) throws(CommandError) {
        let key = call.key(1)
        guard call.count > 2 else {
            return remove(&call, key)
        }
        guard call.count == 4 else { throw .wrongArity(call.name) }
        guard let condition = ValueCondition(call, 2) else { throw .syntax }
        try delete(&call, key, condition)
    }

    private static func deleteIfEqual(_ call: inout Call) throws(CommandError) {
        try delete(&call, call.key(1), ValueCondition(.equal, 2))
    }

    private static func delete(_ call: inout Call, _ key: Key, _ condition: ValueCondition) throws(CommandError) {
        guard let entry = try call.findString(key), try condition.holds(entry, call) else {
            return call.reply.integer(false)
        }
        remove(&call, key)
    }

    private static func remove(_ call: inout Call, _ key: Key) {
        let isRemoved = call.access.remove(key)
        if isRemoved { call.log("DEL", key) }
        call.reply.integer(isRemoved)
    }

    private static func digest(_ call: inout Call) throws(CommandError) {
        guard let entry = try call.readString(call.key(1)) else { return call.reply.null() }
        let digest = contentDigest(entry.text(scratch: call.scratch))
        let digits = ByteView("0123456789abcdef")
        for index in 0..<16 {
            call.otherScratch[index] = digits[Int(truncatingIfNeeded: digest >> UInt64(60 - 4 * index)) & 15]
        }
        call.reply.bulk(ByteView(call.otherScratch, count: 16))
    }
}
