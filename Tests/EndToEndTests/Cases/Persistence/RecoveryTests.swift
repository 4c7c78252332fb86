import Foundation
import Glibc
import Testing

/// What is on the disk when a server ends, and what the next one makes of it: Freshet's files and Redis's are alike.
@Suite struct RecoveryTests {
    /// Who writes the files, and who reads them.
    private static let pairs: [(writer: ServerKind, reader: ServerKind)] = ServerKind.all.flatMap { writer in
        ServerKind.all.map { (writer, $0) }
    }

    /// What a base is written in: an RDB file, or commands.
    private static let formats = ["yes", "no"]

    /// Logging as nothing of it is lost with the process: with `everysec` writing is put off while the disk is busy.
    private static let logging = ["--appendonly", "yes", "--appendfsync", "no"]

    /// A server with everything in it.
    private static func filled(_ kind: ServerKind, _ arguments: [String]) throws -> (ServerProcess, [String]) {
        let server = try ServerProcess(kind, arguments)
        let client = try server.client()
        for command in Contents.commands {
            let reply = try client.run(command)
            #expect(!reply.isError, "\(command): \(reply)")
        }
        return (server, try Contents.all(client))
    }

    @Test(arguments: pairs)
    func whatWasLoggedIsThereAfterAKill(_ pair: (writer: ServerKind, reader: ServerKind)) throws {
        let (server, contents) = try Self.filled(pair.writer, Self.logging)
        server.kill()
        let next = try ServerProcess(pair.reader, ["--appendonly", "yes", "--dir", server.directory])
        #expect(Set(try Contents.all(next.client())).symmetricDifference(contents) == [])
    }

    @Test(arguments: pairs, formats)
    func whatWasRewrittenIsThereAfterAKill(
        _ pair: (writer: ServerKind, reader: ServerKind), _ format: String
    ) throws {
        let (server, contents) = try Self.filled(pair.writer, Self.logging)
        let client = try server.client()
        // At run time.
        #expect(try client.run("CONFIG SET aof-use-rdb-preamble \(format)") == .status("OK"))
        try client.rewriteLog()
        try client.run("SET behind it")
        server.kill()
        let bases = try FileManager.default.contentsOfDirectory(atPath: "\(server.directory)/appendonlydir")
            .filter { $0.contains(".base.") }
        #expect(bases == ["appendonly.aof.2.base.\(format == "yes" ? "rdb" : "aof")"])
        let next = try ServerProcess(pair.reader, ["--appendonly", "yes", "--dir", server.directory])
        let reader = try next.client()
        #expect(try reader.run("GETDEL behind") == .bulk("it"))
        #expect(Set(try Contents.all(reader)).symmetricDifference(contents) == [])
    }

    @Test(arguments: pairs)
    func whatWasSavedIsThereAfterAKill(_ pair: (writer: ServerKind, reader: ServerKind)) throws {
        let (server, contents) = try Self.filled(pair.writer, [])
        #expect(try server.client().run("SAVE") == .status("OK"))
        server.kill()
        let next = try ServerProcess(pair.reader, ["--dir", server.directory])
        #expect(Set(try Contents.all(next.client())).symmetricDifference(contents) == [])
    }

    @Test(arguments: ServerKind.all)
    func whatExpiresMeanwhileIsLeftOut(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, [])
        let client = try server.client()
        try client.run("SET short lived PX 50")
        try client.run("SET long lived")
        try client.run("SAVE")
        server.kill()
        usleep(60_000)
        let next = try ServerProcess(kind, ["--dir", server.directory])
        #expect(try next.client().run("KEYS *") == .array([.bulk("long")]))
        #expect(try next.client().run("INFO persistence").text?.contains("rdb_last_load_keys_expired:1") == true)
    }

    @Test(arguments: ServerKind.all)
    func ofATransactionAllIsThereOrNothing(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, Self.logging)
        let client = try server.client()
        try client.run("SET before 1")
        for line in ["MULTI", "SET a 1", "SET b 1", "EXEC"] { try client.run(line) }
        server.kill()
        let folder = "\(server.directory)/appendonlydir"
        let name = try #require(
            FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasSuffix(".incr.aof") })
        let path = "\(folder)/\(name)"
        let size = try #require(FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
        truncate(path, size - 5)
        let next = try ServerProcess(kind, Self.logging + ["--dir", server.directory])
        #expect(try next.client().run("KEYS *") == .array([.bulk("before")]))
        guard kind == .freshet else { return }
        // What was cut off is cut off in the file.
        #expect(try next.client().run("SET after 2") == .status("OK"))
        next.kill()
        let last = try ServerProcess(kind, Self.logging + ["--dir", server.directory])
        #expect(try last.client().run("DBSIZE") == .integer(2))
    }

    @Test func damageInTheMiddleIsNotLoaded() throws {
        let server = try ServerProcess(.freshet, Self.logging)
        let client = try server.client()
        for index in 0..<100 { try client.run("SET key:\(index) value") }
        server.kill()
        let path = "\(server.directory)/appendonlydir/appendonly.aof.1.incr.aof"
        var text = try Data(contentsOf: URL(fileURLWithPath: path))
        let start = try #require(text.range(of: Data("*3\r\n".utf8), in: text.count / 2..<text.count))
        text[start.lowerBound] = 0xFF
        try text.write(to: URL(fileURLWithPath: path))
        #expect(throws: (any Error).self) {
            try ServerProcess(.freshet, ["--appendonly", "yes", "--dir", server.directory])
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == text)
    }

    @Test func aSnapshotThatIsDamagedIsNotLoaded() throws {
        let (server, _) = try Self.filled(.freshet, [])
        try server.client().run("SAVE")
        server.kill()
        let path = "\(server.directory)/dump.rdb"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        #expect(throws: (any Error).self) { try ServerProcess(.freshet, ["--dir", server.directory]) }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)
    }

    /// Counters are always raised together; no snapshot may tell them apart, whenever it was taken. Some are fields of a hash
    /// that is saved in parts.
    @Test func aSnapshotIsOfOneMoment() async throws {
        // A file of either form.
        let server = try ServerProcess(.freshet, Self.logging + ["--aof-use-rdb-preamble", "no"])
        let client = try server.client()
        for start in stride(from: 0, to: 40_000, by: 1000) {
            _ = try client.pipeline((start..<start + 1000).map { ["SET", "key:\($0)", "0"].map { Array($0.utf8) } })
        }
        for start in stride(from: 0, to: 20_000, by: 1000) {
            _ = try client.pipeline(
                (start..<start + 1000).map { field in
                    ["HSET", "large", "a field of some length, number \(field)", "0"].map { Array($0.utf8) }
                })
        }
        let stop = Flag()
        let writers = (0..<3).map { number in
            Thread {
                guard let writer = try? server.client() else { return }
                var index = number
                while !stop.isSet {
                    index = (index + 7919) % 40_000
                    _ = try? writer.pipeline(lines: [
                        "MULTI", "INCR key:\(index)", "INCR sum", "LPUSH list:\(index % 10) \(index)", "INCR pushes",
                        "EXEC", "MULTI", "HINCRBY large \(index) 1", "INCR fields", "EXEC",
                    ])
                }
                stop.ended()
            }
        }
        writers.forEach { $0.start() }
        for _ in 0..<3 { #expect(try client.run("SAVE") == .status("OK")) }
        try client.rewriteLog()
        stop.set()
        eventually { stop.count == 3 }
        let sum = try client.run("GET sum")
        server.kill()
        for (arguments, isLast) in [(["--appendonly", "no"], false), (["--appendonly", "yes"], true)] {
            let next = try ServerProcess(.freshet, arguments + ["--dir", server.directory])
            let reader = try next.client()
            var total = 0
            for start in stride(from: 0, to: 40_000, by: 1000) {
                let replies = try reader.pipeline(
                    (start..<start + 1000).map { ["GET", "key:\($0)"].map { Array($0.utf8) } })
                total += replies.reduce(0) { $0 + (Int($1.text ?? "") ?? 0) }
            }
            let lengths = try (0..<10).reduce(0) { $0 + (try reader.run("LLEN list:\($1)").integer ?? 0) }
            #expect(try reader.run("GET sum") == .bulk("\(total)"))
            #expect(try reader.run("GET pushes") == .bulk("\(lengths)"))
            let fields = try reader.run("HVALS large").elements?.reduce(0) { $0 + (Int($1.text ?? "") ?? 0) }
            #expect(try reader.run("GET fields") == .bulk("\(fields ?? -1)"))
            if isLast { #expect(try reader.run("GET sum") == sum) }
            next.kill()
        }
    }

    /// How what was derived from what may come to the disk: by a base, by the log, by a snapshot.
    private static let ways = [("BGREWRITEAOF", "yes"), ("BGREWRITEAOF", "no"), ("PING", "yes"), ("SAVE", "yes")]

    private static func arguments(_ way: (command: String, format: String)) -> [String] {
        (way.command == "SAVE" ? [] : logging) + ["--aof-use-rdb-preamble", way.format]
    }

    /// What computed values were derived from is known after a restart, from the log and from a snapshot.
    @Test(arguments: ways)
    func computedValuesAreFreshOrGone(_ way: (command: String, format: String)) throws {
        let arguments = Self.arguments(way)
        let server = try ServerProcess(.freshet, arguments)
        let client = try server.client()
        for line in [
            "SET src 1", "SET other 1", "COMPUTE.SET a va DEPS 1 src", "COMPUTE.SET b vb DEPS 1 a",
            "COMPUTE.SET c vc DEPS 1 absent", "COMPUTE.SET t vt TAGS 1 label", "COMPUTE.SET stale vs DEPS 1 other",
            "COMPUTE.SET above vx DEPS 1 b EX 10000", "SET other 2", "COMPUTE.BEGIN lease",
        ] { #expect(!(try client.run(line).isError), "\(line)") }
        try client.run(way.command)
        try eventually { try client.run("INFO persistence").text?.contains("aof_rewrite_in_progress:0") == true }
        server.kill()
        let next = try ServerProcess(.freshet, arguments + ["--dir", server.directory])
        let reader = try next.client()
        func values() throws -> String { try reader.run("MGET a b c t above stale").description }
        #expect(try values() == #"["va", "vb", "vc", "vt", "vx", (nil)]"#)
        try reader.run("SET absent 1")
        try reader.run("COMPUTE.INVALIDATE TAGS 1 label")
        #expect(try values() == #"["va", "vb", (nil), (nil), "vx", (nil)]"#)
        try reader.run("SET src 2")
        #expect(try values() == "[(nil), (nil), (nil), (nil), (nil), (nil)]")
    }

    /// What follows a base may put off the expiry of what it holds.
    @Test(arguments: ServerKind.all, formats)
    func whatWouldHaveExpiredSinceTheBaseIsThere(_ kind: ServerKind, _ format: String) throws {
        let server = try ServerProcess(kind, Self.logging + ["--aof-use-rdb-preamble", format])
        let client = try server.client()
        for command in [
            "SET a 1 PX 500", "SET b 1 PX 500", "SET c 1 PX 500", "RPUSH d 1", "PEXPIRE d 500", "SET clock 1 PX 500",
        ] { #expect(!(try client.run(command).isError)) }
        try client.rewriteLog()
        #expect(
            try client.pipeline(lines: [
                "PEXPIRE a 3600000", "PERSIST b", "INCR c", "PERSIST c", "RPUSH d 2", "PERSIST d",
            ]) == [1, 1, 2, 1, 2, 1].map { .integer($0) })
        try eventually { try client.run("GET clock") == .null }
        server.kill()
        let next = try ServerProcess(kind, ["--appendonly", "yes", "--dir", server.directory])
        #expect(try next.client().run("MGET a b c clock").description == #"["1", "1", "2", (nil)]"#)
        #expect(try next.client().run("LRANGE d 0 -1").description == #"["1", "2"]"#)
    }

    /// A source that has expired when the files are read has changed what was derived from it.
    @Test(arguments: ways)
    func whatWasDerivedFromWhatHasExpiredIsNotServed(_ way: (command: String, format: String)) throws {
        let arguments = Self.arguments(way)
        let server = try ServerProcess(.freshet, arguments)
        let client = try server.client()
        // All at one time, so that nothing expires before something is derived from it.
        let replies = try client.pipeline(lines: [
            "SET src 1 PX 50", "HSET hash f 1 g 2", "HPEXPIRE hash 50 FIELDS 1 f", "SET stays 1",
            "COMPUTE.SET a va DEPS 1 src", "COMPUTE.SET b vb DEPS 1 a", "COMPUTE.SET c vc DEPS 1 hash",
            "COMPUTE.SET d vd DEPS 1 stays", way.command,
        ])
        #expect(!replies.contains { $0.isError }, "\(replies)")
        try eventually { try client.run("INFO persistence").text?.contains("aof_rewrite_in_progress:0") == true }
        server.kill()
        usleep(60_000)
        let next = try ServerProcess(.freshet, arguments + ["--dir", server.directory])
        let reader = try next.client()
        #expect(try reader.run("MGET src a b c d").description == #"[(nil), (nil), (nil), (nil), "vd"]"#)
        #expect(try reader.run("HGETALL hash").description == #"["g", "2"]"#)
    }

    /// Of a flushed database a snapshot has all that was there at its cut, but nothing that was derived from what it has not.
    @Test func whatWasFlushedDuringASnapshotIsNotServedWithoutItsSources() throws {
        let server = try ServerProcess(.freshet, [])
        let client = try server.client()
        let count = 4000
        for start in stride(from: 0, to: count, by: 500) {
            _ = try client.pipeline(
                lines: (start..<start + 500).flatMap {
                    ["SET s\($0) 0", "COMPUTE.SET a\($0) a DEPS 1 s\($0)", "COMPUTE.SET b\($0) b DEPS 1 a\($0)"]
                })
        }
        try client.run("BGSAVE")
        // In the middle of it, mostly.
        for _ in 0..<30 { try client.run("PING") }
        try client.run("FLUSHALL")
        try eventually { try client.run("INFO persistence").text?.contains("rdb_bgsave_in_progress:0") == true }
        server.kill()
        let next = try ServerProcess(.freshet, ["--dir", server.directory])
        let reader = try next.client()
        _ = try reader.pipeline(lines: (0..<count).map { "SET s\($0) 1" })
        let served = try reader.pipeline(lines: (0..<count).map { "MGET a\($0) b\($0)" })
        #expect(served.allSatisfy { $0 == .array([.null, .null]) })
    }

    @Test(arguments: ServerKind.all)
    func whatWasLoggedOfADatabaseThatIsNotThereIsNotPutElsewhere(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, Self.logging + ["--databases", "32"])
        let client = try server.client()
        for command in ["SET k here", "SELECT 20", "SET k there"] { try client.run(command) }
        server.kill()
        // Redis loads it all the same.
        guard kind == .freshet else { return }
        #expect(throws: (any Error).self) {
            try ServerProcess(kind, ["--appendonly", "yes", "--dir", server.directory])
        }
    }

    /// Fields of a file are as hostile as anything.
    @Test(arguments: ["database", "command", "dependencies"])
    func aFieldThatLiesLeavesNoValueBehind(_ lie: String) throws {
        let server = try ServerProcess(.freshet, ["--rdbcompression", "no", "--rdbchecksum", "no"])
        let client = try server.client()
        for line in ["SET src 1", "SET keep 1", "COMPUTE.SET c v DEPS 1 src", "SAVE"] { try client.run(line) }
        server.kill()
        let url = URL(fileURLWithPath: "\(server.directory)/dump.rdb")
        var file = try Data(contentsOf: url)
        func replace(_ old: String, _ new: String) throws {
            let place = try #require(file.range(of: Data(old.utf8)))
            file.replaceSubrange(place, with: Data(new.utf8))
        }
        let name = try #require(file.range(of: Data("freshet-computed".utf8)))
        switch lie {
        // Behind the field's name and the two bytes of its length.
        case "database": file[name.upperBound + (file[name.upperBound] < 64 ? 1 : 2)] = UInt8(ascii: "9")
        case "command": try replace("COMPUTE.RESTORE", "COMPUTE.RESTARE")
        default: try replace("$4\r\nDEPS\r\n$1\r\n1", "$4\r\nDEPS\r\n$1\r\n9")
        }
        try file.write(to: url)
        let arguments = ["--dir", server.directory, "--databases", "4"]
        guard lie == "dependencies" else {
            #expect(throws: (any Error).self) { try ServerProcess(.freshet, arguments) }
            return
        }
        let next = try ServerProcess(.freshet, arguments)
        #expect(try next.client().run("MGET c keep").description == #"[(nil), "1"]"#)
    }

    /// `redis-cli --rdb` asks for a snapshot and nothing that follows.
    @Test(arguments: ServerKind.all)
    func aCopyIsFetchedFromFar(_ kind: ServerKind) throws {
        let (server, contents) = try Self.filled(kind, [])
        let path = "\(server.directory)/copy/dump.rdb"
        try FileManager.default.createDirectory(atPath: "\(server.directory)/copy", withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["redis-cli", "-p", "\(server.port)", "--rdb", path]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let next = try ServerProcess(kind, ["--dir", "\(server.directory)/copy"])
        #expect(Set(try Contents.all(next.client())).symmetricDifference(contents) == [])
        if kind == .freshet { #expect(try server.client().run("SYNC").isError) }
    }

    @Test(arguments: formats)
    func emptyingADatabaseDuringASnapshotDoesNoHarm(_ format: String) throws {
        let server = try ServerProcess(.freshet, ["--appendonly", "yes", "--aof-use-rdb-preamble", format])
        let client = try server.client()
        for start in stride(from: 0, to: 50_000, by: 1000) {
            _ = try client.pipeline((start..<start + 1000).map { ["SET", "key:\($0)", "x"].map { Array($0.utf8) } })
        }
        for command in ["FLUSHALL", "SWAPDB 0 1", "FLUSHDB"] {
            try client.run("BGREWRITEAOF")
            try client.run(command)
            try client.run("SET \(command.split(separator: " ")[0]) 1")
            try eventually { try client.run("INFO persistence").text?.contains("aof_rewrite_in_progress:0") == true }
        }
        let contents = try Contents.all(client)
        server.kill()
        let next = try ServerProcess(.freshet, ["--appendonly", "yes", "--dir", server.directory])
        #expect(Set(try Contents.all(next.client())).symmetricDifference(contents) == [])
    }
}

/// Tells threads to end, and counts those that have.
private final class Flag: @unchecked Sendable {
    private let lock = NSLock()
    private var value = false
    private var endings = 0
    var isSet: Bool { lock.withLock { value } }
    var count: Int { lock.withLock { endings } }
    func set() { lock.withLock { value = true } }
    func ended() { lock.withLock { endings += 1 } }
}
