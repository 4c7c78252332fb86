import TestSupport
import Testing

/// Users made by generated rules, compared with those of redis-server, and all that checks look at of commands.
@Suite struct AccountDifferentialTests {
    private static func both(_ body: (_ judge: RawConnection, _ candidate: RawConnection) throws -> Void) throws {
        let judge = try ServerProcess(.redis)
        let candidate = try ServerProcess(.freshet)
        try body(judge.raw(), candidate.raw())
    }

    private static func names(_ connection: RawConnection, _ command: String) throws -> Set<String> {
        Set((try connection.run(command).elements ?? []).compactMap(\.text))
    }

    /// Commands that came after Redis 7.0 are in no category there.
    @Test(.enabled(if: DifferentialTests.hasBoth, "needs both servers"))
    func categoriesHoldTheSameCommands() throws {
        try Self.both { judge, candidate in
            let common = try Self.names(judge, "COMMAND LIST").intersection(Self.names(candidate, "COMMAND LIST"))
            #expect(common.count > 150)
            let categories = try Self.names(judge, "ACL CAT")
            #expect(try Self.names(candidate, "ACL CAT") == categories.union(["compute"]))
            for category in categories {
                let expected = try Self.names(judge, "ACL CAT \(category)").intersection(common)
                let received = try Self.names(candidate, "ACL CAT \(category)").intersection(common)
                #expect(received == expected, "\(category)")
            }
        }
    }

    /// Permissions for reading and writing depend on what the records say of keys.
    @Test(.enabled(if: DifferentialTests.hasBoth, "needs both servers"))
    func whatIsDoneToKeysIsTheSame() throws {
        try Self.both { judge, candidate in
            let common = try Self.names(judge, "COMMAND LIST").intersection(Self.names(candidate, "COMMAND LIST"))
            func flags(_ connection: RawConnection, _ command: String) throws -> [Set<String>] {
                (try connection.run("COMMAND INFO \(command)")[0][8].elements ?? []).map { specification in
                    let fields = specification.elements ?? []
                    let index = fields.firstIndex(of: .bulk("flags")) ?? 0
                    return Set((specification[index + 1].elements ?? []).compactMap { $0.text?.lowercased() })
                }
            }
            for command in common {
                #expect(try flags(candidate, command) == flags(judge, command), "\(command)")
            }
        }
    }

    private static let pieces = [
        "on", "off", "nopass", "resetpass", ">p", ">q", "<p", "#\(AccountTests.secret)", "!\(AccountTests.secret)",
        "~*",
        "~a*", "~b", "%R~c*", "%W~c*", "%RW~d", "%r~b", "%~x", "allkeys", "resetkeys", "&*", "&c*", "&d", "allchannels",
        "resetchannels", "+@all", "-@all", "+@read", "-@read", "+@write", "-@write", "+@hash", "-@hash", "+@dangerous",
        "-@dangerous", "+@connection", "+get", "-get", "+set", "-set", "+del", "-del", "+hset", "-hset", "+client",
        "-client", "+client|id", "-client|id", "+client|kill", "-client|kill", "+config|get", "-config", "+select|0",
        "+select|1", "-select", "+select", "+nosuch", "+@nosuch", "nosuch", "clearselectors", "reset", "+GET",
        "ALLKEYS",
        "(+get ~s)", "(+@read %R~t* &e)", "(nosuch)", "()", "+get|", "+client|id|x", "+PING", "allcommands",
        "nocommands",
    ]

    private static let calls = [
        "GET a1", "GET b", "GET c1", "GET d", "GET s", "GET t", "SET a1 x", "SET c1 x", "SET c1 x GET", "SET d x",
        "DEL b",
        "DEL a c1", "MGET a b", "HSET a f v", "HGET a f", "HGETALL c1", "ZADD b 1 m", "ZRANGE t1 0 -1", "PING",
        "SELECT 0",
        "SELECT 1", "SELECT 2", "CLIENT ID", "CLIENT KILL x", "CLIENT INFO", "CONFIG GET x", "CONFIG SET x y",
        "FLUSHALL",
        "KEYS *", "PUBLISH c1 x", "PUBLISH d x", "PUBLISH x x", "SUBSCRIBE c1 d", "PSUBSCRIBE c*", "PSUBSCRIBE *",
        "TYPE c1",
        "COPY a b", "RENAME c1 a", "MULTI", "EXEC", "AUTH x", "INFO", "EXPIRE d 1", "SPUBLISH e x", "SSUBSCRIBE e",
    ]

    @Test(.enabled(if: DifferentialTests.hasBoth, "needs both servers"))
    func generatedRulesMakeTheSameUsers() throws {
        var generator = SeededGenerator(Seed.current)
        try Self.both { judge, candidate in
            for round in 0..<300 {
                try judge.run("ACL DELUSER u copy")
                try candidate.run("ACL DELUSER u copy")
                for _ in 0...generator.below(4) {
                    let rules = (0...generator.below(6)).map { _ in "\"\(generator.pick(Self.pieces))\"" }
                    let command = "ACL SETUSER u \(rules.joined(separator: " "))"
                    let expected = try judge.run(command)
                    let received = try candidate.run(command)
                    #expect(received == expected, "\(command), seed \(Seed.current)")
                }
                try compare(judge, candidate, "round \(round), seed \(Seed.current)")
            }
        }
    }

    /// Compares the user `u` of both servers: rules, what they permit, and that the judge understands the description.
    private func compare(_ judge: RawConnection, _ candidate: RawConnection, _ comment: Comment) throws {
        let expected = try judge.run("ACL GETUSER u")
        let received = try candidate.run("ACL GETUSER u")
        guard expected != .null else { return #expect(received == .null, comment) }
        for field in [3, 7, 9] { #expect(received[field] == expected[field], comment) }
        let words = (try candidate.run("ACL LIST").elements ?? []).compactMap(\.text).first { $0.hasPrefix("user u ") }
        let rules = (words ?? "").split(separator: " ").dropFirst(2).joined(separator: " ")
        #expect(try judge.run("ACL SETUSER copy \(rules)") == .ok, comment)
        let copy = try judge.run("ACL GETUSER copy")
        for field in [3, 5, 7, 9, 11] { #expect(copy[field] == expected[field], "\(rules), \(comment)") }
        // The judge shows what is the default only where it was given.
        let sanitizing = [Reply.bulk("sanitize-payload")]
        let flags = [received, expected].map { ($0[1].elements ?? []).filter { !sanitizing.contains($0) } }
        #expect(flags[0] == flags[1], comment)
        for call in Self.calls {
            let isPermitted = try judge.run("ACL DRYRUN u \(call)") == .ok
            #expect(try (candidate.run("ACL DRYRUN u \(call)") == .ok) == isPermitted, "\(call), \(rules), \(comment)")
        }
    }
}
