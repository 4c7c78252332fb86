import Foundation
import Glibc
import Synchronization
import Testing

/// The end of the process, where the data cannot be saved, and what goes on until it can.
@Suite struct ShutdownTests {
    private static let refusal = "(error) ERR Errors trying to SHUTDOWN. Check logs."

    /// A server that cannot put its snapshot in its place, with a key; the place.
    private static func start(
        _ kind: ServerKind, _ arguments: [String] = ["--save", "3600 1000"]
    ) throws -> (ServerProcess, place: String) {
        let server = try ServerProcess(kind, arguments)
        let place = "\(server.directory)/dump.rdb"
        try FileManager.default.createDirectory(atPath: "\(place)/full", withIntermediateDirectories: true)
        #expect(try server.client().run("SET k v") == .ok)
        return (server, place)
    }

    // MARK: What cannot be saved

    @Test(arguments: ServerKind.all, ["SHUTDOWN", "SHUTDOWN SAVE", "SHUTDOWN NOW"])
    func whatCannotBeSavedIsServed(_ kind: ServerKind, _ command: String) throws {
        let (server, place) = try Self.start(kind, command.contains("SAVE") ? [] : ["--save", "3600 1000"])
        let client = try server.client()
        #expect(try client.run(command).description == Self.refusal)
        #expect(server.log.contains("Error trying to save the DB, can't exit."))
        // Also writes: the snapshots of the rules have not failed.
        #expect(try client.run("APPEND k w") == .integer(2))
        #expect(try client.run("SHUTDOWN ABORT").description == "(error) ERR No shutdown in progress.")
        try FileManager.default.removeItem(atPath: place)
        #expect(throws: RedisClient.Failure.self) { try client.run(command) }
        #expect(server.waitForExit() == 0)
        #expect(try Data(contentsOf: URL(fileURLWithPath: place)).range(of: Data("vw".utf8)) != nil)
    }

    @Test(arguments: ServerKind.all, [SIGTERM, SIGINT])
    func aSignalDoesNotEndWhatCannotBeSaved(_ kind: ServerKind, _ signal: Int32) throws {
        let (server, place) = try Self.start(kind)
        let client = try server.client()
        for count in 1...3 {
            server.signal(signal)
            eventually { server.log.split(separator: "\n").filter { $0.contains("can't exit") }.count == count }
            #expect(try client.run("INCR counter") == .integer(Int64(count)))
        }
        try FileManager.default.removeItem(atPath: place)
        server.signal(signal)
        #expect(server.waitForExit() == 0)
        #expect(FileManager.default.fileExists(atPath: place))
    }

    @Test(arguments: ServerKind.all, ["SHUTDOWN NOSAVE", "SHUTDOWN FORCE", "SHUTDOWN SAVE NOW FORCE"])
    func whoInsistsEndsItNevertheless(_ kind: ServerKind, _ command: String) throws {
        let (server, _) = try Self.start(kind)
        #expect(throws: RedisClient.Failure.self) { try server.client().run(command) }
        #expect(server.waitForExit() == 0)
        #expect(server.log.lowercased().contains("exit anyway") == command.hasSuffix("FORCE"))
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func aLogThatIsNotBegunYetKeepsTheServer(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let client = try server.client()
        // Where the folder of the log is to be there is a file.
        #expect(FileManager.default.createFile(atPath: "\(server.directory)/appendonlydir", contents: Data()))
        #expect(try client.run("CONFIG SET appendonly yes") == .ok)
        #expect(try client.run("SET k v") == .ok)
        #expect(try client.run("SHUTDOWN").description == Self.refusal)
        #expect(server.log.contains("Writing initial AOF, can't exit"))
        #expect(try client.run("SET k w") == .ok)
        #expect(throws: RedisClient.Failure.self) { try client.run("SHUTDOWN FORCE") }
        #expect(server.waitForExit() == 0)
    }

    // MARK: While the snapshot is saved

    /// A server whose snapshots wait until somebody reads `pipe`, and then fail.
    private static func startSlowly(_ kind: ServerKind) throws -> (ServerProcess, pipe: String) {
        let server = try ServerProcess(kind, ["--save", "3600 1000"])
        let pipe = "\(server.directory)/temp-\(server.pid).rdb"
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(try server.client().run("SET k v") == .ok)
        return (server, pipe)
    }

    private static func awaitSave(_ client: RedisClient) throws {
        try eventually { try client.run("INFO persistence").text?.contains("rdb_bgsave_in_progress:1") == true }
    }

    /// Lets the snapshot go on, to its end.
    private static func read(_ pipe: String) { _ = FileManager.default.contents(atPath: pipe) }

    @Test(arguments: ServerKind.onlyFreshet)
    func writesWaitWhileTheLastSnapshotIsSaved(_ kind: ServerKind) throws {
        let (server, pipe) = try Self.startSlowly(kind)
        let client = try server.client()
        server.signal(SIGTERM)
        try Self.awaitSave(client)
        let writer = try BlockingTests.block(server, "SET k w")
        let transaction = try server.client()
        #expect(try transaction.pipeline(lines: ["MULTI", "GET k", "EXEC"]).last == .array([.bulk("v")]))
        // It is no pause of a client's.
        #expect(try client.run("CLIENT UNPAUSE") == .ok)
        #expect(try client.run("GET k") == .bulk("v"))
        #expect(writer.staysSilent(seconds: 0.05))
        Self.read(pipe)
        #expect(try writer.readReply() == .ok)
        #expect(try client.run("GET k") == .bulk("w"))
    }

    /// What a pause has held goes on when that is over, if it does not write.
    @Test(arguments: ServerKind.onlyFreshet)
    func aPauseEndsWhileWritesAreHeld(_ kind: ServerKind) throws {
        let (server, pipe) = try Self.startSlowly(kind)
        let client = try server.client()
        let reader = try server.client()
        #expect(try client.run("CLIENT PAUSE 200 ALL") == .ok)
        server.signal(SIGTERM)
        #expect(try reader.run("GET k") == .bulk("v"))
        Self.read(pipe)
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func allWhoAskForTheEndAreToldThatItDoesNotCome(_ kind: ServerKind) throws {
        let (server, pipe) = try Self.startSlowly(kind)
        let client = try server.client()
        let waiting = try (0..<3).map { _ in try BlockingTests.block(server, "SHUTDOWN") }
        try Self.awaitSave(client)
        Self.read(pipe)
        for connection in waiting { #expect(try connection.readReply().description == Self.refusal) }
        #expect(try client.run("SET k w") == .ok)
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func anAbortLetsWritesGoOnAtOnce(_ kind: ServerKind) throws {
        let (server, pipe) = try Self.startSlowly(kind)
        let client = try server.client()
        let waiting = try BlockingTests.block(server, "SHUTDOWN")
        try Self.awaitSave(client)
        let writer = try BlockingTests.block(server, "SET k w")
        #expect(try client.run("SHUTDOWN ABORT") == .ok)
        #expect(try waiting.readReply().description == Self.refusal)
        #expect(try writer.readReply() == .ok)
        #expect(try client.run("SHUTDOWN ABORT").description == "(error) ERR No shutdown in progress.")
        // Nobody has asked since: also when the snapshot is done.
        Self.read(pipe)
        try eventually { try client.run("INFO persistence").text?.contains("rdb_bgsave_in_progress:0") == true }
        #expect(try client.run("SET k x") == .ok)
        // What comes next is an attempt of its own.
        #expect(throws: RedisClient.Failure.self) { try client.run("SHUTDOWN") }
        #expect(server.waitForExit() == 0)
        #expect(server.mode(of: "\(server.directory)/dump.rdb") != nil)
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func aSnapshotThatIsLeftForTheEndIsMadeUpFor(_ kind: ServerKind) throws {
        let (server, pipe) = try Self.startSlowly(kind)
        let client = try server.client()
        #expect(try client.run("BGSAVE") == .status("Background saving started"))
        try Self.awaitSave(client)
        let waiting = try BlockingTests.block(server, "SHUTDOWN")
        // The saver may not have begun before it is to rest.
        eventually { server.log.contains("is left for the end") || server.log.contains("the final RDB snapshot") }
        #expect(try client.run("SHUTDOWN ABORT") == .ok)
        #expect(try waiting.readReply().description == Self.refusal)
        #expect(try client.run("SET k w") == .ok)
        Self.read(pipe)
        try eventually { try client.run("INFO persistence").text?.contains("rdb_saves:1\r\n") == true }
        #expect(try client.run("SET k x") == .ok)
    }

    @Test(arguments: ServerKind.onlyFreshet, [SIGTERM, SIGINT])
    func aSecondSignalEndsTheProcessAtOnce(_ kind: ServerKind, _ signal: Int32) throws {
        let (server, _) = try Self.startSlowly(kind)
        let client = try server.client()
        // SHUTDOWN is none.
        let waiting = try BlockingTests.block(server, "SHUTDOWN")
        try Self.awaitSave(client)
        server.signal(signal)
        eventually { server.log.contains("scheduling shutdown") }
        #expect(try client.run("GET k") == .bulk("v"))
        server.signal(signal)
        #expect(server.waitForExit() == 128 + signal)
        #expect(throws: RawConnection.Failure.self) { try waiting.readReply() }
    }

    // MARK: What was answered

    @Test(arguments: ServerKind.all, [["--save", "3600 1000000"], ["--appendonly", "yes"]])
    func whatWasAnsweredIsThereAfterAnOrderlyEnd(_ kind: ServerKind, _ arguments: [String]) throws {
        let server = try ServerProcess(kind, arguments)
        let answered = Mutex([Int](repeating: 0, count: 5))
        try inParallel(5) { index in
            let client = try server.client()
            if index == 0 {
                eventually { answered.withLock { $0.dropFirst().allSatisfy { $0 > 200 } } }
                server.signal(SIGTERM)
            } else {
                while case .integer(let count)? = try? client.run("INCR counter:\(index)") {
                    answered.withLock { $0[index] = Int(count) }
                }
            }
        }
        #expect(server.waitForExit() == 0)
        let next = try ServerProcess(kind, arguments + ["--dir", server.directory])
        let client = try next.client()
        for index in 1..<5 {
            let count = try client.run("GET counter:\(index)").text.flatMap { Int($0) } ?? 0
            #expect(count >= answered.withLock { $0[index] })
        }
    }
}
