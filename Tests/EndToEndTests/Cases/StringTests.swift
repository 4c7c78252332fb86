import Testing

/// Commands on strings: what each option does, and the text of each error.
@Suite struct StringTests {
    @Test(arguments: ServerKind.all)
    func setStoresOverwritesAndForgetsTheTTL(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET k v
            < OK
            > GET k
            < "v"
            > SET k "" EX 100
            < OK
            > GET k
            < ""
            > TTL k
            <.. 99 100
            > SET k "\x00\xff\r\n binary"
            < OK
            > TTL k
            < -1
            > GET k
            < "\x00\xff\r\n binary"
            > STRLEN k
            < 11
            > GET missing
            < (nil)
            > SET "" "the empty key"
            < OK
            > GET ""
            < "the empty key"
            > EXISTS ""
            < 1
            > HSET h f v
            < 1
            > SET h string
            < OK
            > TYPE h
            < string
            """#)
    }

    @Test(arguments: ServerKind.all)
    func setHonoursNXAndXX(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET k 1 XX
            < (nil)
            > EXISTS k
            < 0
            > SET k 1 NX
            < OK
            > SET k 2 NX
            < (nil)
            > GET k
            < "1"
            > SET k 3 XX
            < OK
            > GET k
            < "3"
            > SET k 4 nx ex 10
            < (nil)
            > TTL k
            < -1
            > SET k 4 xx px 10000
            < OK
            > TTL k
            <.. 9 10
            > SET k v NX XX
            < (error) ERR syntax error
            > SET k v XX NX
            < (error) ERR syntax error
            """#)
    }

    @Test(arguments: ServerKind.all)
    func setWithGETReturnsTheOldValue(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET k 1 GET
            < (nil)
            > GET k
            < "1"
            > SET k 2 GET
            < "1"
            > SET k 3 GET EX 100
            < "2"
            > TTL k
            <.. 99 100
            > SET k 4 XX GET KEEPTTL
            < "3"
            > TTL k
            <.. 99 100
            > SET missing v XX GET
            < (nil)
            > EXISTS missing
            < 0
            > SET k 5 NX GET
            < "4"
            > GET k
            < "4"
            > SET n 5 NX GET
            < (nil)
            > GET n
            < "5"
            > ZADD z 1 a
            < 1
            > SET z v GET
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > SET z v NX GET
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > TYPE z
            < zset
            """#)
    }

    @Test(arguments: ServerKind.all)
    func setTakesEveryFormOfExpiry(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET k v EX 100
            < OK
            > TTL k
            <.. 99 100
            > SET k v PX 100000
            < OK
            > PTTL k
            <.. 90000 100000
            > SET k v EXAT 33177117420
            < OK
            > EXPIRETIME k
            < 33177117420
            > PEXPIRETIME k
            < 33177117420000
            > SET k v PXAT 33177117420123
            < OK
            > PEXPIRETIME k
            < 33177117420123
            > EXPIRETIME k
            < 33177117420
            > SET k v2 KEEPTTL
            < OK
            > PEXPIRETIME k
            < 33177117420123
            > GET k
            < "v2"
            > SET k v EXAT 1
            < OK
            > GET k
            < (nil)
            > EXISTS k
            < 0
            > SET k v PXAT 1
            < OK
            > EXISTS k
            < 0
            > SET k v PX 20
            < OK
            until> EXISTS k
            < 0
            > DBSIZE
            < 0
            """#)
    }

    @Test(arguments: ServerKind.all)
    func setRefusesBadOptions(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET k
            < (error) ERR wrong number of arguments for 'set' command
            > SET
            < (error) ERR wrong number of arguments for 'set' command
            > SET k v FOO
            < (error) ERR syntax error
            > SET k v EX
            < (error) ERR syntax error
            > SET k v EX 0
            < (error) ERR invalid expire time in 'set' command
            > SET k v EX -1
            < (error) ERR invalid expire time in 'set' command
            > SET k v EX abc
            < (error) ERR value is not an integer or out of range
            > SET k v EX 1.5
            < (error) ERR value is not an integer or out of range
            > SET k v EX ""
            < (error) ERR value is not an integer or out of range
            > SET k v EX " 5"
            < (error) ERR value is not an integer or out of range
            > SET k v EX 9223372036854775807
            < (error) ERR invalid expire time in 'set' command
            > SET k v EX 9223372036854775808
            < (error) ERR value is not an integer or out of range
            > SET k v EX 9223372036854775
            < (error) ERR invalid expire time in 'set' command
            > SET k v PX 9223372036854775807
            < (error) ERR invalid expire time in 'set' command
            > SET k v PX 0
            < (error) ERR invalid expire time in 'set' command
            > SET k v EXAT 0
            < (error) ERR invalid expire time in 'set' command
            > SET k v EXAT -5
            < (error) ERR invalid expire time in 'set' command
            > SET k v EXAT 9223372036854776
            < (error) ERR invalid expire time in 'set' command
            > SET k v PXAT 0
            < (error) ERR invalid expire time in 'set' command
            > SET k v PXAT x
            < (error) ERR value is not an integer or out of range
            > SET k v EX 10 PX 10
            < (error) ERR syntax error
            > SET k v EX 10 EX 10
            < OK
            > SET k v EX 10 KEEPTTL
            < (error) ERR syntax error
            > SET k v KEEPTTL PX 10
            < (error) ERR syntax error
            > SET k v EXAT 10 PXAT 10
            < (error) ERR syntax error
            > SET k v PERSIST
            < (error) ERR syntax error
            > SET k v GET GET
            < "v"
            > SET k v NX NX
            < (nil)
            > SET k v KEEPTTL KEEPTTL
            < OK
            > SET k v NX 10
            < (error) ERR syntax error
            > EXISTS k
            < 1
            """#)
    }

    @Test(arguments: ServerKind.all)
    func getexChangesTheTTLOnly(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > GETEX missing
            < (nil)
            > GETEX missing EX 10
            < (nil)
            > SET k v
            < OK
            > GETEX k
            < "v"
            > TTL k
            < -1
            > GETEX k EX 100
            < "v"
            > TTL k
            <.. 99 100
            > GETEX k
            < "v"
            > TTL k
            <.. 99 100
            > GETEX k PX 50000
            < "v"
            > TTL k
            <.. 49 50
            > GETEX k EXAT 33177117420
            < "v"
            > EXPIRETIME k
            < 33177117420
            > GETEX k PXAT 33177117420123
            < "v"
            > PEXPIRETIME k
            < 33177117420123
            > GETEX k PERSIST
            < "v"
            > TTL k
            < -1
            > GETEX k PERSIST
            < "v"
            > GETEX k PXAT 1
            < "v"
            > EXISTS k
            < 0
            """#)
    }

    @Test(arguments: ServerKind.all)
    func getexRefusesBadOptions(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET k v
            < OK
            > GETEX
            < (error) ERR wrong number of arguments for 'getex' command
            > GETEX k EX
            < (error) ERR syntax error
            > GETEX k EX 0
            < (error) ERR invalid expire time in 'getex' command
            > GETEX k EX -1
            < (error) ERR invalid expire time in 'getex' command
            > GETEX k PX 0
            < (error) ERR invalid expire time in 'getex' command
            > GETEX k EX abc
            < (error) ERR value is not an integer or out of range
            > GETEX k EX 9223372036854775807
            < (error) ERR invalid expire time in 'getex' command
            > GETEX k EX 10 PERSIST
            < (error) ERR syntax error
            > GETEX k PERSIST EX 10
            < (error) ERR syntax error
            > GETEX k EX 10 PX 10
            < (error) ERR syntax error
            > GETEX k NX
            < (error) ERR syntax error
            > GETEX k KEEPTTL
            < (error) ERR syntax error
            > GETEX k GET
            < (error) ERR syntax error
            > HSET h f v
            < 1
            > GETEX h
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > GETEX h EX 10
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > TTL k
            < -1
            """#)
    }

    @Test(arguments: ServerKind.all)
    func olderFormsOfSetAndGet(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > GETSET k a
            < (nil)
            > GETSET k b
            < "a"
            > EXPIRE k 100
            < 1
            > GETSET k c
            < "b"
            > TTL k
            < -1
            > GETDEL k
            < "c"
            > GETDEL k
            < (nil)
            > EXISTS k
            < 0
            > SETNX k 1
            < 1
            > SETNX k 2
            < 0
            > GET k
            < "1"
            > SETEX k 100 v
            < OK
            > TTL k
            <.. 99 100
            > PSETEX k 100000 w
            < OK
            > TTL k
            <.. 99 100
            > GET k
            < "w"
            > SETEX k 0 v
            < (error) ERR invalid expire time in 'setex' command
            > SETEX k -1 v
            < (error) ERR invalid expire time in 'setex' command
            > SETEX k abc v
            < (error) ERR value is not an integer or out of range
            > SETEX k 9223372036854775807 v
            < (error) ERR invalid expire time in 'setex' command
            > PSETEX k 0 v
            < (error) ERR invalid expire time in 'psetex' command
            > PSETEX k -10 v
            < (error) ERR invalid expire time in 'psetex' command
            > PSETEX k 1.0 v
            < (error) ERR value is not an integer or out of range
            > PSETEX k 9223372036854775807 v
            < (error) ERR invalid expire time in 'psetex' command
            > GET k
            < "w"
            > ZADD z 1 a
            < 1
            > GETSET z v
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > GETDEL z
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > SETNX z v
            < 0
            > SETEX z 100 v
            < OK
            > TYPE z
            < string
            """#)
    }

    @Test(arguments: ServerKind.all)
    func severalKeysAtOnce(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > MSET a 1 b 2 c 3
            < OK
            > MGET a b c d
            < ["1", "2", "3", (nil)]
            > HSET h f v
            < 1
            > MGET a h a
            < ["1", (nil), "1"]
            > MSET a x a y
            < OK
            > GET a
            < "y"
            > EXPIRE b 100
            < 1
            > MSET b new h string
            < OK
            > TTL b
            < -1
            > TYPE h
            < string
            > MSETNX a 1 new 2
            < 0
            > EXISTS new
            < 0
            > MSETNX new1 1 new2 2
            < 1
            > MGET new1 new2
            < ["1", "2"]
            > MSET a
            < (error) ERR wrong number of arguments for 'mset' command
            > MSET a 1 b
            < (error) ERR wrong number of arguments for 'mset' command
            > MSET
            < (error) ERR wrong number of arguments for 'mset' command
            > MSETNX a 1 b
            < (error) ERR wrong number of arguments for 'msetnx' command
            > MSETNX a
            < (error) ERR wrong number of arguments for 'msetnx' command
            > MGET
            < (error) ERR wrong number of arguments for 'mget' command
            """#)
    }
}
