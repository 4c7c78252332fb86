import Testing

/// What COMPUTE commands answer to what is wrong, and to what is odd but right.
@Suite struct ComputeSyntaxTests {
    @Test(arguments: ServerKind.onlyFreshet)
    func wrongArguments(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > COMPUTE.BEGIN
            < (error) ERR wrong number of arguments for 'compute.begin' command
            > COMPUTE.BEGIN k NOSUCH
            < (error) ERR syntax error
            > COMPUTE.BEGIN k EX 5
            < (error) ERR syntax error
            > COMPUTE.BEGIN k DEPS
            < (error) ERR syntax error
            > COMPUTE.BEGIN k DEPS 0
            < (error) ERR numkeys should be greater than 0
            > COMPUTE.BEGIN k DEPS -1 a
            < (error) ERR numkeys should be greater than 0
            > COMPUTE.BEGIN k DEPS 2 a
            < (error) ERR Number of keys can't be greater than number of args
            > COMPUTE.BEGIN k DEPS 9223372036854775807 a
            < (error) ERR Number of keys can't be greater than number of args
            > COMPUTE.BEGIN k DEPS 9223372036854775808 a
            < (error) ERR value is not an integer or out of range
            > COMPUTE.BEGIN k DEPS -9223372036854775808 a
            < (error) ERR numkeys should be greater than 0
            > COMPUTE.BEGIN k DEPS x a
            < (error) ERR value is not an integer or out of range
            > COMPUTE.BEGIN k DEPS 1 a DEPS 1 b
            < (error) ERR syntax error
            > COMPUTE.BEGIN k TAGS 1 a TAGS 1 b
            < (error) ERR syntax error
            > COMPUTE.BEGIN k LEASE
            < (error) ERR syntax error
            > COMPUTE.BEGIN k LEASE 0
            < (error) ERR timeout is not an integer or out of range
            > COMPUTE.BEGIN k LEASE -1
            < (error) ERR timeout is not an integer or out of range
            > COMPUTE.BEGIN k LEASE 9223372036854775807
            < (error) ERR timeout is not an integer or out of range
            > COMPUTE.BEGIN k LEASE 1e3
            < (error) ERR timeout is not an integer or out of range
            > COMPUTE.BEGIN k WAIT -1
            < (error) ERR timeout is not an integer or out of range
            > COMPUTE.BEGIN k WAIT 9223372036854775807
            < (error) ERR timeout is not an integer or out of range
            > COMPUTE.SET k
            < (error) ERR wrong number of arguments for 'compute.set' command
            > COMPUTE.SET k v EX 0
            < (error) ERR invalid expire time in 'compute.set' command
            > COMPUTE.SET k v EX -1
            < (error) ERR invalid expire time in 'compute.set' command
            > COMPUTE.SET k v EX 9223372036854775807
            < (error) ERR invalid expire time in 'compute.set' command
            > COMPUTE.SET k v PX 9223372036854775807
            < (error) ERR invalid expire time in 'compute.set' command
            > COMPUTE.SET k v EX 1 PX 1
            < (error) ERR syntax error
            > COMPUTE.SET k v EX
            < (error) ERR syntax error
            > COMPUTE.SET k v GRACE -1
            < (error) ERR timeout is not an integer or out of range
            > COMPUTE.SET k v REV
            < (error) ERR syntax error
            > COMPUTE.SET k v REV 5
            < (error) ERR invalid rev
            > COMPUTE.SET k v REV a-
            < (error) ERR invalid rev
            > COMPUTE.SET k v REV a--5
            < (error) ERR invalid rev
            > COMPUTE.SET k v REV a-18446744073709551616
            < (error) ERR invalid rev
            > COMPUTE.SET k v REV ""
            < (error) ERR invalid rev
            > COMPUTE.SET k v LEASE 5
            < (error) ERR syntax error
            > COMPUTE.INVALIDATE KEYS
            < (error) ERR syntax error
            > COMPUTE.INVALIDATE a
            < (error) ERR syntax error
            > COMPUTE.INVALIDATE KEYS 2 a
            < (error) ERR Number of keys can't be greater than number of args
            > COMPUTE.READ KEYS 1 a SINCE
            < (error) ERR wrong number of arguments for 'compute.read' command
            > COMPUTE.READ KEYS 2 a SINCE 0
            < (error) ERR Number of keys can't be greater than number of args
            > COMPUTE.READ KEYS 1 a SINCE 0 0
            < (error) ERR syntax error
            > COMPUTE.READ KEYS 4611686018427387904 a SINCE 0
            < (error) ERR Number of keys can't be greater than number of args
            > COMPUTE.READ BLOCK -1 KEYS 1 a SINCE 0
            < (error) ERR timeout is negative
            > COMPUTE.READ BLOCK x KEYS 1 a SINCE 0
            < (error) ERR timeout is not an integer or out of range
            > COMPUTE.READ KEYS 1 a SINCE x
            < (error) ERR invalid rev
            > COMPUTE.DEPS k SIDEWAYS
            < (error) ERR syntax error
            > COMPUTE.DEPS k DEPTH 0
            < (error) ERR value is not an integer or out of range
            > COMPUTE.DEPS k DEPTH
            < (error) ERR syntax error
            > COMPUTE.GRAPH k PNG
            < (error) ERR syntax error
            > COMPUTE.GRAPH k DOT DOT
            < (error) ERR syntax error
            > COMPUTE.STATS x
            < (error) ERR wrong number of arguments for 'compute.stats' command
            > COMPUTE.NOSUCH
            <* (error) ERR unknown command *
            > HSET h f v
            < 1
            > COMPUTE.BEGIN h
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > EXISTS k a
            < 0
            > COMPUTE.STATS
            <* *"nodes", 0,*
            """#)
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func tokensThatStandForNothing(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let lost = "LEASELOST The token stands for no computation that goes on"
            let token = try client.begin("k")
            let forged = [
                "x", "\"\"", "0", "000000010000000000000000", String(repeating: "f", count: 24), token + "0",
                String(token.dropLast()), "+" + token.dropFirst(), "\"\\x00\\xff\(token.dropFirst(2))\"",
                String(token.prefix(8)) + "0000000000000000",
            ]
            for token in forged {
                #expect(try client.run("COMPUTE.END \(token) v").text == lost)
                #expect(try client.run("COMPUTE.FAIL \(token) v").text == lost)
                #expect(try client.run("COMPUTE.DEPEND \(token) TAGS 1 t").text == lost)
            }
            #expect(try client.end(token, "v") == "stored")
            #expect(try client.end(token, "v") == lost)
            #expect(try client.run("COMPUTE.FAIL \(token)").text == lost)
            #expect(try client.run("GET k") == .bulk("v"))
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func positionsOfAnotherRun(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            #expect(
                try client.run("COMPUTE.SET k v REV abc-5 DEPS 1 never:written").text?.hasPrefix("STALEDEP") == true)
            #expect(try client.run("COMPUTE.SET k v REV abc-5 TAGS 1 never").text?.hasPrefix("STALEDEP") == true)
            let rev = try client.run("COMPUTE.REV").text ?? ""
            #expect(
                try client.run("COMPUTE.SET k v REV abc-5 DEPS 1 never:written").text?.hasPrefix("STALEDEP") == true)
            #expect(try client.run("COMPUTE.SET k v REV abc-5 TAGS 1 never").text?.hasPrefix("STALEDEP") == true)
            // A position that was never given says nothing.
            let epoch = rev.prefix { $0 != "-" }
            #expect(
                try client.run("COMPUTE.SET k v REV \(epoch)-9223372036854775807 DEPS 1 a").text == "ERR invalid rev")
            #expect(try client.run("COMPUTE.SET k v REV \(rev) DEPS 1 a")[0] == .bulk("stored"))
            #expect(try client.run("COMPUTE.READ KEYS 1 k SINCE abc-99")[0][1] == .bulk("fresh"))
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func namesOfEveryKind(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let names: [[UInt8]] = [
                [], [0], Array("a b\r\nc".utf8), [0xff, 0xfe, 0], Array(repeating: 7, count: 253),
                Array(repeating: 8, count: 254), Array(repeating: 9, count: 255), Array(repeating: 1, count: 1 << 20),
            ]
            func words(_ line: String) -> [[UInt8]] { splitArguments(line) ?? [] }
            for name in names {
                let begun = try client.send(words("COMPUTE.BEGIN") + [name] + words("TAGS 1") + [name])
                let token = begun[1].bytes ?? []
                try client.send(words("COMPUTE.DEPEND") + [token] + words("KEYS 1") + [Array("source".utf8) + name])
                try client.send(words("COMPUTE.DEPEND") + [token] + words("TAGS 1") + [name])
                #expect(try client.send(words("COMPUTE.END") + [token, name])[0] == .bulk("stored"))
                #expect(try client.send([Array("GET".utf8), name]) == .bulk(name))
                #expect(try client.send(words("COMPUTE.INVALIDATE TAGS 1") + [name]) == .integer(1))
                #expect(try client.send([Array("GET".utf8), name]) == .null)
                // Errors that echo names stay one line.
                try client.send(words("COMPUTE.SET") + [Array("x".utf8) + name] + words("v DEPS 1") + [name])
                let cycle = try client.send(
                    words("COMPUTE.SET") + [name] + words("v DEPS 1") + [Array("x".utf8) + name])
                #expect(cycle.text?.hasPrefix("COMPUTECYCLE") == true)
                #expect((cycle.text?.utf8.count ?? 0) < 4096)
                #expect(try client.run("PING") == .status("PONG"))
                for command in ["INFO", "DEPS", "WHY", "GRAPH"] {
                    #expect(try !client.send(words("COMPUTE.\(command)") + [name]).isError)
                }
                #expect(
                    try client.send(words("COMPUTE.SET k v REV abc-0 DEPS 1") + [name]).text?.contains("\n") == false)
            }
            let many = try client.send(
                words("COMPUTE.SET many v TAGS 1000") + (0..<1000).map { Array("tag\($0)".utf8) })
            #expect(many[0] == .bulk("stored"))
            #expect(try client.run("COMPUTE.INVALIDATE TAGS 2 tag999 tag999") == .integer(1))
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func keysAreFoundBehindTagsOfTheSameName(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > COMPUTE.SET k v TAGS 3 deps DEPS tags DEPS 2 a b
            <* ["stored", *
            > COMPUTE.DEPS k
            <% ["a", "source", "b", "source", "tag:deps", "source", "tag:DEPS", "source", "tag:tags", "source"]
            > SET a 1
            < OK
            > GET k
            < (nil)
            > COMPUTE.INVALIDATE TAGS 1 keys KEYS 1 b
            < 0
            > COMPUTE.BEGIN l TAGS 1 deps DEPS 1 c
            <* ["lease", *
            > COMPUTE.DEPEND x TAGS 1 keys KEYS 1 c
            <* (error) LEASELOST *
            > COMPUTE.SET deps deps DEPS 1 deps
            < (error) COMPUTECYCLE deps -> deps
            """#)
    }
}
