import Testing

/// Parts of strings: appending, ranges, common subsequences, and how strings are kept.
extension StringTests {
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
