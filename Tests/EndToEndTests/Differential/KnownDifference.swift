/// What the judge, an older Redis, is known to answer differently from 7.4. This is the whole list; anything else that
/// differs is a failure. It is empty where the judge is 7.4 or newer.
///
/// | commands | older | 7.4 |
/// | --- | --- | --- |
/// | replies with scores | 17 significant digits, `1e+17` | the shortest form; integers up to 2^62 in full |
/// | ZRANK, ZREVRANK with a fourth argument | a wrong number of arguments | WITHSCORE or a syntax error |
/// | SCAN, HSCAN, SSCAN, ZSCAN with an empty or negative cursor | reads it as a number | `invalid cursor` |
/// | OBJECT ENCODING of a list or a set | quicklist, hashtable | listpack or intset where that fits |
/// | BITCOUNT, BITPOS with arguments that do not fit | looks at the key first | says so, whatever the key holds |
/// | COMMAND GETKEYS of a command without arguments | a wrong number of arguments | says what is wrong |
/// | XREAD, XREADGROUP with a key too many | `Unbalanced XREAD list` | names the command and what it takes |
/// | XCLAIM, XAUTOCLAIM that find nothing | do not create the consumer | create it, and tell so |
/// | XREAD, XREADGROUP with the ID `+` | an invalid ID | the last entry; no meaning |
///
/// And one thing that is better as it is here: SORT leaves a small sorted set small.
enum KnownDifference {
    static func covers(_ command: [String], judge: Reply, reply: Reply, judgeVersion: ServerKind.Version) -> Bool {
        if command[0].uppercased() == "OBJECT", isLeftSmall(judge, reply) { return true }
        guard judgeVersion < "7.4" else { return false }
        let name = command[0].uppercased()
        if name.hasPrefix("Z"), sameUpToDigits(judge, reply) { return true }
        if name == "ZRANDMEMBER" || name == "ZSCAN", sameUpToDigits(byMember(judge), byMember(reply)) { return true }
        switch name {
        case "ZRANK", "ZREVRANK":
            return command.count > 3 && judge.isError
        case "SCAN":
            return command.count > 1 && isOddCursor(command[1]) && reply == .error("ERR invalid cursor")
        case "HSCAN", "SSCAN", "ZSCAN":
            return command.count > 2 && isOddCursor(command[2]) && reply == .error("ERR invalid cursor")
        case "OBJECT":
            return judge == .bulk("quicklist") && reply == .bulk("listpack")
                || judge == .bulk("hashtable") && (reply == .bulk("listpack") || reply == .bulk("intset"))
        case "XREAD", "XREADGROUP":
            return judge.isError && judge.text?.contains("Unbalanced XREAD") == true && reply.isError
                || command.last == "+" && judge.isError
        case "BITCOUNT", "BITPOS":
            return command.count > 2 && (judge.integer != nil || judge.isError) && reply.isError
        case "COMMAND":
            return command.count > 1 && command[1].uppercased() == "GETKEYS" && judge.isError && reply.isError
        default: return false
        }
    }

    /// Whether the encodings of values of that type may differ.
    static func coversEncoding(ofType type: Reply, judgeVersion: ServerKind.Version) -> Bool {
        judgeVersion < "7.2" && (type == .status("list") || type == .status("set"))
    }

    /// Whether the encodings are those of a sorted set that the judge has made a large one to sort it.
    static func isLeftSmall(_ judge: Reply, _ reply: Reply) -> Bool {
        judge == .bulk("skiplist") && reply == .bulk("listpack")
    }

    static func covers(event: String, _ judgeVersion: ServerKind.Version) -> Bool {
        judgeVersion < "7.4" && event.contains("xgroup-createconsumer")
    }

    private static func isOddCursor(_ text: String) -> Bool { text.isEmpty || text.hasPrefix("-") }

    /// A flat array of members and scores, by itself or behind a cursor, in the order of the members.
    private static func byMember(_ reply: Reply) -> Reply {
        guard let elements = reply.elements else { return reply }
        if elements.count == 2, elements[1].elements != nil { return .array([elements[0], byMember(elements[1])]) }
        let pairs = stride(from: 0, to: elements.count - 1, by: 2).map { (elements[$0], elements[$0 + 1]) }
        return .array(pairs.sorted { $0.0.description < $1.0.description }.flatMap { [$0.0, $0.1] })
    }

    /// Equal where texts that are numbers are compared as numbers, and pairs may be in any order.
    static func sameUpToDigits(_ one: Reply, _ other: Reply) -> Bool {
        if one == other { return true }
        switch (one, other) {
        case (.bulk, .bulk):
            guard let one = one.text.flatMap({ Double($0) }), let other = other.text.flatMap({ Double($0) }) else {
                return false
            }
            return one == other
        case (.array(let one), .array(let other)):
            return one.count == other.count && zip(one, other).allSatisfy { sameUpToDigits($0, $1) }
        default: return false
        }
    }
}
