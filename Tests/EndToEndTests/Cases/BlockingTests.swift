import Testing

/// Commands that wait for keys: who is served when, and what ends the waiting.
@Suite struct BlockingTests {
    /// Sends a command that is going to wait and returns when it does.
    static func block(_ server: ServerProcess, _ line: String, version: Int = 2) throws -> RawConnection {
        let connection = try server.raw()
        if version == 3 { _ = try connection.run("HELLO 3") }
        let identifier = try connection.run("CLIENT ID").description
        let watcher = try server.client()
        connection.send(command: splitArguments(line) ?? [])
        try eventually(line) { try watcher.run("CLIENT LIST ID \(identifier)").text?.contains("flags=b") == true }
        return connection
    }

    static func blockedClients(_ client: RedisClient) throws -> Int {
        let line = try client.run("INFO clients").text?.split(whereSeparator: \.isNewline)
            .first { $0.hasPrefix("blocked_clients:") }
        return Int(line?.split(separator: ":").last ?? "") ?? -1
    }

    @Test(arguments: ServerKind.all)
    func whoWaitsLongestIsServedFirst(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let waiting = try (0..<5).map { _ in try Self.block(server, "BZPOPMIN k 0") }
            for index in waiting.indices {
                #expect(try client.run("ZADD k 1 member:\(index)") == .integer(1))
                #expect(try waiting[index].readReply().description == #"["k", "member:\#(index)", "1"]"#)
            }
            #expect(try client.run("EXISTS k") == .integer(0))
        }
    }

    @Test(arguments: ServerKind.all)
    func onePushServesAsManyAsItCan(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let waiting = try (0..<3).map { _ in try Self.block(server, "BZPOPMAX k 0") }
            #expect(try client.run("ZADD k 1 a 2 b") == .integer(2))
            #expect(try waiting[0].readReply().description == #"["k", "b", "2"]"#)
            #expect(try waiting[1].readReply().description == #"["k", "a", "1"]"#)
            try eventually { try Self.blockedClients(client) == 1 }
            #expect(try client.run("ZADD k 7 c") == .integer(1))
            #expect(try waiting[2].readReply().description == #"["k", "c", "7"]"#)
        }
    }

    @Test(arguments: ServerKind.all)
    func theFirstOfSeveralKeysThatHasSomethingServes(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let waiting = try Self.block(server, "BZMPOP 0 4 a b c a MIN COUNT 2", version: 3)
            #expect(try client.run("ZADD c 1 one 2 two 3 three") == .integer(3))
            #expect(try waiting.readReply().description == #"["c", [["one", (double) 1], ["two", (double) 2]]]"#)
            #expect(try client.run("ZRANGE c 0 -1").description == #"["three"]"#)
            // What waits no more is not served again.
            #expect(try client.run("ZADD a 1 one") == .integer(1))
            #expect(try waiting.run("ZCARD a") == .integer(1))
        }
    }

    @Test(arguments: ServerKind.all)
    func aTransactionIsSeenWhole(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let waiting = try Self.block(server, "BZPOPMIN k 0")
            let replies = try client.pipeline(lines: ["MULTI", "ZADD k 5 five", "ZADD k 1 one", "ZCARD k", "EXEC"])
            #expect(replies.last?.description == "[1, 1, 2]")
            #expect(try waiting.readReply().description == #"["k", "one", "1"]"#)
            let emptied = try Self.block(server, "BZPOPMIN other 0")
            _ = try client.pipeline(lines: ["MULTI", "ZADD other 5 five", "DEL other", "EXEC"])
            #expect(try Self.blockedClients(client) == 1)
            #expect(try client.run("ZADD other 6 six") == .integer(1))
            #expect(try emptied.readReply().description == #"["other", "six", "6"]"#)
        }
    }

    @Test(arguments: ServerKind.all)
    func nothingWaitsInATransaction(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let replies = try client.pipeline(lines: ["MULTI", "BZPOPMIN k 0", "BZMPOP 0 1 k MAX", "EXEC"])
            #expect(replies.last?.description == "[(nil), (nil)]")
        }
    }

    @Test(arguments: ServerKind.all)
    func anotherTypeIsNotWhatIsWaitedFor(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let waiting = try Self.block(server, "BZPOPMIN k 0")
            #expect(try client.run("SET k text") == .ok)
            #expect(try client.run("DEL k") == .integer(1))
            #expect(try client.run("ZADD other 3 three") == .integer(1))
            #expect(try client.run("RENAME other k") == .ok)
            #expect(try waiting.readReply().description == #"["k", "three", "3"]"#)
            #expect(try client.run("HSET h f v") == .integer(1))
            #expect(try client.run("BZPOPMIN h 0").description.contains("WRONGTYPE"))
        }
    }

    @Test(arguments: ServerKind.all)
    func waitingEndsAtItsTimeout(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let clock = ContinuousClock()
            let start = clock.now
            #expect(try client.run("BZPOPMIN k 0.05") == .null)
            #expect(clock.now - start >= .milliseconds(49))
            let three = try server.raw()
            _ = try three.run("HELLO 3")
            #expect(try three.run("BZMPOP 0.01 1 k MIN").description == "(nil)")
            for timeout in ["x", "1e400", "nan"] {
                #expect(try client.run("BZPOPMIN k \(timeout)").description.contains("timeout is"))
            }
            #expect(try client.run("BZPOPMIN k -1").description.contains("timeout is negative"))
        }
    }

    @Test(arguments: ServerKind.all)
    func anotherConnectionEndsTheWaiting(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            for (reason, answer) in [("", "(nil)"), (" TIMEOUT", "(nil)"), (" ERROR", "UNBLOCKED client unblocked")] {
                let waiting = try server.raw()
                guard case .integer(let identifier) = try waiting.run("CLIENT ID") else {
                    Issue.record("no number")
                    continue
                }
                #expect(try client.run("CLIENT UNBLOCK \(identifier)") == .integer(0))
                waiting.send(command: splitArguments("BZPOPMIN k 0") ?? [])
                try eventually { try Self.blockedClients(client) == 1 }
                #expect(try client.run("CLIENT UNBLOCK \(identifier)\(reason)") == .integer(1))
                #expect(try waiting.readReply().description.contains(answer))
            }
            #expect(try client.run("CLIENT UNBLOCK 1 NOW").description.contains("should be TIMEOUT or ERROR"))
            #expect(try client.run("CLIENT UNBLOCK x").description.contains("not an integer"))
        }
    }

    @Test(arguments: ServerKind.all)
    func whoGoesWaitsNoMore(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            do {
                let gone = try Self.block(server, "BZPOPMIN k other 0")
                gone.finishSending()
            }
            try eventually { try Self.blockedClients(client) == 0 }
            #expect(try client.run("ZADD k 1 a") == .integer(1))
            #expect(try client.run("ZCARD k") == .integer(1))
        }
    }

    @Test(arguments: ServerKind.all)
    func whatFollowsAWaitingCommandWaitsToo(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let waiting = try Self.block(server, "BZPOPMIN k 0")
            waiting.send("SET after 1\r\nGET after\r\n")
            #expect(try client.run("EXISTS after") == .integer(0))
            #expect(try client.run("ZADD k 1 a") == .integer(1))
            #expect(try waiting.readReply().description == #"["k", "a", "1"]"#)
            #expect(try waiting.readReply() == .ok)
            #expect(try waiting.readReply().description == #""1""#)
        }
    }

    @Test(arguments: ServerKind.all)
    func databasesAreExchangedUnderThoseWhoWait(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let waiting = try Self.block(server, "BZPOPMIN k 0")
            #expect(try client.pipeline(lines: ["SELECT 1", "ZADD k 1 a", "SWAPDB 0 1"]).last == .ok)
            #expect(try waiting.readReply().description == #"["k", "a", "1"]"#)
            _ = try client.run("FLUSHALL")
        }
    }

    @Test(arguments: ServerKind.all)
    func servingIsToldAsAChange(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let watcher = try server.client()
            #expect(try watcher.run("ZADD seed 1 x") == .integer(1))
            let waiting = try Self.block(server, "BZPOPMIN k 0")
            #expect(try watcher.run("WATCH k") == .ok)
            #expect(try client.run("ZADD k 1 a") == .integer(1))
            #expect(try waiting.readReply().description == #"["k", "a", "1"]"#)
            #expect(try watcher.pipeline(lines: ["MULTI", "PING", "EXEC"]).last == .null)
        }
    }

    /// What was to wake a connection from another command comes late.
    @Test(arguments: ServerKind.onlyFreshet)
    func whatWakesACommandDoesNotWakeTheNext(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let waiting = try server.raw()
            for _ in 0..<5 {
                for key in ["p", "q"] { try client.run("COMPUTE.SET \(key) v") }
                let revision = try client.run("COMPUTE.REV").text ?? ""
                // Both are there when the first is woken.
                waiting.send(
                    "COMPUTE.READ BLOCK 60000 KEYS 2 p q SINCE \(revision) \(revision)\r\nBLPOP list 0\r\n")
                try eventually { try Self.blockedClients(client) == 1 }
                #expect(try client.run("COMPUTE.INVALIDATE KEYS 2 p q") == .integer(2))
                #expect(try waiting.readReply()[0][0] == .bulk("p"))
                try eventually { try client.run("INFO clients").text?.contains("total_blocking_keys:1") == true }
                #expect(try client.run("LPUSH list e") == .integer(1))
                #expect(try waiting.readReply().description == #"["list", "e"]"#)
            }
        }
    }

    @Test(arguments: ServerKind.all)
    func whoIsKilledTakesNothingMore(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, kind == .freshet ? ["--threads", "4"] : [])
        let client = try server.client()
        for _ in 0..<20 {
            let waiting = try server.raw()
            let identifier = try waiting.run("CLIENT ID")
            waiting.send("BLPOP list 0\r\n")
            try eventually { try Self.blockedClients(client) == 1 }
            let replies = try client.pipeline(lines: ["CLIENT KILL ID \(identifier)", "LPUSH list e", "LPOP list"])
            #expect(replies == [.integer(1), .integer(1), .bulk("e")])
            #expect(try waiting.readToEnd().isEmpty)
            try eventually { try Self.blockedClients(client) == 0 }
        }
    }

    @Test(arguments: ServerKind.all)
    func whatIsNotAnsweredIsNotAnsweredLaterEither(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let waiting = try server.raw()
            let identifier = try waiting.run("CLIENT ID")
            func skip(_ line: String, until event: () throws -> Void) throws {
                waiting.send("CLIENT REPLY SKIP\r\n\(line)\r\nECHO next\r\n")
                try eventually(line) {
                    try client.run("CLIENT LIST ID \(identifier)").text?.contains("flags=b") == true
                }
                try event()
                #expect(try waiting.readReply() == .bulk("next"), "\(line)")
            }
            try skip("BLPOP list 0") { try client.run("LPUSH list e") }
            #expect(try client.run("EXISTS list") == .integer(0))
            guard kind == .freshet else { return }
            let token = try client.begin("computed")
            try skip("COMPUTE.BEGIN computed WAIT 60000") { try client.end(token, "v") }
        }
    }

    @Test(arguments: ServerKind.all)
    func aPauseOfWritesDoesNotHoldTheAnswerOfWhatIsDone(_ kind: ServerKind) throws {
        // The answer is still on its way when the pause begins.
        let server = try ServerProcess(kind, kind == .freshet ? ["--threads", "1"] : [])
        let client = try server.client()
        let waiting = try Self.block(server, "BLPOP list 0")
        #expect(try client.pipeline(lines: ["RPUSH list e", "CLIENT PAUSE 60000 WRITE"]) == [.integer(1), .ok])
        #expect(try waiting.readReply().description == #"["list", "e"]"#)
        waiting.send("DEL list\r\n")
        #expect(waiting.staysSilent(seconds: 0.05))
    }

    @Test(arguments: ServerKind.all)
    func aPauseOfWritesHoldsSubcommandsThatWrite(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            #expect(try client.run("CLIENT PAUSE 60000 WRITE") == .ok)
            let held = try Self.block(server, "XGROUP CREATE stream group $ MKSTREAM")
            #expect(try client.run("EXISTS stream") == .integer(0))
            #expect(try client.run("XINFO STREAM stream").isError)
            #expect(try client.run("CLIENT UNPAUSE") == .ok)
            #expect(try held.readReply() == .ok)
        }
    }
}
