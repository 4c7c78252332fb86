import Foundation
import Glibc
import Testing

/// When files are written, and what clients hear of it.
@Suite struct PersistenceTests {
    @Test(arguments: ServerKind.all)
    func snapshotsAreSavedOnDemand(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let client = try server.client()
        try client.run("SET k v")
        #expect(try client.run("SAVE") == .status("OK"))
        #expect(try client.run("INFO persistence").text?.contains("rdb_changes_since_last_save:0") == true)
        try client.run("SET k w")
        #expect(try client.run("INFO persistence").text?.contains("rdb_changes_since_last_save:1") == true)
        #expect(try client.run("BGSAVE") == .status("Background saving started"))
        try eventually { try client.run("INFO persistence").text?.contains("rdb_changes_since_last_save:0") == true }
        #expect(try client.run("BGSAVE NOW") == .error("ERR syntax error"))
        #expect(try client.run("BGSAVE SCHEDULE").isError == false)
    }

    @Test(arguments: ServerKind.all)
    func snapshotsAreSavedByRules(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let client = try server.client()
        #expect(try client.run("CONFIG SET save '1 2 1000 1'") == .status("OK"))
        #expect(try client.run("CONFIG GET save") == .array([.bulk("save"), .bulk("1 2 1000 1")]))
        #expect(try client.run("CONFIG SET save '1 x'").isError)
        #expect(try client.run("CONFIG SET save '1'").isError)
        try client.run("SET a 1")
        try client.run("SET b 1")
        eventually { FileManager.default.fileExists(atPath: "\(server.directory)/dump.rdb") }
    }

    @Test(arguments: ServerKind.all)
    func anOrderlyEndSavesWhereRulesSaySo(_ kind: ServerKind) throws {
        for (arguments, command, isSaved) in [
            (["--save", "3600 1000"], "SHUTDOWN", true), (["--save", "3600 1000"], "SHUTDOWN NOSAVE", false),
            (["--save", ""], "SHUTDOWN", false), (["--save", ""], "SHUTDOWN SAVE", true),
        ] {
            let server = try ServerProcess(kind, arguments)
            let client = try server.client()
            try client.run("SET k v")
            _ = try? client.run(command)
            #expect(server.waitForExit() == 0)
            #expect(FileManager.default.fileExists(atPath: "\(server.directory)/dump.rdb") == isSaved, "\(command)")
        }
        let server = try ServerProcess(kind, ["--save", "3600 1000"])
        try server.client().run("SET k v")
        server.signal(SIGTERM)
        #expect(server.waitForExit() == 0)
        #expect(FileManager.default.fileExists(atPath: "\(server.directory)/dump.rdb"))
    }

    @Test(arguments: ServerKind.all)
    func loggingIsTurnedOnAndOffAtRunTime(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let client = try server.client()
        try client.run("SET before 1")
        #expect(try client.run("CONFIG SET appendonly yes") == .status("OK"))
        try client.run("SET during 1")
        try eventually {
            let info = try client.run("INFO persistence").text ?? ""
            return info.contains("aof_enabled:1") && info.contains("aof_rewrite_in_progress:0")
                && info.contains("aof_rewrite_scheduled:0")
                && FileManager.default.fileExists(atPath: "\(server.directory)/appendonlydir/appendonly.aof.manifest")
        }
        try client.run("SET after 1")
        #expect(try client.run("CONFIG SET appendonly no") == .status("OK"))
        try client.run("SET lost 1")
        server.kill()
        let next = try ServerProcess(kind, ["--appendonly", "yes", "--dir", server.directory])
        #expect(try next.client().run("EXISTS before during after") == .integer(3))
        #expect(try next.client().run("EXISTS lost") == .integer(0))
    }

    @Test(arguments: ServerKind.all)
    func withAlwaysWhatIsAnsweredIsOnTheDisk(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--appendonly", "yes", "--appendfsync", "always"])
        let client = try server.client()
        let replies = try client.pipeline((0..<200).map { ["INCR", "k", String($0)].prefix(2).map { Array($0.utf8) } })
        #expect(replies.last == .integer(200))
        #expect(try client.run("GET k") == .bulk("200"))
        for line in ["MULTI", "INCR k", "INCR k"] { try client.run(line) }
        #expect(try client.run("EXEC") == .array([.integer(201), .integer(202)]))
        server.kill()
        let next = try ServerProcess(kind, ["--appendonly", "yes", "--dir", server.directory])
        #expect(try next.client().run("GET k") == .bulk("202"))
    }

    @Test func singleWritesAskForTheDisk() throws {
        try Script.run(
            .freshet,
            #"""
            > WAITAOF 0 0 0
            < [0, 0]
            > WAITAOF 1 0 0
            < (error) ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.
            > FSYNC SET k v
            < (error) ERR FSYNC cannot be used when appendonly is disabled.
            > CLIENT FSYNC ON
            < (error) ERR CLIENT FSYNC cannot be used when appendonly is disabled.
            """#)
        try Script.run(
            .freshet,
            #"""
            > SET k v
            < OK
            > WAITAOF 1 0 0
            < [1, 0]
            > WAITAOF 1 1 20
            < [1, 0]
            > WAITAOF 2 0 0
            < (error) ERR value is out of range, value must between 0 and 1
            > WAITAOF 1 0 -1
            < (error) ERR timeout is negative
            > FSYNC SET k w
            < OK
            > FSYNC GET k
            < "w"
            > FSYNC NOSUCH
            <* (error) ERR unknown command*
            > FSYNC
            < (error) ERR wrong number of arguments for 'fsync' command
            > CLIENT FSYNC ON
            < OK
            > INCR n
            < 1
            > MULTI
            < OK
            > INCR n
            < QUEUED
            > EXEC
            < [2]
            > ACL SETUSER u on nopass ~k +@all -fsync
            < OK
            b> AUTH u x
            < OK
            b> FSYNC SET k v
            < (error) NOPERM User u has no permissions to run the 'fsync' command
            b> SET k w
            < OK
            > CLIENT FSYNC OFF
            < OK
            > CLIENT FSYNC MAYBE
            < (error) ERR syntax error
            """#, arguments: ["--appendonly", "yes", "--appendfsync", "no"])
    }

    @Test(arguments: ServerKind.all)
    func writesAreRefusedWhileSnapshotsFail(_ kind: ServerKind) throws {
        // No snapshot by the rule gets in between.
        let server = try ServerProcess(kind, ["--save", "3600 1000000"])
        let client = try server.client()
        try client.run("SET k v")
        // A folder in its place cannot be replaced by a file.
        let target = "\(server.directory)/dump.rdb"
        try? FileManager.default.removeItem(atPath: target)
        try FileManager.default.createDirectory(atPath: "\(target)/in/the/way", withIntermediateDirectories: true)
        try client.run("BGSAVE")
        try eventually { try client.run("INFO persistence").text?.contains("rdb_last_bgsave_status:err") == true }
        let refusal = try client.run("SET k w").text ?? ""
        #expect(refusal.hasPrefix("MISCONF Redis is configured to save RDB snapshots"))
        #expect(try client.run("PING").isError)
        #expect(try client.run("GET k") == .bulk("v"))
        try client.run("MULTI")
        #expect(try client.run("SET k w").isError)
        #expect(try client.run("EXEC").text?.hasPrefix("EXECABORT") == true)
        #expect(try client.run("CONFIG SET stop-writes-on-bgsave-error no") == .status("OK"))
        #expect(try client.run("SET k w") == .status("OK"))
        #expect(try client.run("CONFIG SET stop-writes-on-bgsave-error yes") == .status("OK"))
        try FileManager.default.removeItem(atPath: target)
        try client.run("BGSAVE")
        try eventually { try client.run("SET k x") == .status("OK") }
    }
}
