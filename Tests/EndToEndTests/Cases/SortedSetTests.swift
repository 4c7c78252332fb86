import Testing

/// Writing commands on sorted sets, and reads of single members.
@Suite struct SortedSetTests {
    @Test(arguments: ServerKind.all)
    func zaddAddsAndUpdates(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD z 1 a 2 b 3 c
            < 3
            > ZADD z 5 a 2 b 4 d
            < 1
            > ZRANGE z 0 -1 WITHSCORES
            < ["b", "2", "c", "3", "d", "4", "a", "5"]
            > ZADD z 1 a 9 a
            < 0
            > ZSCORE z a
            < "9"
            > ZADD z inf top -inf bottom +inf t2
            < 3
            > ZRANGE z 0 -1 WITHSCORES
            < ["bottom", "-inf", "b", "2", "c", "3", "d", "4", "a", "9", "t2", "inf", "top", "inf"]
            > ZADD z 1e3 e 0x10 hex 1.5 half -0 minuszero
            < 4
            > ZMSCORE z e hex half minuszero missing
            < ["1000", "16", "1.5", "0", (nil)]
            > ZADD z 1 ""
            < 1
            > ZSCORE z ""
            < "1"
            > ZADD z 1 "\x00\xff"
            < 1
            > ZSCORE z "\x00\xff"
            < "1"
            > ZCARD z
            < 13
            """#)
    }

    @Test(arguments: ServerKind.all)
    func zaddWithConditions(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD z XX 1 a
            < 0
            > EXISTS z
            < 0
            > ZADD z NX 1 a 2 b
            < 2
            > ZADD z NX 9 a 3 c
            < 1
            > ZSCORE z a
            < "1"
            > ZADD z XX 9 a 9 new
            < 0
            > ZRANGE z 0 -1 WITHSCORES
            < ["b", "2", "c", "3", "a", "9"]
            > ZADD z CH 10 a 2 b 4 d
            < 2
            > ZADD z XX CH 11 a 3 b 4 e
            < 2
            > ZADD z GT 5 a 100 b 1 f
            < 1
            > ZRANGE z 0 -1 WITHSCORES
            < ["f", "1", "c", "3", "d", "4", "a", "11", "b", "100"]
            > ZADD z LT 5 a 200 b 7 g
            < 1
            > ZRANGE z 0 -1 WITHSCORES
            < ["f", "1", "c", "3", "d", "4", "a", "5", "g", "7", "b", "100"]
            > ZADD z GT CH 6 a 1 b
            < 1
            > ZADD z XX LT CH 1 a 1 new
            < 1
            > ZADD z XX GT 50 a
            < 0
            > ZSCORE z a
            < "50"
            > ZADD z ch nx 1 new1 2 new2
            < 2
            > ZADD z NX XX 1 a
            < (error) ERR XX and NX options at the same time are not compatible
            > ZADD z NX GT 1 a
            < (error) ERR GT, LT, and/or NX options at the same time are not compatible
            > ZADD z NX LT 1 a
            < (error) ERR GT, LT, and/or NX options at the same time are not compatible
            > ZADD z GT LT 1 a
            < (error) ERR GT, LT, and/or NX options at the same time are not compatible
            > ZADD z NX GT LT 1 a
            < (error) ERR GT, LT, and/or NX options at the same time are not compatible
            > ZADD z NX NX 1 q
            < 1
            """#)
    }

    @Test(arguments: ServerKind.all)
    func zaddINCR(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD z INCR 5 a
            < "5"
            > ZADD z INCR 2.5 a
            < "7.5"
            > ZADD z NX INCR 1 a
            < (nil)
            > ZADD z XX INCR 1 missing
            < (nil)
            > ZADD z NX INCR 1 b
            < "1"
            > ZADD z XX INCR 1 b
            < "2"
            > ZADD z GT INCR -1 b
            < (nil)
            > ZADD z GT INCR 3 b
            < "5"
            > ZADD z LT INCR 3 b
            < (nil)
            > ZADD z LT INCR -1 b
            < "4"
            > ZADD z CH INCR 1 b
            < "5"
            > ZADD z INCR 1 a 2 b
            < (error) ERR INCR option supports a single increment-element pair
            > ZADD z inf i
            < 1
            > ZADD z INCR -inf i
            < (error) ERR resulting score is not a number (NaN)
            > ZADD z INCR nan a
            < (error) ERR value is not a valid float
            > ZSCORE z i
            < "inf"
            resp3> ZADD z INCR 1 a
            < (double) 8.5
            resp3> ZADD z NX INCR 1 a
            < (nil)
            """#)
    }

    @Test(arguments: ServerKind.all)
    func zaddRefusesBadArguments(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD
            < (error) ERR wrong number of arguments for 'zadd' command
            > ZADD z
            < (error) ERR wrong number of arguments for 'zadd' command
            > ZADD z 1
            < (error) ERR wrong number of arguments for 'zadd' command
            > ZADD z 1 a 2
            < (error) ERR syntax error
            > ZADD z NX
            < (error) ERR wrong number of arguments for 'zadd' command
            > ZADD z NX 1
            < (error) ERR syntax error
            > ZADD z abc a
            < (error) ERR value is not a valid float
            > ZADD z nan a
            < (error) ERR value is not a valid float
            > ZADD z -nan a
            < (error) ERR value is not a valid float
            > ZADD z "" a
            < (error) ERR value is not a valid float
            > ZADD z " 1" a
            < (error) ERR value is not a valid float
            > ZADD z "1 " a
            < (error) ERR value is not a valid float
            > ZADD z 1,5 a
            < (error) ERR value is not a valid float
            > ZADD z 1e400 a
            < (error) ERR value is not a valid float
            > ZSCORE z a
            < (nil)
            > ZADD z 1 b x c
            < (error) ERR value is not a valid float
            > ZSCORE z b
            < (nil)
            > ZADD z FOO 1 a
            < (error) ERR syntax error
            > ZADD z NX FOO
            < (error) ERR syntax error
            > EXISTS z
            < 0
            > SET s v
            < OK
            > ZADD s 1 a
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZADD s abc a
            < (error) ERR value is not a valid float
            > ZINCRBY s 1 a
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            """#)
    }

    @Test(arguments: ServerKind.all)
    func zincrby(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZINCRBY z 5 a
            < "5"
            > ZINCRBY z -7.5 a
            < "-2.5"
            > ZINCRBY z 1e3 b
            < "1000"
            > ZINCRBY z inf b
            < "inf"
            > ZINCRBY z -inf b
            < (error) ERR resulting score is not a number (NaN)
            > ZINCRBY z abc a
            < (error) ERR value is not a valid float
            > ZINCRBY z nan a
            < (error) ERR value is not a valid float
            > ZINCRBY z 1
            < (error) ERR wrong number of arguments for 'zincrby' command
            > ZSCORE z a
            < "-2.5"
            resp3> ZINCRBY z 1 a
            < (double) -1.5
            """#)
    }

    @Test(arguments: ServerKind.all)
    func scoresArePrintedInTheShortestForm(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD z 0.1 a
            < 1
            > ZSCORE z a
            <7.0 "0.10000000000000001"
            <7.2 "0.1"
            > ZADD z 12345.678901234 odd
            < 1
            > ZSCORE z odd
            <7.0 "12345.678901234"
            <7.2 "1.2345678901234e+4"
            > ZADD z 3.3 b 1e21 c 1e-7 d 123456789.125 e 17 f -0.0 g 1e20 h
            < 7
            > ZSCORE z b
            <7.0 "3.2999999999999998"
            <7.2 "3.3"
            > ZSCORE z c
            < "1e+21"
            > ZSCORE z d
            <7.0 "9.9999999999999995e-08"
            <7.2 "1e-7"
            > ZSCORE z e
            < "123456789.125"
            > ZSCORE z f
            < "17"
            > ZSCORE z g
            < "0"
            > ZSCORE z h
            < "1e+20"
            > ZADD z 9007199254740993 big 1e17 bigger 1.7976931348623157e308 max 5e-324 min
            < 4
            > ZSCORE z big
            < "9007199254740992"
            > ZSCORE z bigger
            <7.0 "1e+17"
            <7.2 "100000000000000000"
            > ZSCORE z max
            < "1.7976931348623157e+308"
            > ZSCORE z min
            <7.0 "4.9406564584124654e-324"
            <7.2 "5e-324"
            > ZINCRBY z 0.2 a
            <7.0 "0.30000000000000004"
            <7.2 "0.30000000000000004"
            > ZADD inf inf a -inf b
            < 2
            > ZRANGE inf 0 -1 WITHSCORES
            < ["b", "-inf", "a", "inf"]
            resp3> ZSCORE z a
            < (double) 0.30000000000000004
            resp3> ZSCORE z f
            < (double) 17
            resp3> ZSCORE z missing
            < (nil)
            resp3> ZMSCORE z f missing
            < [(double) 17, (nil)]
            resp3> ZRANGE inf 0 -1 WITHSCORES
            < [["b", (double) -inf], ["a", (double) inf]]
            resp3> ZRANGE z 0 0 WITHSCORES
            < [["g", (double) 0]]
            """#)
    }

    @Test(arguments: ServerKind.all)
    func readsOfSingleMembers(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD z 1 a 2 b 3 c
            < 3
            > ZCARD z
            < 3
            > ZCARD missing
            < 0
            > ZSCORE z b
            < "2"
            > ZSCORE z x
            < (nil)
            > ZSCORE missing x
            < (nil)
            > ZMSCORE z a x c
            < ["1", (nil), "3"]
            > ZMSCORE missing a b
            < [(nil), (nil)]
            > ZRANK z a
            < 0
            > ZRANK z c
            < 2
            > ZRANK z x
            < (nil)
            > ZRANK missing x
            < (nil)
            > ZREVRANK z a
            < 2
            > ZREVRANK z c
            < 0
            > ZREVRANK z x
            < (nil)
            7.2> ZRANK z b WITHSCORE
            < [1, "2"]
            7.2> ZREVRANK z a withscore
            < [2, "1"]
            7.2> ZRANK z x WITHSCORE
            < (nil)
            7.2> ZRANK missing x WITHSCORE
            < (nil)
            7.2> ZRANK z a FOO
            < (error) ERR syntax error
            7.2> ZRANK z a WITHSCORE x
            < (error) ERR wrong number of arguments for 'zrank' command
            7.2 resp3> ZRANK z b WITHSCORE
            < [1, (double) 2]
            7.2 resp3> ZRANK z x WITHSCORE
            < (nil)
            > ZCARD
            < (error) ERR wrong number of arguments for 'zcard' command
            > ZSCORE z
            < (error) ERR wrong number of arguments for 'zscore' command
            > ZMSCORE z
            < (error) ERR wrong number of arguments for 'zmscore' command
            > ZRANK z
            < (error) ERR wrong number of arguments for 'zrank' command
            > SET s v
            < OK
            > ZCARD s
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZSCORE s a
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZMSCORE s a
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZRANK s a
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZREVRANK s a
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            """#)
    }
}
