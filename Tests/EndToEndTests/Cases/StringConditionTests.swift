import Testing

/// Writes under a condition, strings with their time to live, and counters within bounds: what newer servers than Redis 7
/// have.
@Suite struct StringConditionTests {
    @Test(arguments: ServerKind.onlyFreshet)
    func setComparesBeforeItWrites(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET k new IFEQ old
            < (nil)
            > EXISTS k
            < 0
            > SET k old IFNE new
            < OK
            > SET k new IFEQ old EX 100
            < OK
            > TTL k
            <.. 99 100
            > SET k other IFEQ wrong GET
            < "new"
            > GET k
            < "new"
            > SET k newer IFNE new
            < (nil)
            > DIGEST k
            < "4db73088ace631b8"
            > SET k newer IFDEQ 4db73088ace631b9
            < (nil)
            > SET k newer IFDNE 4DB73088ACE631B8
            < (nil)
            > SET k newer IFDEQ 4DB73088ACE631B8 KEEPTTL
            < OK
            > TTL k
            <.. 99 100
            > SET k x IFDEQ 12
            < (error) ERR must be exactly 16 hexadecimal characters
            > SET nobody x IFDEQ 12
            < (nil)
            > SET k x IFEQ
            < (error) ERR syntax error
            > SET k x IFEQ newer NX
            < (error) ERR syntax error
            > HSET h f v
            < 1
            > SET h x IFEQ v
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > SET n 12
            < OK
            > SET n 13 IFEQ 12
            < OK
            > SET zeros v8lf0c11xh8ymlqztfd3eeq16kfn4sspw7fqmnuuq3k3t75em5wdizgcdw7uc26nnf961u2jkfzkjytls2kwlj7626sd
            < OK
            > DIGEST zeros
            < "00006c38adf31777"
            > DIGEST missing
            < (nil)
            > DIGEST h
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            """#)
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func keysAreDeletedUnderAConditionOfTheirValues(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET lock owner-1
            < OK
            > DELEX lock IFEQ owner-2
            < 0
            > DELIFEQ lock owner-2
            < 0
            > DELEX lock IFNE owner-1
            < 0
            > DELEX lock IFEQ owner-1
            < 1
            > DELEX lock IFEQ owner-1
            < 0
            > SET lock owner-1
            < OK
            > DELIFEQ lock owner-1
            < 1
            > SET lock new
            < OK
            > DELEX lock IFDNE 4db73088ace631b8
            < 0
            > DELEX lock IFDEQ 4db73088ace631b8
            < 1
            > HSET h f v
            < 1
            > DELEX h IFEQ v
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > DELIFEQ h v
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > DELEX h
            < 1
            > DELEX h IFEQ
            < (error) ERR wrong number of arguments for 'delex' command
            > DELEX h IFX v
            < (error) ERR syntax error
            """#)
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func severalKeysAreSetForATime(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > MSETEX 2 a 1 b 2 EX 100
            < 1
            > GETPTTL a
            <* ["1", *]
            > TTL b
            <.. 99 100
            > MSETEX 2 c 3 a 1 NX
            < 0
            > EXISTS c
            < 0
            > MSETEX 2 a 4 b 5 XX KEEPTTL
            < 1
            > TTL a
            <.. 99 100
            > MSETEX 1 a 6
            < 1
            > GETPTTL a
            < ["6", -1]
            > GETPTTL missing
            < (nil)
            > MSETEX 2 a 1 b
            < (error) ERR wrong number of key-value pairs
            > MSETEX 0 a 1
            < (error) ERR invalid numkeys value
            > MSETEX 9223372036854775807 a 1
            < (error) ERR invalid numkeys value
            > MSETEX 1 a 1 EX 0
            < (error) ERR invalid expire time in 'msetex' command
            > MSETEX 1 a 1 IFEQ 6
            < (error) ERR syntax error
            > MSETEX 1 a 1 GET
            < (error) ERR syntax error
            > COMMAND GETKEYS MSETEX 2 a 1 b 2 NX
            < ["a", "b"]
            > HSET h f v
            < 1
            > GETPTTL h
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            """#)
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func countersStayWithinBounds(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > INCREX c
            < [1, 1]
            > INCREX c BYINT 5 EX 100
            < [6, 5]
            > TTL c
            <.. 99 100
            > INCREX c EX 5000 ENX
            < [7, 1]
            > TTL c
            <.. 99 100
            > INCREX c BYINT -10 LBOUND 0
            < [7, 0]
            > INCREX c BYINT -10 LBOUND 0 SATURATE PERSIST
            < [0, -7]
            > TTL c
            < -1
            > INCREX new BYINT 5 UBOUND 3 EX 10
            < [0, 0]
            > EXISTS new
            < 0
            > INCREX new UBOUND 2 EX 100 ENX
            < [1, 1]
            > INCREX new UBOUND 2 EX 100 ENX
            < [2, 1]
            > INCREX new UBOUND 2 EX 100 ENX
            < [2, 0]
            > SET big 9223372036854775806
            < OK
            > INCREX big BYINT 5
            < [9223372036854775806, 0]
            > INCREX big BYINT 5 SATURATE
            < [9223372036854775807, 1]
            > INCREX big BYINT -1 UBOUND -2 SATURATE
            < (error) ERR increment or decrement would overflow
            > INCREX f BYFLOAT 1.5
            < ["1.5", "1.5"]
            > INCREX f BYFLOAT 10 UBOUND 3 SATURATE
            < ["3", "1.5"]
            resp3> INCREX f BYFLOAT -0.25
            <* [*2.75, *-0.25]
            > INCREX f
            < (error) ERR value is not an integer or out of range
            > INCREX c LBOUND 2 UBOUND 1
            < (error) ERR LBOUND can't be greater than UBOUND
            > INCREX c ENX
            < (error) ERR ENX flag requires an expiration
            > INCREX c PERSIST ENX
            < (error) ERR syntax error
            > INCREX c EX 10 EX 20
            < (error) ERR syntax error
            > INCREX c SATURATE SATURATE
            < (error) ERR syntax error
            > INCREX c BYINT 1.5
            < (error) ERR Increment is not an integer or out of range
            > INCREX c BYFLOAT x
            < (error) ERR Increment is not a valid float
            > INCREX c UBOUND x
            < (error) ERR UBOUND is not an integer or out of range
            > INCREX c BYINT 1 BYFLOAT 1
            < (error) ERR syntax error
            > INCREX c EX 0
            < (error) ERR invalid expire time in 'increx' command
            > INCREX c EXAT 1
            < [1, 1]
            > EXISTS c
            < 0
            """#)
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func keysAreDeletedByPatternInSteps(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            for index in 0..<1000 {
                try client.run("SET \(index % 2 == 0 ? "even" : "odd"):\(index) v")
                if index % 10 == 0 { try client.run("HSET even:hash:\(index) f v") }
            }
            var cursor = "0"
            var deleted: Int64 = 0
            var calls = 0
            repeat {
                let reply = try client.run("SCANDEL \(cursor) MATCH even:* COUNT 50 TYPE string")
                cursor = reply[0].text ?? "0"
                deleted += reply[1].integer ?? 0
                calls += 1
            } while cursor != "0"
            #expect(deleted == 500)
            #expect(calls > 10)
            #expect(try client.run("DBSIZE") == .integer(600))
            #expect(try client.run("SCANDEL 0 MATCH even:* COUNT 100000") == .array([.bulk("0"), .integer(100)]))
            try client.run("MULTI")
            try client.run("SCANDEL 0 COUNT 100000")
            #expect(try client.run("EXEC") == .array([.array([.bulk("0"), .integer(500)])]))
            #expect(try client.run("DBSIZE") == .integer(0))
            #expect(try client.run("SCANDEL x") == .error("ERR invalid cursor"))
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func ratesAreLimitedAsRedisCellDoes(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > CL.THROTTLE user 2 30 6000
            < [0, 3, 2, -1, 200]
            > CL.THROTTLE user 2 30 6000
            < [0, 3, 1, -1, 400]
            > CL.THROTTLE user 2 30 6000 0
            < [0, 3, 1, -1, 400]
            > CL.THROTTLE user 2 30 6000
            < [0, 3, 0, -1, 600]
            > CL.THROTTLE user 2 30 6000
            < [1, 3, 0, 200, 600]
            > CL.THROTTLE user 2 30 6000 4
            < [1, 3, 0, -1, 600]
            > TTL user
            <.. 598 600
            > CL.THROTTLE other 15 30 60
            < [0, 16, 15, -1, 2]
            > CL.THROTTLE other 15 0 60
            < (error) ERR Zero rates are not supported
            > CL.THROTTLE other 9223372036854775807 1 1
            < (error) ERR value is out of range
            > CL.THROTTLE other 1 1 9223372036854775807
            < (error) ERR value is out of range
            > CL.THROTTLE other 1 1 60 9223372036854775807
            < (error) ERR value is out of range
            > CL.THROTTLE other -1 1 60
            < (error) ERR value is out of range, must be positive
            > CL.THROTTLE other a 1 60
            < (error) ERR value is not an integer or out of range
            > CL.THROTTLE other 1 1 60 1 1
            < (error) ERR wrong number of arguments for 'cl.throttle' command
            > SET text abc
            < OK
            > CL.THROTTLE text 1 1 60
            < (error) ERR value is not an integer or out of range
            > HSET h f v
            < 1
            > CL.THROTTLE h 1 1 60
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            """#)
    }
}
