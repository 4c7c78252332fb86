import Testing

/// The time to live of keys: setting, conditions, reading, and that expired keys are gone everywhere.
@Suite struct ExpiryTests {
    @Test(arguments: ServerKind.all)
    func settingAndReadingTheTTL(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET k v
            < OK
            > TTL k
            < -1
            > PTTL k
            < -1
            > EXPIRETIME k
            < -1
            > PEXPIRETIME k
            < -1
            > TTL missing
            < -2
            > PTTL missing
            < -2
            > EXPIRETIME missing
            < -2
            > PEXPIRETIME missing
            < -2
            > EXPIRE k 100
            < 1
            > TTL k
            <.. 99 100
            > PTTL k
            <.. 99000 100000
            > PEXPIRE k 1500000
            < 1
            > TTL k
            <.. 1499 1500
            > EXPIREAT k 33177117420
            < 1
            > EXPIRETIME k
            < 33177117420
            > PEXPIREAT k 33177117420001
            < 1
            > PEXPIRETIME k
            < 33177117420001
            > PERSIST k
            < 1
            > TTL k
            < -1
            > PERSIST k
            < 0
            > PERSIST missing
            < 0
            > EXPIRE missing 100
            < 0
            > PEXPIREAT missing 100
            < 0
            """#)
    }

    @Test(arguments: ServerKind.all)
    func timesInThePastDelete(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > MSET a 1 b 2 c 3 d 4 e 5
            < OK
            > EXPIRE a 0
            < 1
            > PEXPIRE b -1
            < 1
            > EXPIREAT c 1
            < 1
            > PEXPIREAT d 1
            < 1
            > EXPIRE e -100
            < 1
            > DBSIZE
            < 0
            """#)
    }

    @Test(arguments: ServerKind.all)
    func conditionsOfExpire(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET k v
            < OK
            > EXPIRE k 100 XX
            < 0
            > TTL k
            < -1
            > EXPIRE k 100 GT
            < 0
            > TTL k
            < -1
            > EXPIRE k 100 NX
            < 1
            > EXPIRE k 200 NX
            < 0
            > TTL k
            <.. 99 100
            > EXPIRE k 50 GT
            < 0
            > EXPIRE k 200 GT
            < 1
            > TTL k
            <.. 199 200
            > EXPIRE k 300 LT
            < 0
            > EXPIRE k 100 LT
            < 1
            > TTL k
            <.. 99 100
            > EXPIRE k 500 XX
            < 1
            > EXPIRE k 600 XX GT
            < 1
            > EXPIRE k 10 XX LT
            < 1
            > TTL k
            <.. 9 10
            > PERSIST k
            < 1
            > EXPIRE k 100 LT
            < 1
            > TTL k
            <.. 99 100
            > PEXPIRE k 200000 gt
            < 1
            > PEXPIREAT k 33177117420000 GT
            < 1
            > EXPIREAT k 33177117420 GT
            < 0
            > EXPIREAT k 33177117420 LT
            < 0
            > EXPIRE k -1 GT
            < 0
            > EXISTS k
            < 1
            > EXPIRE k -1 LT
            < 1
            > EXISTS k
            < 0
            """#)
    }

    @Test(arguments: ServerKind.all)
    func badArguments(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET k v
            < OK
            > EXPIRE k
            < (error) ERR wrong number of arguments for 'expire' command
            > EXPIRE k abc
            < (error) ERR value is not an integer or out of range
            > EXPIRE k 1.5
            < (error) ERR value is not an integer or out of range
            > EXPIRE k ""
            < (error) ERR value is not an integer or out of range
            > EXPIRE k 9223372036854775807
            < (error) ERR invalid expire time in 'expire' command
            > EXPIRE k 9223372036854775
            < (error) ERR invalid expire time in 'expire' command
            > EXPIRE k 9223372036854775808
            < (error) ERR value is not an integer or out of range
            > EXPIRE k -9223372036854775808
            < (error) ERR invalid expire time in 'expire' command
            > PEXPIRE k 9223372036854775807
            < (error) ERR invalid expire time in 'pexpire' command
            > PEXPIRE k 9223372036854770000
            < (error) ERR invalid expire time in 'pexpire' command
            > EXPIREAT k 9223372036854775807
            < (error) ERR invalid expire time in 'expireat' command
            > EXPIREAT k -9223372036854775808
            < (error) ERR invalid expire time in 'expireat' command
            > PEXPIREAT k abc
            < (error) ERR value is not an integer or out of range
            > EXPIRE k 10 NX XX
            < (error) ERR NX and XX, GT or LT options at the same time are not compatible
            > EXPIRE k 10 NX GT
            < (error) ERR NX and XX, GT or LT options at the same time are not compatible
            > EXPIRE k 10 NX LT
            < (error) ERR NX and XX, GT or LT options at the same time are not compatible
            > EXPIRE k 10 GT LT
            < (error) ERR GT and LT options at the same time are not compatible
            > EXPIRE k 10 FOO
            < (error) ERR Unsupported option FOO
            > EXPIRE k 10 NX FOO
            < (error) ERR Unsupported option FOO
            > EXPIRE missing abc
            < (error) ERR value is not an integer or out of range
            > EXPIRE missing 10 FOO
            < (error) ERR Unsupported option FOO
            > TTL
            < (error) ERR wrong number of arguments for 'ttl' command
            > PERSIST
            < (error) ERR wrong number of arguments for 'persist' command
            > TTL k
            < -1
            > PEXPIREAT k 9223372036854775807
            < 1
            > PEXPIRETIME k
            < 9223372036854775807
            """#)
    }

    @Test(arguments: ServerKind.all)
    func expiredKeysAreGoneForEveryCommand(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > DEBUG SET-ACTIVE-EXPIRE 0
            < OK
            > SET s v PX 1
            < OK
            > HSET h f v
            < 1
            > PEXPIRE h 1
            < 1
            > ZADD z 1 m
            < 1
            > PEXPIRE z 1
            < 1
            > SET n 5 PX 1
            < OK
            until> EXISTS s h z n
            < 0
            > GET s
            < (nil)
            > HGETALL h
            < []
            > HSET h g w
            < 1
            > HGETALL h
            < ["g", "w"]
            > TTL h
            < -1
            > ZADD z 2 other
            < 1
            > ZRANGE z 0 -1
            < ["other"]
            > INCR n
            < 1
            > SETNX s new
            < 1
            > TYPE s
            < string
            # later expires after a does, so once it is gone a is gone too
            > SET a v PX 1
            < OK
            > SET later v PX 2
            < OK
            until> EXISTS later
            < 0
            > TYPE a
            < none
            > SET a v PX 1
            < OK
            > SET later v PX 2
            < OK
            until> EXISTS later
            < 0
            > KEYS a
            < []
            > SET a v PX 1
            < OK
            > SET later v PX 2
            < OK
            until> EXISTS later
            < 0
            > SCAN 0 MATCH a COUNT 10000
            < ["0", []]
            > SET a v PX 1
            < OK
            > SET later v PX 2
            < OK
            until> EXISTS later
            < 0
            > RENAME a b
            < (error) ERR no such key
            > SET a v PX 1
            < OK
            > SET later v PX 2
            < OK
            until> EXISTS later
            < 0
            > COPY a b
            < 0
            > SET a v PX 1
            < OK
            > SET later v PX 2
            < OK
            until> EXISTS later
            < 0
            > MOVE a 1
            < 0
            > SET a v PX 1
            < OK
            > SET later v PX 2
            < OK
            until> EXISTS later
            < 0
            > OBJECT ENCODING a
            < (nil)
            > SET a v PX 1
            < OK
            > SET later v PX 2
            < OK
            until> EXISTS later
            < 0
            > PERSIST a
            < 0
            > SET a v PX 1
            < OK
            > SET later v PX 2
            < OK
            until> EXISTS later
            < 0
            > EXPIRE a 100
            < 0
            > SET a v PX 1
            < OK
            > SET later v PX 2
            < OK
            until> EXISTS later
            < 0
            > DEL a
            < 0
            > SET a v PX 1
            < OK
            > SET later v PX 2
            < OK
            until> EXISTS later
            < 0
            > TTL a
            < -2
            > SET a v PX 1
            < OK
            > SET later v PX 2
            < OK
            until> EXISTS later
            < 0
            > GETDEL a
            < (nil)
            > SET a v PX 1
            < OK
            > SET later v PX 2
            < OK
            until> EXISTS later
            < 0
            > GETEX a PERSIST
            < (nil)
            > SET a v PX 1
            < OK
            > SET later v PX 2
            < OK
            until> EXISTS later
            < 0
            > STRLEN a
            < 0
            > SET a v PX 1
            < OK
            > SET later v PX 2
            < OK
            until> EXISTS later
            < 0
            > TOUCH a
            < 0
            > SET a v PX 1
            < OK
            > SET later v PX 2
            < OK
            until> EXISTS later
            < 0
            > SET a v XX
            < (nil)
            > SET a v PX 1
            < OK
            > SET later v PX 2
            < OK
            until> EXISTS later
            < 0
            > SET a v KEEPTTL
            < OK
            > TTL a
            < -1
            > SET a v PX 1
            < OK
            > SET later v PX 2
            < OK
            until> EXISTS later
            < 0
            > MGET a
            < [(nil)]
            > SET a v PX 1
            < OK
            > SET later v PX 2
            < OK
            until> EXISTS later
            < 0
            > RENAMENX n a
            < 1
            > DEBUG SET-ACTIVE-EXPIRE 1
            < OK
            """#)
    }

    @Test(arguments: ServerKind.all)
    func expiredKeysLeaveMemoryWithoutBeingTouched(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let lines = (0..<20_000).map { "SET key:\($0) value PX 50" }
            _ = try client.pipeline(lines: lines)
            try client.run("SET stays v")
            let deadline = ContinuousClock.now + .seconds(20)
            while try client.run("DBSIZE") != .integer(1), ContinuousClock.now < deadline {
                try client.run("PING")
            }
            #expect(try client.run("DBSIZE") == .integer(1))
        }
    }

    @Test(arguments: ServerKind.all)
    func writesKeepOrDropTheTTLAsRedisDoes(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET k 5 EX 100
            < OK
            > INCR k
            < 6
            > APPEND k 0
            < 2
            > SETRANGE k 0 7
            < 2
            > TTL k
            <.. 99 100
            > HSET h f v
            < 1
            > EXPIRE h 100
            < 1
            > HSET h g w
            < 1
            > HDEL h f
            < 1
            > TTL h
            <.. 99 100
            > HDEL h g
            < 1
            > HSET h f v
            < 1
            > TTL h
            < -1
            > ZADD z 1 m
            < 1
            > EXPIRE z 100
            < 1
            > ZINCRBY z 1 m
            < "2"
            > TTL z
            <.. 99 100
            > SET k v
            < OK
            > TTL k
            < -1
            > SET k v EX 100
            < OK
            > MSET k w
            < OK
            > TTL k
            < -1
            """#)
    }
}
