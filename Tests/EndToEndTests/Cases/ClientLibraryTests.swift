import Foundation
import TestSupport
import Testing

/// The clients that people use, unmodified.
@Suite struct ClientLibraryTests {
    /// Runs a program to its end and returns its status and what it printed.
    private func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
        let result = TestSupport.run([program] + arguments)
        let ended = try #require(result)
        return (ended.status, ended.output + ended.errors)
    }

    /// A file of the repository.
    private static func path(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../\(name)").standardized.path
    }

    /// `scripts/test` installs redis-py and says where with FRESHET_PYTHON.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["FRESHET_PYTHON"] != nil), arguments: ServerKind.all)
    func redisPyTalksBothProtocols(_ kind: ServerKind) throws {
        let python = try #require(ProcessInfo.processInfo.environment["FRESHET_PYTHON"])
        let server = try ServerProcess(kind)
        let result = try run(python, [Self.path("Tests/Clients/redis_py.py"), "\(server.port)"])
        #expect(result.status == 0, "\(result.output)")
    }

    @Test(
        .enabled(if: ProcessInfo.processInfo.environment["FRESHET_PYTHON"] != nil), arguments: ServerKind.onlyFreshet)
    func theShopOfTheTourWorks(_ kind: ServerKind) throws {
        let python = try #require(ProcessInfo.processInfo.environment["FRESHET_PYTHON"])
        let server = try ServerProcess(kind, ["--threads", "4"])
        let result = try run(python, [Self.path("Config/examples/shop.py"), "--port", "\(server.port)"])
        #expect(result.status == 0, "\(result.output)")
        var rest = Substring(result.output)
        for line in [
            "total of Ann's cart: 1740   (computed: total, cart)", "asked again: 1740",
            "a plain GET, from any client: 1740",
            "first message, the value that there is: 1740", "cart:ann:total           maybe-stale  GET -> None",
            "COMPUTE.WHY: example:cart:ann:total <- example:cart:ann <- example:product:tea: hset",
            "total: 1790   (computed: total, cart)", "pushed to the watcher: 1790",
            "fresh again without being computed:   (computed: cart)",
            "cart:ann:total           fresh        GET -> 1790",
            #"20 answers: {"pot": 2500}   (computed: recommendations)"#,
            "fell from 1190 to 1000: 1690   (computed: total, cart)", "GET: None",
            "computed again: 1500   (computed: total, cart)", "pushed to the watcher: 1500", "graph LR", "n0 --> n",
            "recommended: {'pot': 2900}", "recommended: {'pot': 2900}", "the pot costs 1900: somebody forgot a DEL",
        ] {
            let range = rest.range(of: "\(line)")
            #expect(range != nil, "\(line) is missing in \(result.output)")
            if let range { rest = rest[range.upperBound...] }
        }
        #expect(try server.client().run("DBSIZE") == .integer(0))
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["FRESHET_PYTHON"] != nil), arguments: ServerKind.all)
    func theOrdersOfTheExampleAreShipped(_ kind: ServerKind) throws {
        let python = try #require(ProcessInfo.processInfo.environment["FRESHET_PYTHON"])
        let server = try ServerProcess(kind)
        let result = try run(python, [Self.path("Config/examples/orders.py"), "--port", "\(server.port)"])
        #expect(result.status == 0, "\(result.output)")
        for line in [
            "pending: {'ann': 2, 'bob': 1}", "bob finds order 1 shipped by ann   (delivery 2)",
            "bob ships order 2   (delivery 2)", "bob cannot ship order 4: no such street   (delivery 3)",
            "order 4, entry 4-0: no such street", "pending 0, lag 0, shipped 4 of 5",
        ] {
            #expect(result.output.contains(line), "\(line) is missing in \(result.output)")
        }
        #expect(try server.client().run("DBSIZE") == .integer(0))
    }

    @Test(arguments: ServerKind.all)
    func redisCliCountsKeysByType(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let client = try server.client()
        for index in 0..<50 { _ = try client.run("ZADD scores \(index) member\(index)") }
        _ = try client.run("HSET hash a 1 b 2")
        let big = try run("redis-cli", ["-p", "\(server.port)", "--bigkeys"])
        #expect(big.status == 0)
        #expect(big.output.contains("Biggest   zset found '\"scores\"' has 50 members"), "\(big.output)")
        let memory = try run("redis-cli", ["-p", "\(server.port)", "--memkeys"])
        #expect(memory.status == 0 && memory.output.contains("scores"), "\(memory.output)")
    }

    @Test(arguments: ServerKind.all)
    func redisCliPrintsMessages(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let client = try server.client()
        let process = Process()
        // A pipe would be open in servers that are started beside this one, too, and have no end before they do.
        let path = "\(server.directory)/output"
        FileManager.default.createFile(atPath: path, contents: nil)
        let output = try #require(FileHandle(forWritingAtPath: path))
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["redis-cli", "-p", "\(server.port)", "SUBSCRIBE", "news"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        while try client.run("PUBLISH news hello") == .integer(0) { usleep(1000) }
        // The end of its connection is the end of it.
        #expect(try client.run("CLIENT KILL TYPE pubsub") == .integer(1))
        process.waitUntilExit()
        let printed = try String(contentsOfFile: path, encoding: .utf8)
        #expect(printed.contains("message\nnews\nhello\n"), "\(printed)")
    }

    @Test(arguments: ServerKind.all)
    func redisBenchmarkRunsItsTests(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let result = try run(
            "redis-benchmark",
            [
                "-p", "\(server.port)", "-n", "2000", "-c", "10", "-P", "8", "-r", "100", "-q", "-t",
                "ping,set,get,incr,hset,mset",
            ])
        #expect(result.status == 0)
        #expect(!result.output.lowercased().contains("err"), "\(result.output)")
        for name in ["PING_MBULK", "SET", "GET", "INCR", "HSET", "MSET"] { #expect(result.output.contains(name)) }
    }
}
