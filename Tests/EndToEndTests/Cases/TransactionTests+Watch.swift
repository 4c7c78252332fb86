import Testing

/// What WATCH sees.
extension TransactionTests {
    @Test(arguments: ServerKind.all)
    func watchedKeysThatChangedStopEXEC(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET k 1
            < OK
            > WATCH k
            < OK
            > MULTI
            < OK
            > SET k 2
            < QUEUED
            > EXEC
            < [OK]
            > WATCH k
            < OK
            b> SET k 3
            < OK
            > MULTI
            < OK
            > SET k 4
            < QUEUED
            > EXEC
            < (nil)
            > GET k
            < "3"
            # after EXEC nothing is watched
            b> SET k 5
            < OK
            > MULTI
            < OK
            > EXEC
            < []
            > WATCH k
            < OK
            > SET k by-myself
            < OK
            > MULTI
            < OK
            > EXEC
            < (nil)
            > WATCH k
            < OK
            b> SET k by-myself
            < OK
            > UNWATCH
            < OK
            > MULTI
            < OK
            > PING
            < QUEUED
            > EXEC
            < [PONG]
            > WATCH k
            < OK
            b> SET k 6
            < OK
            > MULTI
            < OK
            > DISCARD
            < OK
            > MULTI
            < OK
            > PING
            < QUEUED
            > EXEC
            < [PONG]
            > WATCH other third
            < OK
            b> SET k 7
            < OK
            > MULTI
            < OK
            > PING
            < QUEUED
            > EXEC
            < [PONG]
            > WATCH missing
            < OK
            b> SET missing now
            < OK
            > MULTI
            < OK
            > PING
            < QUEUED
            > EXEC
            < (nil)
            > WATCH k k k
            < OK
            b> DEL k
            < 1
            > MULTI
            < OK
            > PING
            < QUEUED
            > EXEC
            < (nil)
            """#)
    }

    @Test(arguments: ServerKind.all)
    func everyKindOfChangeIsSeenByWATCH(_ kind: ServerKind) throws {
        let changes = [
            "SET k v", "APPEND k x", "DEL k", "UNLINK k", "EXPIRE k 100", "PEXPIREAT k 33177117420000", "RENAME k l",
            "RENAME other k", "COPY other k REPLACE", "MOVE k 1", "FLUSHDB", "FLUSHALL", "SWAPDB 0 1", "GETDEL k",
            "SETRANGE k 0 9",
            "GETEX k EX 100", "GETSET k v", "MSET other 1 k 2", "INCRBYFLOAT k 1", "INCR k", "EXPIRE k -1",
        ]
        let leaves = [
            "GET k", "EXPIRE k 100 XX", "SET k v NX", "SETNX k 1", "STRLEN k", "TTL k", "PERSIST k",
            "OBJECT ENCODING k",
            "COPY other k", "TOUCH k", "GETEX k", "GETEX k PERSIST", "DEL nothing", "MSETNX k 1 fresh 2",
            "RENAMENX other k",
            "SETRANGE k 0 \"\"", "HGET k f", "INCRBY k x", "EXISTS k",
        ]
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let other = try server.client()
            for (change, aborts) in changes.map({ ($0, true) }) + leaves.map({ ($0, false) }) {
                try client.run("FLUSHALL")
                try client.run("MSET k 1 other 2")
                try client.run("WATCH k")
                try other.run(change)
                try client.run("MULTI")
                try client.run("PING")
                let expected: Reply = aborts ? .null : .array([.status("PONG")])
                #expect(try client.run("EXEC") == expected, "\(change)")
            }
        }
    }

    @Test(arguments: ServerKind.all)
    func changesOfHashesAndSortedSetsAreSeenByWATCH(_ kind: ServerKind) throws {
        let changes = [
            "HSET h f w", "HSET h f v", "HDEL h f", "HINCRBY h n 1", "HINCRBYFLOAT h n 1", "HSETNX h g 1",
            "HMSET h f x", "ZADD z 2 m",
            "ZADD z 1 new", "ZREM z m", "ZINCRBY z 1 m", "ZPOPMIN z", "ZPOPMAX z", "ZMPOP 1 z MIN",
            "ZREMRANGEBYRANK z 0 -1", "ZREMRANGEBYSCORE z 1 1", "ZREMRANGEBYLEX z - +", "ZUNIONSTORE z 1 z",
            "ZINTERSTORE z 1 z", "ZDIFFSTORE z 1 z", "ZRANGESTORE z z 0 -1", "ZUNIONSTORE z 1 missing",
        ]
        let leaves = [
            "HGET h f", "HDEL h x", "HSETNX h f 1", "HGETALL h", "HSCAN h 0", "HRANDFIELD h", "ZADD z 1 m",
            "ZADD z NX 5 m", "ZADD z XX 5 x", "ZADD z GT 0 m", "ZREM z x", "ZRANGE z 0 -1", "ZPOPMIN z 0",
            "ZREMRANGEBYSCORE z 5 6", "ZSCORE z m", "ZRANDMEMBER z", "HINCRBY h f 1",
        ]
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let other = try server.client()
            for (change, aborts) in changes.map({ ($0, true) }) + leaves.map({ ($0, false) }) {
                try client.run("FLUSHALL")
                try client.run("HSET h f v n 1")
                try client.run("ZADD z 1 m")
                try client.run("WATCH h z")
                try other.run(change)
                try client.run("MULTI")
                try client.run("PING")
                let expected: Reply = aborts ? .null : .array([.status("PONG")])
                #expect(try client.run("EXEC") == expected, "\(change)")
            }
        }
    }

    @Test(arguments: ServerKind.all)
    func anExpiredWatchedKeyStopsEXEC(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET k v PX 30
            < OK
            > WATCH k
            < OK
            until b> EXISTS k
            < 0
            > MULTI
            < OK
            > PING
            < QUEUED
            > EXEC
            < (nil)
            # a key that had expired before it was watched is as one that did not exist
            > DEBUG SET-ACTIVE-EXPIRE 0
            < OK
            > SET k v PX 1
            < OK
            > SET l v PX 1
            < OK
            until b> EXISTS l
            < 0
            > WATCH k
            < OK
            > MULTI
            < OK
            > PING
            < QUEUED
            > EXEC
            < [PONG]
            > DEBUG SET-ACTIVE-EXPIRE 1
            < OK
            """#)
    }

    @Test(arguments: ServerKind.all)
    func flushOfMissingKeysLeavesThem(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > WATCH missing
            < OK
            b> FLUSHALL
            < OK
            > MULTI
            < OK
            > PING
            < QUEUED
            > EXEC
            < [PONG]
            > SET k v
            < OK
            > WATCH k
            < OK
            b> SELECT 1
            < OK
            b> FLUSHDB
            < OK
            > MULTI
            < OK
            > PING
            < QUEUED
            > EXEC
            < [PONG]
            > WATCH k
            < OK
            b> SET k v
            < OK
            > MULTI
            < OK
            > PING
            < QUEUED
            > EXEC
            < [PONG]
            """#)
    }
}
