import Testing

/// CLIENT TRACKING: what a client that keeps what it has read is told.
@Suite struct TrackingTests {
    /// A tracker that has been given its options, and somebody who writes.
    func with(
        _ kind: ServerKind, _ options: String = "", version: Int = 3,
        _ body: (_ tracker: Listener, _ writer: RedisClient, _ server: ServerProcess) throws -> Void
    ) throws {
        try ServerPool.with(kind) { server in
            let tracker = try Listener(server, version: version)
            #expect(try tracker.run("CLIENT TRACKING ON \(options)") == .ok)
            try body(tracker, try server.client(), server)
        }
    }

    func invalidate(_ keys: String...) -> String {
        #">["invalidate", [\#(keys.map { "\"\($0)\"" }.joined(separator: ", "))]]"#
    }

    @Test(arguments: ServerKind.all)
    func aReaderIsToldOnceOfEachChange(_ kind: ServerKind) throws {
        try with(kind) { tracker, writer, _ in
            try writer.run("MSET a 1 b 2 c 3")
            try tracker.run("MGET a b absent")
            try writer.run("SET a 2")
            try writer.run("SET a 3")
            try writer.run("SET c 4")
            #expect(try tracker.told() == [invalidate("a")])
            try writer.run("SET absent 1")
            try writer.run("DEL b")
            #expect(try tracker.told() == [invalidate("absent"), invalidate("b")])
            try tracker.run("GET a")
            try writer.run("EXPIRE a 100")
            #expect(try tracker.told() == [invalidate("a")])
            try tracker.run("GET a")
            try writer.run("PERSIST a")
            #expect(try tracker.told() == [invalidate("a")])
            try tracker.run("CLIENT TRACKING OFF")
            try tracker.run("GET a")
            try writer.run("SET a 5")
            #expect(try tracker.told() == [])
        }
    }

    @Test(arguments: ServerKind.all)
    func everyCommandThatOnlyReadsIsRemembered(_ kind: ServerKind) throws {
        try with(kind) { tracker, writer, _ in
            let reads = [
                "GET s", "MGET s", "STRLEN s", "GETRANGE s 0 1", "SUBSTR s 0 1", "LCS s s2", "EXISTS s", "TTL s",
                "PTTL s",
                "EXPIRETIME s", "PEXPIRETIME s", "TYPE s", "TOUCH s", "OBJECT ENCODING s", "DUMP s", "HGET h f",
                "HMGET h f",
                "HGETALL h", "HKEYS h", "HVALS h", "HLEN h", "HEXISTS h f", "HSTRLEN h f", "HRANDFIELD h", "HSCAN h 0",
                "ZSCORE z m", "ZMSCORE z m", "ZCARD z", "ZRANGE z 0 -1", "ZRANK z m", "ZREVRANK z m", "ZCOUNT z 0 9",
                "ZLEXCOUNT z - +", "ZRANGEBYSCORE z 0 9", "ZRANGEBYLEX z - +", "ZREVRANGE z 0 -1", "ZSCAN z 0",
                "ZRANDMEMBER z", "ZUNION 1 z", "ZINTER 1 z", "ZDIFF 1 z", "ZINTERCARD 1 z",
            ]
            for read in reads {
                try writer.run("FLUSHALL")
                _ = try tracker.told()
                try writer.run("MSET s value s2 other")
                try writer.run("HSET h f v")
                try writer.run("ZADD z 1 m")
                if try tracker.run(read).isError { continue }
                let key = read.split(separator: " ").contains("z") ? "z" : read.contains(" h") ? "h" : "s"
                try writer.run("DEL \(key)")
                #expect(try tracker.told().contains(invalidate(key)), "\(read)")
            }
        }
    }

    @Test(arguments: ServerKind.all)
    func whatAWritingCommandReadsIsNotRemembered(_ kind: ServerKind) throws {
        try with(kind) { tracker, writer, _ in
            try tracker.run("SET a 1")
            try tracker.run("INCR a")
            try tracker.run("GETSET a 3")
            try tracker.run("ZUNIONSTORE target 1 source")
            try tracker.run("KEYS *")
            try tracker.run("SCAN 0")
            try tracker.run("RANDOMKEY")
            try writer.run("SET a 4")
            try writer.run("ZADD source 1 m")
            #expect(try tracker.told() == [])
        }
    }

    @Test(arguments: ServerKind.all)
    func whatItWritesItselfIsToldBehindTheReply(_ kind: ServerKind) throws {
        try with(kind) { tracker, _, _ in
            try tracker.run("MGET a b")
            for line in ["MULTI", "SET a 1", "SET b 1", "GET a", "EXEC", "PING"] {
                tracker.send(line)
            }
            var replies: [String] = []
            while replies.last != "PONG" { replies.append(try tracker.raw.readReply().description) }
            #expect(
                replies == [
                    "OK", "QUEUED", "QUEUED", "QUEUED", #"[OK, OK, "1"]"#, invalidate("a"), invalidate("b"), "PONG",
                ])
        }
    }

    @Test(arguments: ServerKind.all)
    func noLoopHidesWhatItWritesItself(_ kind: ServerKind) throws {
        try with(kind, "NOLOOP") { tracker, writer, _ in
            try tracker.run("MGET a b c")
            try tracker.run("SET a 1")
            try writer.run("SET b 1")
            try tracker.run("DEL b")
            try writer.run("SET c 1")
            #expect(try tracker.told() == [invalidate("b"), invalidate("c")])
            // What is read behind the write stays known.
            for line in ["MULTI", "SET a 2", "GET a", "EXEC"] { try tracker.run(line) }
            #expect(try tracker.told() == [])
            try writer.run("SET a 3")
            #expect(try tracker.told() == [invalidate("a")])
        }
    }

    @Test(arguments: ServerKind.all)
    func nobodyIsToldInTheOldProtocolWithoutRedirection(_ kind: ServerKind) throws {
        try with(kind, version: 2) { tracker, writer, _ in
            try tracker.run("GET a")
            try writer.run("SET a 1")
            try writer.run("FLUSHALL")
            #expect(try tracker.told() == [])
        }
    }

    // MARK: CLIENT CACHING

    @Test(arguments: ServerKind.all)
    func optInRemembersWhatFollowsCachingYes(_ kind: ServerKind) throws {
        try with(kind, "OPTIN") { tracker, writer, _ in
            try tracker.run("GET a")
            try tracker.run("CLIENT CACHING YES")
            try tracker.run("CLIENT GETNAME")
            try tracker.run("GET b")
            try tracker.run("GET c")
            try writer.run("MSET a 1 b 1 c 1")
            #expect(try tracker.told() == [invalidate("b")])
            for line in ["CLIENT CACHING YES", "MULTI", "GET a", "GET b", "EXEC", "GET c"] { try tracker.run(line) }
            try writer.run("MSET a 2 b 2 c 2")
            #expect(try tracker.told() == [invalidate("a"), invalidate("b")])
            for line in ["MULTI", "GET a", "CLIENT CACHING YES", "GET b", "EXEC", "GET c"] { try tracker.run(line) }
            try writer.run("MSET a 3 b 3 c 3")
            #expect(try tracker.told() == [invalidate("b")])
            for line in [
                "CLIENT CACHING YES", "NOSUCHCOMMAND", "GET a", "CLIENT CACHING YES", "MULTI", "DISCARD", "GET b",
            ] {
                try tracker.run(line)
            }
            try writer.run("MSET a 4 b 4")
            #expect(try tracker.told() == [])
        }
    }

    @Test(arguments: ServerKind.all)
    func optOutForgetsWhatFollowsCachingNo(_ kind: ServerKind) throws {
        try with(kind, "OPTOUT") { tracker, writer, _ in
            for line in ["GET a", "CLIENT CACHING NO", "GET b", "GET c"] { try tracker.run(line) }
            try writer.run("MSET a 1 b 1 c 1")
            #expect(try tracker.told() == [invalidate("a"), invalidate("c")])
            for line in ["CLIENT CACHING NO", "MULTI", "GET a", "GET b", "EXEC", "GET c"] { try tracker.run(line) }
            try writer.run("MSET a 2 b 2 c 2")
            #expect(try tracker.told() == [invalidate("c")])
        }
    }

    // MARK: Redirection

    @Test(arguments: ServerKind.all, [2, 3])
    func anotherConnectionIsToldInItsPlace(_ kind: ServerKind, _ version: Int) throws {
        try ServerPool.with(kind) { server in
            let target = try Listener(server, version: version)
            let tracker = try Listener(server, version: 2)
            let writer = try server.client()
            let identifier = try target.identifier
            #expect(try tracker.run("CLIENT TRACKING ON REDIRECT \(identifier)") == .ok)
            #expect(try tracker.run("CLIENT GETREDIR") == .integer(identifier))
            #expect(try tracker.run("CLIENT INFO").text?.contains(" redir=\(identifier) ") == true)
            func message(_ keys: String) -> String {
                version == 3 ? #">["invalidate", \#(keys)]"# : #"["message", "__redis__:invalidate", \#(keys)]"#
            }
            try tracker.run("GET a")
            try writer.run("SET a 1")
            // In RESP2 only who has subscribed to something can be told.
            #expect(try target.told() == (version == 3 ? [message(#"["a"]"#)] : []))
            target.send("SUBSCRIBE __redis__:invalidate")
            _ = try target.told()
            try tracker.run("MGET a b")
            try tracker.run("SET a 2")
            try writer.run("SET b 1")
            #expect(try target.told() == [message(#"["a"]"#), message(#"["b"]"#)])
            try writer.run("FLUSHALL")
            #expect(try target.told() == [message("(nil)")])
            target.send("UNSUBSCRIBE __redis__:invalidate")
            _ = try target.told()
            try tracker.run("GET a")
            try writer.run("SET a 1")
            #expect(try target.told() == (version == 3 ? [message(#"["a"]"#)] : []))
        }
    }

    @Test(arguments: ServerKind.all)
    func aTargetThatIsGoneIsReported(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let tracker = try Listener(server)
            let writer = try server.client()
            var target: Listener? = try Listener(server)
            let identifier = try target?.identifier ?? 0
            try tracker.run("CLIENT TRACKING ON REDIRECT \(identifier)")
            try tracker.run("GET a")
            target = nil
            while try writer.run("CLIENT LIST ID \(identifier)").text != "" {}
            #expect(try tracker.run("CLIENT INFO").text?.contains(" flags=t ") == true)
            try writer.run("SET a 1")
            #expect(try tracker.told() == [#">["tracking-redir-broken", \#(identifier)]"#])
            #expect(try tracker.run("CLIENT INFO").text?.contains(" flags=tR ") == true)
            #expect(
                try tracker.run("CLIENT TRACKINGINFO").description
                    == #"{"flags" => ~["on", "broken_redirect"], "redirect" => \#(identifier), "prefixes" => []}"#)
            #expect(try tracker.run("CLIENT TRACKING ON") == .ok)
            #expect(try tracker.run("CLIENT INFO").text?.contains(" flags=t ") == true)
        }
    }
}
