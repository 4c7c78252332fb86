import Testing

/// Commands on hashes, without those on the TTL of fields.
@Suite struct HashTests {
    @Test(arguments: ServerKind.all)
    func fieldsAreSetReadAndDeleted(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > HSET h a 1 b 2
            < 2
            > HSET h a 9 c 3
            < 1
            > HGET h a
            < "9"
            > HGET h missing
            < (nil)
            > HGET missing a
            < (nil)
            > HMGET h a x c a
            < ["9", (nil), "3", "9"]
            > HMGET missing a b
            < [(nil), (nil)]
            > HLEN h
            < 3
            > HLEN missing
            < 0
            > HEXISTS h a
            < 1
            > HEXISTS h x
            < 0
            > HEXISTS missing x
            < 0
            > HSTRLEN h c
            < 1
            > HSTRLEN h x
            < 0
            > HSTRLEN missing x
            < 0
            > HDEL h a x a
            < 1
            > HDEL missing a
            < 0
            > HDEL h b c
            < 2
            > EXISTS h
            < 0
            > HMSET h a 1 b 2
            < OK
            > HSETNX h a 9
            < 0
            > HSETNX h d 4
            < 1
            > HSETNX new f v
            < 1
            > HGET h a
            < "1"
            > HSET h "" "empty field" "\x00\r\n" "\xff"
            < 2
            > HGET h ""
            < "empty field"
            > HGET h "\x00\r\n"
            < "\xff"
            > HSET h a x a y
            < 0
            > HGET h a
            < "y"
            """#)
    }

    @Test(arguments: ServerKind.all)
    func wholeHashes(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > HSET h a 1 b 2 c 3
            < 3
            > HGETALL h
            <% ["a", "1", "b", "2", "c", "3"]
            > HKEYS h
            <~ ["a", "b", "c"]
            > HVALS h
            <~ ["1", "2", "3"]
            > HGETALL missing
            < []
            > HKEYS missing
            < []
            > HVALS missing
            < []
            resp3> HGETALL h
            <% {"a" => "1", "b" => "2", "c" => "3"}
            resp3> HGETALL missing
            < {}
            resp3> HKEYS h
            <~ ["a", "b", "c"]
            resp3> HGET h missing
            < (nil)
            """#)
    }

    @Test(arguments: ServerKind.all)
    func countersInFields(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > HINCRBY h n 5
            < 5
            > HINCRBY h n -7
            < -2
            > HGET h n
            < "-2"
            > HSET h n 9223372036854775807 s text sp " 1" f 1.5
            < 3
            > HINCRBY h n 1
            < (error) ERR increment or decrement would overflow
            > HINCRBY h n -1
            < 9223372036854775806
            > HINCRBY h s 1
            < (error) ERR hash value is not an integer
            > HINCRBY h sp 1
            < (error) ERR hash value is not an integer
            > HINCRBY h f 1
            < (error) ERR hash value is not an integer
            > HINCRBY h n abc
            < (error) ERR value is not an integer or out of range
            > HINCRBY h n 9223372036854775808
            < (error) ERR value is not an integer or out of range
            > HINCRBY h n 1.5
            < (error) ERR value is not an integer or out of range
            > HSET h m -9223372036854775808
            < 1
            > HINCRBY h m -1
            < (error) ERR increment or decrement would overflow
            > HINCRBYFLOAT h f 0.1
            < "1.6"
            > HINCRBYFLOAT h new 3.0e3
            < "3000"
            > HINCRBYFLOAT h f -1.6
            < "0"
            > HINCRBYFLOAT h s 1
            < (error) ERR hash value is not a float
            > HINCRBYFLOAT h sp 1
            < (error) ERR hash value is not a float
            > HINCRBYFLOAT h f abc
            < (error) ERR value is not a valid float
            > HINCRBYFLOAT h f nan
            < (error) ERR value is not a valid float
            > HINCRBYFLOAT h f inf
            < (error) ERR value is NaN or Infinity
            > HINCRBYFLOAT h f -inf
            < (error) ERR value is NaN or Infinity
            > HINCRBYFLOAT h f 1e5000
            < (error) ERR value is not a valid float
            > HINCRBYFLOAT h f 1e308
            < "99999999999999999996685879655845645660560099847415567207797047994921734868838061872100126921888539320446747225054013223152134749593960583597420814430196418767959100019603190778663109604507106667939153395788938914560543563061268364901618630217086589253444881623791300855757318142424510452728255046343928578048"
            > HGET h new
            < "3000"
            > HSET p pi 3.14159
            < 1
            > HINCRBYFLOAT p pi 1
            < "4.14159"
            """#)
    }

    @Test(arguments: ServerKind.all)
    func randomFields(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > HRANDFIELD missing
            < (nil)
            > HRANDFIELD missing 3
            < []
            > HRANDFIELD missing 3 WITHVALUES
            < []
            > HSET h a 1
            < 1
            > HRANDFIELD h
            < "a"
            > HRANDFIELD h 1
            < ["a"]
            > HRANDFIELD h 5
            < ["a"]
            > HRANDFIELD h 0
            < []
            > HRANDFIELD h -3
            < ["a", "a", "a"]
            > HRANDFIELD h -3 WITHVALUES
            < ["a", "1", "a", "1", "a", "1"]
            > HRANDFIELD h 2 WITHVALUES
            < ["a", "1"]
            > HSET h b 2 c 3
            < 2
            > HRANDFIELD h 3
            <~ ["a", "b", "c"]
            > HRANDFIELD h 10 WITHVALUES
            <% ["a", "1", "b", "2", "c", "3"]
            > HRANDFIELD h abc
            < (error) ERR value is not an integer or out of range
            > HRANDFIELD h 1 FOO
            < (error) ERR syntax error
            > HRANDFIELD h 1 WITHVALUES x
            < (error) ERR syntax error
            > HRANDFIELD h -9223372036854775808
            < (error) ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
            > HRANDFIELD h -9223372036854775808 WITHVALUES
            < (error) ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
            > HRANDFIELD h 9223372036854775808
            < (error) ERR value is not an integer or out of range
            > HRANDFIELD h -4611686018427387905 WITHVALUES
            < (error) ERR value is out of range
            > HRANDFIELD h 9223372036854775807
            <~ ["a", "b", "c"]
            > HRANDFIELD h 4611686018427387905 WITHVALUES
            < (error) ERR value is out of range
            > HRANDFIELD
            < (error) ERR wrong number of arguments for 'hrandfield' command
            > DEL h
            < 1
            > HSET h a 1
            < 1
            resp3> HRANDFIELD h -2 WITHVALUES
            < [["a", "1"], ["a", "1"]]
            resp3> HRANDFIELD h 2 WITHVALUES
            < [["a", "1"]]
            resp3> HRANDFIELD missing 2 WITHVALUES
            < []
            """#)
    }

    @Test(arguments: ServerKind.all)
    func scanningFields(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > HSET h a 1 b 2 ab 3
            < 3
            > HSCAN h 0 MATCH a
            < ["0", ["a", "1"]]
            > HSCAN h 0 MATCH a COUNT 1000
            < ["0", ["a", "1"]]
            > HSCAN h 0 MATCH z*
            < ["0", []]
            > HSCAN missing 0
            < ["0", []]
            > HSCAN h 0 COUNT 0
            < (error) ERR syntax error
            > HSCAN h 0 COUNT -1
            < (error) ERR syntax error
            > HSCAN h 0 COUNT abc
            < (error) ERR value is not an integer or out of range
            > HSCAN h 0 COUNT
            < (error) ERR syntax error
            > HSCAN h abc
            < (error) ERR invalid cursor
            > HSCAN h -1
            <7.4 (error) ERR invalid cursor
            <7.0 ["0", ["a", "1", "b", "2", "ab", "3"]]
            > HSCAN h 18446744073709551616
            < (error) ERR invalid cursor
            > HSCAN h 0 FOO
            < (error) ERR syntax error
            > HSCAN h 0 TYPE string
            < (error) ERR syntax error
            > HSCAN h
            < (error) ERR wrong number of arguments for 'hscan' command
            7.4> HSCAN h 0 MATCH a NOVALUES
            < ["0", ["a"]]
            7.4> HSCAN h 0 NOVALUES MATCH a COUNT 10
            < ["0", ["a"]]
            7.4> HSCAN h 0 NOVALUES FOO
            < (error) ERR syntax error
            > ZADD z 1 a
            < 1
            7.4> ZSCAN z 0 NOVALUES
            < (error) ERR NOVALUES option can only be used in HSCAN
            7.4> SCAN 0 NOVALUES
            < (error) ERR NOVALUES option can only be used in HSCAN
            """#)
    }

    @Test(arguments: ServerKind.all)
    func wrongTypesAndArguments(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET s v
            < OK
            > HSET s f v
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HSETNX s f v
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HGET s f
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HMGET s f
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HMSET s f v
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HDEL s f
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HLEN s
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HSTRLEN s f
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HEXISTS s f
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HKEYS s
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HVALS s
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HGETALL s
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HINCRBY s f 1
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HINCRBYFLOAT s f 1
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HRANDFIELD s
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HRANDFIELD s 1
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HSCAN s 0
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HSET h
            < (error) ERR wrong number of arguments for 'hset' command
            > HSET h f
            < (error) ERR wrong number of arguments for 'hset' command
            > HSET h f v g
            < (error) ERR wrong number of arguments for 'hset' command
            > HMSET h f v g
            < (error) ERR wrong number of arguments for 'hmset' command
            > HMSET h f
            < (error) ERR wrong number of arguments for 'hmset' command
            > HSETNX h f
            < (error) ERR wrong number of arguments for 'hsetnx' command
            > HGET h
            < (error) ERR wrong number of arguments for 'hget' command
            > HGET h f g
            < (error) ERR wrong number of arguments for 'hget' command
            > HMGET h
            < (error) ERR wrong number of arguments for 'hmget' command
            > HDEL h
            < (error) ERR wrong number of arguments for 'hdel' command
            > HLEN
            < (error) ERR wrong number of arguments for 'hlen' command
            > HLEN a b
            < (error) ERR wrong number of arguments for 'hlen' command
            > HSTRLEN h
            < (error) ERR wrong number of arguments for 'hstrlen' command
            > HINCRBY h f
            < (error) ERR wrong number of arguments for 'hincrby' command
            > HINCRBYFLOAT h f
            < (error) ERR wrong number of arguments for 'hincrbyfloat' command
            > HGETALL
            < (error) ERR wrong number of arguments for 'hgetall' command
            > EXISTS h
            < 0
            """#)
    }

    @Test(arguments: ServerKind.all)
    func encodingsOfHashes(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > HSET h f v
            < 1
            > OBJECT ENCODING h
            < "listpack"
            > HSET h f 1234567890123456789012345678901234567890123456789012345678901234
            < 0
            > OBJECT ENCODING h
            < "listpack"
            > HSET h f 12345678901234567890123456789012345678901234567890123456789012345
            < 0
            > OBJECT ENCODING h
            < "hashtable"
            > HSET h f v
            < 0
            > OBJECT ENCODING h
            < "hashtable"
            > HSET g 12345678901234567890123456789012345678901234567890123456789012345 v
            < 1
            > OBJECT ENCODING g
            < "hashtable"
            > HINCRBY n f 1
            < 1
            > OBJECT ENCODING n
            < "listpack"
            > HSETNX m 12345678901234567890123456789012345678901234567890123456789012345 v
            < 1
            > OBJECT ENCODING m
            < "hashtable"
            """#)
    }

    @Test(arguments: ServerKind.all)
    func theListpackEndsAtItsConfiguredEntries(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--hash-max-listpack-entries", "7"])
        let client = try server.client()
        for index in 0..<7 { try client.run("HSET h f\(index) v") }
        #expect(try client.run("OBJECT ENCODING h") == .bulk("listpack"))
        try client.run("HSET h one-more v")
        #expect(try client.run("OBJECT ENCODING h") == .bulk("hashtable"))
        #expect(try client.run("CONFIG GET hash-max-ziplist-entries")[1] == .bulk("7"))
    }

    @Test(arguments: ServerKind.all)
    func aLargeHashIsScannedCompletelyWhileItGrows(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let count = 3000
            _ = try client.pipeline(lines: (0..<count).map { "HSET h field:\($0) \($0)" })
            #expect(try client.run("HLEN h") == .integer(Int64(count)))
            var seen: Set<String> = []
            var cursor = "0"
            var added = 0
            repeat {
                let reply = try client.run("HSCAN h \(cursor) COUNT 50")
                cursor = reply[0].text ?? "0"
                let elements = reply[1].elements ?? []
                for index in stride(from: 0, to: elements.count, by: 2) { seen.insert(elements[index].text ?? "") }
                if added < 20_000 {
                    _ = try client.pipeline(lines: (0..<200).map { "HSET h new:\(added + $0) v" })
                    added += 200
                }
            } while cursor != "0"
            #expect((0..<count).allSatisfy { seen.contains("field:\($0)") })
        }
    }
}
