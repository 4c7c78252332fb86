import Testing

/// The time to live of hash fields, which came with Redis 7.4.
@Suite struct HashFieldExpiryTests {
    @Test(arguments: ServerKind.since("7.4"))
    func settingAndReadingTheTTLOfFields(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > HSET h a 1 b 2 c 3
            < 3
            > HTTL h FIELDS 2 a missing
            < [-1, -2]
            > HEXPIRE h 100 FIELDS 3 a b missing
            < [1, 1, -2]
            > HPEXPIRE h 100000 FIELDS 1 c
            < [1]
            > HEXPIREAT h 33177117420 FIELDS 1 a
            < [1]
            > HEXPIRETIME h FIELDS 2 a missing
            < [33177117420, -2]
            > HPEXPIREAT h 33177117420123 FIELDS 1 a
            < [1]
            > HPEXPIRETIME h FIELDS 1 a
            < [33177117420123]
            > HEXPIRETIME h FIELDS 1 a
            < [33177117421]
            > HPERSIST h FIELDS 3 a missing a
            < [1, -2, -1]
            > HTTL h FIELDS 1 a
            < [-1]
            > HEXPIRE missing 100 FIELDS 2 a b
            < [-2, -2]
            > HTTL missing FIELDS 2 a b
            < [-2, -2]
            > HPTTL missing FIELDS 1 a
            < [-2]
            > HEXPIRETIME missing FIELDS 1 a
            < [-2]
            > HPEXPIRETIME missing FIELDS 1 a
            < [-2]
            > HPERSIST missing FIELDS 1 a
            < [-2]
            > EXISTS missing
            < 0
            """#)
    }

    @Test(arguments: ServerKind.since("7.4"))
    func fieldTTLsCountDown(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            try client.run("HSET h a 1 b 2")
            try client.run("HEXPIRE h 100 FIELDS 1 a")
            try client.run("HPEXPIRE h 200000 FIELDS 1 b")
            let seconds = try client.run("HTTL h FIELDS 2 a b")
            #expect((99...100).contains(seconds[0].integer ?? 0) && (199...200).contains(seconds[1].integer ?? 0))
            let milliseconds = try client.run("HPTTL h FIELDS 2 a b")
            #expect((99_000...100_000).contains(milliseconds[0].integer ?? 0))
            #expect((199_000...200_000).contains(milliseconds[1].integer ?? 0))
        }
    }

    @Test(arguments: ServerKind.since("7.4"))
    func conditions(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > HSET h a 1 b 2
            < 2
            > HEXPIRE h 100 XX FIELDS 2 a x
            < [0, -2]
            > HEXPIRE h 100 GT FIELDS 1 a
            < [0]
            > HEXPIRE h 100 NX FIELDS 1 a
            < [1]
            > HEXPIRE h 200 NX FIELDS 1 a
            < [0]
            > HEXPIRE h 50 GT FIELDS 1 a
            < [0]
            > HEXPIRE h 200 GT FIELDS 1 a
            < [1]
            > HEXPIRE h 300 LT FIELDS 1 a
            < [0]
            > HEXPIRE h 100 LT FIELDS 1 a
            < [1]
            > HEXPIRE h 100 XX FIELDS 2 a b
            < [1, 0]
            > HEXPIRE h 100 LT FIELDS 1 b
            < [1]
            > HPEXPIREAT h 33177117420123 gt FIELDS 1 b
            < [1]
            > HEXPIRE h 100 NX XX FIELDS 1 a
            < (error) ERR Mandatory argument FIELDS is missing or not at the right position
            > HEXPIRE h 100 FOO FIELDS 1 a
            < (error) ERR Mandatory argument FIELDS is missing or not at the right position
            """#)
    }

    @Test(arguments: ServerKind.since("7.4"))
    func badArguments(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > HSET h a 1
            < 1
            > HEXPIRE h 100 FIELDS 0
            < (error) ERR wrong number of arguments for 'hexpire' command
            > HEXPIRE h 100 FIELDS 0 a
            < (error) ERR Parameter `numFields` should be greater than 0
            > HEXPIRE h 100 FIELDS 2 a
            < (error) ERR The `numfields` parameter must match the number of arguments
            > HEXPIRE h 100 FIELDS 1 a b
            < (error) ERR The `numfields` parameter must match the number of arguments
            > HEXPIRE h 100 FIELDS x a
            < (error) ERR Parameter `numFields` should be greater than 0
            > HEXPIRE h abc FIELDS 1 a
            < (error) ERR value is not an integer or out of range
            > HEXPIRE h -1 FIELDS 1 a
            < (error) ERR invalid expire time, must be >= 0
            > HEXPIRE h 9223372036854775807 FIELDS 1 a
            < (error) ERR invalid expire time in 'hexpire' command
            > HPEXPIRE h 9223372036854775807 FIELDS 1 a
            < (error) ERR invalid expire time in 'hpexpire' command
            > HEXPIREAT h 70368744177664 FIELDS 1 a
            < (error) ERR invalid expire time in 'hexpireat' command
            > HPEXPIREAT h 70368744177664 FIELDS 1 a
            < (error) ERR invalid expire time in 'hpexpireat' command
            > HEXPIRE s-missing abc FIELDS 1 a
            < (error) ERR value is not an integer or out of range
            > HEXPIRE h 100 FOO 1 a
            < (error) ERR Mandatory argument FIELDS is missing or not at the right position
            > HEXPIRE h 100
            < (error) ERR wrong number of arguments for 'hexpire' command
            > HPEXPIRE h
            < (error) ERR wrong number of arguments for 'hpexpire' command
            > HEXPIREAT h 1
            < (error) ERR wrong number of arguments for 'hexpireat' command
            > HPEXPIREAT h 1
            < (error) ERR wrong number of arguments for 'hpexpireat' command
            > HTTL h
            < (error) ERR wrong number of arguments for 'httl' command
            > HTTL h FIELDS 2 a
            < (error) ERR The `numfields` parameter must match the number of arguments
            > HTTL h FIELDS 0 a
            < (error) ERR Number of fields must be a positive integer
            > HTTL h FOO 1 a
            < (error) ERR Mandatory argument FIELDS is missing or not at the right position
            > HPERSIST h FOO 1 a
            < (error) ERR Mandatory argument FIELDS is missing or not at the right position
            > HPERSIST h FIELDS 1 a b
            < (error) ERR The `numfields` parameter must match the number of arguments
            > HPERSIST h FIELDS -1 a
            < (error) ERR Number of fields must be a positive integer
            > HTTL h FIELDS 1 a
            < [-1]
            > SET s v
            < OK
            > HEXPIRE s 100 FIELDS 1 a
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HPEXPIREAT s 1 FIELDS 1 a
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HTTL s FIELDS 1 a
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HPEXPIRETIME s FIELDS 1 a
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HPERSIST s FIELDS 1 a
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            """#)
    }

    @Test(arguments: ServerKind.since("7.4"))
    func timesInThePastDeleteFieldsAndEmptyHashes(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > HSET h a 1 b 2 c 3
            < 3
            > HEXPIRE h 0 FIELDS 1 a
            < [2]
            > HEXISTS h a
            < 0
            > HEXPIREAT h 1 FIELDS 2 b a
            < [2, -2]
            > HPEXPIREAT h 1 FIELDS 1 c
            < [2]
            > EXISTS h
            < 0
            > HSET h a 1
            < 1
            > HPEXPIRE h 0 NX FIELDS 1 a
            < [2]
            > EXISTS h
            < 0
            """#)
    }

    @Test(arguments: ServerKind.since("7.4"))
    func expiredFieldsAreGoneForEveryCommand(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > HSET h a 1 b 2 n 5
            < 3
            > HPEXPIRE h 1 FIELDS 2 a n
            < [1, 1]
            until> HGET h a
            < (nil)
            until> HGET h n
            < (nil)
            > HGETALL h
            < ["b", "2"]
            > HKEYS h
            < ["b"]
            > HVALS h
            < ["2"]
            > HMGET h a b
            < [(nil), "2"]
            > HEXISTS h a
            < 0
            > HSTRLEN h a
            < 0
            > HDEL h a
            < 0
            > HTTL h FIELDS 1 a
            < [-2]
            > HSCAN h 0
            < ["0", ["b", "2"]]
            > HRANDFIELD h 10
            < ["b"]
            > HINCRBY h n 1
            < 1
            > HTTL h FIELDS 1 n
            < [-1]
            > HSETNX h a new
            < 1
            until> HLEN h
            < 3
            """#)
    }

    @Test(arguments: ServerKind.since("7.4"))
    func theLastExpiredFieldTakesTheKeyAlong(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > HSET h a 1 b 2
            < 2
            > HPEXPIRE h 5 FIELDS 2 a b
            < [1, 1]
            until> EXISTS h
            < 0
            > DBSIZE
            < 0
            > TYPE h
            < none
            """#)
    }

    @Test(arguments: ServerKind.since("7.4"))
    func writesToAFieldDropItsTTLExceptIncrements(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > HSET h a 1 b 2 c 3 d 4
            < 4
            > HEXPIREAT h 33177117420 FIELDS 4 a b c d
            < [1, 1, 1, 1]
            > HSET h a 9
            < 0
            > HINCRBY h b 1
            < 3
            > HINCRBYFLOAT h c 0.5
            < "3.5"
            > HSETNX h d 5
            < 0
            > HEXPIRETIME h FIELDS 4 a b c d
            < [-1, 33177117420, 33177117420, 33177117420]
            > HDEL h d
            < 1
            > HSET h d again
            < 1
            > HTTL h FIELDS 1 d
            < [-1]
            """#)
    }

    @Test(arguments: ServerKind.since("7.4"))
    func fieldTTLsMoveAlongWithTheKey(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > HSET h a 1 b 2
            < 2
            > HEXPIREAT h 33177117420 FIELDS 1 a
            < [1]
            > RENAME h g
            < OK
            > HEXPIRETIME g FIELDS 2 a b
            < [33177117420, -1]
            > COPY g c
            < 1
            > HEXPIRETIME c FIELDS 2 a b
            < [33177117420, -1]
            > MOVE c 1
            < 1
            > SELECT 1
            < OK
            > HEXPIRETIME c FIELDS 2 a b
            < [33177117420, -1]
            > HPERSIST c FIELDS 1 a
            < [1]
            > SELECT 0
            < OK
            > HEXPIRETIME g FIELDS 1 a
            < [33177117420]
            > TTL g
            < -1
            """#)
    }

    @Test(arguments: ServerKind.since("7.4"))
    func encodingsOfHashesWithFieldTTLs(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > HSET h a 1 b 2
            < 2
            > HEXPIRE h 100 FIELDS 1 a
            < [1]
            > OBJECT ENCODING h
            < "listpackex"
            > HSET h c 12345678901234567890123456789012345678901234567890123456789012345
            < 1
            > OBJECT ENCODING h
            < "hashtable"
            > HEXPIRE h 100 FIELDS 1 b
            < [1]
            > HGETALL h
            <% ["a", "1", "b", "2", "c", "12345678901234567890123456789012345678901234567890123456789012345"]
            """#)
    }

    @Test(arguments: ServerKind.since("7.4"))
    func manyFieldsExpireInALargeHash(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            _ = try client.pipeline(lines: (0..<3000).map { "HSET h f\($0) \($0)" })
            _ = try client.pipeline(lines: (0..<3000).filter { $0 % 3 != 0 }.map { "HPEXPIRE h 20 FIELDS 1 f\($0)" })
            let deadline = ContinuousClock.now + .seconds(10)
            while try client.run("HGET h f2999") != .null, ContinuousClock.now < deadline {}
            while try client.run("HLEN h") != .integer(1000), ContinuousClock.now < deadline {}
            #expect(try client.run("HLEN h") == .integer(1000))
            #expect(try client.run("HGETALL h").elements?.count == 2000)
        }
    }

    @Test(arguments: ServerKind.since("7.4"))
    func fieldTTLsAreSeenByWATCH(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > HSET h a 1
            < 1
            > WATCH h
            < OK
            b> HEXPIRE h 100 FIELDS 1 a
            < [1]
            > MULTI
            < OK
            > PING
            < QUEUED
            > EXEC
            < (nil)
            > WATCH h
            < OK
            b> HPERSIST h FIELDS 1 a
            < [1]
            > MULTI
            < OK
            > PING
            < QUEUED
            > EXEC
            < (nil)
            > WATCH h
            < OK
            b> HTTL h FIELDS 1 a
            < [-1]
            > MULTI
            < OK
            > PING
            < QUEUED
            > EXEC
            < [PONG]
            """#)
    }
}
