import Foundation
import Testing

/// Messages about what happens to keys. That every command tells what Redis tells is a part of the differential tests.
@Suite struct NotificationTests {
    /// Runs commands and returns what the server has told of them, of the channels by event only.
    private func events(_ client: RedisClient, _ listener: EventListener, _ lines: String...) throws -> [String] {
        _ = try client.pipeline(lines: lines)
        return try listener.events().filter { $0.hasPrefix("event@") }.map { String($0.dropFirst("event@".count)) }
    }

    @Test(arguments: ServerKind.all)
    func lettersChooseClassesAndChannels(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > CONFIG GET notify-keyspace-events
            < ["notify-keyspace-events", ""]
            > CONFIG SET notify-keyspace-events KEA
            < OK
            > CONFIG GET notify-keyspace-events
            < ["notify-keyspace-events", "AKE"]
            > CONFIG SET notify-keyspace-events KEgnm
            < OK
            > CONFIG GET notify-keyspace-events
            < ["notify-keyspace-events", "gnKEm"]
            > CONFIG SET notify-keyspace-events Eg$lshzxetd
            < OK
            > CONFIG GET notify-keyspace-events
            < ["notify-keyspace-events", "AE"]
            > CONFIG SET notify-keyspace-events q
            <* (error) ERR CONFIG SET failed (possibly related to argument 'notify-keyspace-events') - Invalid event *
            > CONFIG SET notify-keyspace-events ""
            < OK
            > CONFIG GET notify-keyspace-events
            < ["notify-keyspace-events", ""]
            """#, arguments: [])
        let server = try ServerProcess(kind)
        let client = try server.client()
        let listener = try EventListener(server)
        let cases = [
            ("KEA", ["space@0:s set", "event@0:set s", "space@0:s del", "event@0:del s"]),
            ("K$", ["space@0:s set"]), ("Eg", ["event@0:del s"]), ("A", []), ("KE", []), ("Ez", []), ("", []),
            ("KEn", ["space@0:s new", "event@0:new s"]), ("Em", ["event@0:keymiss nothing"]),
        ]
        for (letters, expected) in cases {
            try client.send("CONFIG", "SET", "notify-keyspace-events", letters)
            _ = try client.pipeline(lines: ["SET s 1", "DEL s", "GET nothing"])
            #expect(try listener.events() == expected, "\(letters)")
        }
    }

    @Test(arguments: ServerKind.all)
    func onlyWhoSubscribesToAChannelHearsOfIt(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--notify-keyspace-events", "KEA"])
        let client = try server.client()
        for (pattern, expected) in [
            ("__keyevent@0__:del", ["event@0:del a"]), ("__keyspace@?__:b*", ["space@0:b set"]),
            ("__keyspace@1__:*", ["space@1:c set"]), ("*space*:a", ["space@0:a set", "space@0:a del"]),
            ("\\__keyevent@1__:set", ["event@1:set c"]), ("__", []),
        ] {
            let listener = try EventListener(server, pattern)
            _ = try client.pipeline(lines: ["SET a 1", "SET b 1", "DEL a", "SELECT 1", "SET c 1", "SELECT 0"])
            #expect(try listener.events() == expected, "\(pattern)")
        }
        let raw = try server.raw()
        try raw.run("SUBSCRIBE __keyspace@0__:exact")
        try client.run("SET exact 1")
        #expect(try raw.readReply() == .array([.bulk("message"), .bulk("__keyspace@0__:exact"), .bulk("set")]))
    }

    @Test(arguments: ServerKind.all)
    func eventsComeInTheOrderOfCommands(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--notify-keyspace-events", "KEAnm"])
        let client = try server.client()
        let listener = try EventListener(server)
        #expect(
            try events(client, listener, "SET a 1 EX 100", "RENAME a b", "COPY b c", "COPY b c REPLACE", "MOVE c 1")
                == [
                    "0:new a", "0:set a", "0:expire a", "0:new b", "0:rename_from a", "0:rename_to b",
                    "0:new c", "0:copy_to c", "0:new c", "0:copy_to c", "1:new c", "0:move_from c", "1:move_to c",
                ])
        #expect(
            try events(
                client, listener, "MULTI", "ZADD z 1 m 2 n", "GET none", "ZPOPMIN z 5", "HSET h f v", "SET a 2",
                "RENAME a b", "EXEC")
                == [
                    "0:new z", "0:zadd z", "0:keymiss none", "0:zpopmin z", "0:del z", "0:new h", "0:hset h", "0:new a",
                    "0:set a", "0:new b", "0:rename_from a", "0:rename_to b",
                ])
        #expect(try events(client, listener, "MULTI", "SET d 1", "DISCARD", "EXISTS d") == ["0:keymiss d"])
        #expect(try events(client, listener, "SWAPDB 0 1", "FLUSHDB", "FLUSHALL", "FLUSHALL") == [])
        #expect(try events(client, listener, "OBJECT ENCODING none", "DEL none", "EXPIRE none 10", "HDEL none f") == [])
    }

    @Test(arguments: ServerKind.all)
    func expiryIsToldWhenItHappens(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--notify-keyspace-events", "KEAm"])
        let client = try server.client()
        let listener = try EventListener(server)
        #expect(
            try events(client, listener, "SET past 1", "EXPIRE past -1", "SET e 1", "GETEX e PXAT 1")
                == ["0:set past", "0:del past", "0:set e", "0:del e"])
        // By who finds it expired.
        try client.run("DEBUG SET-ACTIVE-EXPIRE 0")
        _ = try events(client, listener, "SET lazy 1 PX 1", "SET other 1 PX 1")
        usleep(5000)
        #expect(
            try events(client, listener, "GET lazy", "GET lazy", "SET other 2")
                == ["0:expired lazy", "0:keymiss lazy", "0:keymiss lazy", "0:expired other", "0:set other"])
        // By the server itself.
        try client.run("DEBUG SET-ACTIVE-EXPIRE 1")
        let raw = try server.raw()
        try raw.run("SUBSCRIBE __keyevent@0__:expired")
        try client.run("SET active 1 PX 1")
        #expect(try raw.readReply() == .array([.bulk("message"), .bulk("__keyevent@0__:expired"), .bulk("active")]))
    }

    @Test(arguments: ServerKind.since("7.4"))
    func fieldsThatExpireAreTold(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--notify-keyspace-events", "KEAn"])
        let client = try server.client()
        let listener = try EventListener(server)
        #expect(
            try events(
                client, listener, "HSET h a 1 b 2", "HEXPIRE h 100 FIELDS 2 a none", "HPERSIST h FIELDS 2 a b",
                "HPERSIST h FIELDS 1 a", "HEXPIRE h 100 XX FIELDS 1 a", "HPEXPIRE h 0 FIELDS 1 a",
                "HPEXPIREAT h 1 FIELDS 1 b")
                == ["0:new h", "0:hset h", "0:hexpire h", "0:hpersist h", "0:hdel h", "0:hdel h", "0:del h"])
        try client.run("DEBUG SET-ACTIVE-EXPIRE 0")
        _ = try events(client, listener, "HSET h a 1 b 2", "HPEXPIRE h 1 FIELDS 1 a")
        usleep(5000)
        #expect(try events(client, listener, "HGET h a", "HGET h b") == ["0:hexpired h"])
        _ = try events(client, listener, "HPEXPIRE h 1 FIELDS 1 b")
        usleep(5000)
        #expect(try events(client, listener, "HGET h b") == ["0:hexpired h", "0:del h"])
        try client.run("DEBUG SET-ACTIVE-EXPIRE 1")
        let raw = try server.raw()
        try raw.run("PSUBSCRIBE __keyevent@0__:hexpired __keyevent@0__:del")
        _ = try raw.readReply()
        _ = try client.pipeline(lines: ["HSET g a 1", "HPEXPIRE g 1 FIELDS 1 a"])
        #expect(try raw.readReply()[2] == .bulk("__keyevent@0__:hexpired"))
        #expect(try raw.readReply()[2] == .bulk("__keyevent@0__:del"))
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func commandsThatReadAndWriteFieldsAreTold(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--notify-keyspace-events", "KEAn"])
        let client = try server.client()
        let listener = try EventListener(server)
        #expect(
            try events(
                client, listener, "HSETEX h EX 100 FIELDS 1 a 1", "HSETEX h FIELDS 1 b 2", "HSETEX h FXX FIELDS 1 c 2")
                == ["0:new h", "0:hset h", "0:hexpire h", "0:hset h"])
        #expect(
            try events(
                client, listener, "HGETEX h FIELDS 1 a", "HGETEX h PERSIST FIELDS 1 a", "HGETEX h EX 10 FIELDS 1 b",
                "HGETDEL h FIELDS 1 a", "HSETEX h PXAT 1 FIELDS 1 b 2", "HSETEX h PXAT 1 FIELDS 1 b 2")
                == ["0:hpersist h", "0:hexpire h", "0:hdel h", "0:hset h", "0:hdel h", "0:del h"])
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func whatBecomesOfComputedKeysIsToldAfterItsCause(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--notify-keyspace-events", "KEAc"])
        let client = try server.client()
        let listener = try EventListener(server)
        #expect(
            try events(
                client, listener, "SET source 1", "COMPUTE.SET mean 5 DEPS 1 source", "COMPUTE.SET top 6 DEPS 1 mean",
                "SET source 2", "SET source 3", "GET top")
                == [
                    "0:set source", "0:computed mean", "0:computed top", "0:set source", "0:stale mean", "0:stale top",
                    "0:set source",
                ])
        try client.run("CONFIG SET notify-keyspace-events KEA")
        #expect(
            try client.run("CONFIG GET notify-keyspace-events")
                == .array([.bulk("notify-keyspace-events"), .bulk("AKE")]))
        #expect(
            try events(client, listener, "COMPUTE.SET mean 5 DEPS 1 source", "SET source 4") == ["0:set source"])
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func aWriterHearsOfItsWritesBehindTheirReplies(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--notify-keyspace-events", "KA"])
        let raw = try server.raw()
        try raw.run("HELLO 3")
        try raw.run("PSUBSCRIBE __keyspace*")
        #expect(try raw.run("SET a 1") == .ok)
        #expect(
            try raw.readReply()
                == .push([.bulk("pmessage"), .bulk("__keyspace*"), .bulk("__keyspace@0__:a"), .bulk("set")]))
    }

    @Test(arguments: ServerKind.all)
    func theEventsOfAKeyComeInTheOrderOfItsWrites(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--notify-keyspace-events", "KA"])
        let listener = try EventListener(server)
        try inParallel(4) { _ in
            let client = try server.client()
            for _ in 0..<50 {
                _ = try client.pipeline(lines: ["SETNX k 1", "DEL k", "SETNX k 1", "SETNX k 2", "DEL k"])
            }
        }
        // Each of these writes changes something only when the last one was of the other kind.
        let events = try listener.events()
        #expect(events.count >= 2)
        for (index, event) in events.enumerated() { #expect(event == "space@0:k \(index % 2 == 0 ? "set" : "del")") }
    }
}
