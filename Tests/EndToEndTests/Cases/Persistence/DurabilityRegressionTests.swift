import Foundation
import Testing

/// What connections see of the files: when they wait for them, and what they may not do.
@Suite struct DurabilityRegressionTests {
    @Test(arguments: ServerKind.onlyFreshet)
    func waitingForTheDiskEndsAtItsTimeout(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--appendonly", "yes"])
        let client = try server.client()
        #expect(try client.run("SET k v") == .ok)
        let clock = ContinuousClock()
        let start = clock.now
        // Nobody has a copy, however long one waits.
        #expect(try client.run("WAITAOF 0 1 50")[1] == .integer(0))
        #expect(clock.now - start >= .milliseconds(49))
    }

    @Test(arguments: ["TIMEOUT", "ERROR"])
    func waitingForTheDiskCanBeEnded(_ reason: String) throws {
        let server = try ServerProcess(.freshet, ["--appendonly", "yes"])
        let (waiting, client) = (try server.raw(), try server.client())
        let identifier = try waiting.run("CLIENT ID").description
        #expect(try waiting.run("SET k v") == .ok)
        waiting.send("WAITAOF 0 1 0\r\n")
        try eventually { try client.run("CLIENT UNBLOCK \(identifier) \(reason)") == .integer(1) }
        let reply = try waiting.readReply()
        #expect(reply.isError == (reason == "ERROR"), "\(reply)")
        #expect(try waiting.run("PING") == .status("PONG"))
        #expect(try client.run("CLIENT UNBLOCK \(identifier)") == .integer(0))
    }

    /// The end of one wait is not taken for that of the next.
    @Test func aWaitForTheDiskThatFailsLeavesNothingBehind() throws {
        let server = try ServerProcess(.freshet, ["--appendonly", "yes"])
        let (waiting, client) = (try server.raw(), try server.client())
        let unblock = "CLIENT UNBLOCK \(try waiting.run("CLIENT ID").description)"
        #expect(try waiting.run("SET k v") == .ok)
        waiting.send("WAITAOF 1 1 0\r\n")
        try eventually { try client.run("INFO clients").text?.contains("blocked_clients:1") == true }
        #expect(try client.run("CONFIG SET appendonly no") == .ok)
        try eventually { try client.run(unblock) == .integer(1) }
        #expect(try waiting.readReply().isError)
        waiting.send("WAITAOF 0 1 0\r\n")
        try eventually { try client.run(unblock) == .integer(1) }
        #expect(try waiting.readReply().elements?.count == 2)
    }

    @Test(arguments: ServerKind.all)
    func aTransactionMayTurnTheLogOff(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--appendonly", "yes"])
        let client = try server.client()
        for line in ["MULTI", "SET k v", "CONFIG SET appendonly no"] { try client.run(line) }
        #expect(try client.run("EXEC") == .array([.ok, .ok]))
        #expect(try server.client().run("GET k") == .bulk("v"))
        try eventually { try client.run("INFO persistence").text?.contains("aof_enabled:0") == true }
    }

    @Test(arguments: ServerKind.all)
    func whoResetsTheConnectionMayNotWriteEither(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--save", "3600 1000"])
        let client = try server.client()
        // A snapshot cannot take the place of a folder that has something in it.
        try FileManager.default.createDirectory(
            atPath: "\(server.directory)/dump.rdb/full", withIntermediateDirectories: true)
        #expect(try client.run("SET k v") == .ok)
        try client.run("BGSAVE")
        try eventually { try client.run("SET k v").description.contains("MISCONF") }
        #expect(try client.run("RESET") == .status("RESET"))
        #expect(try client.run("SET k v").description.contains("MISCONF"))
        #expect(try client.run("GET k") == .bulk("v"))
    }
}
