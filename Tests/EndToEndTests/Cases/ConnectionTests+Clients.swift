import Testing

/// CLIENT and its subcommands.
extension ConnectionTests {
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
}
