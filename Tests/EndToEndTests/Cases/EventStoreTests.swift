import Testing

/// The data model of an event-sourced application: events of an aggregate in a sorted set with the sequence as score,
/// a handler's position as a string, snapshots as hashes.
@Suite struct EventStoreTests {
    @Test(arguments: ServerKind.all)
    func appendReadMoveAndSnapshot(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ZADD events:player:main:42 NX 1 "{\"seq\":1,\"type\":\"Registered\"}"
            < 1
            > ZADD events:player:main:42 NX 2 "{\"seq\":2,\"type\":\"Moved\"}" 3 "{\"seq\":3,\"type\":\"Moved\"}"
            < 2
            > ZRANGEBYSCORE events:player:main:42 2 +inf WITHSCORES
            < ["{\"seq\":2,\"type\":\"Moved\"}", "2", "{\"seq\":3,\"type\":\"Moved\"}", "3"]
            > ZRANGEBYSCORE events:player:main:42 (1 +inf LIMIT 0 1
            < ["{\"seq\":2,\"type\":\"Moved\"}"]
            > ZRANGE events:player:main:42 2 3 BYSCORE
            < ["{\"seq\":2,\"type\":\"Moved\"}", "{\"seq\":3,\"type\":\"Moved\"}"]
            > ZREVRANGE events:player:main:42 0 0 WITHSCORES
            < ["{\"seq\":3,\"type\":\"Moved\"}", "3"]
            > ZCARD events:player:main:42
            < 3
            > ZCOUNT events:player:main:42 (1 +inf
            < 2
            > SET positions:projector:player:main:42 3
            < OK
            > GET positions:projector:player:main:42
            < "3"
            > INCRBY positions:projector:player:main:42 2
            < 5
            > HSET snapshots:player:main:42 sequence 3 state "\x00\x01binary"
            < 2
            > HGETALL snapshots:player:main:42
            <% ["sequence", "3", "state", "\x00\x01binary"]
            > HMGET snapshots:player:main:42 sequence state
            < ["3", "\x00\x01binary"]
            > ZRANGEBYSCORE events:player:main:43 1 +inf
            < []
            > GET positions:projector:player:main:43
            < (nil)
            > HGETALL snapshots:player:main:43
            < []
            """#)
    }

    @Test(arguments: ServerKind.all)
    func optimisticAppendsConflict(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > WATCH events:a:main:1
            < OK
            > ZCARD events:a:main:1
            < 0
            b> WATCH events:a:main:1
            < OK
            b> ZCARD events:a:main:1
            < 0
            > MULTI
            < OK
            > ZADD events:a:main:1 1 first
            < QUEUED
            > SET positions:p:a:main:1 1
            < QUEUED
            b> MULTI
            < OK
            b> ZADD events:a:main:1 1 other-first
            < QUEUED
            b> SET positions:p:a:main:1 1
            < QUEUED
            > EXEC
            < [1, OK]
            b> EXEC
            < (nil)
            b> ZRANGE events:a:main:1 0 -1 WITHSCORES
            < ["first", "1"]
            """#)
    }

    /// Writers on several connections append to one aggregate with WATCH; every event gets a sequence of its own.
    @Test(arguments: ServerKind.all)
    func concurrentAppendsLeaveNoGapAndNoDuplicate(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let writers = 4
            let perWriter = 25
            try inParallel(writers) { writer in
                let client = try server.client()
                for index in 0..<perWriter {
                    while true {
                        try client.run("WATCH events:a:main:1")
                        let last =
                            try client.run("ZREVRANGE events:a:main:1 0 0 WITHSCORES")[1].text.flatMap { Int($0) } ?? 0
                        try client.run("MULTI")
                        try client.run("ZADD events:a:main:1 \(last + 1) event:\(writer):\(index)")
                        if try client.run("EXEC") != .null { break }
                    }
                }
            }
            let events = try server.client().run("ZRANGE events:a:main:1 0 -1 WITHSCORES").elements ?? []
            let sequences = stride(from: 1, to: events.count, by: 2).map { events[$0].text ?? "" }
            #expect(sequences == (1...(writers * perWriter)).map(String.init))
        }
    }

    @Test(arguments: ServerKind.all)
    func aLongAggregateIsReadFromASequenceOn(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let count = 50_000
            for start in stride(from: 0, to: count, by: 500) {
                let events = (start..<(start + 500)).map { "\($0 + 1) event-\($0 + 1)" }.joined(separator: " ")
                try client.run("ZADD events:a:main:1 \(events)")
            }
            for from in [1, 2, 777, 25_000, 49_991, 50_000, 50_001] {
                let expected = (from..<min(from + 10, count + 1)).map { Reply.bulk("event-\($0)") }
                #expect(try client.run("ZRANGEBYSCORE events:a:main:1 \(from) +inf LIMIT 0 10") == .array(expected))
            }
            #expect(try client.run("ZREVRANGE events:a:main:1 0 0") == .array([.bulk("event-\(count)")]))
        }
    }
}
