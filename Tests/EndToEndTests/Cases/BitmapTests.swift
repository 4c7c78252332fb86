import Testing

/// Strings as rows of bits.
@Suite struct BitmapTests {
    @Test(arguments: ServerKind.all)
    func bitsAreSetAndRead(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SETBIT b 7 1
            < 0
            > GET b
            < "\x01"
            > SETBIT b 7 1
            < 1
            > SETBIT b 7 0
            < 1
            > SETBIT b 20 1
            < 0
            > STRLEN b
            < 3
            > GETBIT b 20
            < 1
            > GETBIT b 10000
            < 0
            > GETBIT missing 0
            < 0
            > SET n 12
            < OK
            > GETBIT n 3
            < 1
            > SETBIT n 6 1
            < 0
            > GET n
            < "32"
            > OBJECT ENCODING n
            < "raw"
            > EXPIRE b 100
            < 1
            > SETBIT b 5000 1
            < 0
            > TTL b
            <.. 99 100
            > HSET h f v
            < 1
            > SETBIT h 0 1
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > GETBIT h 0
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > SETBIT b 1 2
            < (error) ERR bit is not an integer or out of range
            > SETBIT b x 1
            < (error) ERR bit offset is not an integer or out of range
            > SETBIT b 1
            < (error) ERR wrong number of arguments for 'setbit' command
            """#)
    }

    /// CVE-2021-32761 and CVE-2021-41099: offsets whose product or sum does not fit wrote outside of the string.
    @Test(arguments: ServerKind.all)
    func extremeOffsetsAreRefused(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SETBIT b 4294967296 1
            < (error) ERR bit offset is not an integer or out of range
            > SETBIT b 9223372036854775807 1
            < (error) ERR bit offset is not an integer or out of range
            > SETBIT b -1 1
            < (error) ERR bit offset is not an integer or out of range
            > SETBIT b 18446744073709551615 1
            < (error) ERR bit offset is not an integer or out of range
            > GETBIT b 4294967296
            < (error) ERR bit offset is not an integer or out of range
            > BITFIELD b GET u8 4294967296
            < (error) ERR bit offset is not an integer or out of range
            > BITFIELD b SET u8 #9223372036854775807 1
            < (error) ERR bit offset is not an integer or out of range
            > BITFIELD b INCRBY i64 #144115188075855872 1
            < (error) ERR bit offset is not an integer or out of range
            > BITFIELD b SET u8 #-1 1
            < (error) ERR bit offset is not an integer or out of range
            > BITFIELD b SET u8 # 1
            < (error) ERR bit offset is not an integer or out of range
            > BITFIELD b GET u63 4294967295
            < [0]
            > EXISTS b
            < 0
            > SETRANGE b 536870912 x
            <* (error) ERR string exceeds maximum allowed size (*)
            > BITCOUNT b -9223372036854775808 9223372036854775807
            < 0
            > SET s abc
            < OK
            > BITCOUNT s -9223372036854775808 9223372036854775807
            < 10
            > BITCOUNT s -9223372036854775808 9223372036854775807 BIT
            < 10
            > BITPOS s 1 -9223372036854775808 9223372036854775807 BIT
            < 1
            > BITPOS s 1 9223372036854775807
            < -1
            """#)
    }

    @Test(arguments: ServerKind.all)
    func bitsAreCounted(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET s foobar
            < OK
            > BITCOUNT s
            < 26
            > BITCOUNT s 0 0
            < 4
            > BITCOUNT s 1 1 BYTE
            < 6
            > BITCOUNT s 5 30 BIT
            < 17
            > BITCOUNT s -2 -1
            < 7
            > BITCOUNT s -1 -2
            < 0
            > BITCOUNT s 2 1
            < 0
            > BITCOUNT s -100 -99
            < 4
            > BITCOUNT missing
            < 0
            > BITCOUNT s 0
            < (error) ERR syntax error
            > BITCOUNT s 0 1 NIBBLE
            < (error) ERR syntax error
            > BITCOUNT s a 1
            < (error) ERR value is not an integer or out of range
            > BITCOUNT missing a 1
            <7.0 0
            <7.2 (error) ERR value is not an integer or out of range
            > SET n 255
            < OK
            > BITCOUNT n
            < 11
            """#)
    }

    @Test(arguments: ServerKind.all)
    func theFirstBitIsFound(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET s "\xff\xf0\x00"
            < OK
            > BITPOS s 0
            < 12
            > BITPOS s 1 2
            < -1
            > BITPOS s 1 0
            < 0
            > BITPOS s 0 1 -1 BYTE
            < 12
            > BITPOS s 0 0 11 BIT
            < -1
            > BITPOS s 1 7 15 BIT
            < 7
            > SET ones "\xff\xff\xff"
            < OK
            > BITPOS ones 0
            < 24
            > BITPOS ones 0 0
            < 24
            > BITPOS ones 0 0 -1
            < -1
            > BITPOS missing 0
            < 0
            > BITPOS missing 1
            < -1
            > SET e ""
            < OK
            > BITPOS e 0
            < -1
            > BITPOS s 2
            < (error) ERR The bit argument must be 1 or 0.
            > BITPOS s 1 0 1 2 3
            < (error) ERR syntax error
            """#)
    }

    @Test(arguments: ServerKind.all)
    func stringsAreCombined(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > MSET a "abc" b "ab" n 12
            < OK
            > BITOP AND d a b
            < 3
            > GET d
            < "ab\x00"
            > BITOP or d a n
            < 3
            > GET d
            < "qrc"
            > BITOP XOR d a a
            < 3
            > GET d
            < "\x00\x00\x00"
            > BITOP NOT d b
            < 2
            > GET d
            < "\x9e\x9d"
            > OBJECT ENCODING d
            < "raw"
            > EXPIRE d 100
            < 1
            > BITOP XOR d d b missing
            < 2
            > GET d
            < "\xff\xff"
            > TTL d
            < -1
            > BITOP AND d missing other
            < 0
            > EXISTS d
            < 0
            > HSET h f v
            < 1
            > BITOP AND h a b
            < 3
            > TYPE h
            < string
            > ZADD z 1 a
            < 1
            > BITOP AND d a z
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > BITOP NOT d a b
            < (error) ERR BITOP NOT must be called with a single source key.
            > BITOP NAND d a b
            < (error) ERR syntax error
            """#)
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func stringsAreCombinedAsInRedis8(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > MSET a "\xf0" b "\xcc" c "\xaa"
            < OK
            > BITOP DIFF d a b c
            < 1
            > GET d
            < "\x10"
            > BITOP DIFF1 d a b c
            < 1
            > GET d
            < "\x0e"
            > BITOP ANDOR d a b c
            < 1
            > GET d
            < "\xe0"
            > BITOP ONE d a b c
            < 1
            > GET d
            < "\x16"
            > BITOP ONE d a
            < 1
            > BITOP diff d a
            < (error) ERR BITOP DIFF must be called with at least two source keys.
            """#)
    }

    @Test(arguments: ServerKind.all)
    func fieldsOfAnySizeAreIntegers(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > BITFIELD k SET u8 0 255 GET u4 0 GET i4 2 INCRBY i5 100 -3
            < [0, 15, -1, -3]
            > STRLEN k
            < 14
            > BITFIELD k SET u8 0 1 INCRBY u2 6 1 OVERFLOW SAT INCRBY u2 6 5 OVERFLOW FAIL INCRBY u2 6 1 GET u2 6
            < [255, 2, 3, (nil), 3]
            > BITFIELD k SET i64 #1 -9223372036854775808 OVERFLOW WRAP INCRBY i64 #1 -1
            <* [*, 9223372036854775807]
            > BITFIELD k OVERFLOW SAT SET i8 0 -1000 SET u8 8 1000 SET u8 16 -1 GET i8 0 GET u8 8 GET u8 16
            <* [*, *, *, -128, 255, 255]
            > BITFIELD_RO k GET i8 0 GET u8 #1
            < [-128, 255]
            > BITFIELD_RO k SET i8 0 1
            < (error) ERR BITFIELD_RO only supports the GET subcommand
            > BITFIELD k
            < []
            > BITFIELD missing GET u8 0
            < [0]
            > EXISTS missing
            < 0
            > BITFIELD k GET u64 0
            <* (error) ERR Invalid bitfield type. Use something like i16 u8. *
            > BITFIELD k GET i65 0
            <* (error) ERR Invalid bitfield type. *
            > BITFIELD k GET x8 0
            <* (error) ERR Invalid bitfield type. *
            > BITFIELD k OVERFLOW NEVER
            < (error) ERR Invalid OVERFLOW type specified
            > BITFIELD k SET u8 0
            < (error) ERR syntax error
            > HSET h f v
            < 1
            > BITFIELD h GET u8 0
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > BITFIELD h SET u8 0 1
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            """#)
    }
}
