import TestSupport
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

    @Test(arguments: ServerKind.all)
    func zremAndEmptySets(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD z 1 a 2 b 3 c
            < 3
            > ZREM z a x a
            < 1
            > ZREM missing a
            < 0
            > ZREM z b c
            < 2
            > EXISTS z
            < 0
            > ZREM z
            < (error) ERR wrong number of arguments for 'zrem' command
            > SET s v
            < OK
            > ZREM s a
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            """#)
    }

    @Test(arguments: ServerKind.all)
    func poppingTheEnds(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD z 1 a 2 b 3 c 4 d 5 e
            < 5
            > ZPOPMIN z
            < ["a", "1"]
            > ZPOPMAX z
            < ["e", "5"]
            > ZPOPMIN z 2
            < ["b", "2", "c", "3"]
            > ZPOPMAX z 0
            < []
            > ZPOPMAX z 10
            < ["d", "4"]
            > EXISTS z
            < 0
            > ZPOPMIN z
            < []
            > ZPOPMIN z 5
            < []
            > ZADD z 1 a 1 b
            < 2
            > ZPOPMAX z
            < ["b", "1"]
            > ZPOPMIN z -1
            < (error) ERR value is out of range, must be positive
            > ZPOPMIN z abc
            < (error) ERR value is out of range, must be positive
            > ZPOPMIN z 1 2
            < (error) ERR syntax error
            > ZPOPMIN
            < (error) ERR wrong number of arguments for 'zpopmin' command
            > SET s v
            < OK
            > ZPOPMIN s
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZPOPMAX s 1
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZADD r 1 a 2 b 3 c
            < 3
            resp3> ZPOPMIN r
            < ["a", (double) 1]
            resp3> ZPOPMIN r 2
            < [["b", (double) 2], ["c", (double) 3]]
            resp3> ZPOPMIN r
            < []
            resp3> ZPOPMIN r 1
            < []
            """#)
    }

    @Test(arguments: ServerKind.all)
    func zmpopTakesFromTheFirstSetThatHasMembers(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZMPOP 1 z MIN
            < (nil)
            > ZADD z 1 a 2 b 3 c
            < 3
            > ZMPOP 2 missing z MIN
            < ["z", [["a", "1"]]]
            > ZMPOP 1 z MAX COUNT 10
            < ["z", [["c", "3"], ["b", "2"]]]
            > EXISTS z
            < 0
            > ZADD z 1 a 2 b 3 c
            < 3
            > ZADD y 1 x
            < 1
            > ZMPOP 2 y z MAX COUNT 2
            < ["y", [["x", "1"]]]
            > ZMPOP 0 z MIN
            < (error) ERR numkeys should be greater than 0
            > ZMPOP -1 z MIN
            < (error) ERR numkeys should be greater than 0
            > ZMPOP abc z MIN
            < (error) ERR numkeys should be greater than 0
            > ZMPOP 1 z
            < (error) ERR wrong number of arguments for 'zmpop' command
            > ZMPOP 1 z FOO
            < (error) ERR syntax error
            > ZMPOP 2 z MIN
            < (error) ERR syntax error
            > ZMPOP 1 z MIN COUNT
            < (error) ERR syntax error
            > ZMPOP 1 z MIN COUNT 0
            < (error) ERR count should be greater than 0
            > ZMPOP 1 z MIN COUNT -1
            < (error) ERR count should be greater than 0
            > ZMPOP 1 z MIN COUNT abc
            < (error) ERR count should be greater than 0
            > ZMPOP 1 z MIN COUNT 1 COUNT 2
            < (error) ERR syntax error
            > ZMPOP 1 z MIN MAX
            < (error) ERR syntax error
            > ZMPOP 9223372036854775807 z MIN
            < (error) ERR syntax error
            > ZMPOP
            < (error) ERR wrong number of arguments for 'zmpop' command
            > SET s v
            < OK
            > ZMPOP 2 missing s MIN
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZMPOP 2 z s MIN
            < ["z", [["a", "1"]]]
            resp3> ZMPOP 1 z MIN
            < ["z", [["b", (double) 2]]]
            resp3> ZMPOP 1 missing MIN
            < (nil)
            """#)
    }

    @Test(arguments: ServerKind.all)
    func randomMembers(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZRANDMEMBER missing
            < (nil)
            > ZRANDMEMBER missing 3
            < []
            > ZRANDMEMBER missing -3 WITHSCORES
            < []
            > ZADD z 1 a
            < 1
            > ZRANDMEMBER z
            < "a"
            > ZRANDMEMBER z 3
            < ["a"]
            > ZRANDMEMBER z 0
            < []
            > ZRANDMEMBER z -3
            < ["a", "a", "a"]
            > ZRANDMEMBER z -2 WITHSCORES
            < ["a", "1", "a", "1"]
            > ZRANDMEMBER z 3 WITHSCORES
            < ["a", "1"]
            > ZADD z 2 b 3 c
            < 2
            > ZRANDMEMBER z 3
            <~ ["c", "b", "a"]
            > ZRANDMEMBER z 9223372036854775807
            <~ ["c", "b", "a"]
            > ZRANDMEMBER z 5 WITHSCORES
            <% ["c", "3", "b", "2", "a", "1"]
            > ZRANDMEMBER z abc
            < (error) ERR value is not an integer or out of range
            > ZRANDMEMBER z 1 FOO
            < (error) ERR syntax error
            > ZRANDMEMBER z 1 WITHSCORES x
            < (error) ERR syntax error
            > ZRANDMEMBER z -9223372036854775808
            < (error) ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
            > ZRANDMEMBER z -9223372036854775808 WITHSCORES
            < (error) ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
            > ZRANDMEMBER z 9223372036854775808
            < (error) ERR value is not an integer or out of range
            > ZRANDMEMBER z -4611686018427387905 WITHSCORES
            < (error) ERR value is out of range
            > ZRANDMEMBER
            < (error) ERR wrong number of arguments for 'zrandmember' command
            > SET s v
            < OK
            > ZRANDMEMBER s
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZRANDMEMBER s 1
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > DEL z
            < 1
            > ZADD z 1 a
            < 1
            resp3> ZRANDMEMBER z 1 WITHSCORES
            < [["a", (double) 1]]
            resp3> ZRANDMEMBER z -2 WITHSCORES
            < [["a", (double) 1], ["a", (double) 1]]
            """#)
    }

    @Test(arguments: ServerKind.all)
    func scanningMembers(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD z 1 a 2 b 3.5 ab
            < 3
            > ZSCAN z 0
            < ["0", ["a", "1", "b", "2", "ab", "3.5"]]
            > ZSCAN z 0 MATCH a*
            < ["0", ["a", "1", "ab", "3.5"]]
            > ZSCAN z 0 MATCH x COUNT 100
            < ["0", []]
            > ZSCAN missing 0
            < ["0", []]
            > ZSCAN z abc
            < (error) ERR invalid cursor
            > ZSCAN z 0 COUNT 0
            < (error) ERR syntax error
            > ZSCAN z 0 COUNT x
            < (error) ERR value is not an integer or out of range
            > ZSCAN z 0 FOO
            < (error) ERR syntax error
            > ZSCAN z
            < (error) ERR wrong number of arguments for 'zscan' command
            > SET s v
            < OK
            > ZSCAN s 0
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            resp3> ZSCAN z 0 MATCH b
            < ["0", ["b", "2"]]
            """#)
    }

    @Test(arguments: ServerKind.all)
    func aLargeSortedSetIsScannedCompletelyWhileItGrows(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let count = 3000
            _ = try client.pipeline(lines: (0..<count).map { "ZADD z \($0) member:\($0)" })
            var seen: Set<String> = []
            var cursor = "0"
            var added = 0
            repeat {
                let reply = try client.run("ZSCAN z \(cursor) COUNT 50")
                cursor = reply[0].text ?? "0"
                let elements = reply[1].elements ?? []
                for index in stride(from: 0, to: elements.count, by: 2) { seen.insert(elements[index].text ?? "") }
                if added < 20_000 {
                    _ = try client.pipeline(lines: (0..<200).map { "ZADD z 1 new:\(added + $0)" })
                    added += 200
                }
            } while cursor != "0"
            #expect((0..<count).allSatisfy { seen.contains("member:\($0)") })
        }
    }

    @Test(arguments: ServerKind.all)
    func encodingsOfSortedSets(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD z 1 a
            < 1
            > OBJECT ENCODING z
            < "listpack"
            > ZADD z 1 1234567890123456789012345678901234567890123456789012345678901234
            < 1
            > OBJECT ENCODING z
            < "listpack"
            > ZADD z 1 12345678901234567890123456789012345678901234567890123456789012345
            < 1
            > OBJECT ENCODING z
            < "skiplist"
            > ZREMRANGEBYRANK z 1 -1
            < 2
            > OBJECT ENCODING z
            < "skiplist"
            > ZINCRBY y 1 12345678901234567890123456789012345678901234567890123456789012345
            < "1"
            > OBJECT ENCODING y
            < "skiplist"
            > ZADD small 1 a 2 b
            < 2
            > ZUNIONSTORE d 1 small
            < 2
            > OBJECT ENCODING d
            < "listpack"
            > ZUNIONSTORE d 2 small y
            < 3
            > OBJECT ENCODING d
            < "skiplist"
            """#)
    }

    @Test(arguments: ServerKind.all)
    func theListpackEndsAtItsConfiguredEntries(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--zset-max-listpack-entries", "5", "--zset-max-listpack-value", "10"])
        let client = try server.client()
        for index in 0..<5 { try client.run("ZADD z \(index) m\(index)") }
        #expect(try client.run("OBJECT ENCODING z") == .bulk("listpack"))
        try client.run("ZADD z 5 m5")
        #expect(try client.run("OBJECT ENCODING z") == .bulk("skiplist"))
        try client.run("ZADD y 1 12345678901")
        #expect(try client.run("OBJECT ENCODING y") == .bulk("skiplist"))
        #expect(try client.run("CONFIG GET zset-max-ziplist-*").elements?.count == 4)
    }
}
