import Testing

/// Sets: members, results, chance, scanning and encodings.
@Suite struct SetTests {
    @Test(arguments: ServerKind.all)
    func unionsOfManySetsHaveEachMemberOnce(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let names = (0..<40).map { "many:\($0)" }
            for (index, name) in names.enumerated() {
                try client.run(
                    "SADD \(name) \(index % 7) common \((0..<20).map { "m\(index + $0)" }.joined(separator: " "))")
            }
            let all = names.joined(separator: " ")
            let union = try client.run("SUNION \(all) \(names[3])").elements ?? []
            #expect(Set(union.compactMap(\.text)).count == union.count && union.count == 7 + 1 + 59)
            #expect(try client.run("SUNIONSTORE to \(all)") == .integer(67))
            #expect(try client.run("SINTER \(all) \(all)") == .array([.bulk("common")]))
            #expect(try client.run("SDIFF \(names[0]) \(all)") == .array([]))
        }
    }

    /// Adds numbers with a prefix to a set, by one command.
    private func add(_ numbers: Range<Int>, _ prefix: String, to key: String, _ client: RedisClient) throws {
        try client.run("SADD \(key) " + numbers.map { "\(prefix)\($0)" }.joined(separator: " "))
    }

    @Test(arguments: ServerKind.all)
    func members(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SADD s a b c a
            < 3
            > SADD s a
            < 0
            > SADD s "" 1
            < 2
            > SCARD s
            < 5
            > SMEMBERS s
            <~ ["a", "b", "c", "", "1"]
            > SISMEMBER s a
            < 1
            > SISMEMBER s x
            < 0
            > SISMEMBER missing x
            < 0
            > SMISMEMBER s a x "" 01 1
            < [1, 0, 1, 0, 1]
            > SMISMEMBER missing a b
            < [0, 0]
            > SREM s a x b
            < 2
            > SREM s c "" 1
            < 3
            > EXISTS s
            < 0
            > SREM s a
            < 0
            > SCARD s
            < 0
            > SMEMBERS s
            < []
            > SET string v
            < OK
            > SADD string a
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > SREM string a
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > SISMEMBER string a
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > SMEMBERS string
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > SADD s
            < (error) ERR wrong number of arguments for 'sadd' command
            > SADD s b
            < 1
            resp3> SMEMBERS s
            < ~["b"]
            resp3> SMISMEMBER s b
            < [1]
            """#)
    }

    @Test(arguments: ServerKind.all)
    func moving(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SADD a 1 2
            < 2
            > SADD b 3
            < 1
            > SMOVE a b 1
            < 1
            > SMOVE a b 1
            < 0
            > SMEMBERS b
            <~ ["1", "3"]
            > SMOVE a b 2
            < 1
            > EXISTS a
            < 0
            > SMOVE a b 2
            < 0
            > SMOVE b b 2
            < 1
            > SMOVE b b 9
            < 0
            > SMOVE b new 3
            < 1
            > SMEMBERS new
            < ["3"]
            > SADD b 3
            < 1
            > SMOVE b new 3
            < 1
            > SMEMBERS new
            < ["3"]
            > SET string v
            < OK
            > SMOVE missing string x
            < 0
            > SMOVE b string x
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > SMOVE string b x
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            """#)
    }

    @Test(arguments: ServerKind.all)
    func unionsIntersectionsAndDifferences(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SADD a 1 2 x y
            < 4
            > SADD b 2 3 y z
            < 4
            > SADD c 2 4
            < 2
            > SINTER a b
            <~ ["2", "y"]
            > SINTER a b c
            < ["2"]
            > SINTER a missing
            < []
            > SINTER a a
            <~ ["1", "2", "x", "y"]
            > SUNION a b c
            <~ ["1", "2", "3", "4", "x", "y", "z"]
            > SUNION missing a missing
            <~ ["1", "2", "x", "y"]
            > SDIFF a b
            <~ ["1", "x"]
            > SDIFF a b c missing
            <~ ["1", "x"]
            > SDIFF a a
            < []
            > SDIFF missing a
            < []
            > SINTERCARD 2 a b
            < 2
            > SINTERCARD 2 a b LIMIT 1
            < 1
            > SINTERCARD 2 a b LIMIT 0
            < 2
            > SINTERCARD 1 a LIMIT 3
            < 3
            > SINTERCARD 0 a
            < (error) ERR numkeys should be greater than 0
            > SINTERCARD x a
            < (error) ERR numkeys should be greater than 0
            > SINTERCARD 2 a
            < (error) ERR Number of keys can't be greater than number of args
            > SINTERCARD 2 a b LIMIT -1
            < (error) ERR LIMIT can't be negative
            > SINTERCARD 2 a b LIMIT
            < (error) ERR syntax error
            > SINTERCARD 2 a b c
            < (error) ERR syntax error
            > SINTERSTORE d a b
            < 2
            > SMEMBERS d
            <~ ["2", "y"]
            > SUNIONSTORE d a b
            < 6
            > SDIFFSTORE d a b
            < 2
            > SMEMBERS d
            <~ ["1", "x"]
            > SUNIONSTORE a a b
            < 6
            > SINTERSTORE d a missing
            < 0
            > EXISTS d
            < 0
            > SET string v
            < OK
            > SUNIONSTORE string b c
            < 5
            > TYPE string
            < set
            > SET string v
            < OK
            > SINTER missing string
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > SDIFF missing string
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > SUNIONSTORE d a string
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            resp3> SINTER c c
            < ~["2", "4"]
            """#)
    }

    @Test(arguments: ServerKind.all)
    func unionsOfSetsAndSortedSets(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SADD s a b c
            < 3
            > ZADD z 5 b 7 d
            < 2
            > ZUNION 2 s z WITHSCORES
            < ["a", "1", "c", "1", "b", "6", "d", "7"]
            > ZUNIONSTORE d 2 s z WEIGHTS 10 1
            < 4
            > ZRANGE d 0 -1 WITHSCORES
            < ["d", "7", "a", "10", "c", "10", "b", "15"]
            > ZINTER 2 z s WITHSCORES AGGREGATE MAX
            < ["b", "5"]
            > ZDIFF 2 s z WITHSCORES
            < ["a", "1", "c", "1"]
            > ZDIFF 2 z s WITHSCORES
            < ["d", "7"]
            > ZINTERCARD 2 s z
            < 1
            > ZUNION 1 s WITHSCORES
            < ["a", "1", "b", "1", "c", "1"]
            > ZRANGE s 0 -1
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > SUNION s z
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            """#)
    }

    @Test(arguments: ServerKind.all)
    func poppingByChance(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SADD s a
            < 1
            > SPOP s
            < "a"
            > EXISTS s
            < 0
            > SPOP s
            < (nil)
            > SPOP s 2
            < []
            > SADD s a b c
            < 3
            > SPOP s 0
            < []
            > SPOP s 10
            <~ ["a", "b", "c"]
            > EXISTS s
            < 0
            > SPOP s -1
            < (error) ERR value is out of range, must be positive
            > SPOP s x
            < (error) ERR value is out of range, must be positive
            > SPOP s 1 2
            < (error) ERR syntax error
            > SADD s a
            < 1
            resp3> SPOP s 1
            < ~["a"]
            > SET string v
            < OK
            > SPOP string
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > SPOP string 0
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            """#)
    }

    @Test(arguments: ServerKind.all)
    func poppingTakesEachMemberOnce(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            for prefix in ["", "member:"] {
                for size in [100, 2000] {
                    try add(0..<size, prefix, to: "s", client)
                    var seen: [String] = []
                    var left = size
                    while left > 0 {
                        let reply = try client.run("SPOP s \(1 + left / 3)")
                        seen += (reply.elements ?? []).compactMap(\.text)
                        left = Int(try client.run("SCARD s").integer ?? 0)
                    }
                    #expect(seen.count == size)
                    #expect(Set(seen) == Set((0..<size).map { "\(prefix)\($0)" }))
                }
            }
        }
    }

    @Test(arguments: ServerKind.all)
    func scanning(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SADD s a ab b 12
            < 4
            > SSCAN s 0
            <* ["0", [*]]
            > SSCAN s 0 MATCH a?
            < ["0", ["ab"]]
            > SSCAN s 0 MATCH 1* COUNT 100
            < ["0", ["12"]]
            > SSCAN missing 0
            < ["0", []]
            > SSCAN s abc
            < (error) ERR invalid cursor
            > SSCAN s 0 COUNT 0
            < (error) ERR syntax error
            > SSCAN s 0 FOO
            < (error) ERR syntax error
            > SET string v
            < OK
            > SSCAN string 0
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            """#)
        try ServerPool.with(kind) { server in
            let client = try server.client()
            for prefix in ["", "member:"] {
                try add(0..<3000, prefix, to: "s\(prefix)", client)
                var seen: Set<String> = []
                var cursor = "0"
                var added = 3000
                repeat {
                    let reply = try client.run("SSCAN s\(prefix) \(cursor) COUNT 50")
                    cursor = reply[0].text ?? "0"
                    seen.formUnion((reply[1].elements ?? []).compactMap(\.text))
                    if added < 20_000 {
                        try add(added..<added + 200, prefix, to: "s\(prefix)", client)
                        added += 200
                    }
                } while cursor != "0"
                #expect((0..<3000).allSatisfy { seen.contains("\(prefix)\($0)") })
            }
        }
    }

    /// What CVE-2023-22458 and CVE-2023-25155 stand for: counts whose negation or product overflows.
    @Test(arguments: ServerKind.all)
    func theSmallestAndLargestCountsOfRandomMembers(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SADD s a
            < 1
            > SRANDMEMBER s -9223372036854775808
            < (error) ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
            > SRANDMEMBER s 9223372036854775807
            < ["a"]
            > SRANDMEMBER s 9223372036854775808
            < (error) ERR value is not an integer or out of range
            > SRANDMEMBER s -3
            < ["a", "a", "a"]
            > SRANDMEMBER s 0
            < []
            > SRANDMEMBER s 2
            < ["a"]
            > SRANDMEMBER s
            < "a"
            > SRANDMEMBER missing
            < (nil)
            > SRANDMEMBER missing 2
            < []
            > SRANDMEMBER s 1 2
            < (error) ERR syntax error
            > SRANDMEMBER s x
            < (error) ERR value is not an integer or out of range
            > SPOP s 9223372036854775807
            < ["a"]
            > SPOP s -9223372036854775808
            < (error) ERR value is out of range, must be positive
            > SINTERCARD 9223372036854775807 s
            < (error) ERR Number of keys can't be greater than number of args
            > SINTERCARD 1 s LIMIT 9223372036854775807
            < 0
            """#)
    }

    /// The largest reply that any command gives has a bound, where the count of a random choice has none.
    @Test func aReplyWithoutBoundIsRefused() throws {
        try Script.run(
            .freshet,
            #"""
            > SADD s a
            < 1
            > SRANDMEMBER s -9223372036854775807
            < (error) ERR value is out of range
            > PING
            < PONG
            """#)
    }

    @Test(arguments: ServerKind.all)
    func encodings(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SADD i 1 -5 70000 5000000000
            < 4
            > OBJECT ENCODING i
            < "intset"
            > SMEMBERS i
            < ["-5", "1", "70000", "5000000000"]
            > SREM i 5000000000
            < 1
            > SADD i 01
            < 1
            > OBJECT ENCODING i
            <7.2 "listpack"
            > SADD i 12345678901234567890123456789012345678901234567890123456789012345
            < 1
            > OBJECT ENCODING i
            < "hashtable"
            > SREM i 12345678901234567890123456789012345678901234567890123456789012345 01
            < 2
            > OBJECT ENCODING i
            < "hashtable"
            > SINTERSTORE d i i
            < 3
            > OBJECT ENCODING d
            < "intset"
            > SADD a x y
            < 2
            > OBJECT ENCODING a
            <7.2 "listpack"
            > SUNIONSTORE d a i
            < 5
            > OBJECT ENCODING d
            <7.2 "listpack"
            > COPY a copy
            < 1
            > OBJECT ENCODING copy
            <7.2 "listpack"
            > SMEMBERS copy
            <~ ["x", "y"]
            > CONFIG SET set-max-listpack-entries 2
            <7.2 OK
            > CONFIG SET set-max-listpack-value 3
            <7.2 OK
            > CONFIG SET set-max-intset-entries 2
            < OK
            > SADD a z
            < 1
            > OBJECT ENCODING a
            < "hashtable"
            > SADD l long
            < 1
            > OBJECT ENCODING l
            <7.2 "hashtable"
            > SADD j 1 2
            < 2
            > OBJECT ENCODING j
            < "intset"
            > SADD j 3
            < 1
            > OBJECT ENCODING j
            < "hashtable"
            """#, arguments: [])
    }

    @Test(arguments: ServerKind.all)
    func eventsOfSets(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--notify-keyspace-events", "Esg"])
        let client = try server.client()
        let listener = try EventListener(server)
        let cases: [(line: String, events: [String])] = [
            ("SADD a 1 2 3", ["sadd a"]), ("SADD a 1", []), ("SREM a 9", []), ("SREM a 1", ["srem a"]),
            ("SMOVE a b 2", ["srem a", "sadd b"]), ("SMOVE a b 3", ["srem a", "del a", "sadd b"]),
            ("SUNIONSTORE c b", ["sunionstore c"]), ("SINTERSTORE c b missing", ["del c"]),
            ("SDIFFSTORE c b", ["sdiffstore c"]), ("SDIFFSTORE missing b b", []), ("SPOP b", ["spop b"]),
            ("SPOP b 0", []), ("SPOP b 5", ["spop b", "del b"]),
        ]
        for (line, events) in cases {
            try client.run(line)
            #expect(try listener.events() == events.map { "event@0:\($0)" }, "\(line)")
        }
    }
}
