import Foundation
import Testing

/// The clients that people use, unmodified.
@Suite struct ClientLibraryTests {
    /// Runs a program to its end and returns its status and what it printed.
    private func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    private static var script: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Clients/redis_py.py").standardized.path
    }

    /// `scripts/test` installs redis-py and says where with FRESHET_PYTHON.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["FRESHET_PYTHON"] != nil), arguments: ServerKind.all)
    func redisPyTalksBothProtocols(_ kind: ServerKind) throws {
        let python = try #require(ProcessInfo.processInfo.environment["FRESHET_PYTHON"])
        let server = try ServerProcess(kind)
        let result = try run(python, [Self.script, "\(server.port)"])
        #expect(result.status == 0, "\(result.output)")
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
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["redis-cli", "-p", "\(server.port)", "SUBSCRIBE", "news"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        while try client.run("PUBLISH news hello") == .integer(0) { usleep(1000) }
        // The end of its connection is the end of it.
        #expect(try client.run("CLIENT KILL TYPE pubsub") == .integer(1))
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(output.contains("message\nnews\nhello\n"), "\(output)")
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
