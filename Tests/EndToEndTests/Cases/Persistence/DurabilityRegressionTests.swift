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
