import Testing

/// Groups of consumers: delivery, acknowledgement, claiming, and what XINFO tells of them.
@Suite struct StreamConsumerGroupTests {
    @Test(arguments: ServerKind.all)
    func eachEntryGoesToOneConsumer(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > XADD s 1 f one
            < "1-0"
            > XADD s 2 f two
            < "2-0"
            > XADD s 3 f three
            < "3-0"
            > XGROUP CREATE s g 0
            < OK
            > XGROUP CREATE s g 0
            < (error) BUSYGROUP Consumer Group name already exists
            > XREADGROUP GROUP g ann COUNT 1 STREAMS s >
            < [["s", [["1-0", ["f", "one"]]]]]
            > XREADGROUP GROUP g bob STREAMS s >
            < [["s", [["2-0", ["f", "two"]], ["3-0", ["f", "three"]]]]]
            > XREADGROUP GROUP g ann STREAMS s >
            < (nil)
            > XREADGROUP GROUP g bob COUNT 1 STREAMS s 0
            < [["s", [["2-0", ["f", "two"]]]]]
            > XREADGROUP GROUP g new STREAMS s 0
            < [["s", []]]
            > XPENDING s g
            < [3, "1-0", "3-0", [["ann", "1"], ["bob", "2"]]]
            > XPENDING s g - + 10 bob
            <* [["2-0", "bob", *, 2], ["3-0", "bob", *, 1]]
            > XPENDING s g IDLE 3600000 - + 10
            < []
            > XACK s g 1 2-0 2-0 9-9
            < 2
            > XPENDING s g
            < [1, "3-0", "3-0", [["bob", "1"]]]
            > XDEL s 3
            < 1
            > XREADGROUP GROUP g bob STREAMS s 0
            < [["s", [["3-0", (nil)]]]]
            > XACK s g 3-0
            < 1
            > XPENDING s g
            < [0, (nil), (nil), (nil)]
            > XADD s 4 f four
            < "4-0"
            > XREADGROUP GROUP g ann NOACK STREAMS s >
            < [["s", [["4-0", ["f", "four"]]]]]
            > XPENDING s g - + 10
            < []
            resp3> XREADGROUP GROUP g ann STREAMS s 0
            < {"s" => []}
            > XACK none g 1
            < 0
            > XACK s none x
            < 0
            > XACK s g x
            < (error) ERR Invalid stream ID specified as stream command argument
            > XGROUP SETID s g 0
            < OK
            > XREADGROUP GROUP g ann STREAMS s >
            < [["s", [["1-0", ["f", "one"]], ["2-0", ["f", "two"]], ["4-0", ["f", "four"]]]]]
            > XGROUP SETID s g $
            < OK
            > XREADGROUP GROUP g bob STREAMS s >
            < (nil)
            """#)
    }

    @Test(arguments: ServerKind.all)
    func whatIsPendingCanBeClaimed(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > XGROUP CREATE s g $ MKSTREAM
            < OK
            > XADD s 1 f one
            < "1-0"
            > XADD s 2 f two
            < "2-0"
            > XADD s 3 f three
            < "3-0"
            > XREADGROUP GROUP g ann STREAMS s >
            < [["s", [["1-0", ["f", "one"]], ["2-0", ["f", "two"]], ["3-0", ["f", "three"]]]]]
            > XCLAIM s g bob 0 1 9-9
            < [["1-0", ["f", "one"]]]
            > XCLAIM s g bob 3600000 2
            < []
            > XCLAIM s g bob 0 2 JUSTID RETRYCOUNT 7 IDLE 5000
            < ["2-0"]
            > XPENDING s g - + 10
            <* [["1-0", "bob", *, 2], ["2-0", "bob", 5*, 7], ["3-0", "ann", *, 1]]
            > XCLAIM s g bob 0 2 JUSTID TIME 18446744073709551615
            < (error) ERR Invalid TIME option argument for XCLAIM
            > XCLAIM s g bob 0 2 JUSTID IDLE -9223372036854775808
            < ["2-0"]
            > XCLAIM s g bob x 2
            < (error) ERR Invalid min-idle-time argument for XCLAIM
            > XCLAIM s g bob 0 2 FOO
            < (error) ERR Unrecognized XCLAIM option 'FOO'
            > XAUTOCLAIM s g carl 0 - COUNT 2
            < ["3-0", [["1-0", ["f", "one"]], ["2-0", ["f", "two"]]], []]
            > XAUTOCLAIM s g carl 0 (1-0 JUSTID
            < ["0-0", ["2-0", "3-0"], []]
            > XAUTOCLAIM s g carl 3600000 0
            < ["0-0", [], []]
            > XDEL s 2
            < 1
            > XAUTOCLAIM s g dave 0 0 COUNT 2
            < ["3-0", [["1-0", ["f", "one"]]], ["2-0"]]
            > XAUTOCLAIM s g dave 0 0 COUNT 0
            < (error) ERR COUNT must be > 0
            > XAUTOCLAIM s g dave 0 0 COUNT 9223372036854775807
            < (error) ERR COUNT must be > 0
            > XACK s g 1 3
            < 2
            > XCLAIM s g ann 0 1 FORCE LASTID 5-0
            < [["1-0", ["f", "one"]]]
            > XPENDING s g - + 10
            <* [["1-0", "ann", *, 2]]
            > XINFO GROUPS s
            <* [["name", "g", "consumers", *, "pending", 1, "last-delivered-id", "5-0", *]]
            > XCLAIM s none ann 0 1
            < (error) NOGROUP No such key 's' or consumer group 'none'
            > XAUTOCLAIM none g ann 0 0
            < (error) NOGROUP No such key 'none' or consumer group 'g'
            """#)
    }

    @Test(arguments: ServerKind.all)
    func groupsAndConsumersComeAndGo(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > XGROUP CREATE s g $
            <* (error) ERR The XGROUP subcommand requires the key to exist. Note that for CREATE *
            > XGROUP CREATE s g 5-5 MKSTREAM ENTRIESREAD 3
            < OK
            > XGROUP CREATE s h x
            < (error) ERR Invalid stream ID specified as stream command argument
            > XGROUP CREATE s h 0 FOO
            < (error) ERR unknown subcommand or wrong number of arguments for 'CREATE'. Try XGROUP HELP.
            > XGROUP CREATE s h 0 ENTRIESREAD -2
            < (error) ERR value for ENTRIESREAD must be positive or -1
            > XGROUP SETID s none 0
            < (error) NOGROUP No such consumer group 'none' for key name 's'
            > XGROUP CREATECONSUMER s g ann
            < 1
            > XGROUP CREATECONSUMER s g ann
            < 0
            > XADD s 9 f v
            < "9-0"
            > XREADGROUP GROUP g ann STREAMS s >
            < [["s", [["9-0", ["f", "v"]]]]]
            > XGROUP DELCONSUMER s g ann
            < 1
            > XGROUP DELCONSUMER s g ann
            < 0
            > XPENDING s g
            < [0, (nil), (nil), (nil)]
            > XGROUP DESTROY s g
            < 1
            > XGROUP DESTROY s g
            < 0
            > XREADGROUP GROUP g ann STREAMS s >
            < (error) NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option
            > XREADGROUP GROUP g ann STREAMS s $
            < (error) NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option
            > XGROUP CREATE s g 0
            < OK
            > XREADGROUP GROUP g ann STREAMS s $
            <* (error) ERR The $ ID is meaningless in the context of XREADGROUP: *
            7.4> XREADGROUP GROUP g ann STREAMS s +
            <* (error) ERR The + ID is meaningless in the context of XREADGROUP: *
            > XREADGROUP COUNT 1 NOACK NOACK STREAMS s >
            < (error) ERR Missing GROUP option for XREADGROUP
            > XGROUP HELP
            <* [XGROUP <subcommand> *
            > XINFO HELP
            <* [XINFO <subcommand> *
            """#)
    }

    /// What is known of a group's progress, with and without deletions in its way.
    @Test(arguments: ServerKind.onlyFreshet)
    func informationAboutStreamsAndGroups(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > XGROUP CREATE s g 0 MKSTREAM
            < OK
            > XINFO GROUPS s
            < [["name", "g", "consumers", 0, "pending", 0, "last-delivered-id", "0-0", "entries-read", (nil), "lag", 0]]
            > XADD s 1 f v
            < "1-0"
            > XADD s 2 f v
            < "2-0"
            > XADD s 3 f v
            < "3-0"
            > XINFO GROUPS s
            < [["name", "g", "consumers", 0, "pending", 0, "last-delivered-id", "0-0", "entries-read", (nil), "lag", 3]]
            > XREADGROUP GROUP g ann COUNT 1 STREAMS s >
            < [["s", [["1-0", ["f", "v"]]]]]
            > XINFO GROUPS s
            < [["name", "g", "consumers", 1, "pending", 1, "last-delivered-id", "1-0", "entries-read", 1, "lag", 2]]
            > XDEL s 2
            < 1
            > XINFO GROUPS s
            < [["name", "g", "consumers", 1, "pending", 1, "last-delivered-id", "1-0", "entries-read", 1, "lag", (nil)]]
            > XREADGROUP GROUP g ann STREAMS s >
            < [["s", [["3-0", ["f", "v"]]]]]
            > XINFO GROUPS s
            < [["name", "g", "consumers", 1, "pending", 2, "last-delivered-id", "3-0", "entries-read", 3, "lag", 0]]
            > XTRIM s MINID 3
            < 1
            > XGROUP SETID s g 0
            < OK
            > XINFO GROUPS s
            < [["name", "g", "consumers", 1, "pending", 2, "last-delivered-id", "0-0", "entries-read", (nil), "lag", 1]]
            > XINFO CONSUMERS s g
            <* [["name", "ann", "pending", 2, "idle", *, "inactive", *]]
            > XGROUP CREATECONSUMER s g bob
            < 1
            > XINFO CONSUMERS s g
            <* [["name", "ann", *], ["name", "bob", "pending", 0, "idle", *, "inactive", -1]]
            > XINFO STREAM s FULL
            <* ["length", 1, "radix-tree-keys", 1, "radix-tree-nodes", 2, "last-generated-id", "3-0", "max-deleted-entry-id", "2-0", "entries-added", 3, "recorded-first-entry-id", "3-0", "entries", [["3-0", ["f", "v"]]], "groups", [["name", "g", "last-delivered-id", "0-0", "entries-read", (nil), "lag", 1, "pel-count", 2, "pending", [["1-0", "ann", *, 1], ["3-0", "ann", *, 1]], "consumers", [["name", "ann", "seen-time", *, "active-time", *, "pel-count", 2, "pending", [["1-0", *, 1], ["3-0", *, 1]]], ["name", "bob", "seen-time", *, "active-time", -1, "pel-count", 0, "pending", []]]]]]
            > XINFO STREAM s FULL COUNT 1
            <* [*"pel-count", 2, "pending", [["1-0", "ann", *, 1]], "consumers"*]
            > XINFO STREAM s FULL COUNT x
            < (error) ERR value is not an integer or out of range
            > XINFO STREAM s FOO
            < (error) ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP.
            > XINFO STREAM none
            < (error) ERR no such key
            > XINFO CONSUMERS s none
            < (error) NOGROUP No such consumer group 'none' for key name 's'
            > COPY s t
            < 1
            > XPENDING t g
            < [2, "1-0", "3-0", [["ann", "2"]]]
            """#)
    }

    /// Reading is no change to what WATCH stands for, as in Redis, but adding and deleting are.
    @Test(arguments: ServerKind.all)
    func transactionsDoNotMindReaders(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > XADD s 1 f v
            < "1-0"
            > XGROUP CREATE s g 0
            < OK
            > WATCH s
            < OK
            b> XREADGROUP GROUP g ann STREAMS s >
            < [["s", [["1-0", ["f", "v"]]]]]
            b> XACK s g 1
            < 1
            b> XGROUP SETID s g 0
            < OK
            > MULTI
            < OK
            > XREAD BLOCK 0 STREAMS s $
            < QUEUED
            > XREADGROUP GROUP g ann BLOCK 0 STREAMS s >
            < QUEUED
            > EXEC
            < [(nil), [["s", [["1-0", ["f", "v"]]]]]]
            > WATCH s
            < OK
            b> XDEL s 1
            < 1
            > MULTI
            < OK
            > PING
            < QUEUED
            > EXEC
            < (nil)
            """#)
    }

    /// What is derived from who has read a stream turns stale when somebody reads.
    @Test(arguments: ServerKind.onlyFreshet)
    func whatIsDerivedFromPendingEntriesIsKeptFresh(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            _ = try client.run("XADD s 1 f v")
            _ = try client.run("XGROUP CREATE s g 0")
            let begun = try client.run("COMPUTE.BEGIN pending")
            #expect(try client.run("XPENDING s g")[0] == .integer(0))
            #expect(try client.run("COMPUTE.END \(begun[1].text ?? "") 0").isError == false)
            #expect(try client.run("GET pending").text == "0")
            let other = try server.client()
            _ = try other.run("XREADGROUP GROUP g ann STREAMS s >")
            #expect(try client.run("GET pending") == .null)
        }
    }
}
