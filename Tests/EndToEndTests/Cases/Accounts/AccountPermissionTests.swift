import Testing

/// What users may and may not do.
@Suite struct AccountPermissionTests {
    @Test(arguments: ServerKind.all)
    func commandsKeysAndChannelsAreChecked(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ACL SETUSER u on nopass +@all -acl -@dangerous ~a* %R~r* %W~w* &c*
            < OK
            > MSET a1 1 b 2 r 3 w 4
            < OK
            u> AUTH u x
            < OK
            u> GET a1
            < "1"
            u> GET r
            < "3"
            u> GET w
            <7.0 (error) NOPERM this user has no permissions to access one of the keys used as arguments
            <7.2 (error) NOPERM No permissions to access a key
            u> SET w 5
            < OK
            u> SET w 5 GET
            <* (error) NOPERM *
            u> SET r 5
            <* (error) NOPERM *
            u> MGET a1 b
            <* (error) NOPERM *
            u> COPY r w REPLACE
            < 1
            u> COPY w r
            <* (error) NOPERM *
            u> TYPE w
            < string
            u> TYPE b
            <* (error) NOPERM *
            u> FLUSHALL
            <7.0 (error) NOPERM this user has no permissions to run the 'flushall' command
            <7.2 (error) NOPERM User u has no permissions to run the 'flushall' command
            u> CLIENT KILL ID 1
            <7.0 (error) NOPERM this user has no permissions to run the 'client|kill' command
            <7.2 (error) NOPERM User u has no permissions to run the 'client|kill' command
            u> SET b
            < (error) ERR wrong number of arguments for 'set' command
            u> NOSUCH b
            <* (error) ERR unknown command *
            u> PUBLISH c1 x
            < 0
            u> PUBLISH d x
            <7.0 (error) NOPERM this user has no permissions to access one of the channels used as arguments
            <7.2 (error) NOPERM No permissions to access a channel
            u> SPUBLISH d x
            <* (error) NOPERM *
            u> SUBSCRIBE c1 d
            <* (error) NOPERM *
            u> SSUBSCRIBE d
            <* (error) NOPERM *
            u> PSUBSCRIBE c1*
            <* (error) NOPERM *
            u> PSUBSCRIBE c*
            < ["psubscribe", "c*", 1]
            > DBSIZE
            < 4
            """#, arguments: [])
    }

    @Test(arguments: ServerKind.all)
    func transactionsAreCheckedTwice(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ACL SETUSER u on nopass +@all ~a* &c*
            < OK
            u> AUTH u x
            < OK
            u> MULTI
            < OK
            u> GET b
            <* (error) NOPERM *
            u> EXEC
            < (error) EXECABORT Transaction discarded because of previous errors.
            u> MULTI
            < OK
            u> SET a 1
            < QUEUED
            u> GET a
            < QUEUED
            u> PUBLISH c x
            < QUEUED
            u> GET ab
            < QUEUED
            > ACL SETUSER u -set resetkeys ~ab resetchannels
            < OK
            u> EXEC
            < [(error) NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no longer allowed for the following reason: no permission to execute the command or subcommand, (error) NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no longer allowed for the following reason: no permission to touch the specified keys, (error) NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no longer allowed for the following reason: no permission to access one of the channels used as arguments, (nil)]
            > ACL SETUSER u -exec
            < OK
            u> MULTI
            < OK
            u> EXEC
            <* (error) EXECABORT Transaction discarded because of: *has no permissions to run the 'exec' command
            u> GET ab
            < (nil)
            > ACL SETUSER u -watch
            < OK
            u> WATCH ab
            <* (error) NOPERM *
            """#, arguments: [])
    }

    @Test(arguments: ServerKind.all)
    func selectorsAddRights(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ACL SETUSER u on nopass +get ~a (+set %W~b) "(+mget ~c* ~a)"
            < OK
            u> AUTH u x
            < OK
            u> GET a
            < (nil)
            u> SET a 1
            <* (error) NOPERM *
            u> SET b 1
            < OK
            u> SET b 1 GET
            <* (error) NOPERM *
            u> GET b
            <* (error) NOPERM *
            u> MGET a c1
            < [(nil), (nil)]
            u> MGET a b
            <* (error) NOPERM *
            > ACL SETUSER u clearselectors
            < OK
            u> SET b 1
            <* (error) NOPERM *
            """#, arguments: [])
    }

    @Test(arguments: ServerKind.all)
    func subcommandsAndFirstArguments(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ACL SETUSER u on nopass +client|id +config -config|set +select|0 +object|freq
            < OK
            u> AUTH u x
            < OK
            u> CLIENT ID
            <.. 1 1000
            u> CLIENT INFO
            <* (error) NOPERM *
            u> CONFIG GET port
            <* ["port", *]
            u> CONFIG SET maxclients 100
            <* (error) NOPERM *
            u> SELECT 0
            < OK
            u> SELECT 1
            <* (error) NOPERM *
            u> ping
            <* (error) NOPERM *
            u> AUTH u y
            < OK
            u> RESET
            < RESET
            """#, arguments: [])
    }

    /// The keys that patterns of SORT stand for are not among its arguments.
    @Test(arguments: ServerKind.all)
    func sortingByOtherKeysNeedsThePermissionToReadAll(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > MSET secret1 a secret2 b
            < OK
            > RPUSH a 1 2
            < 2
            > ACL SETUSER u on nopass +@all ~a (+get %R~*)
            < OK
            u> AUTH u x
            < OK
            u> SORT a DESC
            < ["2", "1"]
            u> SORT a BY nosort
            < ["1", "2"]
            u> SORT a BY secret*
            < (error) ERR BY option of SORT denied due to insufficient ACL permissions.
            u> SORT a GET secret*
            < (error) ERR GET option of SORT denied due to insufficient ACL permissions.
            u> SORT_RO a GET #
            < (error) ERR GET option of SORT denied due to insufficient ACL permissions.
            u> SORT a STORE b
            <* (error) NOPERM *
            u> SORT a STORE b STORE a
            < 2
            > ACL SETUSER u "(+sort %R~* ~a)"
            < OK
            u> SORT a BY secret* ALPHA GET secret*
            < ["a", "b"]
            u> SORT_RO a GET secret*
            < (error) ERR GET option of SORT denied due to insufficient ACL permissions.
            """#, arguments: [])
    }

    @Test(arguments: ServerKind.all)
    func dryRunsSayWhatIsMissing(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ACL SETUSER u +get +subscribe +config|get ~a &c
            < OK
            > ACL DRYRUN u GET a
            < OK
            > ACL DRYRUN u get b
            <7.0 "This user has no permissions to access the 'b' key"
            <7.2 "User u has no permissions to access the 'b' key"
            > ACL DRYRUN u SET a 1
            <7.0 "This user has no permissions to run the 'set' command"
            <7.2 "User u has no permissions to run the 'set' command"
            > ACL DRYRUN u SUBSCRIBE c d
            <7.0 "This user has no permissions to access the 'd' channel"
            <7.2 "User u has no permissions to access the 'd' channel"
            > ACL DRYRUN u CONFIG GET x
            < OK
            > ACL DRYRUN u CONFIG SET x y
            <7.0 "This user has no permissions to run the 'config|set' command"
            <7.2 "User u has no permissions to run the 'config|set' command"
            > ACL DRYRUN u SET a
            < (error) ERR wrong number of arguments for 'set' command
            > ACL DRYRUN u NOSUCH
            < (error) ERR Command 'NOSUCH' not found
            > ACL DRYRUN u CONFIG NOSUCH
            < (error) ERR Command 'CONFIG' not found
            > ACL DRYRUN nobody GET a
            < (error) ERR User 'nobody' not found
            > EXISTS a
            < 0
            """#, arguments: [])
    }

    @Test(arguments: ServerKind.all)
    func subscribersWhoLoseAChannelAreDisconnected(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let admin = try server.client()
        try admin.run("ACL SETUSER u on nopass +@all &a &b &p* &*x")
        func subscriber(_ command: String) throws -> RedisClient {
            let client = try server.client(timeout: 10)
            #expect(try client.run("AUTH u x") == .ok)
            #expect(try client.run(command).isError == false)
            return client
        }
        let kept = try subscriber("SUBSCRIBE a")
        let lost = try [subscriber("SUBSCRIBE b"), subscriber("PSUBSCRIBE p*"), subscriber("SSUBSCRIBE ax")]
        #expect(try admin.run("ACL SETUSER u resetchannels &a &pp &p?") == .ok)
        for client in lost { #expect(throws: RedisClient.Failure.self) { try client.receive() } }
        #expect(try admin.run("PUBLISH a hello") == .integer(1))
        #expect(try kept.receive() == .array([.bulk("message"), .bulk("a"), .bulk("hello")]))
        #expect(try admin.run("PUBLISH b hello") == .integer(0))
    }

    /// Whoever has the answer to ACL SETUSER can rely on it, whichever thread serves the connections of the user.
    @Test(arguments: ServerKind.all)
    func changesHoldForOpenConnectionsAtOnce(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, kind == .freshet ? ["--threads", "4"] : [])
        let admin = try server.client()
        try admin.run("ACL SETUSER u on nopass +get ~*")
        let clients = try (0..<12).map { _ in try server.client() }
        for client in clients { #expect(try client.run("AUTH u x") == .ok) }
        for round in 0..<100 {
            let isPermitted = round % 2 == 0
            #expect(try admin.run("ACL SETUSER u \(isPermitted ? "+get" : "-get")") == .ok)
            for client in clients { #expect(try client.run("GET k").isError != isPermitted) }
        }
        // Nothing that was sent before is executed with rights that were taken away in between by itself.
        try admin.run("ACL SETUSER v on nopass +@all ~*")
        let client = try server.client()
        try client.run("AUTH v x")
        let replies = try client.pipeline(lines: ["GET k", "ACL SETUSER v -get", "GET k", "MULTI", "GET k", "EXEC"])
        #expect(replies.map(\.isError) == [false, false, true, false, true, true])
    }

    @Test(arguments: ServerKind.since("7.2"))
    func whoWaitsIsCheckedWhenItIsServed(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--threads", "4"])
        let admin = try server.client()
        try admin.run("ACL SETUSER u on nopass +@all ~a")
        let clients = try (0..<8).map { _ in try server.raw() }
        for client in clients {
            #expect(try client.run("AUTH u x") == .ok)
            client.send("BZPOPMIN a 0\r\n")
        }
        while try admin.run("INFO clients").text?.contains("blocked_clients:8") != true {}
        #expect(try admin.run("ACL SETUSER u resetkeys ~b") == .ok)
        #expect(try admin.run("ZADD a 1 secret 2 other") == .integer(2))
        for client in clients { #expect(try client.readReply() == .error("NOPERM No permissions to access a key")) }
        #expect(try admin.run("ZCARD a") == .integer(2))
    }

    /// A permission for channels must not be one to read every key.
    @Test(arguments: ServerKind.onlyFreshet)
    func valueChannelsNeedThePermissionToRead(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > MSET secret 1 open 2
            < OK
            > ACL SETUSER u on nopass +@all %R~open %W~secret &*
            < OK
            u> AUTH u x
            < OK
            u> SUBSCRIBE __value@0__:secret
            < (error) NOPERM No permissions to access a channel
            u> SUBSCRIBE __value@0__:open
            < ["subscribe", "__value@0__:open", 1]
            u> PING
            < ["message", "__value@0__:open", "2"]
            """#, arguments: [])
        let server = try ServerProcess(kind)
        let admin = try server.client()
        let watcher = try server.client(timeout: 10)
        try admin.run("ACL SETUSER u on nopass +@all %R~k &*")
        try watcher.run("AUTH u x")
        #expect(try watcher.run("SUBSCRIBE __value@0__:k").isError == false)
        #expect(try watcher.receive() == .array([.bulk("message"), .bulk("__value@0__:k"), .null]))
        #expect(try admin.run("ACL SETUSER u resetkeys %W~k") == .ok)
        try admin.run("SET k 1")
        #expect(throws: RedisClient.Failure.self) { try watcher.receive() }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func whatIsBeyondRedisIsCheckedToo(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > MSET a1 1 a2 2 b1 3 w 1
            < OK
            > ACL SETUSER u on nopass +@all %W~a* %W~w
            < OK
            u> AUTH u x
            < OK
            # Whoever may only write must not find out what is there.
            u> SET w 2
            < OK
            u> SET w 2 IFEQ 1
            < (error) NOPERM No permissions to access a key
            u> DELEX w IFEQ 1
            < (error) NOPERM No permissions to access a key
            u> SCANDEL 0 COUNT 1000
            <* ["0", 3]
            > MGET a1 a2 b1 w
            < [(nil), (nil), "3", (nil)]
            """#, arguments: [])
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func computedKeysAreChecked(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ACL SETUSER u on nopass +@compute +@read ~s* %R~d*
            < OK
            u> AUTH u x
            < OK
            u> COMPUTE.SET s v DEPS 1 d
            <* *
            u> COMPUTE.SET s v DEPS 1 x
            < (error) NOPERM No permissions to access a key
            u> COMPUTE.SET d v
            < (error) NOPERM No permissions to access a key
            u> COMPUTE.BEGIN d
            < (error) NOPERM No permissions to access a key
            u> COMPUTE.BEGIN s DEPS 1 x
            < (error) NOPERM No permissions to access a key
            u> COMPUTE.DEPEND token KEYS 2 d x
            < (error) NOPERM No permissions to access a key
            u> COMPUTE.INVALIDATE KEYS 1 d
            < (error) NOPERM No permissions to access a key
            u> COMPUTE.READ KEYS 1 x SINCE 0
            < (error) NOPERM No permissions to access a key
            > ACL SETUSER u -@compute
            < OK
            u> COMPUTE.REV
            < (error) NOPERM User u has no permissions to run the 'compute.rev' command
            """#, arguments: [])
    }

    /// Looking at the graph shows nobody the names of keys that he may not name himself.
    @Test(arguments: ServerKind.onlyFreshet)
    func theGraphShowsWhatMayBeNamed(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ACL SETUSER u on nopass +@compute +@read ~a:*
            < OK
            u> AUTH u x
            < OK
            > COMPUTE.SET secret:n v
            <* *
            > COMPUTE.SET a:c v DEPS 2 a:n secret:n TAGS 1 t
            <* *
            u> COMPUTE.DEPS a:c
            <~ ["a:n", "source", "tag:t", "source"]
            > COMPUTE.DEPS a:c
            <* *secret:n*
            > COMPUTE.SET secret:d v DEPS 1 a:c
            <* *
            u> COMPUTE.DEPS a:c DOWN
            < []
            > SET secret:n 2
            < OK
            u> COMPUTE.WHY a:c
            <* *"chain", ["a:c"]]
            > COMPUTE.WHY a:c
            <* *"chain", ["a:c", "secret:n"]]
            u> COMPUTE.GRAPH a:c
            <* *a:c*
            > COMPUTE.GRAPH a:c
            <* *secret:n*
            """#, arguments: [])
        try ServerPool.with(kind) { server in
            let client = try server.client()
            try client.run("ACL SETUSER u on nopass +@all ~a:*")
            for line in ["a:c v", "secret:n v DEPS 1 a:c", "a:d v DEPS 1 secret:n"] {
                try client.run("COMPUTE.SET \(line)")
            }
            let limited = try server.client()
            try limited.run("AUTH u x")
            #expect(try limited.run("COMPUTE.GRAPH a:d").text?.contains("secret") == false)
            let cycle = try limited.run("COMPUTE.SET a:c v DEPS 1 a:d").description
            #expect(cycle.contains("COMPUTECYCLE") && !cycle.contains("secret"))
            #expect(try client.run("COMPUTE.SET a:c v DEPS 1 a:d").description.contains("secret:n"))
            try client.run("ACL DELUSER u")
        }
    }

    /// What is refused is not remembered as read, neither for computed keys nor for a client's own cache.
    @Test(arguments: ServerKind.onlyFreshet)
    func whatIsRefusedLeavesNoTrace(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET secret 1
            < OK
            > ACL SETUSER u on nopass +@all ~s
            < OK
            resp3u> AUTH u x
            < OK
            resp3u> CLIENT TRACKING ON
            < OK
            resp3u> COMPUTE.BEGIN s
            <* ["lease", *]
            resp3u> GET secret
            < (error) NOPERM No permissions to access a key
            > INFO stats
            <* *tracking_total_keys:0*
            > INFO commandstats
            <* *cmdstat_get:calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0*
            > COMPUTE.DEPS s
            < []
            """#, arguments: [])
    }
}
