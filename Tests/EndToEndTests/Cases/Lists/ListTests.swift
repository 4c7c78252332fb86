import Testing

/// Pushing, popping and reading lists.
@Suite struct ListTests {
    @Test(arguments: ServerKind.all)
    func pushingAtBothEnds(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > RPUSH l a b c
            < 3
            > LPUSH l 1 2
            < 5
            > LRANGE l 0 -1
            < ["2", "1", "a", "b", "c"]
            > TYPE l
            < list
            > LLEN l
            < 5
            > LPUSHX l x y
            < 7
            > RPUSHX l z
            < 8
            > LRANGE l 0 -1
            < ["y", "x", "2", "1", "a", "b", "c", "z"]
            > LPUSHX missing a
            < 0
            > RPUSHX missing a
            < 0
            > EXISTS missing
            < 0
            > LLEN missing
            < 0
            > RPUSH odd "" "\x00\xff\r\n" -1 007 +5 9223372036854775807 9223372036854775808 1.0
            < 8
            > LRANGE odd 0 -1
            < ["", "\x00\xff\r\n", "-1", "007", "+5", "9223372036854775807", "9223372036854775808", "1.0"]
            > SET s v
            < OK
            > LPUSH s a
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > RPUSHX s a
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > LLEN s
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > LPUSH l
            < (error) ERR wrong number of arguments for 'lpush' command
            > RPUSHX l
            < (error) ERR wrong number of arguments for 'rpushx' command
            """#)
    }

    @Test(arguments: ServerKind.all)
    func poppingOneOrSeveral(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > RPUSH l a b c d e f 7 8
            < 8
            > LPOP l
            < "a"
            > RPOP l
            < "8"
            > LPOP l 2
            < ["b", "c"]
            > RPOP l 2
            < ["7", "f"]
            > LPOP l 0
            < []
            > LPOP l 1
            < ["d"]
            > RPOP l 100
            < ["e"]
            > EXISTS l
            < 0
            > LPOP l
            < (nil)
            > LPOP l 5
            < (nil)
            > LPOP l 0
            < (nil)
            resp3> RPOP l 1
            < (nil)
            > RPUSH l a
            < 1
            > LPOP l -1
            < (error) ERR value is out of range, must be positive
            > LPOP l x
            < (error) ERR value is out of range, must be positive
            > LPOP l 9223372036854775808
            < (error) ERR value is out of range, must be positive
            > LPOP l 1 2
            < (error) ERR wrong number of arguments for 'lpop' command
            > LPOP l 9223372036854775807
            < ["a"]
            > SET s v
            < OK
            > RPOP s
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > RPOP s 0
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > RPOP s x
            < (error) ERR value is out of range, must be positive
            """#)
    }

    @Test(arguments: ServerKind.all)
    func readingByIndex(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > RPUSH l a b c 4
            < 4
            > LINDEX l 0
            < "a"
            > LINDEX l 3
            < "4"
            > LINDEX l -1
            < "4"
            > LINDEX l -4
            < "a"
            > LINDEX l 4
            < (nil)
            > LINDEX l -5
            < (nil)
            > LINDEX l -9223372036854775808
            < (nil)
            > LINDEX l 9223372036854775807
            < (nil)
            > LINDEX l x
            < (error) ERR value is not an integer or out of range
            > LINDEX missing x
            < (nil)
            > LINDEX missing 0
            < (nil)
            > LRANGE l 1 2
            < ["b", "c"]
            > LRANGE l -2 -1
            < ["c", "4"]
            > LRANGE l -100 1
            < ["a", "b"]
            > LRANGE l 2 100
            < ["c", "4"]
            > LRANGE l 2 1
            < []
            > LRANGE l 4 10
            < []
            > LRANGE l -9223372036854775808 9223372036854775807
            < ["a", "b", "c", "4"]
            > LRANGE l 9223372036854775807 -9223372036854775808
            < []
            > LRANGE missing 0 -1
            < []
            > LRANGE missing x y
            < (error) ERR value is not an integer or out of range
            > SET s v
            < OK
            > LRANGE s 0 -1
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > LRANGE s x -1
            < (error) ERR value is not an integer or out of range
            > LINDEX s x
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            """#)
    }

    @Test(arguments: ServerKind.all)
    func findingElements(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > RPUSH l a b c 1 2 3 c c
            < 8
            > LPOS l c
            < 2
            > LPOS l c RANK 2
            < 6
            > LPOS l c RANK -1
            < 7
            > LPOS l c RANK -3
            < 2
            > LPOS l c RANK 4
            < (nil)
            > LPOS l 2
            < 4
            > LPOS l 02
            < (nil)
            > LPOS l c COUNT 2
            < [2, 6]
            > LPOS l c COUNT 0
            < [2, 6, 7]
            > LPOS l c COUNT 0 RANK 2
            < [6, 7]
            > LPOS l c COUNT 2 RANK -1
            < [7, 6]
            > LPOS l x COUNT 0
            < []
            > LPOS l c MAXLEN 2
            < (nil)
            > LPOS l c MAXLEN 3
            < 2
            > LPOS l c MAXLEN 7 COUNT 0
            < [2, 6]
            > LPOS l c MAXLEN 1 RANK -1 COUNT 0
            < [7]
            > LPOS l c MAXLEN 9223372036854775807 rank -9223372036854775807
            < (nil)
            > LPOS l c COUNT 1 COUNT 2
            < [2, 6]
            > LPOS missing c
            < (nil)
            > LPOS missing c COUNT 1
            < []
            > LPOS l c RANK 0
            < (error) ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list
            7.4> LPOS l c RANK -9223372036854775808
            < (error) ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
            > LPOS l c RANK x
            < (error) ERR value is not an integer or out of range
            > LPOS l c COUNT -1
            < (error) ERR COUNT can't be negative
            > LPOS l c MAXLEN -1
            < (error) ERR MAXLEN can't be negative
            > LPOS l c MAXLEN
            < (error) ERR syntax error
            > LPOS l c WHERE 1
            < (error) ERR syntax error
            > SET s v
            < OK
            > LPOS s c
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            """#)
    }

    @Test(arguments: ServerKind.all)
    func changingElements(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > RPUSH l a b c
            < 3
            > LSET l 0 x
            < OK
            > LSET l -1 77
            < OK
            > LRANGE l 0 -1
            < ["x", "b", "77"]
            > LSET l 3 y
            < (error) ERR index out of range
            > LSET l -4 y
            < (error) ERR index out of range
            > LSET l -9223372036854775808 y
            < (error) ERR index out of range
            > LSET l z y
            < (error) ERR value is not an integer or out of range
            > LSET missing z y
            < (error) ERR no such key
            > LINSERT l BEFORE b 1
            < 4
            > LINSERT l after 77 end
            < 5
            > LINSERT l AFTER x 2
            < 6
            > LINSERT l BEFORE x start
            < 7
            > LRANGE l 0 -1
            < ["start", "x", "2", "1", "b", "77", "end"]
            > LINSERT l BEFORE nothing a
            < -1
            > LINSERT missing BEFORE a b
            < 0
            > LINSERT missing BESIDE a b
            < (error) ERR syntax error
            > SET s v
            < OK
            > LINSERT s BEFORE a b
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > LSET s 0 b
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            """#)
    }

    @Test(arguments: ServerKind.all)
    func removingElements(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > RPUSH l a b a c a 5 a 5
            < 8
            > LREM l 2 a
            < 2
            > LRANGE l 0 -1
            < ["b", "c", "a", "5", "a", "5"]
            > LREM l -1 a
            < 1
            > LRANGE l 0 -1
            < ["b", "c", "a", "5", "5"]
            > LREM l 0 5
            < 2
            > LREM l 0 nothing
            < 0
            7.4> LREM l -9223372036854775808 a
            < (error) ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
            > LREM missing x a
            < (error) ERR value is not an integer or out of range
            > LREM missing 1 a
            < 0
            > RPUSH one a a
            < 2
            > LREM one -9223372036854775807 a
            < 2
            > EXISTS one
            < 0
            > RPUSH t 0 1 2 3 4 5 6 7 8 9
            < 10
            > LTRIM t 1 -2
            < OK
            > LRANGE t 0 -1
            < ["1", "2", "3", "4", "5", "6", "7", "8"]
            > LTRIM t -3 100
            < OK
            > LRANGE t 0 -1
            < ["6", "7", "8"]
            > LTRIM t 0 -1
            < OK
            > LLEN t
            < 3
            > LTRIM t 5 10
            < OK
            > EXISTS t
            < 0
            > LTRIM t 0 1
            < OK
            > LTRIM t a 1
            < (error) ERR value is not an integer or out of range
            > SET s v
            < OK
            > LTRIM s 0 1
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > LREM s 0 1
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            """#)
    }

    @Test(arguments: ServerKind.all)
    func movingBetweenLists(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > RPUSH l a b c 4
            < 4
            > LMOVE l m LEFT RIGHT
            < "a"
            > LMOVE l m right left
            < "4"
            > RPOPLPUSH l m
            < "c"
            > LRANGE m 0 -1
            < ["c", "4", "a"]
            > LMOVE l m LEFT LEFT
            < "b"
            > EXISTS l
            < 0
            > LMOVE l m LEFT LEFT
            < (nil)
            > RPOPLPUSH l m
            < (nil)
            > LMOVE m m LEFT RIGHT
            < "b"
            > LMOVE m m RIGHT RIGHT
            < "b"
            > RPOPLPUSH m m
            < "b"
            > LRANGE m 0 -1
            < ["b", "c", "4", "a"]
            > RPUSH one x
            < 1
            > LMOVE one one LEFT RIGHT
            < "x"
            > LRANGE one 0 -1
            < ["x"]
            > SET s v
            < OK
            > LMOVE m s LEFT LEFT
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > LMOVE s m LEFT LEFT
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > LMOVE missing s LEFT LEFT
            < (nil)
            > LMOVE m m UP LEFT
            < (error) ERR syntax error
            > LMOVE m m LEFT DOWN
            < (error) ERR syntax error
            > LLEN m
            < 4
            """#)
    }

    @Test(arguments: ServerKind.all)
    func poppingFromTheFirstOfSeveral(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > RPUSH l a b c d
            < 4
            > LMPOP 2 missing l LEFT
            < ["l", ["a"]]
            > LMPOP 2 l missing RIGHT COUNT 2
            < ["l", ["d", "c"]]
            > LMPOP 1 l left count 100
            < ["l", ["b"]]
            > LMPOP 2 l missing LEFT
            < (nil)
            resp3> LMPOP 2 l missing LEFT
            < (nil)
            > LMPOP 0 l LEFT
            < (error) ERR numkeys should be greater than 0
            > LMPOP x l LEFT
            < (error) ERR numkeys should be greater than 0
            > LMPOP 2 l LEFT
            < (error) ERR syntax error
            > LMPOP 9223372036854775807 l LEFT
            < (error) ERR syntax error
            > LMPOP 1 l LEFT COUNT 0
            < (error) ERR count should be greater than 0
            > LMPOP 1 l LEFT COUNT
            < (error) ERR syntax error
            > LMPOP 1 l LEFT COUNT 1 COUNT 1
            < (error) ERR syntax error
            > LMPOP 1 l UP
            < (error) ERR syntax error
            > SET s v
            < OK
            > LMPOP 2 missing s LEFT
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            """#)
    }
}
