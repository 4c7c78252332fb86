import Testing

/// Walking over the keys.
extension KeyTests {
    @Test(arguments: ServerKind.all)
    func globsOfKEYS(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > MSET hello 1 hallo 2 hxllo 3 hllo 4 heello 5 "a*b" 6 "a?b" 7 "[x]" 8 "h\\llo" 9
            < OK
            > KEYS h?llo
            <~ ["hxllo", "hello", "hallo", "h\\llo"]
            > KEYS h*llo
            <~ ["hxllo", "hllo", "heello", "hello", "hallo", "h\\llo"]
            > KEYS h[ae]llo
            <~ ["hello", "hallo"]
            > KEYS h[^e]llo
            <~ ["hxllo", "hallo", "h\\llo"]
            > KEYS h[a-b]llo
            <~ ["hallo"]
            > KEYS h[b-a]llo
            <~ ["hallo"]
            > KEYS a\*b
            <~ ["a*b"]
            > KEYS a\?b
            <~ ["a?b"]
            > KEYS \[x\]
            <~ ["[x]"]
            > KEYS hel
            < []
            > KEYS hello
            < ["hello"]
            > KEYS ""
            < []
            > KEYS h[
            < []
            > KEYS [h
            < []
            > KEYS h[aello
            < []
            > KEYS **o
            <~ ["hxllo", "hllo", "heello", "hello", "hallo", "h\\llo"]
            > KEYS *\\*
            <~ ["h\\llo"]
            > KEYS HELLO
            < []
            > KEYS
            < (error) ERR wrong number of arguments for 'keys' command
            > KEYS a b
            < (error) ERR wrong number of arguments for 'keys' command
            """#)
    }

    @Test(arguments: ServerKind.all)
    func scanOptions(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SCAN 0
            < ["0", []]
            > MSET s1 1 s2 2
            < OK
            > HSET h f v
            < 1
            > ZADD z 1 m
            < 1
            > SCAN 0 COUNT 1000 TYPE string
            <* ["0", ["s*", "s*"]]
            > SCAN 0 COUNT 1000 TYPE hash
            < ["0", ["h"]]
            > SCAN 0 COUNT 1000 TYPE ZSET
            < ["0", ["z"]]
            > SCAN 0 COUNT 1000 TYPE list
            < ["0", []]
            > SCAN 0 COUNT 1000 TYPE foo
            < ["0", []]
            > SCAN 0 MATCH h COUNT 1000
            < ["0", ["h"]]
            > SCAN 0 COUNT 1000 MATCH z TYPE zset
            < ["0", ["z"]]
            > SCAN 0 MATCH nothing COUNT 1000
            < ["0", []]
            > SCAN 0 COUNT 0
            < (error) ERR syntax error
            > SCAN 0 COUNT -5
            < (error) ERR syntax error
            > SCAN 0 COUNT x
            < (error) ERR value is not an integer or out of range
            > SCAN 0 COUNT
            < (error) ERR syntax error
            > SCAN 0 MATCH
            < (error) ERR syntax error
            > SCAN 0 TYPE
            < (error) ERR syntax error
            > SCAN 0 FOO bar
            < (error) ERR syntax error
            > SCAN x
            < (error) ERR invalid cursor
            7.4> SCAN ""
            < (error) ERR invalid cursor
            7.4> SCAN -1
            < (error) ERR invalid cursor
            > SCAN 18446744073709551616
            < (error) ERR invalid cursor
            > SCAN -1x
            < (error) ERR invalid cursor
            > SCAN
            < (error) ERR wrong number of arguments for 'scan' command
            """#)
    }

    /// Redis's guarantee: an element that is there from the first to the last call is returned, whatever the table
    /// does meanwhile.
    @Test(arguments: ServerKind.all)
    func scanReturnsEveryOldKeyWhileTheTableGrowsAndShrinks(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let count = 2000
            _ = try client.pipeline(lines: (0..<count).map { "SET old:\($0) v" })
            for grows in [true, false] {
                if !grows { _ = try client.pipeline(lines: (0..<30_000).map { "SET new:\($0) v" }) }
                var seen: Set<String> = []
                var cursor = "0"
                var changed = 0
                repeat {
                    let reply = try client.run("SCAN \(cursor) COUNT 100")
                    cursor = reply[0].text ?? "0"
                    for key in reply[1].elements ?? [] { seen.insert(key.text ?? "") }
                    if changed < 30_000 {
                        let verb = grows ? "SET" : "DEL"
                        _ = try client.pipeline(
                            lines: (0..<1000).map { "\(verb) new:\(changed + $0)\(grows ? " v" : "")" })
                        changed += 1000
                    }
                } while cursor != "0"
                #expect((0..<count).allSatisfy { seen.contains("old:\($0)") })
            }
            var typed = 0
            var cursor = "0"
            repeat {
                let reply = try client.run("SCAN \(cursor) COUNT 1000 MATCH old:* TYPE string")
                cursor = reply[0].text ?? "0"
                typed += reply[1].elements?.count ?? 0
            } while cursor != "0"
            #expect(typed >= count)
        }
    }
}
