import Keyspace
import Primitives
import RESP

/// Strings together with their time to live: MSETEX as in Redis 8.4, and GETPTTL.
public enum StringExpiryCommands {
    public static let commands: [Command] = [
        Command(
            "msetex", arity: -4, flags: [.write, .denyoom, .movableKeys],
            keys: [.countedPairs(1, [.overwrite, .update])], group: .string, since: "8.4.0",
            complexity: "O(n), n being the number of keys.",
            summary: "Makes several keys strings, at once and for the same time, perhaps only if all or none exist.",
            syntax: "numkeys:integer data=(key:key value:string)... condition=[NX|XX] expiration=[EX seconds:integer|"
                + "PX milliseconds:integer|EXAT unix-time-seconds:unix-time|"
                + "PXAT unix-time-milliseconds:unix-time|KEEPTTL]",
            handler: setMany),
        Command(
            "getpttl", arity: 2, flags: [.readonly, .fast], keys: [.one(1, [.readOnly, .access])], group: .string,
            since: "7.4.0",
            summary: "Returns the string at a key and for how many milliseconds it will stay, -1 for good.",
            syntax: "key:key", handler: getWithTimeToLive),
    ]

    private static func setMany(_ call: inout Call) throws(CommandError) {
        let invalid = CommandError("ERR invalid numkeys value")
        let count = try call.integer(1, in: 1...Int64(Int32.max), or: invalid)
        guard count <= (call.count - 2) / 2 else { throw CommandError("ERR wrong number of key-value pairs") }
        let options = try SetOptions(call, from: 2 + 2 * count, of: .msetex)
        let expiry = options.expiry.update(try options.expiry.deadline(call))
        for pair in 0..<count {
            guard try options.condition.holds(&call, call.key(2 + 2 * pair)) else { return call.reply.integer(false) }
        }
        for pair in 0..<count {
            let (key, value) = (call.key(2 + 2 * pair), call[3 + 2 * pair])
            call.setString(key, value, expiry)
            call.logString(key, value, expiry)
        }
        call.reply.integer(true)
    }

    private static func getWithTimeToLive(_ call: inout Call) throws(CommandError) {
        guard let entry = try call.readString(call.key(1)) else { return call.reply.nullArray() }
        call.reply.array(2)
        call.reply.bulk(entry.text(scratch: call.scratch))
        call.reply.integer(entry.expiry.map { max(0, $0 - call.now) } ?? -1)
    }
}
