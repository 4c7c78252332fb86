import Testing

/// What is a change besides a write: whole databases, expiry, prefixes, computed keys.
extension TrackingTests {
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
}
