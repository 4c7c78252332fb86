import Testing

/// Computed keys under ordinary commands: a fresh one is a string, a stale one is not there, and writing makes it ordinary.
@Suite struct ComputeKeyTests {
    @Test(arguments: ServerKind.onlyFreshet)
    func aStaleKeyLooksAbsentToEveryRead(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET a 1
            < OK
            > COMPUTE.SET k value DEPS 1 a PX 100000
            <* ["stored", *
            > EXISTS k k
            < 2
            > TYPE k
            < string
            > STRLEN k
            < 5
            > GETRANGE k 0 1
            < "va"
            > MGET a k
            < ["1", "value"]
            > TTL k
            <.. 99 100
            > OBJECT ENCODING k
            < "embstr"
            > TOUCH k
            < 1
            > KEYS *
            <~ ["a", "k"]
            > SCAN 0 COUNT 1000
            <* ["0", ["*", "*"]]
            > LCS k k LEN
            < 5
            > MEMORY USAGE k
            <.. 1 500
            > SET a 2
            < OK
            > EXISTS k k a
            < 1
            > TYPE k
            < none
            > STRLEN k
            < 0
            > GETRANGE k 0 1
            < ""
            > MGET a k
            < ["2", (nil)]
            > TTL k
            < -2
            > PTTL k
            < -2
            > EXPIRETIME k
            < -2
            > OBJECT ENCODING k
            < (nil)
            > TOUCH k
            < 0
            > KEYS *
            < ["a"]
            > SCAN 0 COUNT 1000
            < ["0", ["a"]]
            > RANDOMKEY
            < "a"
            > LCS k k LEN
            < 0
            > MEMORY USAGE k
            < (nil)
            > COPY k l
            < 0
            > COMPUTE.READ KEYS 1 k SINCE 0
            <* [["k", "stale", (nil), *
            # none of it was a write: what is there is still the value to compare with
            > COMPUTE.BEGIN k
            <* ["lease", *, "value"]
            """#)
    }

    /// Commands that may find that there is nothing to change have made the value an ordinary one by then.
    @Test(arguments: ["SETBIT k 0 0", "BITFIELD k SET u8 0 49", "BITFIELD k OVERFLOW FAIL INCRBY u8 0 255"])
    func writesThatChangeNothingAreTold(_ line: String) throws {
        try Script.run(
            .freshet,
            """
            > COMPUTE.SET k 10 DEPS 1 a
            <* ["stored", *
            > COMPUTE.SET above v DEPS 1 k
            <* ["stored", *
            > \(line)
            <* *
            > GET above
            < (nil)
            > GET k
            < "10"
            """)
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func writesMakeOrdinary(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            // What each command answers where k is fresh with the value 10, and where it is stale; and the value behind.
            let cases: [(line: String, fresh: String, stale: String, after: String, afterStale: String)] = [
                ("SET k 1", "OK", "OK", "\"1\"", "\"1\""), ("APPEND k x", "3", "1", "\"10x\"", "\"x\""),
                ("SETRANGE k 1 x", "2", "2", "\"1x\"", "\"\\x00x\""), ("INCR k", "11", "1", "\"11\"", "\"1\""),
                ("INCRBYFLOAT k 0.5", "\"10.5\"", "\"0.5\"", "\"10.5\"", "\"0.5\""),
                ("GETSET k 2", "\"10\"", "(nil)", "\"2\"", "\"2\""),
                ("SET k 2 GET", "\"10\"", "(nil)", "\"2\"", "\"2\""),
                ("SETNX k 2", "0", "1", "\"10\"", "\"2\""), ("SET k 2 XX", "OK", "(nil)", "\"2\"", "(nil)"),
                ("SET k 2 KEEPTTL", "OK", "OK", "\"2\"", "\"2\""),
                ("GETDEL k", "\"10\"", "(nil)", "(nil)", "(nil)"), ("DEL k", "1", "0", "(nil)", "(nil)"),
                ("UNLINK k", "1", "0", "(nil)", "(nil)"), ("MSET k 3", "OK", "OK", "\"3\"", "\"3\""),
                ("MSETNX k 3", "0", "1", "\"10\"", "\"3\""), ("RENAME o k", "OK", "OK", "\"o\"", "\"o\""),
                ("COPY o k", "0", "1", "\"10\"", "\"o\""), ("RENAMENX o k", "0", "1", "\"10\"", "\"o\""),
                ("MOVE k 5", "1", "0", "(nil)", "(nil)"), ("HSET k f v", "(error) WRONGTYPE *", "1", "\"10\"", "*"),
                ("EXPIRE k -1", "1", "0", "(nil)", "(nil)"), ("PSETEX k 100000 7", "OK", "OK", "\"7\"", "\"7\""),
            ]
            for isStale in [false, true] {
                for (line, fresh, stale, after, afterStale) in cases {
                    for size in [0, 1] {
                        try client.run("FLUSHALL")
                        try client.run("MSET a 1 o o")
                        try client.run("COMPUTE.SET k 10 DEPS 1 a\(size == 0 ? "" : " EX 100")")
                        try client.run("COMPUTE.SET above v DEPS 1 k")
                        if isStale { try client.run("SET a 2") }
                        let reply = try client.run(line)
                        #expect(
                            Expectation.matches("\(reply)", isStale ? stale : fresh), "\(isStale) \(line): \(reply)")
                        let value = try client.run("GET k")
                        #expect(
                            Expectation.matches("\(value)", isStale ? afterStale : after) || value.isError,
                            "\(line): \(value)")
                        let isWritten = value != .bulk("10")
                        #expect(try (client.run("GET above") == .null) == (isWritten || isStale), "\(line)")
                        // What it was derived from means nothing to an ordinary key.
                        try client.run("SET a 3")
                        let kept = try client.run("GET k")
                        #expect(isWritten ? kept == value : kept == .null, "\(line): \(kept)")
                    }
                }
            }
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func whatIsNoWriteOfTheValueKeepsItComputed(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET a 1
            < OK
            > COMPUTE.SET k v DEPS 1 a
            <* ["stored", *
            > COMPUTE.SET above v DEPS 1 k
            <* ["stored", *
            > EXPIRE k 100
            < 1
            > GETEX k EX 50
            < "v"
            > PERSIST k
            < 1
            > COPY k copied
            < 1
            > GET above
            < "v"
            > COPY k copied DB 4
            < 1
            > SET a 2
            < OK
            > GET copied
            < "v"
            > GET k
            < (nil)
            > EXPIRE k 100
            < 0
            > PERSIST k
            < 0
            > GETEX k EX 10
            < (nil)
            > COMPUTE.SET k v DEPS 1 a
            <* ["stored", *
            > COMPUTE.SET above v DEPS 1 k
            <* ["stored", *
            > RENAME k other
            < OK
            > GET above
            < (nil)
            > SET a 3
            < OK
            > MGET k other
            < [(nil), "v"]
            > RENAME k other
            < (error) ERR no such key
            > COMPUTE.SET k v DEPS 1 a
            <* ["stored", *
            > MOVE k 6
            < 1
            > SET a 4
            < OK
            > SELECT 6
            < OK
            > GET k
            < "v"
            """#)
    }

    /// A source of any type, changed in any way.
    @Test(arguments: ServerKind.onlyFreshet)
    func everyChangeOfASourceCounts(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let changes: [(before: String, change: String)] = [
                ("SET s 10", "SET s 10"), ("SET s 10", "APPEND s x"), ("SET s 10", "SETRANGE s 1 x"),
                ("SET s 10", "INCR s"),
                ("SET s 10", "DECRBY s 2"), ("SET s 10", "INCRBYFLOAT s 1.5"), ("SET s 10", "GETSET s 2"),
                ("SET s 10", "GETDEL s"), ("SET s 10", "DEL s"), ("SET s 10", "UNLINK s"), ("SET s 10", "RENAME s t"),
                ("SET s 10", "MOVE s 3"), ("SET s 10", "MSET x 1 s 2"), ("SET s 10", "EXPIRE s -1"),
                ("SET s 10", "SETEX s 9 1"),
                ("SET x 10", "RENAME x s"), ("SET x 10", "COPY x s"), ("SET x 10", "SETNX s 1"),
                ("SET s 10", "GETEX s EXAT 1"),
                ("SET s 10", "COPY x s REPLACE"), ("HSET s f v", "HSET s f w"), ("HSET s f v", "HDEL s f"),
                ("HSET s f 1", "HINCRBY s f 1"), ("HSET s f 1", "HPEXPIRE s 0 FIELDS 1 f"),
                ("ZADD s 1 m", "ZADD s 2 m"),
                ("ZADD s 1 m", "ZREM s m"), ("ZADD s 1 m", "ZPOPMIN s"), ("ZADD s 1 m", "ZINCRBY s 1 m"),
                ("ZADD s 1 m", "ZRANGESTORE s x 0 -1"), ("ZADD x 1 m", "ZUNIONSTORE s 1 x"),
                ("SET s 10", "COMPUTE.SET s 10"),
                ("SET s 10", "FLUSHDB"), ("SET s 10", "FLUSHALL"), ("SET s 10", "SWAPDB 0 1"),
            ]
            for (before, change) in changes {
                try client.run("FLUSHALL")
                if change.contains("COPY x") { try client.run("SET x 1") }
                #expect(try !client.run(before).isError)
                try client.run("COMPUTE.SET k v DEPS 1 s")
                let token = try client.begin("l")
                try client.run("EXISTS s")
                #expect(try !client.run(change).isError, "\(change)")
                #expect(try client.run("GET k") == .null, "\(change)")
                #expect(try client.end(token, "v") != "stored", "\(change)")
            }
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func watchedComputedKeys(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let other = try server.client()
            func transaction(_ changes: [String]) throws -> Reply {
                #expect(try client.run("WATCH k") == .ok)
                for change in changes { #expect(try !other.run(change).isError, "\(change)") }
                try client.run("MULTI")
                try client.run("PING")
                return try client.run("EXEC")
            }
            let done = Reply.array([.status("PONG")])
            try client.run("MSET a 1 x 1")
            try client.run("COMPUTE.SET middle v DEPS 1 a")
            try client.run("COMPUTE.SET k v DEPS 1 middle")
            #expect(try transaction([]) == done)
            #expect(try transaction(["SET x 2"]) == done)
            #expect(try transaction(["SET a 2"]) == .null)
            // Stale before and after.
            #expect(try transaction(["SET a 3"]) == done)
            // Watching it has not thrown away the value that it is compared with.
            #expect(try transaction(["COMPUTE.SET middle v DEPS 1 a"]) == .null)
            #expect(try client.run("GET k") == .bulk("v"))
            #expect(try transaction(["COMPUTE.SET k w DEPS 1 a"]) == .null)
            #expect(try transaction(["COMPUTE.SET k w DEPS 1 a"]) == .null)
            #expect(try transaction(["COMPUTE.INVALIDATE KEYS 1 k"]) == .null)
            #expect(try transaction(["COMPUTE.SET k w DEPS 1 a"]) == .null)
            #expect(try transaction(["DEL k"]) == .null)
        }
    }
}
