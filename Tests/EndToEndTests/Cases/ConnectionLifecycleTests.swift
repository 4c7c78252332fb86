import Glibc
import Testing

/// Connections at their edges: paused, killed, closing, cut off, and what was pipelined behind.
@Suite struct ConnectionLifecycleTests {
    @Test(arguments: ServerKind.all)
    func aPauseHoldsAPipelineWithAHalfCommandAtItsEnd(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let paused = try server.raw()
            #expect(try client.run("CLIENT PAUSE 150 ALL") == .ok)
            let start = ContinuousClock.now
            paused.send("SET k v\r\nGET k\r\n*2\r\n$4\r\nECHO\r\n$4\r\nha")
            #expect(paused.staysSilent(seconds: 0.05))
            #expect(try paused.read(upTo: "v\r\n") == "+OK\r\n$1\r\nv\r\n")
            #expect(ContinuousClock.now - start > .milliseconds(100))
            paused.send("lf\r\nPING\r\n")
            #expect(try paused.read(upTo: "PONG\r\n") == "$4\r\nhalf\r\n+PONG\r\n")
        }
    }

    @Test(arguments: ServerKind.all)
    func aPauseOfWritesHoldsTransactionsThatWrite(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let writer = try server.raw()
            let reader = try server.client()
            writer.send("MULTI\r\nSET k v\r\nGET k\r\n")
            #expect(try writer.read(upTo: "QUEUED\r\n+QUEUED\r\n") == "+OK\r\n+QUEUED\r\n+QUEUED\r\n")
            try reader.run("MULTI")
            try reader.run("GET k")
            #expect(try client.run("CLIENT PAUSE 60000 WRITE") == .ok)
            writer.send("EXEC\r\nPING\r\n")
            #expect(try reader.run("EXEC") == .array([.null]))
            #expect(writer.staysSilent(seconds: 0.05))
            #expect(try client.run("GET k") == .null)
            #expect(try client.run("INFO clients").text?.contains("blocked_clients:1\r\n") == true)
            // A pause in progress is made neither shorter nor weaker.
            #expect(try client.run("CLIENT PAUSE 1 WRITE") == .ok)
            #expect(writer.staysSilent(seconds: 0.05))
            #expect(try client.run("CLIENT UNPAUSE") == .ok)
            #expect(try writer.read(upTo: "PONG\r\n") == "*2\r\n+OK\r\n$1\r\nv\r\n+PONG\r\n")
        }
    }

    @Test(arguments: ServerKind.all)
    func aPauseOfWritesLetsExpiredKeysStay(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let paused = try server.raw()
            _ = try client.pipeline(lines: ["SET k v PX 50", "CLIENT PAUSE 60000 WRITE"])
            paused.send("DEL other\r\n")
            #expect(paused.staysSilent(seconds: 0.1))
            #expect(try client.run("DBSIZE") == .integer(1))
            #expect(try client.run("GET k") == .null)
            #expect(try client.run("CLIENT UNPAUSE") == .ok)
            #expect(try paused.read(upTo: "\r\n") == ":0\r\n")
            try eventually { try client.run("DBSIZE") == .integer(0) }
            #expect(try client.run("CLIENT PAUSE 20 WRITE") == .ok)
            paused.send("DEL other\r\n")
            #expect(try paused.read(upTo: "\r\n") == ":0\r\n")
        }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func aPauseEndsWithinMilliseconds(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let paused = try server.raw()
            // The best of some: the machine may be busy.
            var late = Duration.seconds(1)
            for _ in 0..<5 {
                let start = ContinuousClock.now
                #expect(try client.run("CLIENT PAUSE 40") == .ok)
                paused.send("PING\r\n")
                #expect(try paused.read(upTo: "\r\n") == "+PONG\r\n")
                late = min(late, ContinuousClock.now - start - .milliseconds(40))
            }
            #expect(late < .milliseconds(10))
        }
    }

    @Test(arguments: ServerKind.all)
    func aKilledConnectionExecutesNothingThatWaited(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let paused = try server.raw()
            #expect(try client.run("CLIENT PAUSE 60000 WRITE") == .ok)
            paused.send("SET k v\r\n")
            #expect(paused.staysSilent(seconds: 0.05))
            #expect(try client.run("CLIENT LIST").text?.contains("flags=b") == true)
            #expect(try client.run("CLIENT KILL TYPE normal").integer ?? 0 >= 1)
            #expect(try paused.readToEnd() == "")
            #expect(try client.run("CLIENT UNPAUSE") == .ok)
            #expect(try client.run("EXISTS k") == .integer(0))
        }
    }

    @Test(arguments: ServerKind.all)
    func aConnectionThatKillsItselfIsAnsweredAndExecutesNoMore(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let connection = try server.raw()
            connection.send("PING\r\nCLIENT KILL TYPE normal SKIPME no\r\nSET k v\r\n")
            #expect(try connection.readToEnd().hasPrefix("+PONG\r\n:"))
            #expect(try server.client().run("EXISTS k") == .integer(0))
        }
    }

    @Test(arguments: ServerKind.all)
    func aSlowReaderGetsAllRepliesBeforeItsQuit(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            try client.send([Array("SET".utf8), Array("k".utf8), [UInt8](repeating: 120, count: 100_000)])
            let connection = try server.raw(receiveBuffer: 4096)
            connection.send(String(repeating: "GET k\r\n", count: 60) + "QUIT\r\nSET quit k\r\n")
            try client.run("PING")
            connection.send("SET quit k\r\n")
            let text = try connection.readToEnd()
            #expect(text.utf8.count == 60 * 100_011 + 5)
            #expect(text.hasSuffix("x\r\n+OK\r\n"))
            #expect(try client.run("EXISTS quit") == .integer(0))
        }
    }

    @Test(arguments: ServerKind.all)
    func aClientThatNeverReadsIsCutOffAtTheOutputLimit(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--client-output-buffer-limit", "normal", "4mb", "0", "0"])
        let client = try server.client()
        try client.send([Array("SET".utf8), Array("k".utf8), [UInt8](repeating: 120, count: 100_000)])
        let before = server.residentBytes
        let greedy = try server.raw(receiveBuffer: 4096)
        try greedy.run("PING")
        greedy.send(String(repeating: "GET k\r\n", count: 5000) + "SET late v\r\n")
        let deadline = ContinuousClock.now + .seconds(10)
        while try client.run("CLIENT LIST").text?.split(separator: "\n").count != 1, ContinuousClock.now < deadline {}
        #expect(try client.run("CLIENT LIST").text?.split(separator: "\n").count == 1)
        #expect(try client.run("EXISTS late") == .integer(0))
        #expect(server.residentBytes - before < 100 << 20)
    }

    @Test(arguments: ServerKind.all)
    func aClientThatStaysAboveTheSoftLimitIsCutOffAfterItsSeconds(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--client-output-buffer-limit", "normal", "0", "1mb", "1"])
        let client = try server.client()
        try client.send([Array("SET".utf8), Array("k".utf8), [UInt8](repeating: 120, count: 1 << 20)])
        let greedy = try server.raw(receiveBuffer: 4096)
        try greedy.run("PING")
        let start = ContinuousClock.now
        greedy.send(String(repeating: "GET k\r\n", count: 30))
        while try client.run("CLIENT LIST").text?.split(separator: "\n").count != 1,
            ContinuousClock.now - start < .seconds(10)
        {
            usleep(10_000)
        }
        let lived = ContinuousClock.now - start
        #expect(lived > .seconds(1) && lived < .seconds(10))
    }

    @Test(arguments: ServerKind.all)
    func aReaderThatCaughtUpHoldsNoMemory(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            try client.send([Array("SET".utf8), Array("k".utf8), [UInt8](repeating: 120, count: 20 << 20)])
            let slow = try server.raw(receiveBuffer: 4096)
            slow.send("CLIENT SETNAME slow\r\nGET k\r\n")
            func waits() throws -> Bool {
                let lines = try client.run("CLIENT LIST").text?.split(separator: "\n") ?? []
                return lines.contains { $0.contains(" name=slow ") && !$0.contains(" omem=0 ") }
            }
            let deadline = ContinuousClock.now + .seconds(10)
            while try !waits(), ContinuousClock.now < deadline { usleep(2000) }
            #expect(try waits())
            try slow.read { $0.count >= 20 << 20 }
            while try waits(), ContinuousClock.now < deadline { usleep(2000) }
            #expect(try !waits())
        }
    }

    @Test(arguments: ServerKind.all)
    func authenticationCountsForWhatIsPipelinedBehindIt(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--requirepass", "secret"])
        let connection = try server.raw()
        let argument = String(repeating: "y", count: 20_000)
        connection.send("PING\r\nAUTH secret\r\n*2\r\n$4\r\nECHO\r\n$20000\r\n\(argument)\r\nRESET\r\nPING\r\n*11\r\n")
        #expect(
            try connection.readToEnd()
                == "-NOAUTH Authentication required.\r\n+OK\r\n$20000\r\n\(argument)\r\n+RESET\r\n"
                + "-NOAUTH Authentication required.\r\n-ERR Protocol error: unauthenticated multibulk length\r\n")
    }

    @Test(arguments: ServerKind.all)
    func skippedRepliesAddUp(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let connection = try server.raw()
            connection.send("CLIENT REPLY SKIP\r\nCLIENT REPLY SKIP\r\nPING a\r\nPING b\r\n")
            #expect(try connection.read(upTo: "b\r\n") == "$1\r\nb\r\n")
            connection.send("CLIENT REPLY OFF\r\nCLIENT REPLY SKIP\r\nPING c\r\nCLIENT REPLY ON\r\nPING d\r\n")
            #expect(try connection.read(upTo: "d\r\n") == "+OK\r\n$1\r\nd\r\n")
            connection.send("CLIENT REPLY SKIP\r\nCLIENT REPLY ON\r\nPING f\r\n")
            #expect(try connection.read(upTo: "f\r\n") == "+OK\r\n$1\r\nf\r\n")
            connection.send("CLIENT REPLY OFF\r\nRESET\r\nPING e\r\n")
            #expect(try connection.read(upTo: "e\r\n") == "+RESET\r\n$1\r\ne\r\n")
        }
    }

    @Test(arguments: ServerKind.all)
    func zeroBytesAndVerticalTabsInInlineCommands(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let connection = try server.raw()
            connection.send("PING a\u{0B}b\r\nPING \u{0B}cd\r\n")
            #expect(try connection.read(upTo: "cd\r\n") == "$3\r\na\u{0B}b\r\n$2\r\ncd\r\n")
        }
    }
}
