import Testing

/// Values that go from Freshet to Redis and back as payloads of DUMP.
@Suite struct DumpExchangeTests {
    private static let both: [(from: ServerKind, to: ServerKind)] =
        ServerKind.all.count == 2 ? [(.freshet, .redis), (.redis, .freshet)] : []

    /// Commands that make keys of every type and encoding.
    private static let commands: [String] = {
        let many = { (count: Int, element: (Int) -> String) in (0..<count).map(element).joined(separator: " ") }
        let long = String(repeating: "long ", count: 40)
        let incompressible = String((0..<300).map { Character(Unicode.Scalar(UInt8(33 + $0 * $0 * 7 % 90))) })
            .replacing("\"", with: "a").replacing("\\", with: "b").replacing("'", with: "c")
        return [
            "SET s:text hello", "SET s:empty ''", "SET s:8 -128", "SET s:16 -32768", "SET s:32 2147483647",
            "SET s:64 9223372036854775807", "SET s:zero 007", "SET s:long '\(long)'", "SET s:odd '\(incompressible)'",
            "SETRANGE s:huge 100000 x", "SET s:expiring v PXAT 33177117420123",
            "RPUSH l:small a 1 -5 70000 '\(long)'", "RPUSH l:large \(many(2000) { "element:\($0)" })",
            "RPUSH l:texts '\(long)' \(many(100) { "'\($0)\(incompressible)'" })",
            "SADD set:16 1 2 -3", "SADD set:32 1 100000", "SADD set:64 1 -10000000000",
            "SADD set:texts a b 3 '\(long)'", "SADD set:large \(many(600) { "member:\($0)" })",
            "SADD set:integers \(many(600) { "\($0)" })",
            "ZADD z:small 1 a -inf b 2.5 c 0.125 d", "ZADD z:large \(many(300) { "\($0 % 7).25 m\($0)" })",
            "ZADD z:long 1 '\(long)' inf x -1e15 y", "HSET h:small f v n 5 '' ''",
            "HSET h:large \(many(300) { "field:\($0) \($0)" })", "HSET h:long f '\(long)'",
        ] + (1...250).map { "XADD x:large \($0 / 7 + 1)-\($0) field \($0) other '\($0 % 3 == 0 ? long : "x")'" } + [
            "XADD x:small 5-1 a 1", "XADD x:small 6-1 b 2 c 3", "XDEL x:small 5-1", "XADD x:empty 1-1 a 1",
            "XDEL x:empty 1-1", "XGROUP CREATE x:large first 0", "XGROUP CREATE x:large second 20-138",
            "XGROUP CREATECONSUMER x:large second idle", "XREADGROUP GROUP first one COUNT 50 STREAMS x:large >",
            "XREADGROUP GROUP first two COUNT 30 STREAMS x:large >", "XACK x:large first 1-1 1-2",
            "XCLAIM x:large first two 0 1-3 TIME 1000 RETRYCOUNT 9", "XDEL x:large 3-20",
        ]
    }()

    /// What a client can see of a key.
    private static func contents(_ client: RedisClient, _ key: String) throws -> String {
        let lines =
            switch key.prefix(while: { $0 != ":" }) {
            case "s": ["GET \(key)", "PEXPIRETIME \(key)"]
            case "l": ["LRANGE \(key) 0 -1"]
            case "set": ["SORT \(key) ALPHA"]
            case "z": ["ZRANGE \(key) 0 -1 WITHSCORES"]
            case "h": ["HLEN \(key)", "HMGET \(key) f n '' \((0..<300).map { "field:\($0)" }.joined(separator: " "))"]
            default:
                [
                    "XRANGE \(key) - +", "XINFO GROUPS \(key)", "XPENDING \(key) first",
                    "XPENDING \(key) first - + 100 two",
                    "XREVRANGE \(key) + - COUNT 3", "XADD \(key) 1-1 a b",
                ]
            }
        var text = try lines.map { try client.run($0).description }.joined(separator: "\n")
        // How long ago something was delivered is not the same a moment later.
        if key.hasPrefix("x:") {
            let full = try client.run("XINFO STREAM \(key)")
            let wanted = ["length", "last-generated-id", "max-deleted-entry-id", "entries-added"]
            for (index, name) in (full.elements ?? []).enumerated() where wanted.contains(name.text ?? "") {
                text += "\n\(name) \(full[index + 1])"
            }
            text = text.replacing(/(-\d+", "two"), \d+/) { "\($0.output.1)" }
        }
        return text
    }

    @Test(arguments: both)
    func valuesGoFromOneServerToTheOther(_ from: ServerKind, _ to: ServerKind) throws {
        try ServerPool.with(from) { source in
            try ServerPool.with(to) { target in
                let (source, target) = (try source.client(), try target.client())
                for command in Self.commands {
                    let reply = try source.run(command)
                    #expect(!reply.isError, "\(command.prefix(40)): \(reply)")
                }
                let keys = (try source.run("KEYS *").elements ?? []).compactMap(\.text).sorted()
                #expect(keys.count == 29)
                for key in keys {
                    let payload = try source.send("DUMP", key).bytes ?? []
                    let expiry = max(0, try source.send("PEXPIRETIME", key).integer ?? 0)
                    let restored = try target.send(
                        [
                            Array("RESTORE".utf8), Array(key.utf8), Array("\(expiry)".utf8), payload,
                            Array("ABSTTL".utf8),
                        ])
                    #expect(restored == .ok, "\(key)")
                    #expect(try Self.contents(target, key) == Self.contents(source, key), "\(key)")
                }
            }
        }
    }

    /// Redis lets an entry follow a deleted one with a greater ID.
    @Test(.enabled(if: !both.isEmpty))
    func aStreamWhoseLastIDWasSetBackIsRead() throws {
        try ServerPool.with(.redis) { source in
            try ServerPool.with(.freshet) { target in
                let (source, target) = (try source.client(), try target.client())
                let lines = ["XADD s 1-1 f a", "XADD s 2-1 f b", "XDEL s 2-1", "XSETID s 1-5", "XADD s 1-6 f c"]
                for line in lines where try source.run(line).isError { return }
                let payload = try source.run("DUMP s").bytes ?? []
                #expect(try target.send([Array("RESTORE".utf8), [0x73], [0x30], payload]) == .ok)
                #expect(try target.run("XRANGE s - +").description == source.run("XRANGE s - +").description)
                #expect(try target.run("XADD s 1-7 f d") == .bulk("1-7"))
            }
        }
    }

    /// What is compressed is no larger than Redis makes it.
    @Test(.enabled(if: !both.isEmpty))
    func payloadsAreNoLargerThanThoseOfRedis() throws {
        var sizes: [ServerKind: [String: Int]] = [:]
        for kind in ServerKind.all {
            try ServerPool.with(kind) { server in
                let client = try server.client()
                _ = try client.pipeline(lines: Self.commands)
                for key in (try client.run("KEYS *").elements ?? []).compactMap(\.text) {
                    sizes[kind, default: [:]][key] = try client.send("DUMP", key).bytes?.count
                }
            }
        }
        // Which of several places is referred to may make a byte of difference, either way.
        for (key, size) in sizes[.freshet] ?? [:] { #expect(size <= (sizes[.redis]?[key] ?? 0) + 2, "\(key)") }
        let totals = ServerKind.all.map { (sizes[$0] ?? [:]).values.reduce(0, +) }
        #expect(totals[0] <= totals[1])
    }
}
