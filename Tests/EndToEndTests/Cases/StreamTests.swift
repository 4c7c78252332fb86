import Testing

/// Entries of streams: adding, reading by ID, trimming and deleting.
@Suite struct StreamTests {
    @Test(arguments: ServerKind.all)
    func addingAndReadingEntries(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > XADD s 1-1 name a count 1
            < "1-1"
            > XADD s 1-* name b count -20000
            < "1-2"
            > XADD s 2 other "" "x\ny" z
            < "2-0"
            > XLEN s
            < 3
            > TYPE s
            < stream
            > OBJECT ENCODING s
            < "stream"
            > XRANGE s - +
            < [["1-1", ["name", "a", "count", "1"]], ["1-2", ["name", "b", "count", "-20000"]], ["2-0", ["other", "", "x\ny", "z"]]]
            > XREVRANGE s + - COUNT 1
            < [["2-0", ["other", "", "x\ny", "z"]]]
            > XRANGE s (1-1 (2-0
            < [["1-2", ["name", "b", "count", "-20000"]]]
            > XRANGE s 1 1
            < [["1-1", ["name", "a", "count", "1"]], ["1-2", ["name", "b", "count", "-20000"]]]
            > XRANGE s + -
            < []
            > XRANGE s - + COUNT 0
            < (nil)
            > XRANGE none - + COUNT 0
            < []
            > XADD s * a b c
            < (error) ERR wrong number of arguments for 'xadd' command
            > XADD s 2-0 a b
            < (error) ERR The ID specified in XADD is equal or smaller than the target stream top item
            > XADD s 0-0 a b
            < (error) ERR The ID specified in XADD must be greater than 0-0
            > XADD none NOMKSTREAM * a b
            < (nil)
            > EXISTS none
            < 0
            > SET k v
            < OK
            > XADD k * a b
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > XRANGE k - +
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > COPY s t
            < 1
            > DEL s
            < 1
            > XLEN t
            < 3
            > SCAN 0 TYPE stream
            < ["0", ["t"]]
            """#)
    }

    /// CVE-2021-32761 and its like: numbers from outside at and beyond the limits of 64 bits.
    @Test(arguments: ServerKind.all)
    func hostileIDs(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > XADD s 18446744073709551616-1 a b
            < (error) ERR Invalid stream ID specified as stream command argument
            > XADD s 99999999999999999999-1 a b
            < (error) ERR Invalid stream ID specified as stream command argument
            > XADD s 1-18446744073709551616 a b
            < (error) ERR Invalid stream ID specified as stream command argument
            > XADD s 1-1-1 a b
            < (error) ERR Invalid stream ID specified as stream command argument
            > XADD s -1-1 a b
            < (error) ERR Invalid stream ID specified as stream command argument
            > XADD s 18446744073709551615-18446744073709551615 a b
            < "18446744073709551615-18446744073709551615"
            > XADD s * a b
            < (error) ERR The stream has exhausted the last possible ID, unable to add more items
            > XADD s 18446744073709551615-* a b
            < (error) ERR The stream has exhausted the last possible ID, unable to add more items
            > XRANGE s (18446744073709551615-18446744073709551615 +
            < (error) ERR invalid start ID for the interval
            > XRANGE s - (0-0
            < (error) ERR invalid end ID for the interval
            > XREAD STREAMS s 18446744073709551615-18446744073709551615
            < (nil)
            > XREAD STREAMS s 18446744073709551615-18446744073709551614
            < [["s", [["18446744073709551615-18446744073709551615", ["a", "b"]]]]]
            > XDEL s 18446744073709551615-18446744073709551615
            < 1
            > XADD t 18446744073709551615-1 a b
            < "18446744073709551615-1"
            > XADD t * a b
            < "18446744073709551615-2"
            > XADD u 5-18446744073709551615 a b
            < "5-18446744073709551615"
            7.4> XADD u 5-* a b
            < (error) ERR The ID specified in XADD is equal or smaller than the target stream top item
            > XADD u 4-* a b
            < (error) ERR The ID specified in XADD is equal or smaller than the target stream top item
            > XRANGE u (5-18446744073709551615 +
            < []
            > XRANGE u - + COUNT 9223372036854775807
            < [["5-18446744073709551615", ["a", "b"]]]
            > XRANGE u - + COUNT -9223372036854775808
            < (nil)
            > XRANGE u - + COUNT 9223372036854775808
            < (error) ERR value is not an integer or out of range
            > XTRIM u MAXLEN 9223372036854775807
            < 0
            > XTRIM u MAXLEN ~ 0 LIMIT 9223372036854775807
            < 1
            > XADD v 0-* a b
            < "0-1"
            > XADD v 1-007 a b
            < "1-7"
            """#)
    }

    @Test(arguments: ServerKind.all)
    func trimming(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            _ = try client.pipeline(lines: (1...1000).map { "XADD s \($0) f \($0)" })
            #expect(try client.run("XTRIM s MAXLEN ~ 950").integer == 0)
            #expect(try client.run("XTRIM s MAXLEN ~ 850").integer == 100)
            #expect(try client.run("XTRIM s MAXLEN ~ 200 LIMIT 250").integer == 200)
            #expect(try client.run("XTRIM s MAXLEN = 650").integer == 50)
            #expect(try client.run("XTRIM s MINID ~ 420").integer == 50)
            #expect(try client.run("XTRIM s MINID 421").integer == 20)
            #expect(try client.run("XRANGE s - + COUNT 1")[0][0].text == "421-0")
            #expect(try client.run("XADD s MAXLEN 3 2000 f v").text == "2000-0")
            #expect(try client.run("XLEN s").integer == 3)
            #expect(try client.run("XADD s MINID ~ 1999 LIMIT 1 2001 f v").text == "2001-0")
            #expect(try client.run("XTRIM s MAXLEN 0").integer == 4)
            #expect(try client.run("EXISTS s").integer == 1)
            #expect(try client.run("XADD s 2001 f v").isError)
        }
        try Script.run(
            kind,
            #"""
            > XADD s MAXLEN 1 MINID 2 * a b
            < (error) ERR syntax error, MAXLEN and MINID options at the same time are not compatible
            > XADD s MAXLEN 1 LIMIT 2 * a b
            < (error) ERR syntax error, LIMIT cannot be used without the special ~ option
            > XADD s LIMIT 2 * a b
            < (error) ERR syntax error, LIMIT cannot be used without specifying a trimming strategy
            > XTRIM s MAXLEN -1
            < (error) ERR The MAXLEN argument must be >= 0.
            > XTRIM s MAXLEN ~ 1 LIMIT -1
            < (error) ERR The LIMIT argument must be >= 0.
            > XTRIM s FOO 1
            < (error) ERR syntax error
            > XTRIM none MAXLEN 1
            < 0
            """#)
    }

    @Test(arguments: ServerKind.all)
    func deletingEntriesAndSettingIDs(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > XADD s 1 a b
            < "1-0"
            > XADD s 2 a b
            < "2-0"
            > XADD s 3 a b
            < "3-0"
            > XDEL s 2 2 9-9
            < 1
            > XDEL s 1 x
            < (error) ERR Invalid stream ID specified as stream command argument
            > XDEL s 3
            < 1
            > XINFO STREAM s
            <* ["length", 1, "radix-tree-keys", 1, "radix-tree-nodes", 2, "last-generated-id", "3-0", "max-deleted-entry-id", "3-0", "entries-added", 3, "recorded-first-entry-id", "1-0", "groups", 0, "first-entry", ["1-0", ["a", "b"]], "last-entry", ["1-0", ["a", "b"]]]
            > XDEL s 1
            < 1
            > XINFO STREAM s
            <* ["length", 0, "radix-tree-keys", 0, *, "recorded-first-entry-id", "0-0", "groups", 0, "first-entry", (nil), "last-entry", (nil)]
            > XADD s 3 a b
            < (error) ERR The ID specified in XADD is equal or smaller than the target stream top item
            > XADD s 5 a b
            < "5-0"
            > XSETID s 4
            < (error) ERR The ID specified in XSETID is smaller than the target stream top item
            > XSETID s 9-9 ENTRIESADDED 0
            < (error) ERR The entries_added specified in XSETID is smaller than the target stream length
            > XSETID s 9-9 MAXDELETEDID 9-10
            < (error) ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id
            > XSETID s 9-9 ENTRIESADDED 7 MAXDELETEDID 8-8
            < OK
            > XINFO STREAM s
            <* [*"last-generated-id", "9-9", "max-deleted-entry-id", "8-8", "entries-added", 7*]
            7.4> XSETID s 7-7
            < (error) ERR The ID specified in XSETID is smaller than current max_deleted_entry_id
            > XSETID none 1-1
            < (error) ERR no such key
            """#)
    }

    @Test(arguments: ServerKind.all)
    func readingFromSeveralStreams(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > XADD a 1 f v
            < "1-0"
            > XADD b 2 f v
            < "2-0"
            > XADD b 3 f v
            < "3-0"
            > XREAD COUNT 1 STREAMS a b none 0 0 0
            < [["a", [["1-0", ["f", "v"]]]], ["b", [["2-0", ["f", "v"]]]]]
            > XREAD STREAMS a b $ 2
            < [["b", [["3-0", ["f", "v"]]]]]
            > XREAD STREAMS a b $ $
            < (nil)
            7.4> XREAD STREAMS a b + +
            < [["a", [["1-0", ["f", "v"]]]], ["b", [["3-0", ["f", "v"]]]]]
            resp3> XREAD STREAMS a b 0 2
            < {"a" => [["1-0", ["f", "v"]]], "b" => [["3-0", ["f", "v"]]]}
            7.4> XREAD STREAMS a b 0
            < (error) ERR Unbalanced 'xread' list of streams: for each stream key an ID or '$' must be specified.
            > XREAD STREAMS a >
            < (error) ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.
            > XREAD COUNT x STREAMS a 0
            < (error) ERR value is not an integer or out of range
            > XREAD BLOCK -1 STREAMS a 0
            < (error) ERR timeout is negative
            > XREAD GROUP g c STREAMS a 0
            < (error) ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.
            > XREAD COUNT 1 a 0
            < (error) ERR syntax error
            > SET k v
            < OK
            > XREAD STREAMS a k 0 0
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > COMMAND GETKEYS XREAD COUNT 1 STREAMS a b 0 0
            < ["a", "b"]
            > COMMAND GETKEYS XREADGROUP GROUP streams streams STREAMS a 0
            < ["a"]
            """#)
    }
}
