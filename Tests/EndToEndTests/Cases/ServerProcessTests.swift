import Glibc
import Testing

/// What the process does beside serving: statistics, logs, files, and what it tells its supervisor.
@Suite struct ServerProcessTests {
    @Test(arguments: ServerKind.all)
    func secretsAreNotLogged(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > CONFIG SET slowlog-log-slower-than 0
            < OK
            > SLOWLOG RESET
            < OK
            > AUTH someone secret
            < (error) WRONGPASS invalid username-password pair or user is disabled.
            > HELLO 2 AUTH someone secret
            < (error) WRONGPASS invalid username-password pair or user is disabled.
            > CONFIG SET timeout 0 requirepass secret
            < OK
            > CONFIG SET slowlog-log-slower-than -1
            < OK
            > SLOWLOG GET
            <* [[*, ["CONFIG", "SET", "timeout", "0", "requirepass", "(redacted)"], *], [*, ["HELLO", "2", "AUTH", "(redacted)", "(redacted)"], *], [*, ["AUTH", "(redacted)", "(redacted)"], *], [*, ["SLOWLOG", "RESET"], *]]
            """#, arguments: ["--slowlog-max-len", "100"])
    }

    @Test(arguments: ServerKind.all)
    func latencyIsMonitoredWhateverTheSlowLogKeeps(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > CONFIG SET slowlog-log-slower-than -1 latency-monitor-threshold 100
            < OK
            > DEBUG SLEEP 0.15
            < OK
            > LATENCY LATEST
            <* [["command", *, *, *]]
            resp3> LATENCY HISTORY command
            <* [[*, *]]
            > LATENCY GRAPH command
            <* *command - high *
            > SLOWLOG LEN
            < 0
            > LATENCY RESET nosuch command
            < 1
            > LATENCY LATEST
            < []
            """#, arguments: ["--slowlog-max-len", "100"])
    }

    @Test(arguments: ServerKind.all)
    func statisticsCanBeReadInATransaction(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > MULTI
            < OK
            > SET k v
            < QUEUED
            > INFO keyspace
            < QUEUED
            > MEMORY STATS
            < QUEUED
            > MEMORY USAGE k
            < QUEUED
            > CONFIG GET timeout
            < QUEUED
            > DEBUG SLEEP 0
            < QUEUED
            > SHUTDOWN
            < (error) ERR Command not allowed inside a transaction
            > DISCARD
            < OK
            > MULTI
            < OK
            > SET k v
            < QUEUED
            > INFO keyspace
            < QUEUED
            > MEMORY STATS
            < QUEUED
            > DEBUG SLEEP 0
            < QUEUED
            > EXEC
            <* [OK, *db0:keys=1*, [*], OK]
            """#)
    }

    @Test(arguments: ServerKind.all)
    func clusterClientsAreToldThatThereIsNone(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > CLUSTER SLOTS
            < (error) ERR This instance has cluster support disabled
            > CLUSTER SHARDS
            < (error) ERR This instance has cluster support disabled
            > CLUSTER NODES
            < (error) ERR This instance has cluster support disabled
            > CLUSTER INFO
            < (error) ERR This instance has cluster support disabled
            > CLUSTER NOSUCH
            < (error) ERR unknown subcommand 'NOSUCH'. Try CLUSTER HELP.
            > READONLY
            < (error) ERR This instance has cluster support disabled
            > READWRITE
            < (error) ERR This instance has cluster support disabled
            > WAIT 0 100
            < 0
            > WAIT 0 -1
            < (error) ERR timeout is negative
            > WAIT x 0
            < (error) ERR value is not an integer or out of range
            """#)
    }

    @Test(arguments: ServerKind.all)
    func extremeThresholdsAreTaken(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > CONFIG SET slowlog-log-slower-than 9223372036854775807
            < OK
            > CONFIG SET latency-monitor-threshold 9223372036854775807
            < OK
            > PING
            < PONG
            > CONFIG SET slowlog-max-len 0
            < OK
            > CONFIG SET slowlog-log-slower-than 0
            < OK
            > PING
            < PONG
            > SLOWLOG LEN
            < 0
            > CONFIG SET latency-monitor-threshold 10
            < OK
            > DEBUG SLEEP 0.02
            < OK
            > CONFIG SET latency-monitor-threshold 9223372036854775807
            < OK
            > LATENCY DOCTOR
            <* *command*
            """#, arguments: ["--slowlog-max-len", "100"])
    }

    @Test(arguments: ServerKind.all)
    func thePeakOfMemoryOutlivesTheStatistics(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            func peak() throws -> Int {
                let text = try client.run("INFO memory").text ?? ""
                let line = text.split(separator: "\r\n").first { $0.hasPrefix("used_memory_peak:") }
                return line.flatMap { Int($0.dropFirst("used_memory_peak:".count)) } ?? 0
            }
            try client.send([Array("SET".utf8), Array("k".utf8), [UInt8](repeating: 120, count: 20 << 20)])
            #expect(try peak() > 20 << 20)
            try client.run("DEL k")
            try client.run("CONFIG RESETSTAT")
            #expect(try peak() > 20 << 20)
        }
    }

    @Test func thePidFileLivesAsLongAsTheServer() throws {
        for kind in ServerKind.all {
            let server = try ServerProcess(kind, ["--pidfile", "the.pid"])
            let path = "\(server.directory)/the.pid"
            #expect(try server.readFile(path) == "\(server.pid)\n")
            #expect(throws: RedisClient.Failure.self) { try server.client().run("SHUTDOWN NOSAVE") }
            #expect(server.waitForExit() == 0)
            #expect(server.mode(of: path) == nil)
        }
    }

    @Test(arguments: ServerKind.all)
    func theLogHasTheLinesThatToolsWaitFor(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--loglevel", "notice"])
        #expect(server.log.contains("Ready to accept connections"))
        #expect(server.log.contains("\(server.pid):M "))
        let client = try server.client()
        try client.run("CONFIG SET loglevel warning")
        #expect(try client.run("DEBUG LOG seen") == .ok)
        #expect(server.log.contains("# DEBUG LOG: seen"))
        server.signal(SIGTERM)
        #expect(server.waitForExit() == 0)
    }

    @Test func theSupervisorIsToldThatTheServerIsReady() throws {
        guard ServerKind.all.contains(.freshet) else { return }
        var template = Array("/tmp/freshet-notify-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer {
            unlink("\(folder)/socket")
            rmdir(folder)
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: "\(folder)/socket".utf8) }
        let isBound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        #expect(isBound)
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let receive = {
            var bytes = [UInt8](repeating: 0, count: 512)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        }
        // Not in the environment of the tests, which run at once.
        let server = try ServerProcess(
            .freshet, ["--supervised", "systemd"], environment: ["NOTIFY_SOCKET": "\(folder)/socket"])
        #expect(receive().contains("READY=1"))
        #expect(try server.client().run("INFO server").text?.contains("process_supervised:systemd") == true)
        server.signal(SIGTERM)
        #expect(receive().contains("STOPPING=1"))
        #expect(server.waitForExit() == 0)
    }
}
