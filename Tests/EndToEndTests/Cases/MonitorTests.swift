import Testing

/// MONITOR: what those who watch see of what others execute.
@Suite struct MonitorTests {
    /// A connection that monitors, and what it has seen: lines without their times.
    private final class Monitor {
        let raw: RawConnection

        init(_ server: ServerProcess) throws {
            raw = try server.raw()
            let reply = try raw.run("MONITOR")
            #expect(reply == .ok)
        }

        /// What was seen up to a command `ECHO end`, which is sent by another connection.
        func lines(_ server: ServerProcess, _ client: RedisClient? = nil) throws -> [String] {
            try (client ?? server.client()).run("ECHO end")
            var lines: [String] = []
            while true {
                let line = try raw.readReply().text ?? ""
                let parts = line.split(separator: " ", maxSplits: 1)
                // Seconds and microseconds.
                let time = parts[0].split(separator: ".")
                #expect(time.count == 2 && time[0].count == 10 && time[1].count == 6, "time of \(line)")
                if line.hasSuffix("\"ECHO\" \"end\"") { return lines }
                lines.append(parts.count == 2 ? String(parts[1]) : line)
            }
        }
    }

    /// Only what follows the client's address.
    private func commands(_ lines: [String]) -> [String] {
        lines.map { String($0[$0.index(after: $0.firstIndex(of: "]") ?? $0.startIndex)...].dropFirst()) }
    }

    @Test(arguments: ServerKind.all)
    func everyExecutedCommandIsSeen(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let monitor = try Monitor(server)
            for line in [
                "set k v", #"SET "a b\x00\xff\n\r\t\a\b\"\\" """#, "SELECT 3", "NOPE x", "GET", "INCR k", "GET k k",
                "MULTI", "GET k", "DEL k", "EXEC", "EXEC", "CONFIG GET port", "CLIENT LIST", "CLIENT ID",
                "SLOWLOG LEN", "OBJECT HELP",
            ] {
                try client.run(line)
            }
            let lines = try monitor.lines(server, client)
            let info = try client.run("CLIENT INFO").text ?? ""
            let address = info.split(separator: " ").first { $0.hasPrefix("addr=") }?.dropFirst(5) ?? ""
            #expect(lines.first == #"[0 \#(address)] "set" "k" "v""#)
            #expect(lines.dropFirst(2).first == #"[3 \#(address)] "SELECT" "3""#)
            #expect(
                commands(lines) == [
                    #""set" "k" "v""#, #""SET" "a b\x00\xff\n\r\t\a\b\"\\" """#, #""SELECT" "3""#, #""INCR" "k""#,
                    #""MULTI""#, #""GET" "k""#, #""DEL" "k""#, #""EXEC""#, #""EXEC""#, #""CLIENT" "ID""#,
                    #""OBJECT" "HELP""#,
                ])
        }
    }

    @Test(arguments: ServerKind.all)
    func secretsAreHidden(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let monitor = try Monitor(server)
            for line in [
                "AUTH secret", "AUTH default secret", "HELLO 2 AUTH default secret SETNAME me",
                "HELLO 2 SETNAME AUTH", "CONFIG SET requirepass ''",
            ] {
                try client.run(line)
            }
            #expect(
                commands(try monitor.lines(server, client)) == [
                    #""AUTH" "(redacted)""#, #""AUTH" "(redacted)" "(redacted)""#,
                    #""HELLO" "2" "AUTH" "(redacted)" "(redacted)" "SETNAME" "me""#, #""HELLO" "2" "SETNAME" "AUTH""#,
                ])
        }
    }

    @Test(arguments: ServerKind.all)
    func whoMonitorsTouchesNoKeysAndSeesItself(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let monitor = try Monitor(server)
            let refused = Reply.error("ERR Replica can't interact with the keyspace")
            #expect(try monitor.raw.run("GET k") == refused)
            #expect(try monitor.raw.run("FLUSHALL") == refused)
            #expect(try monitor.raw.run("PUBLISH c m") == refused)
            #expect(try monitor.raw.run("PING") == .status("PONG"))
            #expect(try monitor.lines(server).first?.hasSuffix("\"PING\"") == true)
            // A second MONITOR is not answered, nor shown.
            monitor.raw.send(command: [Array("MONITOR".utf8)])
            #expect(try monitor.raw.run("CLIENT INFO").text?.contains(" flags=O ") == true)
            _ = try monitor.lines(server)
            #expect(try monitor.raw.run("RESET") == .status("RESET"))
            try server.client().run("PING")
            #expect(try monitor.raw.run("GET k") == .null)
            #expect(try monitor.raw.run("MULTI") == .ok)
            #expect(try monitor.raw.run("MONITOR") == .status("QUEUED"))
            #expect(
                try monitor.raw.run("EXEC")
                    == .array([.error("ERR MONITOR isn't allowed for DENY BLOCKING client")]))
            #expect(try monitor.raw.run("MONITOR") == .ok)
            #expect(try monitor.raw.run("QUIT") == .ok)
            #expect(try monitor.raw.readToEnd() == "")
        }
    }

    /// The order of one connection's commands, whichever worker serves it.
    @Test(arguments: ServerKind.all)
    func theOrderOfEachConnectionIsKept(_ kind: ServerKind) throws {
        let arguments = kind == .freshet ? ["--threads", "4"] : []
        let server = try ServerProcess(kind, arguments)
        let monitor = try Monitor(server)
        let rounds = 200
        try inParallel(8) { index in
            let client = try server.client()
            for round in 0..<rounds { client.append(["INCRBY", "k\(index)", "\(round)"].map { Array($0.utf8) }) }
            for _ in 0..<rounds { _ = try client.receive() }
        }
        var seen = [Int](repeating: 0, count: 8)
        for line in try monitor.raw.readLines(8 * rounds) {
            let words = line.split(separator: " ").suffix(2).map { $0.dropFirst().dropLast() }
            guard let index = Int(words[0].dropFirst()), let round = Int(words[1]) else { continue }
            #expect(seen[index] == round)
            seen[index] = round + 1
        }
        #expect(seen == [Int](repeating: rounds, count: 8))
    }

    @Test(arguments: ServerKind.all)
    func aMonitorThatDoesNotReadIsClosedAtTheLimit(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let client = try server.client()
        #expect(try client.run("CONFIG SET client-output-buffer-limit 'normal 1mb 0 0'") == .ok)
        let monitor = try server.raw(receiveBuffer: 4096)
        #expect(try monitor.run("MONITOR") == .ok)
        let value = [UInt8](repeating: UInt8(ascii: "x"), count: 100_000)
        var isOpen = true
        for _ in 0..<400 where isOpen {
            try client.send([Array("SET".utf8), Array("k".utf8), value])
            isOpen = try client.run("CLIENT LIST").text?.contains("flags=O") == true
        }
        #expect(!isOpen)
    }
}

extension RawConnection {
    /// So many status replies.
    fileprivate func readLines(_ count: Int) throws -> [String] {
        try (0..<count).map { _ in try readReply().text ?? "" }
    }
}
