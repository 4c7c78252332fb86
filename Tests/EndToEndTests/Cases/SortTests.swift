import Testing

/// SORT and SORT_RO.
@Suite struct SortTests {
    /// One block would have no end, and a few long values are too much for it.
    @Test(arguments: ServerKind.all)
    func longResultsAreStoredInBlocks(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            try client.run("RPUSH l \((0..<3000).map { String($0) }.joined(separator: " "))")
            try client.run("SETRANGE w_7 100000 x")
            #expect(try client.run("SORT l STORE d") == .integer(3000))
            #expect(try client.run("OBJECT ENCODING d") == .bulk("quicklist"))
            #expect(try client.run("SORT l LIMIT 7 1 GET w_* GET w_* STORE d") == .integer(2))
            #expect(try client.run("OBJECT ENCODING d") == .bulk("quicklist"))
        }
    }

    @Test(arguments: ServerKind.all)
    func elementsAreOrderedAsNumbersOrTexts(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD z 1 10 2 9 3 100 4 -1 5 2.5
            < 5
            > SORT z
            < ["-1", "2.5", "9", "10", "100"]
            > SORT z DESC
            < ["100", "10", "9", "2.5", "-1"]
            > SORT z ALPHA
            < ["-1", "10", "100", "2.5", "9"]
            > SORT z ALPHA DESC ASC
            < ["-1", "10", "100", "2.5", "9"]
            > sort_ro z limit 1 2 desc
            < ["10", "9"]
            > SORT nosuch
            < []
            > SORT_RO nosuch BY w_* GET #
            < []
            # The same number, or none: by the bytes.
            > ZADD same 1 1.0 2 1 3 1e0 4 01
            < 4
            > SORT same
            < ["01", "1", "1.0", "1e0"]
            > SORT same DESC
            < ["1e0", "1.0", "1", "01"]
            > ZADD odd 1 " 7" 2 0x10 3 -inf 4 inf
            < 4
            > SORT odd
            < ["-inf", " 7", "0x10", "inf"]
            > ZADD texts 1 b 2 a 3 c
            < 3
            > SORT texts
            < (error) ERR One or more scores can't be converted into double
            > SORT texts ALPHA DESC
            < ["c", "b", "a"]
            > ZADD empty 1 ""
            < 1
            > SORT empty
            < [""]
            > ZADD overflow 1 1e999
            < 1
            > SORT overflow
            < (error) ERR One or more scores can't be converted into double
            > ZADD nan 1 nan
            < 1
            > SORT nan
            < (error) ERR One or more scores can't be converted into double
            > SET string 1
            < OK
            > SORT string
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HSET hash a 1
            < 1
            > SORT_RO hash
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            """#)
    }

    @Test(arguments: ServerKind.all)
    func otherKeysGiveTheOrderAndTheResult(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD z 1 a 2 b 3 c 4 d
            < 4
            > MSET w_a 3 w_b 1 w_c 2 n_a Anna n_c Carl
            < OK
            > SORT z BY w_*
            < ["d", "b", "c", "a"]
            > SORT z BY w_* DESC LIMIT 0 2
            < ["a", "c"]
            > SORT z BY w_* GET # GET n_* GET nothing GET w_*
            < ["d", (nil), (nil), (nil), "b", (nil), (nil), "1", "c", "Carl", (nil), "2", "a", "Anna", (nil), "3"]
            > SORT z BY n_* ALPHA
            <*  ["*", "*", "a", "c"]
            > HSET h_a weight 5 name x
            < 2
            > HSET h_b weight 7 name y
            < 2
            > HSET h_c weight 6
            < 1
            > SET h_d 9
            < OK
            > SORT_RO z BY h_*->weight GET h_*->name
            < [(nil), "x", (nil), "y"]
            # An arrow without a field, and one before the star, are names.
            > MSET h_a-> 4 h_b-> 3 h_c-> 2 h_d-> 1 h->a 1 h->b 2 h->c 4 h->d 3
            < OK
            > SORT z BY h_*->
            < ["d", "c", "b", "a"]
            > SORT z BY h->* GET h->*
            < ["1", "2", "3", "4"]
            # Strings where a hash is asked for, and the reverse.
            > SORT z BY nosort GET h_* GET h_d->x
            < [(nil), (nil), (nil), (nil), (nil), (nil), "9", (nil)]
            > SET w_b x
            < OK
            > SORT z BY w_*
            < (error) ERR One or more scores can't be converted into double
            > SORT z BY w_*->weight
            < ["a", "b", "c", "d"]
            # Only the first star stands for the element.
            > MSET "p_a*" 1 "p_b*" 2
            < OK
            > SORT z BY nosort GET p_**
            < ["1", "2", (nil), (nil)]
            """#)
    }

    @Test(arguments: ServerKind.all)
    func aConstantPatternKeepsTheOrder(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD z 4 a 3 b 2 c 1 d
            < 4
            > SORT z BY nosort
            < ["d", "c", "b", "a"]
            > SORT z BY nosort DESC
            < ["a", "b", "c", "d"]
            > SORT z BY nosort LIMIT 1 2
            < ["c", "b"]
            > SORT z BY nosort DESC LIMIT 1 2 GET #
            < ["b", "c"]
            > SORT z BY # ALPHA
            < ["d", "c", "b", "a"]
            """#)
    }

    @Test(arguments: ServerKind.all)
    func listsAreOrderedAndStored(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > RPUSH l 3 1 2 10 1
            < 5
            > SORT l
            < ["1", "1", "2", "3", "10"]
            > SORT l BY nosort
            < ["3", "1", "2", "10", "1"]
            > SORT l BY nosort DESC LIMIT 1 3
            < ["10", "2", "1"]
            > SORT l DESC LIMIT 0 3 STORE d
            < 3
            > LRANGE d 0 -1
            < ["10", "3", "2"]
            > MSET n_1 one n_10 ten
            < OK
            > EXPIRE d 100
            < 1
            > SORT l GET n_* GET # STORE d
            < 10
            > LRANGE d 0 -1
            < ["one", "1", "one", "1", "", "2", "", "3", "ten", "10"]
            > TTL d
            < -1
            # What is stored may be the key itself, and what is there of any type.
            > SORT l STORE l
            < 5
            > LRANGE l 0 -1
            < ["1", "1", "2", "3", "10"]
            > SET string v
            < OK
            > SORT l LIMIT 4 9 STORE string
            < 1
            > TYPE string
            < list
            > OBJECT ENCODING l
            <7.0 "quicklist"
            <7.2 "listpack"
            # Nothing leaves nothing.
            > SORT l LIMIT 9 1 STORE d
            < 0
            > EXISTS d
            < 0
            > SORT nosuch STORE l
            < 0
            > EXISTS l
            < 0
            > RPUSH texts a
            < 1
            > SET kept v
            < OK
            > SORT texts STORE kept
            < (error) ERR One or more scores can't be converted into double
            > GET kept
            < "v"
            """#)
    }

    @Test(arguments: ServerKind.all)
    func setsAreOrderedAndFannedOut(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SADD numbers 3 1 2
            < 3
            > SORT numbers DESC
            < ["3", "2", "1"]
            > SADD texts b a c
            < 3
            > SORT texts ALPHA GET #
            < ["a", "b", "c"]
            # Without an order of their own, elements are stored as ordered texts.
            > SORT texts BY nosort DESC STORE d
            < 3
            > LRANGE d 0 -1
            < ["c", "b", "a"]
            > SADD one 7
            < 1
            > HSET conn:7 Field x
            < 1
            > SORT one BY nosort GET # GET conn:*->Field GET conn:*->None
            < ["7", "x", (nil)]
            > SORT one BY nosort LIMIT 1 9
            < []
            > SORT one BY nosort LIMIT -5 1
            < ["7"]
            """#)
    }

    /// CVE-2021-41099 and its kin: offsets and lengths whose sums overflow.
    @Test(arguments: ServerKind.all)
    func extremeLimitsAreHarmless(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD z 1 1 2 2 3 3
            < 3
            > SORT z LIMIT 0 9223372036854775807
            < ["1", "2", "3"]
            > SORT z LIMIT 9223372036854775807 9223372036854775807
            < []
            > SORT z LIMIT -9223372036854775808 2
            < ["1", "2"]
            > SORT z LIMIT 1 -9223372036854775808
            < ["2", "3"]
            > SORT z BY nosort LIMIT 2 9223372036854775807
            < ["3"]
            > SORT z BY nosort LIMIT 9223372036854775807 1 DESC
            < []
            > SORT z BY nosort LIMIT -1 -1 DESC
            < ["3", "2", "1"]
            > SORT z LIMIT 3 1
            < []
            > SORT z LIMIT 0 0
            < []
            > SORT z LIMIT 9223372036854775808 1
            < (error) ERR value is not an integer or out of range
            > SORT z LIMIT 0 x
            < (error) ERR value is not an integer or out of range
            > SORT z LIMIT 0
            < (error) ERR syntax error
            > SORT z BY
            < (error) ERR syntax error
            > SORT z FOO
            < (error) ERR syntax error
            > SORT_RO z STORE d
            < (error) ERR syntax error
            > SORT
            < (error) ERR wrong number of arguments for 'sort' command
            """#)
    }

    /// Keys that are read through patterns are dependencies, present or not, and so is the key itself.
    @Test func keysBehindPatternsAreDependencies() throws {
        try ServerPool.with(.freshet) { server in
            let client = try server.client()
            for line in ["ZADD z 1 a 2 b", "MSET w_a 1 n_a Anna"] { try client.run(line) }
            for (name, change) in [("w_b", "SET w_b 3"), ("h_a", "HSET h_a x 1"), ("n_a", "DEL n_a"), ("z", "DEL z")] {
                let token = try client.begin("c")
                try client.run("SORT z BY w_* GET n_* GET h_*->x")
                #expect(try client.end(token, "v") == "stored")
                let keys: Set<String> = ["z", "w_a", "w_b", "n_a", "n_b", "h_a", "h_b"]
                #expect(try client.dependencies("c") == keys)
                try client.run(change)
                #expect(try client.run("GET c") == .null, "after a change of \(name)")
            }
        }
    }

    @Test(arguments: ServerKind.all)
    func keysAreFoundInCalls(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > COMMAND GETKEYS SORT a BY x_* GET y_* STORE b
            < ["a", "b"]
            > COMMAND GETKEYS SORT a GET store STORE b LIMIT store 1
            < ["a", "b"]
            > COMMAND GETKEYS SORT_RO a BY x_*
            < ["a"]
            """#)
    }
}
