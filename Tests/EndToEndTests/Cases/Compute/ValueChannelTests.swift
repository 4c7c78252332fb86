import Foundation
import Testing

/// `SUBSCRIBE __value@<db>__:<key>`: the value that there is, and every new one.
@Suite struct ValueChannelTests {
    /// What a watcher is told of a key of the first database, as the text of the reply.
    private static func message(_ key: String, _ value: String?, version: Int = 2) -> String {
        "\(version == 3 ? ">" : "")[\"message\", \"__value@0__:\(key)\", \(value.map { "\"\($0)\"" } ?? "(nil)")]"
    }

    /// A connection that watches a key of the first database, whose value is the one given.
    private static func watcher(
        _ server: ServerProcess, _ key: String, _ value: String?, version: Int = 2,
        location: SourceLocation = #_sourceLocation
    ) throws -> RawConnection {
        let connection = try version == 3 ? PubSubTests.raw3(server) : server.raw()
        try watch(connection, key, value, 1, version: version, location: location)
        return connection
    }

    private static func watch(
        _ connection: RawConnection, _ key: String, _ value: String?, _ count: Int, version: Int = 2,
        location: SourceLocation = #_sourceLocation
    ) throws {
        try PubSubTests.expect(
            connection, "SUBSCRIBE __value@0__:\(key)",
            "\(version == 3 ? ">" : "")[\"subscribe\", \"__value@0__:\(key)\", \(count)]",
            message(key, value, version: version), location: location)
    }

    private static func expect(
        _ connection: RawConnection, _ key: String, _ value: String?, version: Int = 2,
        location: SourceLocation = #_sourceLocation
    ) throws {
        try PubSubTests.expect(connection, nil, message(key, value, version: version), location: location)
    }

    /// Sends command lines, and expects what a watcher of `key` is told after each.
    private static func expect(
        _ watcher: RawConnection, _ key: String, after steps: KeyValuePairs<String, String?>, from client: RedisClient,
        location: SourceLocation = #_sourceLocation
    ) throws {
        for (line, value) in steps {
            let reply = try client.run(line)
            #expect(!reply.isError, "\(line): \(reply)", sourceLocation: location)
            try expect(watcher, key, value, location: location)
        }
    }

    /// Expects that a connection is told nothing before what happens next: two values of a key of its own, of which the
    /// second is told later than all that was to be told when the first was.
    private static func expectNothing(
        _ connection: RawConnection, _ client: RedisClient, _ count: Int, version: Int = 2,
        location: SourceLocation = #_sourceLocation
    ) throws {
        try watch(connection, "fence", nil, count, version: version, location: location)
        for value in ["1", "2"] {
            try client.run("SET fence \(value)")
            try expect(connection, "fence", value, version: version, location: location)
        }
    }

    /// A look at a key whose time has come ends it, also where nobody executes a command on it.
    @Test(arguments: ServerKind.onlyFreshet)
    func whoComesWhenAKeyHasExpiredTellsTheOthers(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let client = try server.client()
        try client.run("DEBUG SET-ACTIVE-EXPIRE 0")
        for round in 0..<5 {
            let first = try Self.watcher(server, "k", nil)
            try client.run("SET k \(round) PX 10")
            try Self.expect(first, "k", "\(round)")
            usleep(11_000)
            _ = try Self.watcher(server, "k", nil)
            try Self.expect(first, "k", nil)
            try client.run("SET k next")
            try Self.expect(first, "k", "next")
            try client.run("DEL k")
        }
    }

    @Test(arguments: ServerKind.onlyFreshet, [2, 3])
    func theValueThatThereIsComesFirstAndThenEachNewOne(_ kind: ServerKind, version: Int) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let absent = try Self.watcher(server, "k", nil, version: version)
            for (line, value) in [
                ("SET k a", "a"), ("APPEND k bc", "abc"), ("SETRANGE k 1 X", "aXc"), ("GETSET k 7", "7"),
                ("INCR k", "8"),
                ("INCRBYFLOAT k 0.5", "8.5"), ("MSET k m other o", "m"), ("SET k 1 EX 100", "1"),
                ("RENAME other k", "o"),
            ] {
                #expect(try !client.run(line).isError)
                try Self.expect(absent, "k", value, version: version)
            }
            let present = try Self.watcher(server, "k", "o", version: version)
            try client.run("SET k last")
            for watcher in [absent, present] { try Self.expect(watcher, "k", "last", version: version) }
            // Who subscribes again is told again.
            try Self.watch(present, "k", "last", 1, version: version)
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func newValuesOfComputedKeysAreToldAndStalenessIsNot(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            try client.run("SET price 1")
            try client.compute("cart", "c", reading: "price")
            try client.compute("total", "10", reading: "cart")
            let watcher = try Self.watcher(server, "total", "10")
            try client.run("SET price 2")
            #expect(try client.state("total") == "maybe-stale")
            // The cart comes out as it was, and so the total is what it was.
            try client.compute("cart", "c", reading: "price")
            #expect(try client.state("total") == "fresh")
            try Self.expectNothing(watcher, client, 2)
            try client.run("SET price 3")
            try client.compute("cart", "d", reading: "price")
            try client.compute("total", "11", reading: "cart")
            try Self.expect(watcher, "total", "11")
            try client.run("COMPUTE.SET total 12 DEPS 1 price")
            try Self.expect(watcher, "total", "12")
            // What is superseded was never published.
            try client.run("SET price 4")
            let token = try client.begin("total")
            try client.run("GET price")
            try server.client().run("SET price 5")
            #expect(try client.end(token, "13") == "superseded")
            try client.run("SET total 14")
            try Self.expect(watcher, "total", "14")
        }
    }

    /// Who has subscribed while a computed key was stale hears that it is fresh again.
    @Test(arguments: ServerKind.onlyFreshet)
    func aValueThatWasNotThereIsToldWhenItIsRestored(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            try client.run("SET price 1")
            try client.compute("cart", "c", reading: "price")
            try client.compute("total", "10", reading: "cart")
            try client.run("SET price 2")
            let watcher = try Self.watcher(server, "total", nil)
            try client.compute("cart", "c", reading: "price")
            try Self.expect(watcher, "total", "10")
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func whatEndsAValueIsTold(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let (client, other) = (try server.client(), try server.client())
            try other.run("SELECT 1")
            try other.run("SET k elsewhere")
            let watcher = try Self.watcher(server, "k", nil)
            try Self.expect(
                watcher, "k",
                after: [
                    "SET k 1": "1", "DEL k": nil, "SET k 2": "2", "UNLINK k": nil, "SET k 3": "3", "GETDEL k": nil,
                    "SET k 4": "4", "FLUSHDB": nil, "SET k 5": "5", "SWAPDB 0 1": "elsewhere", "SWAPDB 1 0": "5",
                    "RENAME k l": nil, "COPY l k": "5", "MOVE k 2": nil, "SET k 6": "6", "PEXPIRE k -1": nil,
                    "SET k 7 PX 20": "7",
                ], from: client)
            try Self.expect(watcher, "k", nil)
            try Self.expect(
                watcher, "k",
                after: ["HSET k f v": nil, "SET k 8": "8", "FLUSHALL": nil, "ZADD k 1 m": nil, "SET k 9": "9"],
                from: client)
            try client.run("SET s 1")
            try client.run("COMPUTE.SET k 10 DEPS 1 s PX 20")
            try Self.expect(watcher, "k", "10")
            try Self.expect(watcher, "k", nil)
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func databasesAndBinaryKeysHaveChannelsOfTheirOwn(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let watcher = try server.raw()
            try PubSubTests.expect(
                watcher, #"SUBSCRIBE __value@3__:k "__value@0__:\r\n\x00_:\xff" __value@0__:"#,
                #"["subscribe", "__value@3__:k", 1]"#, #"["subscribe", "__value@0__:\r\n\x00_:\xff", 2]"#,
                #"["subscribe", "__value@0__:", 3]"#, #"["message", "__value@3__:k", (nil)]"#,
                #"["message", "__value@0__:\r\n\x00_:\xff", (nil)]"#, #"["message", "__value@0__:", (nil)]"#)
            try client.run("SET k other")
            try client.run(#"SET "\r\n\x00_:\xff" "\x00\r\n""#)
            try PubSubTests.expect(watcher, nil, #"["message", "__value@0__:\r\n\x00_:\xff", "\x00\r\n"]"#)
            try client.run(#"SET "" empty"#)
            try PubSubTests.expect(watcher, nil, #"["message", "__value@0__:", "empty"]"#)
            try client.run("SELECT 3")
            try client.run("SET k third")
            try PubSubTests.expect(watcher, nil, #"["message", "__value@3__:k", "third"]"#)
            try client.run("FLUSHDB")
            try PubSubTests.expect(watcher, nil, #"["message", "__value@3__:k", (nil)]"#)
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func valueChannelsAreShownAndLeftLikeOthers(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let watcher = try Self.watcher(server, "k", nil)
            #expect(try client.run("PUBSUB CHANNELS").description == #"["__value@0__:k"]"#)
            #expect(try client.run("PUBSUB CHANNELS __value@0*").description == #"["__value@0__:k"]"#)
            #expect(try client.run("PUBSUB NUMSUB __value@0__:k").description == #"["__value@0__:k", 1]"#)
            #expect(try client.run("CLIENT LIST TYPE pubsub").text?.contains(" sub=1 ") == true)
            try PubSubTests.expect(watcher, "UNSUBSCRIBE __value@0__:k", #"["unsubscribe", "__value@0__:k", 0]"#)
            try client.run("SET k 1")
            #expect(try client.run("PUBSUB CHANNELS").description == "[]")
            try Self.expectNothing(watcher, client, 1)
            try PubSubTests.expect(watcher, "UNSUBSCRIBE", #"["unsubscribe", "__value@0__:fence", 0]"#)
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func onlyValuesComeOnValueChannels(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let watcher = try Self.watcher(server, "k", nil)
            #expect(try client.run("PUBLISH __value@0__:k forged") == .integer(0))
            // A pattern is one of channels on which is published.
            try PubSubTests.expect(watcher, "PSUBSCRIBE __value@*", #"["psubscribe", "__value@*", 2]"#)
            try client.run("SET k 1")
            try Self.expect(watcher, "k", "1")
            #expect(try client.run("PUBLISH __value@0__:unwatched forged") == .integer(1))
            try PubSubTests.expect(
                watcher, nil, #"["pmessage", "__value@*", "__value@0__:unwatched", "forged"]"#)
        }
    }

    @Test(
        arguments: ServerKind.all,
        [
            "__value@16__:k", "__value@-1__:k", "__value@__:k", "__value@0_:k", "__value@0__", "__value@x__:k",
            "__value@0",
        ])
    func otherNamesAreOrdinaryChannels(_ kind: ServerKind, name: String) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let subscriber = try server.raw()
            try PubSubTests.expect(subscriber, "SUBSCRIBE \(name)", "[\"subscribe\", \"\(name)\", 1]")
            try client.run("SET k 1")
            #expect(try client.run("PUBLISH \(name) hello") == .integer(1))
            try PubSubTests.expect(subscriber, nil, "[\"message\", \"\(name)\", \"hello\"]")
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func transactionsMayWatchAndAreOneChange(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let connection = try server.raw()
            try client.run("SET watched 1")
            try client.run("COMPUTE.SET computed 1 DEPS 1 k")
            // Looking at what was derived from a key that was written gives the transaction its position.
            for line in [
                "MULTI", "SET k 1", "GET computed", "SUBSCRIBE __value@0__:watched", "SUBSCRIBE __value@0__:k",
                "SET k 2",
                "SET k 3",
            ] { _ = try connection.run(line) }
            try PubSubTests.expect(
                connection, "EXEC",
                #"[OK, (nil), ["subscribe", "__value@0__:watched", 1], ["subscribe", "__value@0__:k", 2], OK, OK]"#)
            try Self.expect(connection, "watched", "1")
            try Self.expect(connection, "k", "1")
            try Self.expect(connection, "k", "3")
            let other = try Self.watcher(server, "k", "3")
            _ = try client.pipeline(lines: ["MULTI", "SET k 4", "DEL k", "SET k 5", "EXEC"])
            try Self.expect(other, "k", "5")
            try Self.expectNothing(other, client, 2)
        }
    }

    /// What comes on several workers' connections is in the order of the writes, and the last of them comes.
    @Test(arguments: ServerKind.onlyFreshet)
    func everyWatcherSeesTheOrderOfWrites(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--threads", "4"])
        let writes = 500
        let watchers = try (0..<16).map { try Self.watcher(server, "n", nil, version: 2 + $0 % 2) }
        try inParallel(watchers.count + 4) { index in
            guard index < watchers.count else {
                let client = try server.client()
                for _ in 0..<writes { try client.run("INCR n") }
                return
            }
            var last = 0
            while last < 4 * writes {
                let value = Int(try watchers[index].readReply()[2].text ?? "") ?? -1
                guard value > last else {
                    Issue.record("\(value) after \(last)")
                    return
                }
                last = value
            }
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func subscribingAgainIsTheWholeRecovery(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let lost = try Self.watcher(server, "k", nil)
            #expect(try client.run("CLIENT KILL TYPE pubsub") == .integer(1))
            try client.run("SET k 1")
            try client.run("SET k 2")
            _ = try lost.readToEnd()
            let watcher = try Self.watcher(server, "k", "2")
            try client.run("SET k 3")
            try Self.expect(watcher, "k", "3")
        }
    }
}
