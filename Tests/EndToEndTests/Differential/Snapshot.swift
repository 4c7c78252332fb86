/// The contents of one database.
struct Snapshot {
    struct Entry {
        var type: Reply
        var encoding: Reply
        var ttl: Reply
        var value: Reply
    }

    var entries: [String: Entry] = [:]

    init(_ client: RedisClient, _ database: Int) throws {
        try client.send("SELECT", String(database))
        for key in try client.send("KEYS", "*").elements ?? [] {
            let name = key.text ?? ""
            let type = try client.send("TYPE", name)
            let value: Reply =
                switch type.text {
                case "stream": try client.send("XRANGE", name, "-", "+")
                case "hash": try client.send("HGETALL", name)
                case "list": try client.send("LRANGE", name, "0", "-1")
                case "set": try client.send("SMEMBERS", name)
                case "zset": try client.send("ZRANGE", name, "0", "-1", "WITHSCORES")
                default: try client.send("GET", name)
                }
            entries[name] = Entry(
                type: type, encoding: try client.send("OBJECT", "ENCODING", name), ttl: try client.send("PTTL", name),
                value: value)
        }
    }

    /// How values came to be, which encodings tell.
    enum Origin {
        /// By the same commands.
        case commands
        /// By what those had logged: strings may have been made in another way.
        case log
        /// By a file of values, in which those that have become small again are so.
        case base
    }

    /// - Parameter origin: of the other's values.
    func difference(
        from other: Snapshot, judgeVersion: ServerKind.Version, origin: Origin = .commands
    ) -> String? {
        if Set(entries.keys) != Set(other.entries.keys) {
            return "keys \(entries.keys.sorted()) became \(other.entries.keys.sorted())"
        }
        for (key, one) in entries {
            guard let other = other.entries[key] else { continue }
            if one.type != other.type { return "type of \(key): expected \(one.type), received \(other.type)" }
            if one.encoding != other.encoding, origin == .commands || one.type != .status("string"), origin != .base,
                !KnownDifference.coversEncoding(ofType: one.type, judgeVersion: judgeVersion),
                !KnownDifference.isLeftSmall(one.encoding, other.encoding)
            {
                return "encoding of \(key): expected \(one.encoding), received \(other.encoding)"
            }
            if !ReplyComparison.milliseconds.accepts(one.ttl, other.ttl) {
                return "PTTL of \(key): expected \(one.ttl), received \(other.ttl)"
            }
            let order: ReplyComparison =
                switch one.type.text {
                case "hash": .pairsInAnyOrder
                case "set": .elementsInAnyOrder
                default: .exact
                }
            let isSame =
                order.accepts(one.value, other.value)
                || KnownDifference.covers(["ZRANGE"], judge: one.value, reply: other.value, judgeVersion: judgeVersion)
                    && one.type == .status("zset")
            if !isSame { return "value of \(key): expected \(one.value), received \(other.value)" }
        }
        return nil
    }
}
