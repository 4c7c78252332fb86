import TestSupport
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

    @Test(arguments: ServerKind.all)
    func appendAndStrlen(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > APPEND k abc
            < 3
            > APPEND k def
            < 6
            > APPEND k ""
            < 6
            > GET k
            < "abcdef"
            > STRLEN k
            < 6
            > STRLEN missing
            < 0
            > SET n 12
            < OK
            > APPEND n 3
            < 3
            > GET n
            < "123"
            > INCR n
            < 124
            > STRLEN n
            < 3
            > EXPIRE k 100
            < 1
            > APPEND k g
            < 7
            > TTL k
            <.. 99 100
            > APPEND e ""
            < 0
            > EXISTS e
            < 1
            > HSET h f v
            < 1
            > APPEND h x
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > STRLEN h
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > APPEND k
            < (error) ERR wrong number of arguments for 'append' command
            > STRLEN
            < (error) ERR wrong number of arguments for 'strlen' command
            """#)
    }

    @Test(arguments: ServerKind.all)
    func rangesOfAString(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET k "This is a string"
            < OK
            > GETRANGE k 0 3
            < "This"
            > GETRANGE k -3 -1
            < "ing"
            > GETRANGE k 0 -1
            < "This is a string"
            > GETRANGE k 10 100
            < "string"
            > GETRANGE k 5 3
            < ""
            > GETRANGE k -100 3
            < "This"
            > GETRANGE k -100 -200
            < ""
            > GETRANGE k -1 -5
            < ""
            > GETRANGE k 16 20
            < ""
            > GETRANGE k 9223372036854775807 9223372036854775807
            < ""
            > GETRANGE k -9223372036854775808 9223372036854775807
            < "This is a string"
            > GETRANGE k 0 9223372036854775808
            < (error) ERR value is not an integer or out of range
            > GETRANGE k a 1
            < (error) ERR value is not an integer or out of range
            > GETRANGE missing 0 -1
            < ""
            > SUBSTR k 0 3
            < "This"
            > SET n 1234
            < OK
            > GETRANGE n 1 2
            < "23"
            > HSET h f v
            < 1
            > GETRANGE h 0 1
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > SUBSTR h 0 1
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > GETRANGE k 0
            < (error) ERR wrong number of arguments for 'getrange' command
            > GETRANGE h a b
            < (error) ERR value is not an integer or out of range
            """#)
    }

    @Test(arguments: ServerKind.all)
    func setrangeOverwritesAndFillsWithZeroBytes(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET k "Hello World"
            < OK
            > SETRANGE k 6 Redis
            < 11
            > GET k
            < "Hello Redis"
            > SETRANGE k 9 "!!!!!!"
            < 15
            > GET k
            < "Hello Red!!!!!!"
            > SETRANGE new 3 abc
            < 6
            > GET new
            < "\x00\x00\x00abc"
            > SETRANGE empty 0 ""
            < 0
            > EXISTS empty
            < 0
            > SETRANGE empty 5 ""
            < 0
            > EXISTS empty
            < 0
            > SETRANGE k 0 ""
            < 15
            > SET n 1234
            < OK
            > SETRANGE n 1 9
            < 4
            > GET n
            < "1934"
            > INCR n
            < 1935
            > EXPIRE k 100
            < 1
            > SETRANGE k 0 J
            < 15
            > TTL k
            <.. 99 100
            > SETRANGE k -1 x
            < (error) ERR offset is out of range
            > SETRANGE k abc x
            < (error) ERR value is not an integer or out of range
            > SETRANGE k 536870911 xx
            < (error) ERR string exceeds maximum allowed size (proto-max-bulk-len)
            > SETRANGE k 536870912 x
            < (error) ERR string exceeds maximum allowed size (proto-max-bulk-len)
            > SETRANGE k 9223372036854775807 x
            < (error) ERR string exceeds maximum allowed size (proto-max-bulk-len)
            > SETRANGE k 9223372036854775808 x
            < (error) ERR value is not an integer or out of range
            > HSET h f v
            < 1
            > SETRANGE h 0 x
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > SETRANGE h 0 ""
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > SETRANGE k 0
            < (error) ERR wrong number of arguments for 'setrange' command
            """#)
    }

    @Test(arguments: ServerKind.all)
    func countersStopAtTheLimitsOf64Bits(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > INCR n
            < 1
            > INCRBY n 41
            < 42
            > DECR n
            < 41
            > DECRBY n 1
            < 40
            > INCRBY n -50
            < -10
            > DECRBY n -10
            < 0
            > GET n
            < "0"
            > SET n 9223372036854775806
            < OK
            > INCR n
            < 9223372036854775807
            > INCR n
            < (error) ERR increment or decrement would overflow
            > INCRBY n 1
            < (error) ERR increment or decrement would overflow
            > GET n
            < "9223372036854775807"
            > SET n -9223372036854775807
            < OK
            > DECR n
            < -9223372036854775808
            > DECR n
            < (error) ERR increment or decrement would overflow
            > DECRBY n 1
            < (error) ERR increment or decrement would overflow
            > DECRBY n -9223372036854775808
            < (error) ERR decrement would overflow
            > GET n
            < "-9223372036854775808"
            > INCRBY n 9223372036854775808
            < (error) ERR value is not an integer or out of range
            > INCRBY n abc
            < (error) ERR value is not an integer or out of range
            > INCRBY n 1.5
            < (error) ERR value is not an integer or out of range
            > INCRBY n ""
            < (error) ERR value is not an integer or out of range
            > INCRBY n +5
            < (error) ERR value is not an integer or out of range
            > DECRBY n x
            < (error) ERR value is not an integer or out of range
            > SET s abc
            < OK
            > INCR s
            < (error) ERR value is not an integer or out of range
            > SET s "12 "
            < OK
            > INCR s
            < (error) ERR value is not an integer or out of range
            > SET s " 12"
            < OK
            > INCR s
            < (error) ERR value is not an integer or out of range
            > SET s 012
            < OK
            > INCR s
            < (error) ERR value is not an integer or out of range
            > SET s -0
            < OK
            > INCR s
            < (error) ERR value is not an integer or out of range
            > SET s ""
            < OK
            > INCR s
            < (error) ERR value is not an integer or out of range
            > SET s 1e3
            < OK
            > INCR s
            < (error) ERR value is not an integer or out of range
            > SET s 9223372036854775808
            < OK
            > INCR s
            < (error) ERR value is not an integer or out of range
            > HSET h f v
            < 1
            > INCR h
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > DECRBY h 1
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > INCRBY h abc
            < (error) ERR value is not an integer or out of range
            > INCR
            < (error) ERR wrong number of arguments for 'incr' command
            > INCRBY n
            < (error) ERR wrong number of arguments for 'incrby' command
            > EXPIRE n 100
            < 1
            > INCRBY n 1
            < -9223372036854775807
            > TTL n
            <.. 99 100
            """#)
    }

    @Test(arguments: ServerKind.all)
    func incrbyfloatAddsAndPrintsWithoutExponent(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET k 10.50
            < OK
            > INCRBYFLOAT k 0.1
            < "10.6"
            > INCRBYFLOAT k -5
            < "5.6"
            > GET k
            < "5.6"
            > SET k 5.0e3
            < OK
            > INCRBYFLOAT k 2.0e2
            < "5200"
            > INCRBYFLOAT new 3
            < "3"
            > INCRBYFLOAT new 1.5
            < "4.5"
            > INCRBYFLOAT new -4.5
            < "0"
            > SET k 3
            < OK
            > INCRBYFLOAT k 1.1
            < "4.1"
            > SET k 1
            < OK
            > INCRBYFLOAT k 1e17
            < "100000000000000001"
            > INCRBYFLOAT k 0.5
            < "100000000000000001.5"
            > SET k 0
            < OK
            > INCRBYFLOAT k 1e-10
            < "0.0000000001"
            > SET k abc
            < OK
            > INCRBYFLOAT k 1
            < (error) ERR value is not a valid float
            > SET k " 1"
            < OK
            > INCRBYFLOAT k 1
            < (error) ERR value is not a valid float
            > SET k 1
            < OK
            > INCRBYFLOAT k abc
            < (error) ERR value is not a valid float
            > INCRBYFLOAT k nan
            < (error) ERR value is not a valid float
            > INCRBYFLOAT k inf
            < (error) ERR increment would produce NaN or Infinity
            > INCRBYFLOAT k -inf
            < (error) ERR increment would produce NaN or Infinity
            > INCRBYFLOAT k ""
            < (error) ERR value is not a valid float
            > INCRBYFLOAT k " 1"
            < (error) ERR value is not a valid float
            > INCRBYFLOAT k 1e5000
            < (error) ERR value is not a valid float
            > GET k
            < "1"
            > HSET h f v
            < 1
            > INCRBYFLOAT h 1
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > INCRBYFLOAT k
            < (error) ERR wrong number of arguments for 'incrbyfloat' command
            > EXPIRE k 100
            < 1
            > INCRBYFLOAT k 1
            < "2"
            > TTL k
            <.. 99 100
            """#)
    }

    @Test(arguments: ServerKind.all)
    func lcsFindsTheLongestCommonSubsequence(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > MSET a ohmytext b mynewtext
            < OK
            > LCS a b
            < "mytext"
            > LCS a b LEN
            < 6
            > LCS a b IDX
            < ["matches", [[[4, 7], [5, 8]], [[2, 3], [0, 1]]], "len", 6]
            > LCS a b IDX MINMATCHLEN 4
            < ["matches", [[[4, 7], [5, 8]]], "len", 6]
            > LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN
            < ["matches", [[[4, 7], [5, 8], 4]], "len", 6]
            > LCS a b IDX WITHMATCHLEN
            < ["matches", [[[4, 7], [5, 8], 4], [[2, 3], [0, 1], 2]], "len", 6]
            > LCS a b IDX MINMATCHLEN -1
            < ["matches", [[[4, 7], [5, 8]], [[2, 3], [0, 1]]], "len", 6]
            > LCS a missing
            < ""
            > LCS a missing LEN
            < 0
            > LCS a missing IDX
            < ["matches", [], "len", 0]
            > LCS missing1 missing2
            < ""
            > LCS a b LEN IDX
            < (error) ERR If you want both the length and indexes, please just use IDX.
            > LCS a b MINMATCHLEN
            < (error) ERR syntax error
            > LCS a b MINMATCHLEN x
            < (error) ERR value is not an integer or out of range
            > LCS a b WITHMATCHLEN
            < "mytext"
            > LCS a b FOO
            < (error) ERR syntax error
            > LCS a
            < (error) ERR wrong number of arguments for 'lcs' command
            > HSET h f v
            < 1
            > LCS a h
            < (error) ERR The specified keys must contain string values
            > SET e ""
            < OK
            > LCS a e
            < ""
            resp3> LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN
            < {"matches" => [[[4, 7], [5, 8], 4]], "len" => 6}
            """#)
    }

    @Test(arguments: ServerKind.all)
    func encodingsOfStrings(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET k 12345
            < OK
            > OBJECT ENCODING k
            < "int"
            > SET k 9223372036854775807
            < OK
            > OBJECT ENCODING k
            < "int"
            > SET k 9223372036854775808
            < OK
            > OBJECT ENCODING k
            < "embstr"
            > SET k 012
            < OK
            > OBJECT ENCODING k
            < "embstr"
            > SET k hello
            < OK
            > OBJECT ENCODING k
            < "embstr"
            > SET k 12345678901234567890123456789012345678901234
            < OK
            > OBJECT ENCODING k
            < "embstr"
            > SET k 123456789012345678901234567890123456789012345
            < OK
            > OBJECT ENCODING k
            < "raw"
            > SET k a
            < OK
            > APPEND k b
            < 2
            > OBJECT ENCODING k
            < "raw"
            > SET k 1
            < OK
            > INCR k
            < 2
            > OBJECT ENCODING k
            < "int"
            > INCRBYFLOAT k 1
            < "3"
            > OBJECT ENCODING k
            < "embstr"
            > SETRANGE k 0 5
            < 1
            > OBJECT ENCODING k
            < "raw"
            > SETRANGE new 0 5
            < 1
            > OBJECT ENCODING new
            < "raw"
            > GETSET k 77
            < "5"
            > OBJECT ENCODING k
            < "int"
            > MSET k 78 l "text"
            < OK
            > OBJECT ENCODING k
            < "int"
            > APPEND fresh 12
            < 2
            > OBJECT ENCODING fresh
            < "int"
            """#)
    }
}
