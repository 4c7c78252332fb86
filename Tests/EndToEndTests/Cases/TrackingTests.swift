import Testing

/// CLIENT TRACKING: what a client that keeps what it has read is told.
@Suite struct TrackingTests {
    /// A tracker that has been given its options, and somebody who writes.
    private func with(
        _ kind: ServerKind, _ options: String = "", version: Int = 3,
        _ body: (_ tracker: Listener, _ writer: RedisClient, _ server: ServerProcess) throws -> Void
    ) throws {
        try ServerPool.with(kind) { server in
            let tracker = try Listener(server, version: version)
            #expect(try tracker.run("CLIENT TRACKING ON \(options)") == .ok)
            try body(tracker, try server.client(), server)
        }
    }

    private func invalidate(_ keys: String...) -> String {
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

    // MARK: Whole databases, expiry

    @Test(arguments: ServerKind.all, ["FLUSHALL", "FLUSHDB", "FLUSHALL ASYNC", "FLUSHDB SYNC"])
    func flushingTellsEverybody(_ kind: ServerKind, _ flush: String) throws {
        try with(kind) { tracker, writer, server in
            let broadcast = try Listener(server)
            try broadcast.run("CLIENT TRACKING ON BCAST PREFIX x NOLOOP")
            try tracker.run("GET a")
            try writer.run(flush)
            #expect(try tracker.told() == [#">["invalidate", (nil)]"#])
            #expect(try broadcast.told() == [#">["invalidate", (nil)]"#])
            try writer.run("SET a 1")
            #expect(try tracker.told() == [])
            tracker.send(flush)
            #expect(try tracker.told() == ["OK", #">["invalidate", (nil)]"#])
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func swappingTellsEverybody(_ kind: ServerKind) throws {
        try with(kind) { tracker, writer, _ in
            try tracker.run("GET a")
            try writer.run("SWAPDB 0 1")
            #expect(try tracker.told() == [#">["invalidate", (nil)]"#])
        }
    }

    @Test(arguments: ServerKind.all)
    func expiryIsAChange(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let tracker = try Listener(server)
            let writer = try server.client()
            for options in ["", "NOLOOP", "BCAST"] {
                try tracker.run("CLIENT TRACKING ON \(options)")
                // By the active cycle.
                try writer.run("SET a 1 PX 30")
                _ = try tracker.told()
                try tracker.run("GET a")
                while try writer.run("DBSIZE") != .integer(0) {}
                #expect(try tracker.told() == [invalidate("a")], "active, \(options)")
                // By whoever finds it.
                try writer.run("DEBUG SET-ACTIVE-EXPIRE 0")
                try writer.run("SET b 1 PX 30")
                _ = try tracker.told()
                try tracker.run("GET b")
                while try writer.run("EXISTS b") != .integer(0) {}
                #expect(try tracker.told() == [invalidate("b")], "lazy, \(options)")
                try writer.run("DEBUG SET-ACTIVE-EXPIRE 1")
                try tracker.run("CLIENT TRACKING OFF")
            }
        }
    }

    // MARK: Broadcasting

    @Test(arguments: ServerKind.all)
    func broadcastingTellsOfAllKeysWithThePrefix(_ kind: ServerKind) throws {
        try with(kind, "BCAST PREFIX user: PREFIX shop:") { tracker, writer, server in
            try writer.run("SET user:1 a")
            #expect(try tracker.told() == [invalidate("user:1")])
            try writer.run("SET other 1")
            try writer.run("SET user:1 b")
            #expect(try tracker.told() == [invalidate("user:1")])
            // One message for each prefix, each key once and in order.
            for line in ["MULTI", "SET user:2 a", "SET user:1 a", "DEL user:1", "SET shop:1 x", "EXEC"] {
                try writer.run(line)
            }
            #expect(
                Set(try tracker.told()) == [invalidate("user:1", "user:2"), invalidate("shop:1")])
            let all = try Listener(server)
            try all.run("CLIENT TRACKING ON BCAST")
            try writer.run("DEL user:2 shop:1 nosuch")
            #expect(try all.told() == [invalidate("shop:1", "user:2")])
            #expect(try tracker.run("CLIENT TRACKING ON BCAST PREFIX more:") == .ok)
            #expect(
                try tracker.run("CLIENT TRACKINGINFO").description
                    == #"{"flags" => ~["on", "bcast"], "redirect" => 0, "prefixes" => ["more:", "shop:", "user:"]}"#)
            #expect(try tracker.run("CLIENT INFO").text?.contains(" flags=tB ") == true)
            _ = try tracker.told()
            try tracker.run("CLIENT TRACKING OFF")
            try writer.run("SET user:1 a")
            #expect(try tracker.told() == [])
            try all.run("RESET")
        }
    }

    @Test(arguments: ServerKind.all)
    func broadcastingWithNoLoopHidesWhatItWritesItself(_ kind: ServerKind) throws {
        try with(kind, "BCAST NOLOOP") { tracker, writer, server in
            let other = try Listener(server)
            try other.run("CLIENT TRACKING ON BCAST")
            try tracker.run("SET a 1")
            try writer.run("SET b 1")
            try other.run("SET c 1")
            #expect(try tracker.told() == [invalidate("b"), invalidate("c")])
            #expect(try other.told() == [invalidate("a"), invalidate("b"), invalidate("c")])
        }
    }

    // MARK: Computed keys

    @Test(arguments: ServerKind.onlyFreshet)
    func aComputedKeyThatTurnsStaleIsAChange(_ kind: ServerKind) throws {
        for options in ["", "NOLOOP", "BCAST NOLOOP"] {
            try with(kind, options) { tracker, writer, _ in
                try writer.run("SET source 1")
                try writer.run("COMPUTE.SET middle 2 DEPS 1 source")
                try writer.run("COMPUTE.SET total 3 DEPS 1 middle")
                _ = try tracker.told()
                #expect(try tracker.run("GET total") == .bulk("3"))
                // What follows from its own write is told to a client that does not want to hear of the write itself.
                try tracker.run("MSET source 2 other 1")
                let expected = options.hasPrefix("BCAST") ? invalidate("middle", "total") : invalidate("total")
                #expect(try tracker.told() == [expected], "\(options)")
                #expect(try tracker.run("GET total") == .null)
                try writer.run("COMPUTE.SET middle 5 DEPS 1 source")
                _ = try tracker.told()
                try tracker.run("GET total")
                try writer.run("COMPUTE.SET total 6 DEPS 1 middle")
                #expect(try tracker.told() == [invalidate("total")], "\(options)")
                #expect(try tracker.run("GET total") == .bulk("6"))
                for line in ["MULTI", "SET source 3", "SET source 4", "COMPUTE.INVALIDATE KEYS 1 source", "EXEC"] {
                    try writer.run(line)
                }
                let all = options.hasPrefix("BCAST") ? invalidate("middle", "source", "total") : invalidate("total")
                #expect(try tracker.told() == [all], "\(options)")
            }
        }
    }

    /// Whoever waits for a computed key makes nobody forget that others listen to it.
    @Test(arguments: ServerKind.onlyFreshet)
    func waitersAndTrackersOfOneComputedKeyAreBothTold(_ kind: ServerKind) throws {
        try with(kind) { tracker, writer, server in
            try writer.run("COMPUTE.SET total 1 DEPS 1 source")
            try tracker.run("GET total")
            try writer.run("SET source 1")
            #expect(try tracker.told() == [invalidate("total")])
            let lease = try writer.run("COMPUTE.BEGIN total DEPS 1 source")
            let waiter = try Listener(server)
            waiter.send("COMPUTE.BEGIN total WAIT 20000")
            try tracker.run("GET total")
            while try writer.run("COMPUTE.INFO total").description.contains(#""waiters", 0"#) {}
            try writer.run("COMPUTE.END \(lease[1].text ?? "") 2")
            #expect(try waiter.raw.readReply()[1] == .bulk("2"))
            #expect(try tracker.told() == [invalidate("total")])
            #expect(try tracker.run("GET total") == .bulk("2"))
            try writer.run("SET source 2")
            #expect(try tracker.told() == [invalidate("total")])
        }
    }

    // MARK: Options and errors

    @Test(arguments: ServerKind.all)
    func optionsAreChecked(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > CLIENT TRACKING
            < (error) ERR wrong number of arguments for 'client|tracking' command
            > CLIENT TRACKING MAYBE
            < (error) ERR syntax error
            > CLIENT TRACKING ON FOO
            < (error) ERR syntax error
            > CLIENT TRACKING ON REDIRECT
            < (error) ERR syntax error
            > CLIENT TRACKING ON PREFIX
            < (error) ERR syntax error
            > CLIENT TRACKING ON REDIRECT x
            < (error) ERR value is not an integer or out of range
            > CLIENT TRACKING ON REDIRECT 123456789
            < (error) ERR The client ID you want redirect to does not exist
            > CLIENT TRACKING MAYBE REDIRECT 123456789
            < (error) ERR The client ID you want redirect to does not exist
            > CLIENT TRACKING ON PREFIX a
            < (error) ERR PREFIX option requires BCAST mode to be enabled
            > CLIENT TRACKING ON BCAST OPTIN
            < (error) ERR OPTIN and OPTOUT are not compatible with BCAST
            > CLIENT TRACKING ON BCAST OPTOUT
            < (error) ERR OPTIN and OPTOUT are not compatible with BCAST
            > CLIENT TRACKING ON OPTIN OPTOUT
            < (error) ERR You can't specify both OPTIN mode and OPTOUT mode
            > CLIENT TRACKING ON BCAST PREFIX ab PREFIX a
            < (error) ERR Prefix 'ab' overlaps with another provided prefix 'a'. Prefixes for a single client must not overlap.
            > CLIENT TRACKING ON BCAST PREFIX a PREFIX a
            < (error) ERR Prefix 'a' overlaps with another provided prefix 'a'. Prefixes for a single client must not overlap.
            > CLIENT TRACKING ON BCAST PREFIX "" PREFIX a
            < (error) ERR Prefix '' overlaps with another provided prefix 'a'. Prefixes for a single client must not overlap.
            > CLIENT CACHING YES
            < (error) ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled
            > CLIENT CACHING FOO
            < (error) ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled
            > CLIENT GETREDIR
            < -1
            > CLIENT TRACKINGINFO
            < ["flags", ["off"], "redirect", -1, "prefixes", []]
            > CLIENT TRACKING OFF BCAST OPTIN
            < OK
            > CLIENT TRACKING ON
            < OK
            > CLIENT TRACKING ON BCAST
            < (error) ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.
            > CLIENT CACHING YES
            < (error) ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.
            > CLIENT CACHING NO
            < (error) ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.
            > CLIENT CACHING FOO
            < (error) ERR syntax error
            > CLIENT GETREDIR
            < 0
            > CLIENT TRACKING ON OPTIN NOLOOP
            < OK
            > CLIENT TRACKING ON OPTOUT
            < (error) ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.
            > CLIENT CACHING YES
            < OK
            > CLIENT TRACKINGINFO
            < ["flags", ["on", "optin", "caching-yes", "noloop"], "redirect", 0, "prefixes", []]
            > GET x
            < (nil)
            > CLIENT TRACKINGINFO
            < ["flags", ["on", "optin", "noloop"], "redirect", 0, "prefixes", []]
            > CLIENT INFO
            <* "id=* flags=t * redir=0 *"
            > CLIENT TRACKING OFF
            < OK
            > CLIENT TRACKING ON OPTOUT
            < OK
            > CLIENT CACHING NO
            < OK
            > CLIENT TRACKINGINFO
            < ["flags", ["on", "optout", "caching-no"], "redirect", 0, "prefixes", []]
            > CLIENT TRACKING OFF
            < OK
            > CLIENT TRACKING ON BCAST PREFIX ab PREFIX b
            < OK
            > CLIENT TRACKING ON BCAST PREFIX c PREFIX abc
            < (error) ERR Prefix 'abc' overlaps with an existing prefix 'ab'. Prefixes for a single client must not overlap.
            > CLIENT TRACKING ON BCAST PREFIX b
            < (error) ERR Prefix 'b' overlaps with an existing prefix 'b'. Prefixes for a single client must not overlap.
            > CLIENT TRACKING ON
            < (error) ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.
            > CLIENT TRACKING ON BCAST NOLOOP
            < OK
            > CLIENT TRACKINGINFO
            < ["flags", ["on", "bcast", "noloop"], "redirect", 0, "prefixes", ["", "ab", "b"]]
            > RESET
            < RESET
            > CLIENT TRACKINGINFO
            < ["flags", ["off"], "redirect", -1, "prefixes", []]
            resp3> CLIENT TRACKINGINFO
            < {"flags" => ~["off"], "redirect" => -1, "prefixes" => []}
            """#)
    }

    // MARK: Numbers and limits

    private func value(_ name: String, _ client: RedisClient, _ section: String = "stats") throws -> Int? {
        let lines = try client.run("INFO \(section)").text?.split(separator: "\r\n") ?? []
        return lines.first { $0.hasPrefix("\(name):") }.flatMap { Int($0.dropFirst(name.count + 1)) }
    }

    @Test(arguments: ServerKind.all)
    func infoCounts(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let writer = try server.client()
        do {
            let trackers = try (0..<3).map { _ in try Listener(server) }
            for tracker in trackers { try tracker.run("CLIENT TRACKING ON") }
            let broadcast = try Listener(server)
            try broadcast.run("CLIENT TRACKING ON BCAST PREFIX a PREFIX b")
            #expect(try value("tracking_clients", writer, "clients") == 4)
            #expect(try value("tracking_total_prefixes", writer) == 2)
            for tracker in trackers { try tracker.run("MGET a b") }
            try trackers[0].run("GET c")
            #expect(try value("tracking_total_keys", writer) == 3)
            #expect(try value("tracking_total_items", writer) == 7)
            try writer.run("SET a 1")
            #expect(try value("tracking_total_keys", writer) == 2)
            #expect(try value("tracking_total_items", writer) == 4)
        }
        while try value("tracking_clients", writer, "clients") != 0 {}
        #expect(try value("tracking_total_prefixes", writer) == 0)
        try writer.run("FLUSHALL")
        #expect(try value("tracking_total_keys", writer) == 0)
        #expect(try value("tracking_total_items", writer) == 0)
    }

    @Test(arguments: ServerKind.all)
    func theTableForgetsWhatIsTooMuch(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--tracking-table-max-keys", "10"])
        let writer = try server.client()
        #expect(try writer.run("CONFIG GET tracking-table-max-keys")[1].text == "10")
        let tracker = try Listener(server)
        try tracker.run("CLIENT TRACKING ON")
        for index in 0..<200 { try tracker.run("GET key:\(index)") }
        while try value("tracking_total_keys", writer) ?? 0 > 10 {}
        #expect(try value("tracking_total_items", writer) == 10)
        try writer.run("CONFIG SET tracking-table-max-keys 0")
        var kept: Set<String> = []
        for index in 0..<200 {
            // What has been forgotten was told; what is left is told when it changes.
            try writer.run("SET key:\(index) 1")
            kept.formUnion(try tracker.told())
        }
        #expect(kept.count >= 10)
        for index in 0..<200 { try tracker.run("GET key:\(index)") }
        #expect(try value("tracking_total_keys", writer) == 200)
    }

    @Test(arguments: ServerKind.all)
    func whatIsForgottenIsTold(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--tracking-table-max-keys", "10"])
        let tracker = try Listener(server)
        try tracker.run("CLIENT TRACKING ON")
        for index in 0..<50 { tracker.send("GET key:\(index)") }
        var told: Set<String> = []
        for _ in 0..<3 { told.formUnion(try tracker.told().filter { $0.contains("invalidate") }) }
        #expect(told.count == 40)
    }

    @Test(arguments: ServerKind.all)
    func whoIsGoneIsNotTold(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let writer = try server.client()
            for _ in 0..<3 {
                let tracker = try Listener(server)
                try tracker.run("CLIENT TRACKING ON")
                try tracker.run("GET a")
            }
            let tracker = try Listener(server)
            try tracker.run("CLIENT TRACKING ON")
            try tracker.run("GET b")
            try writer.run("MSET a 1 b 1")
            #expect(try tracker.told() == [invalidate("b")])
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func manyClientsOnSeveralWorkersAreTold(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--threads", "4"])
        let writer = try server.client()
        let trackers = try (0..<100).map { _ in try Listener(server) }
        for tracker in trackers { try tracker.run("CLIENT TRACKING ON") }
        for round in 0..<3 {
            for tracker in trackers { try tracker.run("GET a") }
            try writer.run("SET a \(round)")
            for tracker in trackers { #expect(try tracker.told() == [invalidate("a")]) }
        }
    }
}
