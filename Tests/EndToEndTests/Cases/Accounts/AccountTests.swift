import Testing

/// Users: making, looking at, removing them, and authenticating as one.
@Suite struct AccountTests {
    static let secret = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"

    @Test(arguments: ServerKind.all)
    func usersAreMadeAndDescribed(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ACL WHOAMI
            < "default"
            > ACL USERS
            < ["default"]
            > ACL LIST
            <7.0 ["user default on nopass ~* &* +@all"]
            <7.2 ["user default on nopass sanitize-payload ~* &* +@all"]
            > ACL GETUSER nobody
            < (nil)
            > ACL SETUSER u
            < OK
            > ACL GETUSER u
            <7.0 ["flags", ["off"], "passwords", [], "commands", "-@all", "keys", "", "channels", "", "selectors", []]
            <7.2 ["flags", ["off", "sanitize-payload"], "passwords", [], "commands", "-@all", "keys", "", "channels", "", "selectors", []]
            > ACL SETUSER u on >secret ~a* %R~r* &c* +@all -get "(+get ~b)" (+set &d %W~w )
            < OK
            > ACL LIST
            <7.0 ["user default on nopass ~* &* +@all", "user u on #2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b ~a* %R~r* resetchannels &c* +@all -get (~b resetchannels -@all +get) (%W~w resetchannels &d -@all +set)"]
            <7.2 ["user default on nopass sanitize-payload ~* &* +@all", "user u on sanitize-payload #2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b ~a* %R~r* resetchannels &c* +@all -get (~b resetchannels -@all +get) (%W~w resetchannels &d -@all +set)"]
            resp3> ACL GETUSER u
            <7.0 {"flags" => ~["on"], "passwords" => ["2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"], "commands" => "+@all -get", "keys" => "~a* %R~r*", "channels" => "&c*", "selectors" => [{"commands" => "-@all +get", "keys" => "~b", "channels" => ""}, {"commands" => "-@all +set", "keys" => "%W~w", "channels" => "&d"}]}
            <7.2 {"flags" => ~["on", "sanitize-payload"], "passwords" => ["2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"], "commands" => "+@all -get", "keys" => "~a* %R~r*", "channels" => "&c*", "selectors" => [{"commands" => "-@all +get", "keys" => "~b", "channels" => ""}, {"commands" => "-@all +set", "keys" => "%W~w", "channels" => "&d"}]}
            > ACL SETUSER u reset
            < OK
            > ACL GETUSER u
            <* ["flags", ["off"*], "passwords", [], "commands", "-@all", "keys", "", "channels", "", "selectors", []]
            > ACL SETUSER a b
            < (error) ERR Error in ACL SETUSER modifier 'b': Syntax error
            > ACL USERS
            < ["default", "u"]
            > ACL DELUSER u nobody default
            < (error) ERR The 'default' user cannot be removed
            > ACL DELUSER u nobody
            < 1
            > ACL USERS
            < ["default"]
            """#, arguments: [])
    }

    @Test(arguments: ServerKind.all)
    func wrongCallsAreRefused(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ACL
            < (error) ERR wrong number of arguments for 'acl' command
            > ACL NOSUCH
            < (error) ERR unknown subcommand 'NOSUCH'. Try ACL HELP.
            > ACL SETUSER
            < (error) ERR wrong number of arguments for 'acl|setuser' command
            > ACL WHOAMI x
            < (error) ERR wrong number of arguments for 'acl|whoami' command
            > ACL SETUSER "a b" on
            < (error) ERR Usernames can't contain spaces or null characters
            > ACL SETUSER "a\x00b" on
            < (error) ERR Usernames can't contain spaces or null characters
            > ACL SETUSER u nosuch
            < (error) ERR Error in ACL SETUSER modifier 'nosuch': Syntax error
            > ACL SETUSER u +nosuch
            < (error) ERR Error in ACL SETUSER modifier '+nosuch': Unknown command or category name in ACL
            > ACL SETUSER u +@nosuch
            < (error) ERR Error in ACL SETUSER modifier '+@nosuch': Unknown command or category name in ACL
            > ACL SETUSER u -client|nosuch
            < (error) ERR Error in ACL SETUSER modifier '-client|nosuch': Unknown command or category name in ACL
            > ACL SETUSER u +config|get|x
            < (error) ERR Error in ACL SETUSER modifier '+config|get|x': Allowing first-arg of a subcommand is not supported
            > ACL SETUSER u +get|
            < (error) ERR Error in ACL SETUSER modifier '+get|': Syntax error
            > ACL SETUSER u %~x
            < (error) ERR Error in ACL SETUSER modifier '%~x': Syntax error
            > ACL SETUSER u "~a b"
            < (error) ERR Error in ACL SETUSER modifier '~a b': Syntax error
            > ACL SETUSER u #12
            < (error) ERR Error in ACL SETUSER modifier '#12': The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters
            > ACL SETUSER u #2BB80D537B1DA3E38BD30361AA855686BDE0EACD7162FEF6A25FE97BF527A25B
            <* (error) ERR Error in ACL SETUSER modifier '#2BB8*': The password hash must be exactly 64 *
            > ACL SETUSER u <nosuch
            < (error) ERR Error in ACL SETUSER modifier '<nosuch': The password you are trying to remove from the user does not exist
            > ACL SETUSER u allkeys ~a
            < (error) ERR Error in ACL SETUSER modifier '~a': Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns
            > ACL SETUSER u &* &a
            < (error) ERR Error in ACL SETUSER modifier '&a': Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels
            > ACL SETUSER u on (+get ~a
            < (error) ERR Unmatched parenthesis in acl selector starting at '(+get'.
            > ACL SETUSER u (+get (+set))
            < (error) ERR Error in ACL SETUSER modifier '(+get (+set))': Syntax error
            > ACL SETUSER u (on)
            < (error) ERR Error in ACL SETUSER modifier '(on)': Syntax error
            > ACL USERS
            < ["default"]
            > ACL CAT nosuch
            < (error) ERR Unknown category 'nosuch'
            > ACL CAT keyspace x
            <* (error) ERR *
            > ACL GENPASS 0
            < (error) ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096
            > ACL GENPASS 4097
            < (error) ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096
            > ACL GENPASS x
            < (error) ERR value is not an integer or out of range
            > ACL LOG x
            < (error) ERR value is not an integer or out of range
            > ACL LOG -1
            < []
            > ACL LOAD
            <* (error) ERR This Redis instance is not configured to use an ACL file. *
            > ACL SAVE
            <* (error) ERR This Redis instance is not configured to use an ACL file. *
            """#, arguments: [])
    }

    @Test(arguments: ServerKind.all)
    func generatedPasswordsHaveTheBitsAskedFor(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            for (bits, length) in [("", 64), ("1", 1), ("5", 2), ("4096", 1024)] {
                let first = try client.run("ACL GENPASS \(bits)").text ?? ""
                #expect(first.utf8.count == length)
                #expect(first.allSatisfy { "0123456789abcdef".contains($0) })
                if length > 8 { #expect(try client.run("ACL GENPASS \(bits)").text != first) }
            }
        }
    }

    @Test(arguments: ServerKind.all)
    func usersAuthenticate(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ACL SETUSER alice on >one >two +@all ~* &*
            < OK
            > ACL SETUSER bob nopass +ping +acl|whoami +reset
            < OK
            a> AUTH alice one
            < OK
            a> ACL WHOAMI
            < "alice"
            a> AUTH alice three
            < (error) WRONGPASS invalid username-password pair or user is disabled.
            a> ACL WHOAMI
            < "alice"
            a> HELLO 2 AUTH alice two
            <* ["server", *]
            b> AUTH bob any
            < (error) WRONGPASS invalid username-password pair or user is disabled.
            > ACL SETUSER bob on
            < OK
            b> AUTH bob any
            < OK
            b> CLIENT INFO
            <* (error) NOPERM *
            > ACL SETUSER bob +client
            < OK
            b> CLIENT INFO
            <* "*user=bob *"
            b> RESET
            < RESET
            b> ACL WHOAMI
            < "default"
            # Who is logged in stays so when the user is switched off.
            > ACL SETUSER alice off
            < OK
            a> ACL WHOAMI
            < "alice"
            b> AUTH alice one
            < (error) WRONGPASS invalid username-password pair or user is disabled.
            b> AUTH "" ""
            < (error) WRONGPASS invalid username-password pair or user is disabled.
            """#, arguments: [])
    }

    @Test(arguments: ServerKind.all)
    func requirepassIsThePasswordOfTheDefaultUser(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > CONFIG SET requirepass secret
            < OK
            > ACL GETUSER default
            <* ["flags", ["on"*], "passwords", ["2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"], *]
            b> GET k
            < (error) NOAUTH Authentication required.
            b> AUTH secret
            < OK
            > ACL SETUSER default >other
            < OK
            c> AUTH default other
            < OK
            c> CONFIG GET requirepass
            < ["requirepass", "secret"]
            > CONFIG SET requirepass ""
            < OK
            > ACL GETUSER default
            <* ["flags", ["on", "nopass"*], "passwords", [], *]
            d> GET k
            < (nil)
            > ACL SETUSER default off
            < OK
            e> GET k
            < (error) NOAUTH Authentication required.
            e> AUTH x
            < (error) ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?
            d> GET k
            < (nil)
            > ACL SETUSER default on resetpass
            < OK
            f> AUTH ""
            < (error) WRONGPASS invalid username-password pair or user is disabled.
            """#, arguments: [])
    }

    @Test(arguments: ServerKind.all)
    func whoeverIsRemovedIsDisconnected(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let admin = try server.client()
        try admin.run("ACL SETUSER u on nopass +@all ~* &*")
        let clients = try (0..<10).map { _ in try server.client(timeout: 10) }
        for client in clients { #expect(try client.run("AUTH u x") == .ok) }
        #expect(try clients[0].run("SUBSCRIBE c").isError == false)
        #expect(try admin.run("ACL DELUSER u") == .integer(1))
        for client in clients { #expect(throws: RedisClient.Failure.self) { try client.run("PING") } }
        // One who is made anew is somebody else.
        let survivor = try server.client()
        #expect(try survivor.run("AUTH u x").isError)
        // Who removes itself is answered.
        try admin.run("ACL SETUSER v on nopass +@all ~* &*")
        let suicidal = try server.client()
        try suicidal.run("AUTH v x")
        #expect(try suicidal.run("ACL DELUSER v") == .integer(1))
        #expect(throws: RedisClient.Failure.self) { try suicidal.run("PING") }
    }

    @Test(arguments: ServerKind.all)
    func connectionsAreListedAndClosedByUser(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let admin = try server.client()
        try admin.run("ACL SETUSER u on nopass +@all ~*")
        let client = try server.client(timeout: 10)
        try client.run("AUTH u x")
        #expect(try admin.run("CLIENT LIST").text?.contains("user=u ") == true)
        #expect(try admin.run("CLIENT KILL USER nosuch") == .error("ERR No such user 'nosuch'"))
        #expect(try admin.run("CLIENT KILL USER u") == .integer(1))
        #expect(throws: RedisClient.Failure.self) { try client.run("PING") }
    }

    @Test(arguments: ServerKind.all)
    func passwordsAreNotInTheSlowLog(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > CONFIG SET slowlog-log-slower-than 0
            < OK
            > SLOWLOG RESET
            < OK
            > ACL SETUSER u on >secret
            < OK
            > CONFIG SET slowlog-log-slower-than -1
            < OK
            > SLOWLOG GET
            <* [[*, ["ACL", "SETUSER", "(redacted)", "(redacted)", "(redacted)"], *], [*, ["SLOWLOG", "RESET"], *]]
            """#, arguments: [])
    }
}
