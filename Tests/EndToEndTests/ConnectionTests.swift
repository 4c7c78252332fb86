import TestSupport
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
    func namesOfConnections(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > CLIENT GETNAME
            < (nil)
            > CLIENT SETNAME me
            < OK
            > CLIENT GETNAME
            < "me"
            > CLIENT SETNAME ""
            < OK
            > CLIENT GETNAME
            < (nil)
            > CLIENT SETNAME "a b"
            < (error) ERR Client names cannot contain spaces, newlines or special characters.
            > CLIENT SETNAME "a\nb"
            < (error) ERR Client names cannot contain spaces, newlines or special characters.
            > CLIENT SETNAME
            < (error) ERR wrong number of arguments for 'client|setname' command
            > CLIENT SETNAME a b
            < (error) ERR wrong number of arguments for 'client|setname' command
            7.2> CLIENT SETINFO LIB-NAME mylib
            < OK
            7.2> CLIENT SETINFO lib-ver 1.2.3
            < OK
            7.2> CLIENT SETINFO LIB-NAME "with space"
            < (error) ERR LIB-NAME cannot contain spaces, newlines or special characters.
            7.2> CLIENT SETINFO LIB-VER "a\nb"
            < (error) ERR LIB-VER cannot contain spaces, newlines or special characters.
            7.2> CLIENT SETINFO FOO x
            < (error) ERR Unrecognized option 'FOO'
            7.2> CLIENT SETINFO LIB-NAME
            < (error) ERR wrong number of arguments for 'client|setinfo' command
            7.2> CLIENT INFO
            <* "id=* lib-name=mylib lib-ver=1.2.3*"
            7.2> CLIENT SETINFO LIB-NAME ""
            < OK
            7.2> CLIENT INFO
            <* "id=* lib-name= lib-ver=1.2.3*"
            """#)
    }

    @Test(arguments: ServerKind.all)
    func clientInfoAndList(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > CLIENT ID
            <.. 1 1000000
            > SELECT 3
            < OK
            > CLIENT SETNAME me
            < OK
            > CLIENT INFO
            <* "id=* addr=127.0.0.1:* laddr=127.0.0.1:* fd=* name=me age=* idle=* flags=N db=3 sub=0 psub=0 *multi=-1 *qbuf=* qbuf-free=* argv-mem=* multi-mem=* rbs=* rbp=* obl=* oll=* omem=* tot-mem=* events=r cmd=client|info user=default redir=-1 resp=2*\n"
            7.4> CLIENT INFO
            <* "id=* sub=0 psub=0 ssub=0 multi=-1 watch=0 qbuf=* resp=2 lib-name= lib-ver=\n"
            > CLIENT LIST
            <* "id=* name=me *cmd=client|list user=default*\n"
            > CLIENT LIST TYPE normal
            <* "id=* name=me *"
            > CLIENT LIST TYPE pubsub
            < ""
            > CLIENT LIST TYPE replica
            < ""
            > CLIENT LIST TYPE foo
            < (error) ERR Unknown client type 'foo'
            > CLIENT LIST TYPE
            < (error) ERR syntax error
            > CLIENT LIST ID 999999999
            < ""
            > CLIENT LIST ID x
            < (error) ERR Invalid client ID
            > CLIENT LIST ID
            < (error) ERR syntax error
            > CLIENT LIST FOO
            < (error) ERR syntax error
            > CLIENT INFO x
            < (error) ERR wrong number of arguments for 'client|info' command
            > CLIENT ID x
            < (error) ERR wrong number of arguments for 'client|id' command
            > CLIENT
            < (error) ERR wrong number of arguments for 'client' command
            > CLIENT NOSUCH
            < (error) ERR unknown subcommand 'NOSUCH'. Try CLIENT HELP.
            > CLIENT HELP
            <* [CLIENT *KILL*LIST*HELP*]
            > MULTI
            < OK
            > CLIENT INFO
            < QUEUED
            > EXEC
            <* ["id=* flags=x *multi=1 *"]
            resp3> CLIENT INFO
            <* (txt) "id=*resp=3*"
            > CLIENT GETREDIR
            < -1
            """#)
    }

    @Test(arguments: ServerKind.all)
    func clientKill(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            func connectionIsOpen(_ other: RedisClient) -> Bool { (try? other.run("PING")) == .status("PONG") }

            let byID = try server.client()
            let id = try byID.run("CLIENT ID").integer ?? 0
            let bystander = try server.client()
            #expect(try client.run("CLIENT KILL ID \(id)") == .integer(1))
            #expect(!connectionIsOpen(byID) && connectionIsOpen(bystander))
            #expect(try client.run("CLIENT KILL ID \(id)") == .integer(0))

            let byAddress = try server.client()
            let info = try byAddress.run("CLIENT INFO").text ?? ""
            let address = info.split(separator: " ").first { $0.hasPrefix("addr=") }?.dropFirst(5) ?? ""
            #expect(try client.run("CLIENT KILL \(address)") == .ok)
            #expect(!connectionIsOpen(byAddress))
            #expect(try client.run("CLIENT KILL \(address)") == .error("ERR No such client"))
            let byFilter = try server.client()
            let filterInfo = try byFilter.run("CLIENT INFO").text ?? ""
            let filterAddress = filterInfo.split(separator: " ").first { $0.hasPrefix("addr=") }?.dropFirst(5) ?? ""
            #expect(try client.run("CLIENT KILL ADDR \(filterAddress) TYPE normal USER default") == .integer(1))
            #expect(!connectionIsOpen(byFilter))

            // Itself is spared unless SKIPME no, and then gets its answer before the connection closes.
            #expect(try client.run("CLIENT KILL TYPE normal").integer ?? 0 >= 1)
            #expect(!connectionIsOpen(bystander) && connectionIsOpen(client))
            let itself = try client.run("CLIENT ID").integer ?? 0
            #expect(try client.run("CLIENT KILL ID \(itself)") == .integer(0))
            #expect(try client.run("CLIENT KILL ID \(itself) SKIPME no") == .integer(1))
            #expect(!connectionIsOpen(client))
        }
        try Script.run(
            kind,
            #"""
            > CLIENT KILL
            < (error) ERR wrong number of arguments for 'client|kill' command
            > CLIENT KILL x
            < (error) ERR No such client
            > CLIENT KILL 1.2.3.4:5
            < (error) ERR No such client
            > CLIENT KILL ID
            < (error) ERR No such client
            > CLIENT KILL ID x
            < (error) ERR client-id should be greater than 0
            > CLIENT KILL ID 0
            < (error) ERR client-id should be greater than 0
            > CLIENT KILL ID -1
            < (error) ERR client-id should be greater than 0
            > CLIENT KILL TYPE foo
            < (error) ERR Unknown client type 'foo'
            > CLIENT KILL USER nobody
            < (error) ERR No such user 'nobody'
            > CLIENT KILL SKIPME maybe
            < (error) ERR syntax error
            > CLIENT KILL FOO bar
            < (error) ERR syntax error
            > CLIENT KILL ID 1 FOO
            < (error) ERR syntax error
            > CLIENT KILL LADDR 1.2.3.4:5
            < 0
            7.4> CLIENT KILL MAXAGE 100000
            < 0
            7.4> CLIENT KILL MAXAGE x
            < (error) ERR maxage is not an integer or out of range
            7.4> CLIENT KILL MAXAGE 0
            < (error) ERR maxage should be greater than 0
            """#)
    }

    @Test(arguments: ServerKind.all)
    func clientReplyOffSkipAndOn(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let connection = try server.raw()
            connection.send("CLIENT REPLY OFF\r\nSET k 1\r\nGET k\r\nPING\r\nCLIENT REPLY ON\r\nGET k\r\n")
            #expect(try connection.read(upTo: "1\r\n") == "+OK\r\n$1\r\n1\r\n")
            connection.send("CLIENT REPLY SKIP\r\nSET k 2\r\nGET k\r\n")
            #expect(try connection.read(upTo: "2\r\n") == "$1\r\n2\r\n")
            connection.send("CLIENT REPLY FOO\r\n")
            #expect(try connection.read(upTo: "\r\n") == "-ERR syntax error\r\n")
        }
    }

    @Test(arguments: ServerKind.all)
    func clientPauseHoldsBackWrites(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let writer = try server.raw()
            let reader = try server.client()
            #expect(try client.run("CLIENT PAUSE 60000 WRITE") == .ok)
            writer.send("SET k v\r\n")
            #expect(try reader.run("GET k") == .null)
            #expect(writer.staysSilent(seconds: 0.05))
            #expect(try client.run("CLIENT UNPAUSE") == .ok)
            #expect(try writer.read(upTo: "\r\n") == "+OK\r\n")
            #expect(try client.run("CLIENT PAUSE 30") == .ok)
            writer.send("GET k\r\n")
            #expect(try writer.read(upTo: "v\r\n") == "$1\r\nv\r\n")
        }
        try Script.run(
            kind,
            #"""
            > CLIENT PAUSE
            < (error) ERR wrong number of arguments for 'client|pause' command
            > CLIENT PAUSE x
            < (error) ERR timeout is not an integer or out of range
            > CLIENT PAUSE -1
            < (error) ERR timeout is negative
            > CLIENT PAUSE 10 FOO
            < (error) ERR CLIENT PAUSE mode must be WRITE or ALL
            > CLIENT UNPAUSE
            < OK
            > CLIENT UNPAUSE x
            < (error) ERR wrong number of arguments for 'client|unpause' command
            """#)
    }

    @Test(arguments: ServerKind.all)
    func clientFlags(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > CLIENT NO-EVICT on
            < OK
            > CLIENT INFO
            <* "* flags=e *"
            > CLIENT NO-EVICT off
            < OK
            > CLIENT NO-EVICT foo
            < (error) ERR syntax error
            > CLIENT NO-EVICT
            < (error) ERR wrong number of arguments for 'client|no-evict' command
            7.2> CLIENT NO-TOUCH on
            < OK
            7.2> CLIENT INFO
            <* "* flags=T *"
            7.2> CLIENT NO-TOUCH off
            < OK
            7.2> CLIENT NO-TOUCH foo
            < (error) ERR syntax error
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
