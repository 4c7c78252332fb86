import Testing

/// XREAD and XREADGROUP that wait.
@Suite struct StreamBlockingTests {
    @Test(arguments: ServerKind.all)
    func allReadersGetWhatIsAdded(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            _ = try client.run("XADD s 1 f old")
            let one = try BlockingTests.block(server, "XREAD BLOCK 0 STREAMS s $")
            let two = try BlockingTests.block(server, "XREAD COUNT 1 BLOCK 0 STREAMS none s 0 1", version: 3)
            #expect(try client.run("XADD s 2 f new").text == "2-0")
            #expect(try one.readReply().description == #"[["s", [["2-0", ["f", "new"]]]]]"#)
            #expect(try two.readReply().description == #"{"s" => [["2-0", ["f", "new"]]]}"#)
            #expect(try one.run("XREAD BLOCK 10 STREAMS s $").description == "(nil)")
            let late = try BlockingTests.block(server, "XREAD BLOCK 0 STREAMS s $")
            let replies = try client.pipeline(lines: ["MULTI", "XADD s 3 f a", "XADD s 4 f b", "XDEL s 3", "EXEC"])
            #expect(replies.last?.elements?.count == 3)
            #expect(try late.readReply().description == #"[["s", [["4-0", ["f", "b"]]]]]"#)
        }
    }

    @Test(arguments: ServerKind.all)
    func oneConsumerOfAGroupGetsWhatIsAdded(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            _ = try client.run("XGROUP CREATE s g $ MKSTREAM")
            let ann = try BlockingTests.block(server, "XREADGROUP GROUP g ann BLOCK 0 STREAMS s >")
            let bob = try BlockingTests.block(server, "XREADGROUP GROUP g bob BLOCK 0 STREAMS s >")
            #expect(try client.run("XADD s 1 f v").text == "1-0")
            #expect(try ann.readReply().description == #"[["s", [["1-0", ["f", "v"]]]]]"#)
            #expect(try client.run("XACK s g 1") == .integer(1))
            #expect(try client.run("XADD s 2 f v").text == "2-0")
            #expect(try bob.readReply().description == #"[["s", [["2-0", ["f", "v"]]]]]"#)
            #expect(try client.run("XPENDING s g").description == #"[1, "2-0", "2-0", [["bob", "1"]]]"#)
            // History never waits.
            #expect(try ann.run("XREADGROUP GROUP g ann BLOCK 0 STREAMS s 0").description == #"[["s", []]]"#)
        }
    }

    /// In an older judge a waiter gets an error of another name.
    @Test(arguments: ServerKind.onlyFreshet)
    func theEndOfAGroupEndsTheWaiting(_ kind: ServerKind) throws {
        let noGroup = "(error) NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option"
        try ServerPool.with(kind) { server in
            let client = try server.client()
            for (end, reply) in [
                ("XGROUP DESTROY s g", noGroup), ("DEL s", noGroup), ("RENAME s other", noGroup), ("FLUSHALL", noGroup),
                ("SET s text", "(error) WRONGTYPE Operation against a key holding the wrong kind of value"),
            ] {
                _ = try client.run("DEL s")
                _ = try client.run("XGROUP CREATE s g $ MKSTREAM")
                let waiting = try BlockingTests.block(server, "XREADGROUP GROUP g ann BLOCK 0 STREAMS s >")
                #expect(!(try client.run(end).isError))
                #expect(try waiting.readReply().description == reply, "\(end)")
            }
            // A plain reader goes on waiting.
            _ = try client.run("DEL s")
            let reader = try BlockingTests.block(server, "XREAD BLOCK 0 STREAMS s 0")
            _ = try client.pipeline(lines: ["SET s text", "DEL s"])
            _ = try client.run("XADD s 7 f v")
            #expect(try reader.readReply().description == #"[["s", [["7-0", ["f", "v"]]]]]"#)
        }
    }

    @Test(arguments: ServerKind.all)
    func timeouts(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > XREAD BLOCK -1 STREAMS s 0
            < (error) ERR timeout is negative
            > XREAD BLOCK x STREAMS s 0
            < (error) ERR timeout is not an integer or out of range
            > XREAD BLOCK 9223372036854775808 STREAMS s 0
            < (error) ERR timeout is not an integer or out of range
            7.4> XREAD BLOCK 9223372036854775807 STREAMS s 0
            < (error) ERR timeout is out of range
            > XREAD BLOCK 1 STREAMS s 0
            < (nil)
            > XREAD BLOCK 1 STREAMS a b $ $
            < (nil)
            """#)
    }
}
