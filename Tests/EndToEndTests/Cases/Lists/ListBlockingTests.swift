import Testing

/// Commands that wait for lists.
@Suite struct ListBlockingTests {
    private func block(_ server: ServerProcess, _ line: String, version: Int = 2) throws -> RawConnection {
        try BlockingTests.block(server, line, version: version)
    }

    @Test(arguments: ServerKind.all)
    func whatIsThereIsServedAtOnce(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > RPUSH l a b c d e f 7
            < 7
            > BLPOP missing l 0
            < ["l", "a"]
            > BRPOP l missing 0.5
            < ["l", "7"]
            > BLMOVE l m LEFT RIGHT 0
            < "b"
            > BRPOPLPUSH l m 0
            < "f"
            > BLMPOP 0 2 missing l RIGHT COUNT 2
            < ["l", ["e", "d"]]
            > BLMPOP 0 1 l LEFT
            < ["l", ["c"]]
            > EXISTS l
            < 0
            > LRANGE m 0 -1
            < ["f", "b"]
            > BLMOVE m m LEFT RIGHT 0
            < "f"
            > LRANGE m 0 -1
            < ["b", "f"]
            > BLPOP l 0.01
            < (nil)
            > BRPOPLPUSH l m 0.01
            < (nil)
            > BLMPOP 0.01 1 l LEFT
            < (nil)
            resp3> BLMOVE l m LEFT LEFT 0.01
            < (nil)
            > SET s v
            < OK
            > BLPOP s 0
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > BLPOP missing s m 0
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > BLPOP m s 0
            < ["m", "b"]
            > BLMOVE m s LEFT LEFT 0
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > BLMPOP 0 1 s LEFT
            < (error) WRONGTYPE Operation against a key holding the wrong kind of value
            """#)
    }

    @Test(arguments: ServerKind.all)
    func argumentsAreCheckedBeforeWaiting(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > BLPOP l x
            < (error) ERR timeout is not a float or out of range
            > BLPOP l -1
            < (error) ERR timeout is negative
            > BLPOP l
            < (error) ERR wrong number of arguments for 'blpop' command
            > BLMOVE l m UP LEFT 0
            < (error) ERR syntax error
            > BLMOVE l m LEFT LEFT x
            < (error) ERR timeout is not a float or out of range
            > BRPOPLPUSH l m -0.1
            < (error) ERR timeout is negative
            > BLMPOP x 1 l LEFT
            < (error) ERR timeout is not a float or out of range
            > BLMPOP 0 0 l LEFT
            < (error) ERR numkeys should be greater than 0
            > BLMPOP 0 2 l LEFT
            < (error) ERR syntax error
            > BLMPOP 0 1 l LEFT COUNT 0
            < (error) ERR count should be greater than 0
            > BLMPOP 0 1 l LEFT COUNT 1 COUNT 1
            < (error) ERR syntax error
            """#)
    }

    @Test(arguments: ServerKind.all)
    func waitersAreServedInTheirOrderByOnePush(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let waiting = try ["BLPOP k 0", "BRPOP k 0", "BLMPOP 0 1 k LEFT COUNT 2", "BLPOP k 0"].map {
                try block(server, $0)
            }
            #expect(try client.run("RPUSH k a b c d e") == .integer(5))
            #expect(try waiting[0].readReply().description == #"["k", "a"]"#)
            #expect(try waiting[1].readReply().description == #"["k", "e"]"#)
            #expect(try waiting[2].readReply().description == #"["k", ["b", "c"]]"#)
            #expect(try waiting[3].readReply().description == #"["k", "d"]"#)
            #expect(try client.run("EXISTS k") == .integer(0))
        }
    }

    @Test(arguments: ServerKind.all)
    func theKeyThatIsPushedToServesWhoWaitsForSeveral(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let waiting = try block(server, "BLPOP a b c a 0")
            #expect(try client.run("LPUSH c x") == .integer(1))
            #expect(try waiting.readReply().description == #"["c", "x"]"#)
            #expect(try client.run("LPUSH a y") == .integer(1))
            // In a transaction the order of the waiter's keys decides no more than elsewhere: the first that is ready.
            #expect(try client.run("DEL a") == .integer(1))
            let other = try block(server, "BRPOP a b 0")
            #expect(
                try client.pipeline(lines: ["MULTI", "RPUSH b 1 2", "RPUSH a 3", "EXEC"]).last?.description == "[2, 1]")
            let served = try other.readReply().description
            #expect(served == #"["b", "2"]"# || served == #"["a", "3"]"#)
        }
    }

    @Test(arguments: ServerKind.all)
    func whatIsMovedServesTheNextWhoWaits(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let first = try block(server, "BLMOVE a b LEFT RIGHT 0")
            let second = try block(server, "BRPOPLPUSH b c 0")
            let third = try block(server, "BLPOP c 0")
            #expect(try client.run("RPUSH a x") == .integer(1))
            #expect(try first.readReply() == .bulk("x"))
            #expect(try second.readReply() == .bulk("x"))
            #expect(try third.readReply().description == #"["c", "x"]"#)
            #expect(try client.run("EXISTS a b c") == .integer(0))
            // A ring: each hands on to the other, and both are served once.
            let one = try block(server, "BLMOVE p q LEFT LEFT 0")
            let other = try block(server, "BLMOVE q p LEFT LEFT 0")
            #expect(try client.run("RPUSH p y") == .integer(1))
            #expect(try one.readReply() == .bulk("y"))
            #expect(try other.readReply() == .bulk("y"))
            #expect(try client.run("LRANGE p 0 -1").description == #"["y"]"#)
            // Onto itself.
            let same = try block(server, "BLMOVE r r LEFT RIGHT 0")
            #expect(try client.run("RPUSH r 1 2") == .integer(2))
            #expect(try same.readReply() == .bulk("1"))
            #expect(try client.run("LRANGE r 0 -1").description == #"["2", "1"]"#)
        }
    }

    @Test(arguments: ServerKind.all)
    func aDestinationOfAnotherTypeIsAnErrorWhenItIsServed(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let waiting = try block(server, "BLMOVE a s LEFT LEFT 0")
            let next = try block(server, "BLPOP a 0")
            #expect(try client.run("SET s text") == .ok)
            #expect(try client.run("RPUSH a x") == .integer(1))
            #expect(try waiting.readReply().description.contains("WRONGTYPE"))
            #expect(try next.readReply().description == #"["a", "x"]"#)
        }
    }

    @Test(arguments: ServerKind.all)
    func everyWayForAListToComeServes(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            for lines in [
                ["RPUSH t 1", "RENAME t k"], ["RPUSH t 1", "COPY t k", "DEL t"], ["RPUSH t 1", "LMOVE t k LEFT LEFT"],
                ["SELECT 1", "RPUSH k 1", "MOVE k 0", "SELECT 0"], ["SELECT 1", "RPUSH k 1", "SWAPDB 0 1", "SELECT 0"],
                ["SET k text", "DEL k", "LPUSH k 1"], ["ZADD k 1 member", "MULTI", "DEL k", "RPUSH k 1", "EXEC"],
                ["MULTI", "RPUSH k 0", "LPOP k", "EXEC", "RPUSH k 1"],
            ] {
                let waiting = try block(server, "BLPOP k 0")
                _ = try client.pipeline(lines: lines)
                #expect(try waiting.readReply().description == #"["k", "1"]"#, "\(lines)")
                #expect(try client.run("EXISTS k t") == .integer(0), "\(lines)")
            }
        }
    }

    @Test(arguments: ServerKind.all)
    func nothingWaitsInATransaction(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let lines = [
                "MULTI", "BLPOP k 0", "BLMOVE k m LEFT LEFT 0", "BRPOPLPUSH k m 0", "BLMPOP 0 1 k LEFT", "RPUSH k a b",
                "BRPOP k 0", "BLMOVE k m LEFT LEFT 0", "EXEC",
            ]
            #expect(
                try client.pipeline(lines: lines).last?.description
                    == #"[(nil), (nil), (nil), (nil), 2, ["k", "b"], "a"]"#)
        }
    }

    @Test(arguments: ServerKind.all)
    func waitingEndsByTimeoutUnblockAndDisconnect(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let clock = ContinuousClock()
            for line in ["BLPOP k other 0.03", "BLMOVE k k LEFT LEFT 0.03", "BLMPOP 0.03 1 k LEFT"] {
                let start = clock.now
                let raw = try server.raw()
                raw.send(line + "\r\n")
                #expect(try raw.readReply().description == "(nil)", "\(line)")
                #expect(clock.now - start >= .milliseconds(29), "\(line)")
            }
            for (line, reason, answer) in [
                ("BLPOP k 0", "TIMEOUT", "(nil)"), ("BLMOVE k m LEFT LEFT 0", "TIMEOUT", "(nil)"),
                ("BRPOPLPUSH k m 0", "ERROR", "UNBLOCKED"),
            ] {
                let waiting = try server.raw()
                let identifier = try waiting.run("CLIENT ID").description
                waiting.send(command: splitArguments(line) ?? [])
                try eventually { try client.run("CLIENT UNBLOCK \(identifier) \(reason)") == .integer(1) }
                #expect(try waiting.readReply().description.contains(answer), "\(line)")
            }
            do {
                let gone = try block(server, "BLMOVE k m LEFT LEFT 0")
                gone.finishSending()
            }
            try eventually { try BlockingTests.blockedClients(client) == 0 }
            #expect(try client.run("RPUSH k a") == .integer(1))
            #expect(try client.run("LLEN k") == .integer(1))
        }
    }

    /// A queue with a list of what each consumer works on, so that nothing is lost: the pattern that BLMOVE is for.
    @Test(arguments: ServerKind.all)
    func everyElementOfAQueueIsMovedOnce(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, kind == .freshet ? ["--threads", "4"] : [])
        let (producers, consumers, jobs) = (3, 6, 300)
        let done = Counter()
        try inParallel(producers + consumers) { index in
            let client = try server.client()
            if index < producers {
                for job in 0..<jobs { try client.run("LPUSH jobs \(index):\(job)") }
                return
            }
            while done.value < producers * jobs {
                let reply = try client.run("BLMOVE jobs working:\(index) RIGHT LEFT 0.1")
                guard let job = reply.text else { continue }
                let replies = try client.pipeline(
                    lines: ["MULTI", "LREM working:\(index) 1 \(job)", "LPUSH done \(job)", "EXEC"])
                #expect(replies.last?[0] == .integer(1))
                done.add(1)
            }
        }
        let client = try server.client()
        let all = (try client.run("LRANGE done 0 -1").elements ?? []).compactMap(\.text)
        #expect(all.count == producers * jobs)
        #expect(Set(all).count == producers * jobs)
        #expect(try client.run("KEYS *").elements?.compactMap(\.text) == ["done"])
    }

    @Test(arguments: ServerKind.all)
    func servingTellsWhatPoppingTells(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--notify-keyspace-events", "Elg"])
        let client = try server.client()
        let listener = try EventListener(server)
        let popper = try block(server, "BLPOP k 0")
        try client.run("RPUSH k a")
        _ = try popper.readReply()
        #expect(try listener.events() == ["rpush k", "lpop k", "del k"].map { "event@0:" + $0 })
        let mover = try block(server, "BLMOVE k m RIGHT LEFT 0")
        try client.run("LPUSH k a")
        _ = try mover.readReply()
        #expect(try listener.events() == ["lpush k", "lpush m", "rpop k", "del k"].map { "event@0:" + $0 })
    }
}
