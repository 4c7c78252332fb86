import Testing

/// Removing and popping members, and picking random ones.
extension SortedSetTests {
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
}
