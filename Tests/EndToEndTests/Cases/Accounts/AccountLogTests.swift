import Testing

/// ACL LOG and the counters of INFO.
@Suite struct AccountLogTests {
    @Test(arguments: ServerKind.all)
    func refusalsAreLogged(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ACL SETUSER u on >p +@all -set ~a &c
            < OK
            > ACL LOG
            < []
            u> AUTH u wrong
            <* (error) WRONGPASS *
            u> AUTH u p
            < OK
            u> SET a 1
            <* (error) NOPERM *
            u> SET a 2
            <* (error) NOPERM *
            u> GET b
            <* (error) NOPERM *
            u> MULTI
            < OK
            u> PUBLISH d x
            <* (error) NOPERM *
            u> DISCARD
            < OK
            u> HELLO 2 AUTH nobody x
            <* (error) WRONGPASS *
            > ACL LOG 1
            <* [["count", 1, "reason", "auth", "context", "toplevel", "object", "HELLO", "username", "nobody", "age-seconds", "*", "client-info", "id=* user=u *"*]]
            > ACL LOG
            <* [*"object", "HELLO"*], [*"reason", "channel", "context", "multi", "object", "d", "username", "u"*], [*"reason", "key", "context", "toplevel", "object", "b", "username", "u"*], ["count", 2, "reason", "command", "context", "toplevel", "object", "set", "username", "u"*], [*"reason", "auth", "context", "toplevel", "object", "AUTH", "username", "u"*]]
            7.2> ACL LOG 1
            <* [[*"entry-id", 4, "timestamp-created", *, "timestamp-last-updated", *]]
            7.2> INFO stats
            <* *acl_access_denied_auth:2\r\nacl_access_denied_cmd:2\r\nacl_access_denied_key:1\r\nacl_access_denied_channel:1*
            > INFO errorstats
            <* *errorstat_NOPERM:count=4*errorstat_WRONGPASS:count=2*
            > INFO commandstats
            <* *rejected_calls=2*
            > CONFIG SET acllog-max-len 2
            < OK
            u> GET z
            <* (error) NOPERM *
            > ACL LOG
            <* [[*"object", "z"*], [*"object", "HELLO"*]]
            > ACL LOG 0
            < []
            > ACL LOG RESET
            < OK
            > ACL LOG
            < []
            7.2> CONFIG RESETSTAT
            < OK
            7.2> INFO stats
            <* *acl_access_denied_auth:0\r\nacl_access_denied_cmd:0\r\nacl_access_denied_key:0\r\nacl_access_denied_channel:0*
            """#, arguments: [])
    }

    @Test(arguments: ServerKind.all)
    func theLogKeepsToItsLength(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let client = try server.client()
        for index in 0..<300 { #expect(try client.run("AUTH user\(index) x").isError) }
        #expect(try client.run("ACL LOG 1000").elements?.count == 128)
    }
}
