import Testing

/// Commands about the connection itself.
@Suite struct ConnectionTests {
    @Test(arguments: ServerKind.all)
    func pingAndEcho(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > PING
            < PONG
            > ping
            < PONG
            > PING "hello world"
            < "hello world"
            > PING ""
            < ""
            > PING a b
            < (error) ERR wrong number of arguments for 'ping' command
            > ECHO text
            < "text"
            > ECHO ""
            < ""
            > ECHO
            < (error) ERR wrong number of arguments for 'echo' command
            > ECHO a b
            < (error) ERR wrong number of arguments for 'echo' command
            resp3> PING
            < PONG
            resp3> ECHO text
            < "text"
            > QUIT
            < OK
            b> QUIT now
            < OK
            """#)
    }

    @Test(arguments: ServerKind.all)
    func hello(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > HELLO
            <* ["server", "*", "version", "*", "proto", 2, "id", *, "mode", "standalone", "role", "master", "modules", []]
            > HELLO 2
            <* ["server", "*", "proto", 2, *]
            > HELLO 1
            < (error) NOPROTO unsupported protocol version
            > HELLO 4
            < (error) NOPROTO unsupported protocol version
            > HELLO x
            < (error) ERR Protocol version is not an integer or out of range
            > HELLO 2 FOO
            < (error) ERR Syntax error in HELLO option 'FOO'
            > HELLO 2 AUTH
            < (error) ERR Syntax error in HELLO option 'AUTH'
            > HELLO 2 AUTH default
            < (error) ERR Syntax error in HELLO option 'AUTH'
            > HELLO 2 SETNAME
            < (error) ERR Syntax error in HELLO option 'SETNAME'
            > HELLO 2 SETNAME "with space"
            < (error) ERR Client names cannot contain spaces, newlines or special characters.
            > HELLO 2 SETNAME me
            <* ["server", *]
            > CLIENT GETNAME
            < "me"
            > HELLO 2 AUTH default wrong SETNAME other
            <* ["server", *]
            > CLIENT GETNAME
            < "other"
            > HELLO 2 AUTH nobody wrong
            < (error) WRONGPASS invalid username-password pair or user is disabled.
            resp3> HELLO
            <* {"server" => "*", "version" => "*", "proto" => 3, "id" => *, "mode" => "standalone", "role" => "master", "modules" => []}
            resp3> HGETALL missing
            < {}
            resp3> HELLO 2
            <* ["server", "*", "version", "*", "proto", 2, "id", *, "mode", "standalone", "role", "master", "modules", []]
            resp3> HGETALL missing
            < []
            resp3> HELLO 3 SETNAME three
            <* {"server" => *}
            resp3> CLIENT GETNAME
            < "three"
            """#)
    }

    @Test(arguments: ServerKind.all)
    func authWithoutPassword(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > AUTH x
            < (error) ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?
            > AUTH default x
            < OK
            > AUTH nobody x
            < (error) WRONGPASS invalid username-password pair or user is disabled.
            > AUTH
            < (error) ERR wrong number of arguments for 'auth' command
            > AUTH a b c
            < (error) ERR syntax error
            """#)
    }

    @Test(arguments: ServerKind.all)
    func authWithPassword(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > GET k
            < (error) NOAUTH Authentication required.
            > PING
            < (error) NOAUTH Authentication required.
            > ECHO x
            < (error) NOAUTH Authentication required.
            > HELLO
            <7.0 (error) NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time
            <7.2 (error) NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time
            > HELLO 3
            <7.0 (error) NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time
            <7.2 (error) NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time
            > HELLO 3 SETNAME x
            <7.0 (error) NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time
            <7.2 (error) NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time
            > COMMAND COUNT
            < (error) NOAUTH Authentication required.
            > CLIENT ID
            < (error) NOAUTH Authentication required.
            > MULTI
            < (error) NOAUTH Authentication required.
            > NOSUCH
            < (error) ERR unknown command 'NOSUCH', with args beginning with:
            > GET
            < (error) ERR wrong number of arguments for 'get' command
            > AUTH wrong
            < (error) WRONGPASS invalid username-password pair or user is disabled.
            > AUTH nobody secret
            < (error) WRONGPASS invalid username-password pair or user is disabled.
            > AUTH default wrong
            < (error) WRONGPASS invalid username-password pair or user is disabled.
            > RESET
            < RESET
            > HELLO 2 AUTH default wrong
            < (error) WRONGPASS invalid username-password pair or user is disabled.
            > AUTH secret
            < OK
            > SET k v
            < OK
            > AUTH wrong
            < (error) WRONGPASS invalid username-password pair or user is disabled.
            > GET k
            < "v"
            > RESET
            < RESET
            > GET k
            < (error) NOAUTH Authentication required.
            > AUTH default secret
            < OK
            > GET k
            < "v"
            > CONFIG GET requirepass
            < ["requirepass", "secret"]
            b> HELLO 2 AUTH default secret SETNAME b
            <* ["server", *]
            b> CLIENT GETNAME
            < "b"
            b> GET k
            < "v"
            > CONFIG SET requirepass changed
            < OK
            b> GET k
            < "v"
            c> AUTH secret
            < (error) WRONGPASS invalid username-password pair or user is disabled.
            c> AUTH changed
            < OK
            > CONFIG SET requirepass ""
            < OK
            d> GET k
            < "v"
            e> QUIT
            < OK
            """#, arguments: ["--requirepass", "secret"])
    }

    @Test(arguments: ServerKind.all)
    func reset(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SELECT 5
            < OK
            > CLIENT SETNAME me
            < OK
            > WATCH k
            < OK
            > MULTI
            < OK
            > RESET
            < RESET
            > CLIENT GETNAME
            < (nil)
            > SET k db0
            < OK
            > SELECT 0
            < OK
            > GET k
            < "db0"
            > RESET x
            < (error) ERR wrong number of arguments for 'reset' command
            resp3> HGETALL missing
            < {}
            resp3> RESET
            < RESET
            resp3> HGETALL missing
            < []
            """#)
    }

    @Test(arguments: ServerKind.all)
    func theUnixSocketServesTheSameKeyspace(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let local = try RedisClient(unixSocket: server.unixSocket)
            #expect(try local.run("SET k over-unix") == .ok)
            #expect(try server.client().run("GET k") == .bulk("over-unix"))
            #expect(try local.run("CLIENT INFO").text?.contains("flags=U") == true)
        }
    }

    @Test(arguments: ServerKind.all)
    func connectionsBeyondMaxclientsAreRefused(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--maxclients", "3"])
        let admin = try server.client()
        var connections: [RawConnection] = []
        var replies: [String] = []
        for _ in 0..<6 {
            let connection = try server.raw()
            connection.send("PING\r\n")
            replies.append(try connection.read(upTo: "\r\n"))
            connections.append(connection)
        }
        #expect(replies.filter { $0 == "+PONG\r\n" }.count == 2)
        #expect(replies.filter { $0 == "-ERR max number of clients reached\r\n" }.count == 4)
        #expect(try admin.run("INFO stats").text?.contains("rejected_connections:4\r\n") == true)
        connections = []
        let deadline = ContinuousClock.now + .seconds(10)
        while (try? server.client().run("PING")) != .status("PONG"), ContinuousClock.now < deadline {}
        #expect(try server.client().run("PING") == .status("PONG"))
    }

    @Test(arguments: ServerKind.all)
    func idleConnectionsAreClosedAfterTheTimeout(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--timeout", "1"])
        let connection = try server.raw()
        connection.send("PING\r\n")
        #expect(try connection.readToEnd() == "+PONG\r\n")
    }
}
