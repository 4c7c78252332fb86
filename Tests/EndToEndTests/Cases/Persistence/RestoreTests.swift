import TestSupport
import Testing

/// DUMP and RESTORE on one server.
@Suite struct RestoreTests {
    /// The payload of the string `hello`, as Redis 6 wrote it.
    private static let hello = OldEncodings.payload([0] + OldEncodings.string("hello"), version: 9)

    private static func restore(
        _ client: RedisClient, _ key: String = "k", _ ttl: String = "0", _ payload: [UInt8] = hello,
        _ options: String...
    ) throws -> String {
        try client.send(
            [Array("RESTORE".utf8), Array(key.utf8), Array(ttl.utf8), payload] + options.map { Array($0.utf8) }
        )
        .description
    }

    @Test(arguments: ServerKind.all)
    func whatWasDumpedIsRestored(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            #expect(try client.run("DUMP missing") == .null)
            try client.run("SET k value")
            let payload = try client.run("DUMP k").bytes ?? []
            #expect(try Self.restore(client, "copy", "0", payload) == "OK")
            #expect(try client.run("GET copy") == .bulk("value"))
            #expect(try client.run("PTTL copy") == .integer(-1))
            #expect(try client.run("DUMP copy") == .bulk(payload))
        }
    }

    @Test(arguments: ServerKind.all)
    func aKeyThatIsThereIsReplacedOnlyWhereThatIsAskedFor(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            try client.run("SADD k member")
            #expect(try Self.restore(client) == "(error) BUSYKEY Target key name already exists.")
            #expect(try Self.restore(client, "k", "-1", [], "IDLETIME") == "(error) ERR syntax error")
            #expect(try Self.restore(client, "k", "x", []) == "(error) BUSYKEY Target key name already exists.")
            #expect(try client.run("TYPE k") == .status("set"))
            #expect(try Self.restore(client, "k", "0", Self.hello, "REPLACE") == "OK")
            #expect(try client.run("GET k") == .bulk("hello"))
        }
    }

    @Test(arguments: ServerKind.all)
    func times(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            #expect(try Self.restore(client, "k", "100000") == "OK")
            #expect((99_000...100_000).contains(try client.run("PTTL k").integer ?? 0))
            #expect(try Self.restore(client, "k", "33177117420123", Self.hello, "REPLACE", "ABSTTL") == "OK")
            #expect(try client.run("PEXPIRETIME k") == .integer(33_177_117_420_123))
            #expect(try Self.restore(client, "past", "1000", Self.hello, "absttl") == "OK")
            #expect(try Self.restore(client, "k", "1000", Self.hello, "ABSTTL", "REPLACE") == "OK")
            #expect(try client.run("EXISTS k past") == .integer(0))
        }
    }

    @Test(arguments: ServerKind.all)
    func uses(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let client = try server.client()
        #expect(try Self.restore(client, "k", "0", Self.hello, "IDLETIME", "1000") == "OK")
        #expect((1000...1005).contains(try client.run("OBJECT IDLETIME k").integer ?? 0))
        try client.run("CONFIG SET maxmemory-policy allkeys-lfu")
        #expect(try Self.restore(client, "k", "0", Self.hello, "REPLACE", "FREQ", "200") == "OK")
        #expect(try client.run("OBJECT FREQ k") == .integer(200))
        // What is not noted under the policy is passed over.
        #expect(try Self.restore(client, "k", "0", Self.hello, "REPLACE", "IDLETIME", "1000") == "OK")
    }

    @Test(arguments: ServerKind.all)
    func wrongArguments(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let syntax = "(error) ERR syntax error"
            let integer = "(error) ERR value is not an integer or out of range"
            #expect(try Self.restore(client, "k", "x") == integer)
            #expect(try Self.restore(client, "k", "-1") == "(error) ERR Invalid TTL value, must be >= 0")
            #expect(try Self.restore(client, "k", "0", Self.hello, "NX") == syntax)
            #expect(try Self.restore(client, "k", "0", Self.hello, "FREQ") == syntax)
            #expect(try Self.restore(client, "k", "0", Self.hello, "IDLETIME", "x") == integer)
            let idle = "(error) ERR Invalid IDLETIME value, must be >= 0"
            #expect(try Self.restore(client, "k", "0", Self.hello, "IDLETIME", "-1") == idle)
            let frequency = "(error) ERR Invalid FREQ value, must be >= 0 and <= 255"
            #expect(try Self.restore(client, "k", "0", Self.hello, "FREQ", "256") == frequency)
            #expect(try Self.restore(client, "k", "0", Self.hello, "FREQ", "1", "IDLETIME", "1") == syntax)
            #expect(try Self.restore(client, "k", "0", Self.hello, "IDLETIME", "1", "FREQ", "1") == syntax)
            #expect(try client.run("EXISTS k") == .integer(0))
            #expect(try client.run("RESTORE k 0").description.hasSuffix("arguments for 'restore' command"))
            #expect(try client.run("DUMP").description.hasSuffix("arguments for 'dump' command"))
        }
    }

    @Test(arguments: ServerKind.all)
    func payloadsThatCannotBeRead(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let wrong = "(error) ERR DUMP payload version or checksum are wrong"
            let bad = "(error) ERR Bad data format"
            #expect(try Self.restore(client, "k", "0", []) == wrong)
            #expect(try Self.restore(client, "k", "0", [1, 2, 3]) == wrong)
            #expect(try Self.restore(client, "k", "0", OldEncodings.payload([0, 1, 0x61], version: 13)) == wrong)
            for index in Self.hello.indices {
                var damaged = Self.hello
                damaged[index] ^= 0x10
                #expect(try Self.restore(client, "k", "0", damaged) == wrong)
                #expect(try Self.restore(client, "k", "0", Array(Self.hello.prefix(index))) == wrong)
            }
            var bodies: [[UInt8]] = [
                [99], [2, 0], [1, 0], [6, 1], [254, 0], [0, 0xC4, 1],
                [0, 63, 0x61], [11, 8, 3, 0, 0, 0, 1, 0, 0, 0],
            ]
            // Redis takes the footer for a part of the value, and does not look for fields that are there twice.
            if kind == .freshet {
                bodies += [[], [0], [0, 5, 0x61], [0, 1, 0x61, 0], [4, 2, 1, 0x61, 1, 0x61, 1, 0x61, 1, 0x61]]
            }
            for body in bodies {
                #expect(try Self.restore(client, "k", "0", OldEncodings.payload(body, version: 9)) == bad, "\(body)")
            }
            #expect(try client.run("EXISTS k") == .integer(0))
        }
    }

    @Test(arguments: ServerKind.all)
    func everyEncodingThatRedisEverWroteIsRead(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            for sample in OldEncodings.samples {
                let payload = OldEncodings.payload(sample)
                #expect(try Self.restore(client, "k", "0", payload, "REPLACE") == "OK", "\(sample.name)")
                #expect(try client.run(sample.command).description == sample.reply, "\(sample.name)")
            }
        }
    }

    @Test(arguments: ServerKind.since("7.2"))
    func whatNewerVersionsWriteIsRead(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let set = OldEncodings.payload(
                [20] + OldEncodings.string([11, 0, 0, 0, 2, 0, 1, 1, 2, 1, 0xFF]), version: 11)
            #expect(try Self.restore(client, "k", "0", set) == "OK")
            #expect(try client.run("SMISMEMBER k 1 2 3").description == "[1, 1, 0]")
            try client.run("DEL k")
            // Two fields, of which one expires in the year 2096.
            let hash: [UInt8] =
                [24] + OldEncodings.word(4_000_000_000_000) + [2, 1] + OldEncodings.string("f")
                + OldEncodings.string("v") + [0] + OldEncodings.string("g") + OldEncodings.string("w")
            #expect(try Self.restore(client, "k", "0", OldEncodings.payload(hash, version: 12)) == "OK")
            #expect(try client.run("HPEXPIRETIME k FIELDS 2 f g").description == "[4000000000000, -1]")
            let payload = try client.run("DUMP k").bytes ?? []
            #expect(try Self.restore(client, "copy", "0", payload) == "OK")
            #expect(try client.run("HPEXPIRETIME copy FIELDS 2 f g").description == "[4000000000000, -1]")
            #expect(payload.dropLast(8).suffix(2) == [12, 0])
        }
    }

    @Test(arguments: ServerKind.all)
    func events(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--notify-keyspace-events", "EAn"])
        let client = try server.client()
        let listener = try EventListener(server)
        _ = try Self.restore(client)
        #expect(try listener.events() == ["event@0:new k", "event@0:restore k"])
        _ = try Self.restore(client, "k", "0", Self.hello, "REPLACE")
        #expect(try listener.events() == ["event@0:new k", "event@0:restore k"])
        _ = try Self.restore(client, "k", "1", Self.hello, "REPLACE", "ABSTTL")
        #expect(try listener.events() == ["event@0:del k"])
        _ = try Self.restore(client, "k", "1", Self.hello, "ABSTTL")
        #expect(try listener.events() == [])
    }

    @Test(arguments: ServerKind.all)
    func aWatchedKeyThatIsRestoredHasChanged(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            try client.run("WATCH k")
            _ = try Self.restore(try server.client())
            try client.run("MULTI")
            try client.run("PING")
            #expect(try client.run("EXEC") == .null)
        }
    }

    @Test(arguments: ServerKind.all)
    func whoWaitsForAKeyIsServedByARestoredOne(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            try client.run("RPUSH list a b")
            let payload = try client.run("DUMP list").bytes ?? []
            let waiting = try BlockingTests.block(server, "BLPOP k 0")
            #expect(try Self.restore(client, "k", "0", payload) == "OK")
            #expect(try waiting.readReply().description == #"["k", "a"]"#)
            #expect(try client.run("LRANGE k 0 -1").description == #"["b"]"#)
        }
    }

    /// What was derived from a key that is restored is stale; what was derived from the value that is dumped depends on it.
    @Test(arguments: ServerKind.onlyFreshet)
    func computedKeysDependOnWhatIsDumpedAndRestored(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            _ = try Self.restore(client, "price")
            try client.compute("total", "1", reading: "price")
            #expect(try client.run("GET total") == .bulk("1"))
            _ = try Self.restore(client, "price", "0", Self.hello, "REPLACE")
            #expect(try client.run("GET total") == .null)
        }
    }
}
