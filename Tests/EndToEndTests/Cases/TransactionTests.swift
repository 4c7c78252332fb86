import Testing

/// MULTI, EXEC, DISCARD, WATCH and UNWATCH.
@Suite struct TransactionTests {
    @Test(arguments: ServerKind.all)
    func commandsAreQueuedAndRunTogether(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > MULTI
            < OK
            > SET a 1
            < QUEUED
            > INCR a
            < QUEUED
            > HSET h f v
            < QUEUED
            > HGETALL h
            < QUEUED
            > ZADD z 1 m
            < QUEUED
            > ZRANGE z 0 -1 WITHSCORES
            < QUEUED
            > GET missing
            < QUEUED
            > MGET a missing
            < QUEUED
            b> GET a
            < (nil)
            > EXEC
            < [OK, 2, 1, ["f", "v"], 1, ["m", "1"], (nil), ["2", (nil)]]
            > GET a
            < "2"
            > MULTI
            < OK
            > EXEC
            < []
            resp3> MULTI
            < OK
            resp3> HGETALL h
            < QUEUED
            resp3> ZSCORE z m
            < QUEUED
            resp3> GET missing
            < QUEUED
            resp3> EXEC
            < [{"f" => "v"}, (double) 1, (nil)]
            """#)
    }

    @Test(arguments: ServerKind.all)
    func discardForgetsTheQueue(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > MULTI
            < OK
            > SET a 1
            < QUEUED
            > DISCARD
            < OK
            > EXISTS a
            < 0
            > DISCARD
            < (error) ERR DISCARD without MULTI
            > EXEC
            < (error) ERR EXEC without MULTI
            > MULTI
            < OK
            > MULTI
            < (error) ERR MULTI calls can not be nested
            > PING
            < QUEUED
            > EXEC
            < [PONG]
            > MULTI
            < OK
            > WATCH a
            < (error) ERR WATCH inside MULTI is not allowed
            > EXEC
            < []
            > MULTI
            < OK
            > UNWATCH
            < QUEUED
            > EXEC
            < [OK]
            > MULTI x
            < (error) ERR wrong number of arguments for 'multi' command
            > EXEC x
            < (error) EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command
            > DISCARD x
            < (error) ERR wrong number of arguments for 'discard' command
            > WATCH
            < (error) ERR wrong number of arguments for 'watch' command
            > UNWATCH x
            < (error) ERR wrong number of arguments for 'unwatch' command
            """#)
    }

    @Test(arguments: ServerKind.all)
    func anErrorWhileQueueingAborts(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > MULTI
            < OK
            > SET a 1
            < QUEUED
            > SET a
            < (error) ERR wrong number of arguments for 'set' command
            > EXEC
            < (error) EXECABORT Transaction discarded because of previous errors.
            > EXISTS a
            < 0
            > MULTI
            < OK
            > NOSUCHCOMMAND x
            < (error) ERR unknown command 'NOSUCHCOMMAND', with args beginning with: 'x'
            > SET a 1
            < QUEUED
            > EXEC
            < (error) EXECABORT Transaction discarded because of previous errors.
            > MULTI
            < OK
            > CONFIG NOSUCH
            < (error) ERR unknown subcommand 'NOSUCH'. Try CONFIG HELP.
            > EXEC
            < (error) EXECABORT Transaction discarded because of previous errors.
            > EXISTS a
            < 0
            > MULTI
            < OK
            > SET a
            < (error) ERR wrong number of arguments for 'set' command
            > DISCARD
            < OK
            > MULTI
            < OK
            > SET a 1
            < QUEUED
            > EXEC
            < [OK]
            > MULTI
            < OK
            > EXEC x
            < (error) EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command
            > EXEC
            < (error) ERR EXEC without MULTI
            """#)
    }

    @Test(arguments: ServerKind.all)
    func anErrorInsideEXECLeavesTheOtherCommands(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET s text
            < OK
            > MULTI
            < OK
            > SET a 1
            < QUEUED
            > HSET s f v
            < QUEUED
            > INCR s
            < QUEUED
            > SET s EX
            < QUEUED
            > SET s v EX 0
            < QUEUED
            > SET b 2
            < QUEUED
            > EXEC
            < [OK, (error) WRONGTYPE Operation against a key holding the wrong kind of value, (error) ERR value is not an integer or out of range, OK, (error) ERR invalid expire time in 'set' command, OK]
            > MGET a b s
            < ["1", "2", "EX"]
            """#)
    }

    @Test(arguments: ServerKind.all)
    func selectAndConnectionCommandsInsideATransaction(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > MULTI
            < OK
            > SET a db0
            < QUEUED
            > SELECT 3
            < QUEUED
            > SET a db3
            < QUEUED
            > EXEC
            < [OK, OK, OK]
            > GET a
            < "db3"
            > SELECT 0
            < OK
            > GET a
            < "db0"
            > MULTI
            < OK
            > PING hello
            < QUEUED
            > ECHO x
            < QUEUED
            > CLIENT SETNAME inside
            < QUEUED
            > CLIENT GETNAME
            < QUEUED
            > SELECT 99
            < QUEUED
            > EXEC
            < ["hello", "x", OK, "inside", (error) ERR DB index is out of range]
            resp3> MULTI
            < OK
            resp3> HELLO 3
            < QUEUED
            resp3> EXEC
            <* [{"server" => "*", "version" => "*", "proto" => 3, "id" => *, "mode" => "standalone", "role" => "master", "modules" => []}]
            b> MULTI
            < OK
            b> SET a 1
            < QUEUED
            b> RESET
            < RESET
            b> EXEC
            < (error) ERR EXEC without MULTI
            b> MULTI
            < OK
            b> QUIT
            < OK
            """#)
    }
}
