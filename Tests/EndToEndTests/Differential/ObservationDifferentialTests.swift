import Testing

/// What the servers tell of the same commands afterwards: INFO's counts, the slow log, help.
@Suite(.enabled(if: DifferentialTests.hasBoth, "needs both servers"))
struct ObservationDifferentialTests {
    /// Commands that succeed, fail, and are refused for every reason that there is.
    private static let conversation = [
        "SET k v", "GET", "GET k k", "INCR k", "ZADD k 1 a", "CLIENT NOSUCH", "CLIENT", "CLIENT KILL", "CLIENT KILL x",
        "OBJECT FOO", "OBJECT", "NOPE", "EXEC", "MULTI", "INCR k", "NOPE", "EXEC", "MULTI", "INCR k", "GET k", "EXEC",
        "MULTI", "MULTI", "WATCH a", "SUBSCRIBE x", "DISCARD", "AUTH x", "AUTH a b", "HELLO 9", "CONFIG SET foo bar",
        "SELECT 99", "DEBUG FOO", "OBJECT ENCODING nokey", "OBJECT HELP", "GET nokey", "EXISTS k nokey", "MULTI", "GET",
        "EXEC", "MULTI", "CONFIG RESETSTAT x", "DISCARD", "SLOWLOG GET x", "SLOWLOG FOO", "LATENCY FOO",
        "CLIENT TRACKING ON REDIRECT 99", "RESET", "ZADD z 1 a", "SETEX k 0 v", "CLIENT REPLY FOO", "SWAPDB 0 99",
    ]

    @Test func countsOfCommandsAndErrorsAgree() throws {
        func counts(_ kind: ServerKind) throws -> Set<String> {
            try ServerPool.with(kind) { server in
                let client = try server.client()
                try client.run("CONFIG RESETSTAT")
                for line in Self.conversation { try client.run(line) }
                let fields = [
                    "keyspace_hits", "keyspace_misses", "total_error_replies", "total_commands_processed",
                    "unexpected_error_replies",
                ]
                var lines: Set<String> = []
                for section in ["commandstats", "errorstats", "stats"] {
                    for line in try client.run("INFO \(section)").text?.split(separator: "\r\n") ?? [] {
                        let (name, value) = (line.prefix { $0 != ":" }, line.drop { $0 != ":" })
                        if name.hasPrefix("cmdstat_") {
                            // Times differ.
                            let counts = value.split(separator: ",").filter { !$0.hasPrefix("usec") }
                            lines.insert("\(name)\(counts.joined(separator: ","))")
                        } else if name.hasPrefix("errorstat_") || fields.contains(String(name)) {
                            lines.insert(String(line))
                        }
                    }
                }
                return lines
            }
        }
        let (expected, received) = (try counts(.redis), try counts(.freshet))
        #expect(received.subtracting(expected).sorted() == [])
        #expect(expected.subtracting(received).sorted() == [])
        #expect(expected.count > 30)
    }

    /// Arguments and their number are cut the same way, secrets hidden, transactions' commands kept one by one.
    @Test func slowLogsAgree() throws {
        func log(_ kind: ServerKind) throws -> [String] {
            try ServerPool.with(kind) { server in
                let client = try server.client()
                try client.run("CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 128")
                try client.run("SLOWLOG RESET")
                let numbers = (0..<60).map(String.init).joined(separator: " ")
                for line in [
                    "SET k \(String(repeating: "x", count: 200))", "SET k \(String(repeating: "x", count: 129))",
                    "SET k \(String(repeating: "x", count: 128))", "MSET \(numbers)", "DEL \(numbers.prefix(82))",
                    "DEL \(numbers.prefix(85))", "AUTH secret", "MULTI", "GET k", "INCR k", "EXEC", "GET", "NOPE",
                    "CLIENT SETNAME me", "HELLO 2 AUTH default secret", "CONFIG SET requirepass ''",
                ] {
                    try client.run(line)
                }
                let entries = try client.run("SLOWLOG GET -1").elements ?? []
                let identifiers = entries.compactMap { $0[0].integer }
                #expect(identifiers == identifiers.sorted().reversed(), "of \(kind)")
                #expect(try client.run("SLOWLOG GET 0") == .array([]))
                #expect(try client.run("SLOWLOG GET").elements?.count == 10)
                try client.run("CONFIG SET slowlog-max-len 3")
                try client.run("PING")
                #expect(try client.run("SLOWLOG LEN") == .integer(3))
                try client.run("CONFIG SET slowlog-max-len 128 slowlog-log-slower-than 10000")
                return entries.map { "\($0[3]) \($0[5])" }
            }
        }
        #expect(try log(.freshet) == log(.redis))
    }

    /// Every container answers HELP, which names what there is: all that the judge names, too.
    @Test func everyContainerHasHelp() throws {
        func help(_ client: RawConnection, _ container: String) throws -> Set<String> {
            let lines = try client.run("\(container) HELP").elements?.compactMap(\.text) ?? []
            #expect(lines.first == "\(container.uppercased()) <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
            #expect(lines.suffix(2).first == "HELP", "of \(container)")
            let names = lines.dropFirst().filter { $0.first != " " && $0.first != "(" }
            return Set(names.compactMap { $0.split(separator: " ").first.map(String.init) })
        }
        func containers(_ client: RawConnection) throws -> [String: Set<String>] {
            var containers: [String: Set<String>] = [:]
            for name in try client.run("COMMAND LIST").elements?.compactMap(\.text) ?? [] where name.contains("|") {
                let parts = name.uppercased().split(separator: "|").map(String.init)
                containers[parts[0], default: []].insert(parts[1])
            }
            return containers
        }
        try ServerPool.with(.redis) { judge in
            try ServerPool.with(.freshet) { candidate in
                let judge = try judge.raw()
                let candidate = try candidate.raw()
                let known = try containers(judge)
                // Where it is switched off, CLUSTER answers nothing but that.
                for (container, subcommands) in try containers(candidate) where container != "CLUSTER" {
                    let named = try help(candidate, container)
                    #expect(subcommands.subtracting(named).isEmpty, "all of \(container)'s are in its help")
                    guard known[container] != nil else { continue }
                    let missing = try help(judge, container).subtracting(named)
                    #expect(missing.subtracting(Self.notYet[container] ?? []).isEmpty, "of \(container)")
                }
            }
        }
    }

    /// Subcommands that are still to come.
    private static let notYet: [String: Set<String>] = ["CLIENT": ["UNBLOCK"], "MODULE": ["LOAD", "LOADEX", "UNLOAD"]]
}
