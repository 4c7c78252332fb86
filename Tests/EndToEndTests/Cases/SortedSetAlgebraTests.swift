import Testing

/// Unions, intersections and differences of sorted sets, as replies and stored.
@Suite struct SortedSetAlgebraTests {
    @Test(arguments: ServerKind.all)
    func unions(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD a 1 x 2 y 3 z
            < 3
            > ZADD b 10 y 20 z 30 w
            < 3
            > ZUNION 2 a b
            < ["x", "y", "z", "w"]
            > ZUNION 2 a b WITHSCORES
            < ["x", "1", "y", "12", "z", "23", "w", "30"]
            > ZUNION 2 a b WEIGHTS 2 0.5 WITHSCORES
            < ["x", "2", "y", "9", "w", "15", "z", "16"]
            > ZUNION 2 a b AGGREGATE MIN WITHSCORES
            < ["x", "1", "y", "2", "z", "3", "w", "30"]
            > ZUNION 2 a b WITHSCORES AGGREGATE MAX
            < ["x", "1", "y", "10", "z", "20", "w", "30"]
            > ZUNION 2 a b AGGREGATE SUM WEIGHTS 1 -1 WITHSCORES
            < ["w", "-30", "z", "-17", "y", "-8", "x", "1"]
            > ZUNION 2 a missing
            < ["x", "y", "z"]
            > ZUNION 1 missing
            < []
            > ZUNION 2 a a WITHSCORES
            < ["x", "2", "y", "4", "z", "6"]
            > ZUNIONSTORE d 2 a b
            < 4
            > ZRANGE d 0 -1 WITHSCORES
            < ["x", "1", "y", "12", "z", "23", "w", "30"]
            > ZUNIONSTORE d 2 a b WEIGHTS 2 3 AGGREGATE MAX
            < 4
            > ZRANGE d 0 -1 WITHSCORES
            < ["x", "2", "y", "30", "z", "60", "w", "90"]
            > ZUNIONSTORE a 2 a b
            < 4
            > ZRANGE a 0 -1 WITHSCORES
            < ["x", "1", "y", "12", "z", "23", "w", "30"]
            > ZUNIONSTORE d 1 missing
            < 0
            > EXISTS d
            < 0
            > ZADD i inf m
            < 1
            > ZADD j -inf m
            < 1
            > ZUNION 2 i j WITHSCORES
            < ["m", "0"]
            > ZUNION 1 i WEIGHTS 0 WITHSCORES
            < ["m", "0"]
            resp3> ZUNION 2 a missing WITHSCORES
            < [["x", (double) 1], ["y", (double) 12], ["z", (double) 23], ["w", (double) 30]]
            """#)
    }

    @Test(arguments: ServerKind.all)
    func intersections(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD a 1 x 2 y 3 z
            < 3
            > ZADD b 10 y 20 z 30 w
            < 3
            > ZINTER 2 a b
            < ["y", "z"]
            > ZINTER 2 a b WITHSCORES
            < ["y", "12", "z", "23"]
            > ZINTER 2 a b WEIGHTS 2 1 AGGREGATE MAX WITHSCORES
            < ["y", "10", "z", "20"]
            > ZINTER 2 a b AGGREGATE MIN WITHSCORES
            < ["y", "2", "z", "3"]
            > ZINTER 2 a missing
            < []
            > ZINTER 1 a
            < ["x", "y", "z"]
            > ZINTERSTORE d 2 a b WEIGHTS 1 10
            < 2
            > ZRANGE d 0 -1 WITHSCORES
            < ["y", "102", "z", "203"]
            > ZINTERSTORE d 2 a missing
            < 0
            > EXISTS d
            < 0
            > ZINTERCARD 2 a b
            < 2
            > ZINTERCARD 2 a b LIMIT 1
            < 1
            > ZINTERCARD 2 a b LIMIT 0
            < 2
            > ZINTERCARD 2 a missing
            < 0
            > ZINTERCARD 1 a
            < 3
            > ZINTERCARD 2 a b LIMIT -1
            < (error) ERR LIMIT can't be negative
            > ZINTERCARD 2 a b LIMIT x
            < (error) ERR LIMIT can't be negative
            > ZINTERCARD 2 a b LIMIT
            < (error) ERR syntax error
            > ZINTERCARD 0 a
            < (error) ERR at least 1 input key is needed for 'zintercard' command
            > ZINTERCARD x a
            < (error) ERR value is not an integer or out of range
            > ZINTERCARD 3 a b
            < (error) ERR syntax error
            > ZINTERCARD 2 a b WEIGHTS 1 1
            < (error) ERR syntax error
            > ZINTERCARD 1 a LIMIT 1 LIMIT 2
            < 2
            > ZINTERCARD
            < (error) ERR wrong number of arguments for 'zintercard' command
            """#)
    }

    @Test(arguments: ServerKind.all)
    func differences(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD a 1 x 2 y 3 z
            < 3
            > ZADD b 10 y
            < 1
            > ZDIFF 2 a b
            < ["x", "z"]
            > ZDIFF 2 a b WITHSCORES
            < ["x", "1", "z", "3"]
            > ZDIFF 1 a
            < ["x", "y", "z"]
            > ZDIFF 2 a a
            < []
            > ZDIFF 2 missing a
            < []
            > ZDIFF 2 a missing WITHSCORES
            < ["x", "1", "y", "2", "z", "3"]
            > ZDIFFSTORE d 2 a b
            < 2
            > ZRANGE d 0 -1 WITHSCORES
            < ["x", "1", "z", "3"]
            > ZDIFFSTORE d 2 a a
            < 0
            > EXISTS d
            < 0
            > ZDIFF 2 a b WEIGHTS 1 1
            < (error) ERR syntax error
            > ZDIFF 2 a b AGGREGATE SUM
            < (error) ERR syntax error
            > ZDIFFSTORE d 2 a b WITHSCORES
            < (error) ERR syntax error
            resp3> ZDIFF 2 a b WITHSCORES
            < [["x", (double) 1], ["z", (double) 3]]
            """#)
    }

    @Test(arguments: ServerKind.all)
    func badArguments(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD a 1 x
            < 1
            > SET s v
            < OK
            > ZUNION 0 a
            < (error) ERR at least 1 input key is needed for 'zunion' command
            > ZUNION -1 a
            < (error) ERR at least 1 input key is needed for 'zunion' command
            > ZUNION x a
            < (error) ERR value is not an integer or out of range
            > ZUNION 2 a
            < (error) ERR syntax error
            > ZUNION 9223372036854775807 a
            < (error) ERR syntax error
            > ZUNION 1 a FOO
            < (error) ERR syntax error
            > ZUNION 1 a WEIGHTS
            < (error) ERR syntax error
            > ZUNION 1 a WEIGHTS x
            < (error) ERR weight value is not a float
            > ZUNION 1 a WEIGHTS nan
            < (error) ERR weight value is not a float
            > ZUNION 2 a a WEIGHTS 1
            < (error) ERR syntax error
            > ZUNION 1 a AGGREGATE
            < (error) ERR syntax error
            > ZUNION 1 a AGGREGATE AVG
            < (error) ERR syntax error
            > ZUNION 1 s
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZUNION 2 a s
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZUNION 1
            < (error) ERR wrong number of arguments for 'zunion' command
            > ZINTER 0 a
            < (error) ERR at least 1 input key is needed for 'zinter' command
            > ZINTER 2 missing s
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZINTER 1 a WITHSCORES WITHSCORES
            < ["x", "1"]
            > ZDIFF 0 a
            < (error) ERR at least 1 input key is needed for 'zdiff' command
            > ZDIFF 1 s
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZUNIONSTORE d 0 a
            < (error) ERR at least 1 input key is needed for 'zunionstore' command
            > ZUNIONSTORE d 1 a WITHSCORES
            < (error) ERR syntax error
            > ZUNIONSTORE d 1
            < (error) ERR wrong number of arguments for 'zunionstore' command
            > ZUNIONSTORE d x a
            < (error) ERR value is not an integer or out of range
            > ZUNIONSTORE d 1 s
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZINTERSTORE d 0 a
            < (error) ERR at least 1 input key is needed for 'zinterstore' command
            > ZINTERSTORE d 1 s
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZDIFFSTORE d 0 a
            < (error) ERR at least 1 input key is needed for 'zdiffstore' command
            > ZDIFFSTORE d 1 s
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > ZINTERCARD 1 s
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > EXISTS d
            < 0
            > SET d string
            < OK
            > ZUNIONSTORE d 1 a
            < 1
            > TYPE d
            < zset
            """#)
    }

    @Test(arguments: ServerKind.all)
    func storingReplacesWhateverWasThere(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD a 1 x
            < 1
            > HSET d f v
            < 1
            > EXPIRE d 100
            < 1
            > ZINTERSTORE d 1 a
            < 1
            > TYPE d
            < zset
            > TTL d
            < -1
            > HSET d2 f v
            < 1
            > ZUNIONSTORE d2 1 missing
            < 0
            > EXISTS d2
            < 0
            """#)
    }
}
