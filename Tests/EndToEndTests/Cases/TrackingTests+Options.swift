import Testing

/// What CLIENT TRACKING takes, and what it is limited by.
extension TrackingTests {
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
