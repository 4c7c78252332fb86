import Testing

/// Ranges of sorted sets by rank, score and member, as replies, as counts, removed and stored.
@Suite struct SortedSetRangeTests {
    @Test(arguments: ServerKind.all)
    func rangesByRank(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD z 1 a 2 b 3 c 4 d
            < 4
            > ZRANGE z 0 -1
            < ["a", "b", "c", "d"]
            > ZRANGE z 1 2
            < ["b", "c"]
            > ZRANGE z -2 -1
            < ["c", "d"]
            > ZRANGE z 5 10
            < []
            > ZRANGE z -100 100
            < ["a", "b", "c", "d"]
            > ZRANGE z 2 1
            < []
            > ZRANGE z 0 -1 REV
            < ["d", "c", "b", "a"]
            > ZRANGE z 0 0 REV WITHSCORES
            < ["d", "4"]
            > ZRANGE z 0 1 WITHSCORES
            < ["a", "1", "b", "2"]
            > ZRANGE missing 0 -1
            < []
            > ZREVRANGE z 0 -1
            < ["d", "c", "b", "a"]
            > ZREVRANGE z 0 1 WITHSCORES
            < ["d", "4", "c", "3"]
            > ZREVRANGE z 3 10
            < ["a"]
            > ZRANGE z a b
            < (error) ERR value is not an integer or out of range
            > ZRANGE z 0 1.5
            < (error) ERR value is not an integer or out of range
            > ZRANGE z 0 9223372036854775808
            < (error) ERR value is not an integer or out of range
            > ZRANGE z -9223372036854775808 9223372036854775807
            < ["a", "b", "c", "d"]
            > ZRANGE z 0 -1 LIMIT 0 1
            < (error) ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX
            > ZRANGE z 0 -1 FOO
            < (error) ERR syntax error
            > ZRANGE z 0 -1 WITHSCORES FOO
            < (error) ERR syntax error
            > ZRANGE z 0
            < (error) ERR wrong number of arguments for 'zrange' command
            > ZREVRANGE z 0 -1 REV
            < (error) ERR syntax error
            > ZREVRANGE z 0 -1 LIMIT 0 1
            < (error) ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX
            > ZREVRANGE z 0
            < (error) ERR wrong number of arguments for 'zrevrange' command
            > SET s v
            < OK
            > ZRANGE s 0 -1
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZREVRANGE s 0 -1
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            resp3> ZRANGE z 0 1
            < ["a", "b"]
            resp3> ZRANGE z 0 1 WITHSCORES
            < [["a", (double) 1], ["b", (double) 2]]
            resp3> ZREVRANGE z 0 0 WITHSCORES
            < [["d", (double) 4]]
            """#)
    }

    @Test(arguments: ServerKind.all)
    func rangesByScore(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD z 1 a 2 b 2 b2 3 c 4 d inf top -inf bottom
            < 7
            > ZRANGEBYSCORE z 2 3
            < ["b", "b2", "c"]
            > ZRANGEBYSCORE z (2 3
            < ["c"]
            > ZRANGEBYSCORE z 2 (3
            < ["b", "b2"]
            > ZRANGEBYSCORE z (2 (3
            < []
            > ZRANGEBYSCORE z -inf +inf
            < ["bottom", "a", "b", "b2", "c", "d", "top"]
            > ZRANGEBYSCORE z (-inf (+inf
            < ["a", "b", "b2", "c", "d"]
            > ZRANGEBYSCORE z -inf 2 WITHSCORES
            < ["bottom", "-inf", "a", "1", "b", "2", "b2", "2"]
            > ZRANGEBYSCORE z 3 2
            < []
            > ZRANGEBYSCORE z 2 3 LIMIT 1 1
            < ["b2"]
            > ZRANGEBYSCORE z -inf inf LIMIT 2 -1
            < ["b", "b2", "c", "d", "top"]
            > ZRANGEBYSCORE z -inf inf LIMIT 2 0
            < []
            > ZRANGEBYSCORE z -inf inf LIMIT -1 2
            < []
            > ZRANGEBYSCORE z -inf inf LIMIT 100 2
            < []
            > ZRANGEBYSCORE z -inf inf LIMIT 0 -5
            < ["bottom", "a", "b", "b2", "c", "d", "top"]
            > ZRANGEBYSCORE z 1 2 WITHSCORES LIMIT 0 1
            < ["a", "1"]
            > ZRANGEBYSCORE z 1 2 LIMIT 0 1 WITHSCORES
            < ["a", "1"]
            > ZREVRANGEBYSCORE z 3 2
            < ["c", "b2", "b"]
            > ZREVRANGEBYSCORE z +inf -inf LIMIT 1 2 WITHSCORES
            < ["d", "4", "c", "3"]
            > ZREVRANGEBYSCORE z 2 3
            < []
            > ZRANGE z 2 3 BYSCORE
            < ["b", "b2", "c"]
            > ZRANGE z 3 2 BYSCORE REV
            < ["c", "b2", "b"]
            > ZRANGE z (3 (1 BYSCORE REV WITHSCORES
            < ["b2", "2", "b", "2"]
            > ZRANGE z 1 4 BYSCORE LIMIT 1 2
            < ["b", "b2"]
            > ZRANGE z 1.5 2.5 BYSCORE
            < ["b", "b2"]
            > ZCOUNT z 2 3
            < 3
            > ZCOUNT z (2 +inf
            < 3
            > ZCOUNT z -inf +inf
            < 7
            > ZCOUNT z 3 2
            < 0
            > ZCOUNT missing 1 2
            < 0
            > ZRANGEBYSCORE missing 1 2
            < []
            """#)
    }

    @Test(arguments: ServerKind.all)
    func badScoreRanges(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD z 1 a
            < 1
            > ZRANGEBYSCORE z a 1
            < (error) ERR min or max is not a float
            > ZRANGEBYSCORE z 1 a
            < (error) ERR min or max is not a float
            > ZRANGEBYSCORE z ( 1
            < ["a"]
            > ZRANGEBYSCORE z (a 1
            < (error) ERR min or max is not a float
            > ZRANGEBYSCORE z nan 1
            < (error) ERR min or max is not a float
            > ZRANGEBYSCORE z "" 1
            < ["a"]
            > ZRANGEBYSCORE z [1 2
            < (error) ERR min or max is not a float
            > ZRANGEBYSCORE z 1 2 LIMIT 1
            < (error) ERR syntax error
            > ZRANGEBYSCORE z 1 2 LIMIT a b
            < (error) ERR value is not an integer or out of range
            > ZRANGEBYSCORE z 1 2 FOO
            < (error) ERR syntax error
            > ZRANGEBYSCORE z 1 2 BYSCORE
            < (error) ERR syntax error
            > ZRANGEBYSCORE z 1
            < (error) ERR wrong number of arguments for 'zrangebyscore' command
            > ZREVRANGEBYSCORE z a b
            < (error) ERR min or max is not a float
            > ZCOUNT z a 1
            < (error) ERR min or max is not a float
            > ZCOUNT z 1
            < (error) ERR wrong number of arguments for 'zcount' command
            > ZRANGE z a 1 BYSCORE
            < (error) ERR min or max is not a float
            > ZRANGE z 0 1 BYSCORE BYLEX
            < (error) ERR syntax error
            > ZRANGE z 0 1 BYSCORE LIMIT 0
            < (error) ERR syntax error
            > ZRANGE z 0 1 BYSCORE LIMIT a 1
            < (error) ERR value is not an integer or out of range
            > SET s v
            < OK
            > ZRANGEBYSCORE s 1 2
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZREVRANGEBYSCORE s 1 2
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZCOUNT s 1 2
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZCOUNT s a 2
            < (error) ERR min or max is not a float
            """#)
    }

    @Test(arguments: ServerKind.all)
    func rangesByMember(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD z 0 a 0 b 0 c 0 d 0 e
            < 5
            > ZRANGEBYLEX z - +
            < ["a", "b", "c", "d", "e"]
            > ZRANGEBYLEX z [b [d
            < ["b", "c", "d"]
            > ZRANGEBYLEX z (b (d
            < ["c"]
            > ZRANGEBYLEX z - (c
            < ["a", "b"]
            > ZRANGEBYLEX z [c +
            < ["c", "d", "e"]
            > ZRANGEBYLEX z + -
            < []
            > ZRANGEBYLEX z [d [b
            < []
            > ZRANGEBYLEX z - + LIMIT 1 2
            < ["b", "c"]
            > ZRANGEBYLEX z - + LIMIT 1 -1
            < ["b", "c", "d", "e"]
            > ZRANGEBYLEX z - + LIMIT 1 0
            < []
            > ZREVRANGEBYLEX z + -
            < ["e", "d", "c", "b", "a"]
            > ZREVRANGEBYLEX z [d (b
            < ["d", "c"]
            > ZREVRANGEBYLEX z + - LIMIT 0 2
            < ["e", "d"]
            > ZRANGE z [b (d BYLEX
            < ["b", "c"]
            > ZRANGE z [d [b BYLEX REV
            < ["d", "c", "b"]
            > ZRANGE z - + BYLEX LIMIT 2 2
            < ["c", "d"]
            > ZLEXCOUNT z - +
            < 5
            > ZLEXCOUNT z [b (e
            < 3
            > ZLEXCOUNT z [z +
            < 0
            > ZLEXCOUNT missing - +
            < 0
            > ZRANGEBYLEX missing - +
            < []
            > ZRANGEBYLEX z [ (c
            < ["a", "b"]
            > ZRANGEBYLEX z a b
            < (error) ERR min or max not valid string range item
            > ZRANGEBYLEX z - b
            < (error) ERR min or max not valid string range item
            > ZRANGEBYLEX z -x +
            < (error) ERR min or max not valid string range item
            > ZRANGEBYLEX z +x -
            < (error) ERR min or max not valid string range item
            > ZRANGEBYLEX z "" +
            < (error) ERR min or max not valid string range item
            > ZRANGEBYLEX z - + LIMIT 0
            < (error) ERR syntax error
            > ZRANGEBYLEX z - + WITHSCORES
            < (error) ERR syntax error, WITHSCORES not supported in combination with BYLEX
            > ZRANGEBYLEX z -
            < (error) ERR wrong number of arguments for 'zrangebylex' command
            > ZREVRANGEBYLEX z a b
            < (error) ERR min or max not valid string range item
            > ZLEXCOUNT z a b
            < (error) ERR min or max not valid string range item
            > ZLEXCOUNT z -
            < (error) ERR wrong number of arguments for 'zlexcount' command
            > ZRANGE z - + BYLEX WITHSCORES
            < (error) ERR syntax error, WITHSCORES not supported in combination with BYLEX
            > ZRANGE z a b BYLEX
            < (error) ERR min or max not valid string range item
            > SET s v
            < OK
            > ZRANGEBYLEX s - +
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZREVRANGEBYLEX s + -
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZLEXCOUNT s - +
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZLEXCOUNT s a +
            < (error) ERR min or max not valid string range item
            """#)
    }

    @Test(arguments: ServerKind.all)
    func membersOfEqualScoreAreInByteOrder(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD z 1 b 1 a 1 "" 1 "\xff" 1 "\x00" 1 ab 1 B 1 10 1 9
            < 9
            > ZRANGE z 0 -1
            < ["", "\x00", "10", "9", "B", "a", "ab", "b", "\xff"]
            > ZRANGEBYLEX z (a +
            < ["ab", "b", "\xff"]
            > ZRANGEBYLEX z - ("\x00"
            < [""]
            """#)
    }

    @Test(arguments: ServerKind.all)
    func removingRanges(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD z 1 a 2 b 3 c 4 d 5 e
            < 5
            > ZREMRANGEBYRANK z 0 0
            < 1
            > ZREMRANGEBYRANK z -1 -1
            < 1
            > ZREMRANGEBYRANK z 5 10
            < 0
            > ZREMRANGEBYRANK z 2 1
            < 0
            > ZRANGE z 0 -1
            < ["b", "c", "d"]
            > ZREMRANGEBYSCORE z (2 3
            < 1
            > ZREMRANGEBYSCORE z 10 20
            < 0
            > ZREMRANGEBYSCORE z -inf +inf
            < 2
            > EXISTS z
            < 0
            > ZADD l 0 a 0 b 0 c 0 d
            < 4
            > ZREMRANGEBYLEX l [b (d
            < 2
            > ZRANGE l 0 -1
            < ["a", "d"]
            > ZREMRANGEBYLEX l - +
            < 2
            > EXISTS l
            < 0
            > ZREMRANGEBYRANK missing 0 -1
            < 0
            > ZREMRANGEBYSCORE missing 0 1
            < 0
            > ZREMRANGEBYLEX missing - +
            < 0
            > ZREMRANGEBYRANK z a 1
            < (error) ERR value is not an integer or out of range
            > ZREMRANGEBYSCORE z a 1
            < (error) ERR min or max is not a float
            > ZREMRANGEBYLEX z a b
            < (error) ERR min or max not valid string range item
            > ZREMRANGEBYRANK z 0
            < (error) ERR wrong number of arguments for 'zremrangebyrank' command
            > ZREMRANGEBYSCORE z 0
            < (error) ERR wrong number of arguments for 'zremrangebyscore' command
            > ZREMRANGEBYLEX z -
            < (error) ERR wrong number of arguments for 'zremrangebylex' command
            > SET s v
            < OK
            > ZREMRANGEBYRANK s 0 1
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZREMRANGEBYSCORE s 0 1
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZREMRANGEBYLEX s - +
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            """#)
    }

    @Test(arguments: ServerKind.all)
    func zrangestore(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD z 1 a 2 b 3 c 4 d
            < 4
            > ZRANGESTORE dst z 1 2
            < 2
            > ZRANGE dst 0 -1 WITHSCORES
            < ["b", "2", "c", "3"]
            > ZRANGESTORE dst z 0 0 REV
            < 1
            > ZRANGE dst 0 -1 WITHSCORES
            < ["d", "4"]
            > ZRANGESTORE dst z (1 +inf BYSCORE LIMIT 0 2
            < 2
            > ZRANGE dst 0 -1 WITHSCORES
            < ["b", "2", "c", "3"]
            > ZRANGESTORE dst z [b + BYLEX
            < 3
            > ZRANGESTORE dst z 4 3 BYSCORE REV
            < 2
            > ZRANGESTORE dst z 10 20
            < 0
            > EXISTS dst
            < 0
            > SET dst string
            < OK
            > ZRANGESTORE dst missing 0 -1
            < 0
            > EXISTS dst
            < 0
            > SET dst string
            < OK
            > ZRANGESTORE dst z 0 -1
            < 4
            > TYPE dst
            < zset
            > EXPIRE dst 100
            < 1
            > ZRANGESTORE dst z 0 -1
            < 4
            > TTL dst
            < -1
            > ZRANGESTORE z z 0 1
            < 2
            > ZRANGE z 0 -1
            < ["a", "b"]
            > ZRANGESTORE dst z 0 -1 WITHSCORES
            < (error) ERR syntax error
            > ZRANGESTORE dst z 0 -1 LIMIT 0 1
            < (error) ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX
            > ZRANGESTORE dst z 0
            < (error) ERR wrong number of arguments for 'zrangestore' command
            > ZRANGESTORE dst z a 1
            < (error) ERR value is not an integer or out of range
            > SET s v
            < OK
            > ZRANGESTORE dst s 0 -1
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > EXISTS dst
            < 1
            """#)
    }

    /// Both representations must agree: every range is asked of a small and of a large set with the same beginning.
    @Test(arguments: ServerKind.all)
    func largeSetsAnswerLikeSmallOnes(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let count = 2000
            _ = try client.pipeline(lines: (0..<count).map { "ZADD z \(($0 * 7919) % count) m\(($0 * 7919) % count)" })
            #expect(try client.run("OBJECT ENCODING z") == .bulk("skiplist"))
            for (start, length) in [(0, 1), (1, 3), (127, 5), (999, 10), (1990, 10), (1500, 0)] {
                let expected = Reply.array((start..<(start + length)).map { .bulk("m\($0)") })
                #expect(try client.run("ZRANGE z \(start) \(start + length - 1)") == expected)
                #expect(try client.run("ZRANGEBYSCORE z \(start) (\(start + length)") == expected)
                #expect(try client.run("ZRANGEBYSCORE z -inf +inf LIMIT \(start) \(length)") == expected)
                #expect(try client.run("ZCOUNT z \(start) (\(start + length)") == .integer(Int64(length)))
                let reversed = Reply.array((start..<(start + length)).reversed().map { .bulk("m\($0)") })
                #expect(try client.run("ZREVRANGEBYSCORE z (\(start + length) \(start)") == reversed)
                #expect(
                    try client.run("ZREVRANGE z \(count - start - length) \(count - 1 - start)")
                        == (length == 0 ? .array([]) : reversed))
            }
            for rank in stride(from: 0, to: count, by: 61) {
                #expect(try client.run("ZRANK z m\(rank)") == .integer(Int64(rank)))
                #expect(try client.run("ZREVRANK z m\(rank)") == .integer(Int64(count - 1 - rank)))
            }
            #expect(try client.run("ZREMRANGEBYRANK z 100 1899") == .integer(1800))
            #expect(try client.run("ZRANGE z 99 100") == .array([.bulk("m99"), .bulk("m1900")]))
            #expect(try client.run("ZREMRANGEBYSCORE z 50 1949") == .integer(100))
            #expect(try client.run("ZRANK z m1950") == .integer(50))
            #expect(try client.run("ZCARD z") == .integer(100))
        }
    }
}
