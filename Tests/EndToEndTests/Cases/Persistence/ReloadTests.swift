import Foundation
import Glibc
import TestSupport
import Testing

/// DEBUG RELOAD and DEBUG LOADAOF: keys that are read from the files again are as they were.
@Suite struct ReloadTests {
    /// Ways to have all keys read again, and how a server must be started for them.
    private static let ways: [(command: String, arguments: [String])] = [
        ("DEBUG RELOAD", []), ("DEBUG RELOAD", ["--appendonly", "yes", "--appendfsync", "no"]),
        ("DEBUG LOADAOF", ["--appendonly", "yes", "--appendfsync", "no"]),
        ("DEBUG LOADAOF", ["--appendonly", "yes", "--appendfsync", "no", "--aof-use-rdb-preamble", "no"]),
    ]

    private static func start(_ kind: ServerKind, _ arguments: [String]) throws -> (ServerProcess, RedisClient) {
        let server = try ServerProcess(kind, arguments)
        return (server, try server.client())
    }

    @Test(arguments: ServerKind.all, ways)
    func everythingIsThereAgain(_ kind: ServerKind, _ way: (command: String, arguments: [String])) throws {
        let (server, client) = try Self.start(kind, way.arguments)
        for command in Contents.commands { #expect(!(try client.run(command).isError), "\(command)") }
        let contents = try Contents.all(client)
        for _ in 0..<2 { #expect(try client.run(way.command) == .status("OK")) }
        #expect(Set(try Contents.all(client)).symmetricDifference(contents) == [])
        guard !way.arguments.isEmpty else { return }
        // What comes later is in the log behind that.
        for command in ["SELECT 2", "SET later 1"] { try client.run(command) }
        server.kill()
        let (next, reader) = try Self.start(kind, ["--dir", server.directory] + way.arguments)
        defer { next.kill() }
        #expect(try reader.run("DBSIZE") == .integer(Int64(contents.count { $0.hasPrefix("0 ") })))
        for command in ["SELECT 2", "DEL later"] { try reader.run(command) }
        #expect(Set(try Contents.all(reader)).symmetricDifference(contents) == [])
    }

    /// Commands at random, and all that they have made, again and again.
    @Test(arguments: ways)
    func randomKeysAreThereAgain(_ way: (command: String, arguments: [String])) throws {
        let (server, client) = try Self.start(.freshet, way.arguments)
        let seed = Seed.current &+ 9 << 40
        var generator = CommandGenerator(seed: seed, .redis)
        for round in 0..<6 {
            for _ in 0..<400 {
                let command = generator.number(below: 10) == 0 ? ["EXEC"] : generator.next()
                _ = try client.send(command.map { Array($0.utf8) })
            }
            try client.send("DISCARD")
            for database in 0...1 {
                let before = try Snapshot(client, database)
                #expect(try client.run(way.command) == .status("OK"))
                let difference = try before.difference(
                    from: Snapshot(client, database), judgeVersion: "99", origin: .base)
                guard let difference else { continue }
                Issue.record(
                    """
                    FRESHET_SEED=\(Seed.current), round \(round), database \(database): \(difference)
                    \(server.log.suffix(500))
                    """)
                return
            }
        }
    }

    @Test(arguments: ServerKind.all)
    func aSnapshotMayBeReadThatWasSavedBefore(_ kind: ServerKind) throws {
        let (server, client) = try Self.start(kind, [])
        for command in ["SET saved 1", "SET both old", "SAVE", "SET both new", "SET later 1"] {
            try client.run(command)
        }
        #expect(try client.run("DEBUG RELOAD NOSAVE NOFLUSH MERGE") == .status("OK"))
        #expect(try client.run("MGET saved both later").description == #"["1", "old", "1"]"#)
        #expect(try client.run("DEBUG RELOAD NOSAVE") == .status("OK"))
        #expect(try client.run("MGET saved both later").description == #"["1", "old", (nil)]"#)
        #expect(
            try client.run("DEBUG RELOAD NOW")
                == .error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options."))
        try client.run("FLUSHALL")
        #expect(try client.run("DEBUG RELOAD NOSAVE NOFLUSH") == .status("OK"))
        #expect(try client.run("DBSIZE") == .integer(2))
        try "REDIS0009 this is none".write(toFile: "\(server.directory)/dump.rdb", atomically: true, encoding: .utf8)
        // Redis finds out while it loads, and may end then.
        guard kind == .freshet else { return }
        #expect(try client.run("DEBUG RELOAD NOSAVE").text?.hasPrefix("ERR Error trying to load the RDB dump") == true)
        #expect(try client.run("DBSIZE") == .integer(2))
    }

    /// Where Redis ends the process, or does what cannot be done here.
    @Test func whatCannotBeDoneIsRefused() throws {
        try Script.run(
            .freshet,
            #"""
            > SET k v
            < OK
            > DEBUG LOADAOF
            < (error) ERR DEBUG LOADAOF cannot be used when appendonly is disabled.
            > DEBUG RELOAD NOSAVE
            <* (error) ERR Error trying to load the RDB dump*
            > DEBUG RELOAD NOFLUSH
            < (error) ERR NOFLUSH needs MERGE while there are keys: the snapshot may have the same ones
            > MULTI
            < OK
            > DEBUG RELOAD
            < QUEUED
            > EXEC
            <* [(error) ERR DEBUG RELOAD and DEBUG LOADAOF cannot be used inside a transaction*
            > COMPUTE.SET c v DEPS 1 k
            <* *
            > DEBUG RELOAD NOFLUSH MERGE
            <* (error) ERR NOFLUSH cannot be used here*
            > GET k
            < "v"
            """#)
    }

    @Test(arguments: ServerKind.all)
    func whoWatchesAKeyIsToldThatItWasGone(_ kind: ServerKind) throws {
        let (server, client) = try Self.start(kind, [])
        for command in ["SET k v", "WATCH k"] { try client.run(command) }
        #expect(try server.client().run("DEBUG RELOAD") == .status("OK"))
        for command in ["MULTI", "GET k"] { try client.run(command) }
        #expect(try client.run("EXEC") == .null)
    }

    @Test(arguments: ways)
    func computedValuesAreFreshOrGone(_ way: (command: String, arguments: [String])) throws {
        let (server, client) = try Self.start(.freshet, way.arguments)
        defer { server.kill() }
        for line in [
            "SET src 1", "SET other 1", "COMPUTE.SET a va DEPS 1 src", "COMPUTE.SET b vb DEPS 1 a",
            "COMPUTE.SET c vc DEPS 1 absent", "COMPUTE.SET t vt TAGS 1 label", "COMPUTE.SET stale vs DEPS 1 other",
            "SET other 2", "COMPUTE.BEGIN lease",
        ] { #expect(!(try client.run(line).isError), "\(line)") }
        func values() throws -> String { try client.run("MGET a b c t stale").description }
        for _ in 0..<2 {
            #expect(try client.run(way.command) == .status("OK"))
            #expect(try values() == #"["va", "vb", "vc", "vt", (nil)]"#)
        }
        for line in ["SET absent 1", "COMPUTE.INVALIDATE TAGS 1 label", way.command] { try client.run(line) }
        #expect(try values() == #"["va", "vb", (nil), (nil), (nil)]"#)
        try client.run("SET src 2")
        #expect(try values() == "[(nil), (nil), (nil), (nil), (nil)]")
        #expect(!(try client.run("COMPUTE.SET a v2 DEPS 1 src").isError))
        #expect(try client.run("GET a") == .bulk("v2"))
    }

    /// Nobody sees a part of the keys, nothing that was answered is lost, and the log goes with it.
    @Test(arguments: ways)
    func othersWaitMeanwhile(_ way: (command: String, arguments: [String])) throws {
        let (server, client) = try Self.start(.freshet, way.arguments)
        for start in stride(from: 0, to: 20_000, by: 1000) {
            _ = try client.pipeline(lines: (start..<start + 1000).map { "SET key:\($0) 0" })
        }
        let count = 3
        let results = Results()
        try inParallel(count + 1) { number in
            let client = try server.client()
            guard number < count else {
                defer { results.end() }
                for _ in 0..<5 { #expect(try client.run(way.command) == .status("OK")) }
                return
            }
            var acknowledged: Int64 = 0
            while !results.isOver {
                let lines = ["INCR n:\(number)", "GET key:\(acknowledged % 20_000)", "LPUSH l:\(number) x"]
                acknowledged += 1
                try #require(
                    try client.pipeline(lines: lines) == [.integer(acknowledged), .bulk("0"), .integer(acknowledged)])
            }
            results.add("n:\(number) \(acknowledged)")
        }
        let expected = results.all
        func counts(_ client: RedisClient) throws -> [String] {
            try (0..<count).map {
                #expect(try client.run("GET n:\($0)").text == client.run("LLEN l:\($0)").integer.map { "\($0)" })
                return "n:\($0) \(try client.run("GET n:\($0)").text ?? "")"
            }
        }
        #expect(try counts(client) == expected)
        guard !way.arguments.isEmpty else { return }
        server.kill()
        let (next, reader) = try Self.start(.freshet, ["--dir", server.directory] + way.arguments)
        defer { next.kill() }
        #expect(try counts(reader) == expected)
        #expect(try reader.run("DBSIZE") == .integer(Int64(20_000 + 2 * count)))
    }

    /// What has expired, and is left out, is logged as removed: what makes the key again is not to find it in the log.
    @Test(arguments: ["DEBUG RELOAD", "DEBUG LOADAOF", "DEBUG RELOAD NOSAVE"])
    func whatHasExpiredIsGoneFromTheLogToo(_ command: String) throws {
        let (server, client) = try Self.start(.freshet, ["--appendonly", "yes", "--appendfsync", "no"])
        for line in ["DEBUG SET-ACTIVE-EXPIRE 0", "SET k old PX 30", "SAVE"] { try client.run(line) }
        usleep(40_000)
        #expect(try client.run(command) == .status("OK"))
        #expect(try client.run("APPEND k new") == .integer(3))
        server.kill()
        let (next, reader) = try Self.start(
            .freshet, ["--dir", server.directory, "--appendonly", "yes", "--appendfsync", "no"])
        defer { next.kill() }
        #expect(try reader.run("GET k") == .bulk("new"))
        #expect(try reader.run("PTTL k") == .integer(-1))
    }

    /// Another snapshot than that of what is there becomes what the log says.
    @Test func theLogIsWrittenAnewWhereItSaysOtherwise() throws {
        let (server, client) = try Self.start(.freshet, ["--appendonly", "yes", "--appendfsync", "no"])
        for line in ["SET n 1", "SAVE", "SET n 10", "SET other 1"] { try client.run(line) }
        #expect(try client.run("DEBUG RELOAD NOSAVE") == .status("OK"))
        #expect(try client.run("INCR n") == .integer(2))
        server.kill()
        let (next, reader) = try Self.start(
            .freshet, ["--dir", server.directory, "--appendonly", "yes", "--appendfsync", "no"])
        defer { next.kill() }
        #expect(try reader.run("MGET n other").description == #"["2", (nil)]"#)
    }

    /// The log has what memory has, whatever happens.
    @Test func whatTheLogCannotSayIsNotKept() throws {
        let (server, client) = try Self.start(.freshet, ["--appendonly", "yes", "--appendfsync", "no"])
        for line in ["SET n 1", "SAVE", "SET n 10", "SET other 1"] { try client.run(line) }
        let inTheWay = "\(server.directory)/appendonlydir/temp-appendonly.aof.base"
        try FileManager.default.createDirectory(atPath: inTheWay, withIntermediateDirectories: true)
        #expect(try client.run("DEBUG RELOAD NOSAVE").text?.hasPrefix("ERR the append-only file could not") == true)
        #expect(try client.run("MGET n other").description == #"["10", "1"]"#)
        #expect(try client.run("INCR n") == .integer(11))
        try FileManager.default.removeItem(atPath: inTheWay)
        server.kill()
        let (next, reader) = try Self.start(
            .freshet, ["--dir", server.directory, "--appendonly", "yes", "--appendfsync", "no"])
        defer { next.kill() }
        #expect(try reader.run("MGET n other").description == #"["11", "1"]"#)
    }

    @Test(arguments: ServerKind.all)
    func whoWaitsForAKeyGoesOnWaiting(_ kind: ServerKind) throws {
        let (server, client) = try Self.start(kind, ["--appendonly", "yes", "--appendfsync", "no"])
        for line in ["RPUSH other x", "DEL other"] { try client.run(line) }
        let waiting = try server.raw()
        waiting.send("BLPOP list 0\r\n")
        try eventually { try client.run("INFO clients").text?.contains("blocked_clients:1") == true }
        for command in ["DEBUG RELOAD", "DEBUG LOADAOF"] { #expect(try client.run(command) == .status("OK")) }
        try client.run("RPUSH list element")
        #expect(try waiting.readReply().description == #"["list", "element"]"#)
    }
}

/// What threads have counted.
private final class Results: @unchecked Sendable {
    private let lock = NSLock()
    private var texts: [String] = []
    private var isEnding = false
    var isOver: Bool { lock.withLock { isEnding } }
    var all: [String] { lock.withLock { texts.sorted() } }
    func end() { lock.withLock { isEnding = true } }
    func add(_ text: String) { lock.withLock { texts.append(text) } }
}
