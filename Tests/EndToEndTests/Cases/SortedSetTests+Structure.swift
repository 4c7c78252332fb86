import Testing

/// Scanning, and what the two representations of sorted sets show.
extension SortedSetTests {
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
