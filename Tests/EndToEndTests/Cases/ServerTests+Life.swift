import Glibc
import Testing

/// Starting and stopping, addresses, directives.
extension ServerTests {
    @Test(arguments: ServerKind.all)
    func shutdownEndsWithZero(_ kind: ServerKind) throws {
        for command in ["SHUTDOWN NOSAVE", "SHUTDOWN NOSAVE NOW FORCE"] {
            let server = try ServerProcess(kind)
            let client = try server.client()
            #expect(throws: RedisClient.Failure.self) { try client.run(command) }
            #expect(server.waitForExit() == 0)
        }
        try Script.run(
            kind,
            #"""
            > SHUTDOWN FOO
            < (error) ERR syntax error
            > SHUTDOWN SAVE NOSAVE
            < (error) ERR syntax error
            > SHUTDOWN ABORT
            < (error) ERR No shutdown in progress.
            > SHUTDOWN ABORT NOW
            < (error) ERR syntax error
            > PING
            < PONG
            """#)
    }

    @Test(arguments: ServerKind.all)
    func manyShutdownsAtOnceEndWithZero(_ kind: ServerKind) throws {
        for _ in 0..<5 {
            let server = try ServerProcess(kind)
            let connections = try (0..<40).map { _ in try server.raw() }
            for connection in connections { connection.send("SHUTDOWN NOSAVE\r\n") }
            #expect(server.waitForExit() == 0)
        }
    }

    @Test(arguments: ServerKind.all, [SIGTERM, SIGINT])
    func signalsEndTheServerWithZero(_ kind: ServerKind, _ signal: Int32) throws {
        let server = try ServerProcess(kind)
        let client = try server.client()
        try client.run("SET k v")
        server.signal(signal)
        #expect(server.waitForExit() == 0)
    }

    @Test(arguments: ServerKind.all)
    func aPortInUseIsAnError(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            _ = #expect(throws: ServerProcess.Failure.self) { try ServerProcess(kind, ["--port", "\(server.port)"]) }
        }
    }

    @Test(arguments: ServerKind.all)
    func badDirectivesStopTheStart(_ kind: ServerKind) throws {
        for arguments in [
            ["--nosuch-directive", "1"], ["--port", "abc"], ["--loglevel", "nosuch"], ["--databases", "0"],
        ] {
            #expect(throws: ServerProcess.Failure.self, "\(arguments)") { try ServerProcess(kind, arguments) }
        }
    }

    @Test(arguments: ServerKind.all)
    func severalAddressesAreServed(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--bind", "127.0.0.1", "127.0.0.2"])
        #expect(try RedisClient(port: server.port, host: "127.0.0.2").run("PING") == .status("PONG"))
        #expect(try server.client().run("PING") == .status("PONG"))
    }

    @Test(arguments: ServerKind.all)
    func iPv6IsServedWhereTheSystemHasIt(_ kind: ServerKind) throws {
        guard let server = try? ServerProcess(kind, ["--bind", "127.0.0.1", "-::1"]) else {
            Issue.record("an address that may be missing (-::1) kept the server from starting")
            return
        }
        if let client = try? RedisClient(port: server.port, host: "::1", timeout: 2) {
            #expect(try client.run("PING") == .status("PONG"))
        }
    }
}
