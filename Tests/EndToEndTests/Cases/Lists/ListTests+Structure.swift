import Testing

/// What the two representations of lists show, and what lists share with other values.
extension ListTests {
    @Test(arguments: ServerKind.all)
    func encodingsFollowTheSizeOfABlock(_ kind: ServerKind) throws {
        let long = String(repeating: "x", count: 500)
        let fill = Array(repeating: long, count: 16).joined(separator: " ")
        try Script.run(
            kind,
            """
            > RPUSH l \(fill)
            < 16
            7.4> OBJECT ENCODING l
            < "listpack"
            > RPUSH l \(long)
            < 17
            > OBJECT ENCODING l
            < "quicklist"
            7.4> COPY l copy
            < 1
            7.4> OBJECT ENCODING copy
            < "quicklist"
            > LTRIM l 0 8
            < OK
            > OBJECT ENCODING l
            < "quicklist"
            > LTRIM l 0 7
            < OK
            7.4> OBJECT ENCODING l
            < "listpack"
            > LLEN l
            < 8
            > RPUSH big \(String(repeating: "y", count: 8186))
            < 1
            > OBJECT ENCODING big
            < "quicklist"
            > LSET big 0 small
            < OK
            7.4> OBJECT ENCODING big
            < "listpack"
            > LRANGE big 0 -1
            < ["small"]
            """)
    }

    @Test(arguments: ServerKind.all)
    func theSizeOfABlockIsConfigured(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > CONFIG GET list-max-listpack-size
            < ["list-max-listpack-size", "-2"]
            > CONFIG GET list-compress-depth
            < ["list-compress-depth", "0"]
            > CONFIG SET list-max-listpack-size 4
            < OK
            > CONFIG GET list-max-ziplist-size
            < ["list-max-ziplist-size", "4"]
            > RPUSH l a b c d
            < 4
            7.4> OBJECT ENCODING l
            < "listpack"
            > RPUSH l e
            < 5
            > OBJECT ENCODING l
            < "quicklist"
            > LPOP l 2
            < ["a", "b"]
            > OBJECT ENCODING l
            < "quicklist"
            > LREM l 1 d
            < 1
            7.4> OBJECT ENCODING l
            < "quicklist"
            > CONFIG SET list-max-listpack-size x
            <* (error) ERR CONFIG SET failed * argument couldn't be parsed into an integer
            > CONFIG SET list-max-listpack-size 2147483648
            <* (error) ERR CONFIG SET failed * argument must be between -2147483648 and 2147483647 inclusive
            """#, arguments: [])
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func compressionIsRefused(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > CONFIG SET list-compress-depth 0
            < OK
            > CONFIG SET list-compress-depth 1
            <* (error) ERR CONFIG SET failed * not supported by this server
            """#)
    }

    @Test(arguments: ServerKind.all)
    func listsAreCopiedRenamedAndFoundByType(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > RPUSH l a 1 b
            < 3
            > COPY l m
            < 1
            > RPUSH m c
            < 4
            > LRANGE l 0 -1
            < ["a", "1", "b"]
            > RENAME m n
            < OK
            > EXPIRE n 1000
            < 1
            > RPUSH n d
            < 5
            > TTL n
            <.. 990 1000
            > LRANGE n 0 -1
            < ["a", "1", "b", "c", "d"]
            > SET s v
            < OK
            > SCAN 0 TYPE list COUNT 100
            <* ["0", [*"*]]
            > COPY l s REPLACE
            < 1
            > TYPE s
            < list
            > GET s
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HSET l f v
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > OBJECT REFCOUNT l
            < 1
            > OBJECT IDLETIME l
            <.. 0 2
            > SET l string
            < OK
            > LPUSH l a
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > MEMORY USAGE n
            <.. 40 500
            > DEL n
            < 1
            """#)
    }

    @Test(arguments: ServerKind.all)
    func longListsAnswerAsShortOnesDo(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let count = 20_000
            _ = try client.pipeline(
                lines: stride(from: 0, to: count, by: 100).map { start in
                    "RPUSH l " + (start..<start + 100).map { "element:\($0)" }.joined(separator: " ")
                })
            #expect(try client.run("LLEN l") == .integer(Int64(count)))
            for index in [0, 1, 700, 9_999, 10_000, 12_345, 19_999] {
                #expect(try client.run("LINDEX l \(index)").text == "element:\(index)")
                #expect(try client.run("LINDEX l \(index - count)").text == "element:\(index)")
                #expect(try client.run("LPOS l element:\(index)") == .integer(Int64(index)))
                #expect(try client.run("LPOS l element:\(index) RANK -1") == .integer(Int64(index)))
            }
            let range = try client.run("LRANGE l 500 15499").elements ?? []
            #expect(range.map(\.text) == (500..<15_500).map { "element:\($0)" })
            #expect(try client.run("LSET l 10000 \(String(repeating: "z", count: 9000))") == .ok)
            #expect(try client.run("LINDEX l 10001").text == "element:10001")
            #expect(try client.run("LINSERT l AFTER element:9999 new") == .integer(Int64(count + 1)))
            #expect(try client.run("LRANGE l 9999 10000").elements?.map(\.text) == ["element:9999", "new"])
            #expect(try client.run("LREM l 0 new") == .integer(1))
            #expect(
                try client.run("RPOP l 3").elements?.map(\.text) == ["19999", "19998", "19997"].map { "element:" + $0 })
            #expect(try client.run("LTRIM l 5000 5001") == .ok)
            #expect(try client.run("LRANGE l 0 -1").elements?.map(\.text) == ["element:5000", "element:5001"])
        }
    }

    @Test(arguments: ServerKind.all)
    func longListsAreFreedInTheBackground(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            // What the tests before have left is freed in the background too.
            try eventually { try client.run("INFO memory").text?.contains("lazyfree_pending_objects:0\r\n") == true }
            try client.run("CONFIG RESETSTAT")
            let block = String(repeating: "x", count: 8000)
            _ = try client.pipeline(lines: Array(repeating: "RPUSH l \(block) \(block)", count: 100))
            #expect(try client.run("UNLINK l") == .integer(1))
            try eventually { try client.run("INFO memory").text?.contains("lazyfreed_objects:0\r\n") == false }
        }
    }

    /// Counts and indices at the ends of the range (as in CVE-2023-25155, CVE-2023-22458) meet lists of both kinds, an
    /// element is longer than any block, and a command has more elements than a listpack counts.
    @Test(arguments: ServerKind.all)
    func extremeCountsAndElementsAreServed(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let huge = String(repeating: "h", count: 1 << 20)
            try client.send("RPUSH", "l", "a", huge, "b")
            for number in ["9223372036854775807", "-9223372036854775807", "-9223372036854775808", "0", "-1"] {
                let isExtreme = number.count > 2
                for command in ["LRANGE l N N", "LINDEX l N", "LPOS l b MAXLEN 0 COUNT 0 RANK N", "LREM l N none"] {
                    _ = try client.run(command.replacing("N", with: number))
                }
                #expect(try client.run("LSET l \(number) x").isError == isExtreme)
                #expect(try client.run("LPOP l \(number)x").isError)
                #expect(try client.run("LTRIM l 0 9223372036854775807") == .ok)
                #expect(try client.run("LLEN l") == .integer(3))
            }
            #expect(try client.send("LINDEX", "l", "1").text?.count == huge.count)
            #expect(try client.send("LINSERT", "l", "BEFORE", huge, "x") == .integer(4))
            let empties = ["RPUSH", "empties"] + Array(repeating: "", count: 70_000)
            #expect(try client.send(empties.map { Array($0.utf8) }) == .integer(70_000))
            #expect(try client.send("LLEN", "empties") == .integer(70_000))
            #expect(try client.send("LREM", "empties", "-69999", "") == .integer(69_999))
            #expect(try client.send("LRANGE", "empties", "0", "-1") == .array([.bulk("")]))
        }
    }

    @Test(arguments: ServerKind.all)
    func eventsOfLists(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--notify-keyspace-events", "Elg"])
        let client = try server.client()
        let listener = try EventListener(server)
        for (command, expected) in [
            ("RPUSH l a b c a b", ["rpush l"]), ("LPUSH l x", ["lpush l"]), ("LPUSHX none x", []),
            ("LPOP l", ["lpop l"]),
            ("RPOP l 2", ["rpop l"]), ("LPOP l 0", []), ("LSET l 0 z", ["lset l"]),
            ("LINSERT l AFTER z y", ["linsert l"]),
            ("LINSERT l AFTER none y", []), ("LREM l 0 none", []), ("LREM l 1 y", ["lrem l"]),
            ("LTRIM l 0 -1", ["ltrim l"]),
            ("LMOVE l m LEFT RIGHT", ["rpush m", "lpop l"]), ("LMOVE m m RIGHT LEFT", ["lpush m", "rpop m"]),
            ("RPOPLPUSH m l", ["lpush l", "rpop m", "del m"]), ("LMPOP 2 m l RIGHT COUNT 2", ["rpop l"]),
            ("LTRIM l 9 9", ["ltrim l", "del l"]), ("LTRIM l 9 9", []),
        ] {
            try client.run(command)
            #expect(try listener.events() == expected.map { "event@0:" + $0 }, "\(command)")
        }
    }
}
