import Testing

/// Subscriptions: what is answered, and who gets which messages.
@Suite struct PubSubTests {
    /// A connection that speaks RESP3.
    static func raw3(_ server: ServerProcess) throws -> RawConnection {
        let connection = try server.raw()
        _ = try connection.run("HELLO 3")
        return connection
    }

    /// Sends a command, and compares as many replies and messages as are expected.
    static func expect(
        _ connection: RawConnection, _ line: String? = nil, _ expected: String...,
        location: SourceLocation = #_sourceLocation
    ) throws {
        if let line { connection.send(command: splitArguments(line) ?? []) }
        for text in expected { try #expect(connection.readReply().description == text, sourceLocation: location) }
    }

    @Test(arguments: ServerKind.all)
    func subscribersGetMessagesInBothProtocols(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let (two, three, publisher) = (try server.raw(), try Self.raw3(server), try server.client())
            try Self.expect(
                two, "SUBSCRIBE x y x", #"["subscribe", "x", 1]"#, #"["subscribe", "y", 2]"#, #"["subscribe", "x", 2]"#)
            try Self.expect(three, "SUBSCRIBE x", #">["subscribe", "x", 1]"#)
            try Self.expect(three, "PSUBSCRIBE x*", #">["psubscribe", "x*", 2]"#)
            #expect(try publisher.run("PUBLISH x one") == .integer(3))
            #expect(try publisher.run("PUBLISH xy two") == .integer(1))
            #expect(try publisher.run("PUBLISH z nobody") == .integer(0))
            #expect(try publisher.run(#"PUBLISH y "\r\n\x00""#) == .integer(1))
            try Self.expect(two, nil, #"["message", "x", "one"]"#, #"["message", "y", "\r\n\x00"]"#)
            try Self.expect(
                three, nil, #">["message", "x", "one"]"#, #">["pmessage", "x*", "x", "one"]"#,
                #">["pmessage", "x*", "xy", "two"]"#)
            try Self.expect(three, "PING", "PONG")
            try Self.expect(three, "SET k v", "OK")
        }
    }

    @Test(arguments: ServerKind.all)
    func whoHasUnsubscribedGetsNothing(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let (subscriber, publisher) = (try server.raw(), try server.client())
            try Self.expect(subscriber, "UNSUBSCRIBE", #"["unsubscribe", (nil), 0]"#)
            try Self.expect(subscriber, "PUNSUBSCRIBE", #"["punsubscribe", (nil), 0]"#)
            try Self.expect(subscriber, "UNSUBSCRIBE nope", #"["unsubscribe", "nope", 0]"#)
            try Self.expect(subscriber, "SUBSCRIBE a b", #"["subscribe", "a", 1]"#, #"["subscribe", "b", 2]"#)
            try Self.expect(subscriber, "PSUBSCRIBE a*", #"["psubscribe", "a*", 3]"#)
            try Self.expect(subscriber, "UNSUBSCRIBE a", #"["unsubscribe", "a", 2]"#)
            #expect(try publisher.run("PUBLISH a 1") == .integer(1))
            try Self.expect(subscriber, nil, #"["pmessage", "a*", "a", "1"]"#)
            try Self.expect(subscriber, "PUNSUBSCRIBE", #"["punsubscribe", "a*", 1]"#)
            #expect(try publisher.run("PUBLISH a 2") == .integer(0))
            try Self.expect(subscriber, "UNSUBSCRIBE", #"["unsubscribe", "b", 0]"#)
            try Self.expect(subscriber, "GET k", "(nil)")
        }
    }

    @Test(arguments: ServerKind.all)
    func subscribersOfRESP2MayOnlyChangeSubscriptions(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let subscriber = try server.raw()
            try Self.expect(subscriber, "SUBSCRIBE x", #"["subscribe", "x", 1]"#)
            let rest = "only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
            try Self.expect(subscriber, "GET k", "(error) ERR Can't execute 'get': \(rest)")
            try Self.expect(subscriber, "CLIENT LIST", "(error) ERR Can't execute 'client|list': \(rest)")
            try Self.expect(subscriber, "MULTI", "(error) ERR Can't execute 'multi': \(rest)")
            try Self.expect(subscriber, "GET", "(error) ERR wrong number of arguments for 'get' command")
            try Self.expect(subscriber, "NOSUCH", "(error) ERR unknown command 'NOSUCH', with args beginning with: ")
            try Self.expect(subscriber, "PING", #"["pong", ""]"#)
            try Self.expect(subscriber, "PING hi", #"["pong", "hi"]"#)
            try Self.expect(subscriber, "SSUBSCRIBE s", #"["ssubscribe", "s", 1]"#)
            try Self.expect(subscriber, "SUNSUBSCRIBE", #"["sunsubscribe", "s", 0]"#)
            try Self.expect(subscriber, "RESET", "RESET")
            try Self.expect(subscriber, "GET k", "(nil)")
            #expect(try server.client().run("PUBLISH x 1") == .integer(0))
            try Self.expect(subscriber, "SUBSCRIBE x", #"["subscribe", "x", 1]"#)
            try Self.expect(subscriber, "QUIT", "OK")
            #expect(try subscriber.readToEnd() == "")
        }
    }

    @Test(arguments: ServerKind.all)
    func shardChannelsAreNamesOfTheirOwn(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let (subscriber, client) = (try Self.raw3(server), try server.client())
            try Self.expect(subscriber, "SUBSCRIBE s", #">["subscribe", "s", 1]"#)
            try Self.expect(subscriber, "SSUBSCRIBE s t", #">["ssubscribe", "s", 1]"#, #">["ssubscribe", "t", 2]"#)
            try Self.expect(subscriber, "PSUBSCRIBE *", #">["psubscribe", "*", 2]"#)
            #expect(try client.run("SPUBLISH s sharded") == .integer(1))
            #expect(try client.run("PUBLISH t plain") == .integer(1))
            try Self.expect(
                subscriber, nil, #">["smessage", "s", "sharded"]"#, #">["pmessage", "*", "t", "plain"]"#)
            #expect(try client.run("PUBSUB SHARDNUMSUB s t u").description == #"["s", 1, "t", 1, "u", 0]"#)
            #expect(try client.run("PUBSUB SHARDCHANNELS t*").description == #"["t"]"#)
            try Self.expect(subscriber, "SUNSUBSCRIBE s", #">["sunsubscribe", "s", 1]"#)
            try Self.expect(subscriber, "SUNSUBSCRIBE", #">["sunsubscribe", "t", 0]"#)
            try Self.expect(subscriber, "SUNSUBSCRIBE", #">["sunsubscribe", (nil), 0]"#)
            #expect(try client.run("SPUBLISH s 1") == .integer(0))
        }
    }

    @Test(arguments: ServerKind.all)
    func pubsubTellsWhatThereIs(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let (one, other) = (try server.raw(), try server.raw())
            try Self.expect(one, "SUBSCRIBE news", #"["subscribe", "news", 1]"#)
            try Self.expect(one, "PSUBSCRIBE n*", #"["psubscribe", "n*", 2]"#)
            try Self.expect(
                other, "SUBSCRIBE news weather", #"["subscribe", "news", 1]"#, #"["subscribe", "weather", 2]"#)
            try Self.expect(other, "PSUBSCRIBE n* w?", #"["psubscribe", "n*", 3]"#, #"["psubscribe", "w?", 4]"#)
            let client = try server.client()
            #expect(Set(try client.run("PUBSUB CHANNELS").elements?.compactMap(\.text) ?? []) == ["news", "weather"])
            #expect(try client.run("PUBSUB CHANNELS w*").description == #"["weather"]"#)
            #expect(try client.run("PUBSUB CHANNELS x*").description == "[]")
            #expect(try client.run("PUBSUB NUMSUB news weather x").description == #"["news", 2, "weather", 1, "x", 0]"#)
            #expect(try client.run("PUBSUB NUMSUB").description == "[]")
            #expect(try client.run("PUBSUB NUMPAT") == .integer(2))
            #expect(try client.run("PUBLISH news 1") == .integer(4))
            let statistics = try client.run("INFO stats").text ?? ""
            #expect(statistics.contains("pubsub_channels:2\r\npubsub_patterns:2\r\n"))
            if kind.version >= "7.4" {
                #expect(try client.run("INFO clients").text?.contains("pubsub_clients:2") == true)
            }
            for (line, error) in [
                ("PUBSUB", "ERR wrong number of arguments for 'pubsub' command"),
                ("PUBSUB NOSUCH", "ERR unknown subcommand 'NOSUCH'. Try PUBSUB HELP."),
                ("PUBSUB NUMPAT x", "ERR wrong number of arguments for 'pubsub|numpat' command"),
                ("SUBSCRIBE", "ERR wrong number of arguments for 'subscribe' command"),
                ("PUBLISH x", "ERR wrong number of arguments for 'publish' command"),
                ("COMMAND GETKEYS SPUBLISH x y", "ERR The command has no key arguments"),
            ] { #expect(try client.run(line) == .error(error)) }
        }
    }

    @Test(arguments: ServerKind.all)
    func clientListShowsSubscribers(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let (subscriber, client) = (try Self.raw3(server), try server.client())
            let identifier = try subscriber.run("CLIENT ID").integer ?? 0
            try Self.expect(subscriber, "SUBSCRIBE a b", #">["subscribe", "a", 1]"#, #">["subscribe", "b", 2]"#)
            try Self.expect(subscriber, "PSUBSCRIBE c*", #">["psubscribe", "c*", 3]"#)
            try Self.expect(subscriber, "SSUBSCRIBE d", #">["ssubscribe", "d", 1]"#)
            let list = try client.run("CLIENT LIST TYPE pubsub").text ?? ""
            #expect(list.hasPrefix("id=\(identifier) ") && list.split(separator: "\n").count == 1)
            #expect(list.contains(" flags=P ") && list.contains(" sub=2 psub=1 "))
            if kind.version >= "7.4" { #expect(list.contains(" psub=1 ssub=1 ")) }
            #expect(try client.run("CLIENT LIST TYPE normal").text?.contains("id=\(identifier) ") == false)
            #expect(try client.run("CLIENT KILL TYPE pubsub") == .integer(1))
            _ = try subscriber.readToEnd()
            #expect(try client.run("CLIENT LIST TYPE pubsub").text == "")
            #expect(try client.run("PUBLISH a 1") == .integer(0))
            #expect(try client.run("PUBSUB NUMPAT") == .integer(0))
        }
    }

    @Test(arguments: ServerKind.all)
    func transactionsMaySubscribe(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let connection = try server.raw()
            try Self.expect(connection, "MULTI", "OK")
            for line in ["SUBSCRIBE a", "SSUBSCRIBE a", "SET k v", "UNSUBSCRIBE"] {
                try Self.expect(connection, line, "QUEUED")
            }
            try Self.expect(
                connection, "EXEC",
                #"[["subscribe", "a", 1], (error) ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client, OK, "#
                    + #"["unsubscribe", "a", 0]]"#)
        }
    }

    @Test(arguments: ServerKind.all)
    func messagesComeThoughRepliesAreOff(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let (subscriber, client) = (try server.raw(), try server.client())
            subscriber.send(command: splitArguments("CLIENT REPLY OFF") ?? [])
            try Self.expect(subscriber, "SUBSCRIBE x", #"["subscribe", "x", 1]"#)
            #expect(try client.run("PUBLISH x 1") == .integer(1))
            try Self.expect(subscriber, nil, #"["message", "x", "1"]"#)
            subscriber.send(command: splitArguments("PING") ?? [])
            try Self.expect(subscriber, "UNSUBSCRIBE", #"["unsubscribe", "x", 0]"#)
            try Self.expect(subscriber, "CLIENT REPLY ON", "OK")
            subscriber.send(command: splitArguments("CLIENT REPLY SKIP") ?? [])
            try Self.expect(subscriber, "SUBSCRIBE x", #"["subscribe", "x", 1]"#)
            try Self.expect(subscriber, "PING", #"["pong", ""]"#)
        }
    }

    /// Redis has sent them in front of the reply, and into the middle of EXEC's, before 7.2.
    @Test(arguments: ServerKind.since("7.2"))
    func ownMessagesComeBehindTheReply(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let connection = try Self.raw3(server)
            try Self.expect(connection, "SUBSCRIBE x", #">["subscribe", "x", 1]"#)
            try Self.expect(connection, "PUBLISH x 1", "1", #">["message", "x", "1"]"#)
            try Self.expect(connection, "MULTI", "OK")
            try Self.expect(connection, "PUBLISH x 2", "QUEUED")
            try Self.expect(connection, "PING", "QUEUED")
            try Self.expect(connection, "EXEC", "[1, PONG]", #">["message", "x", "2"]"#)
            connection.send("PUBLISH x 3\r\nPUBLISH x 4\r\nPING\r\n")
            try Self.expect(
                connection, nil, "1", #">["message", "x", "3"]"#, "1", #">["message", "x", "4"]"#, "PONG")
        }
    }

    @Test(arguments: ServerKind.all)
    func theProtocolOfAMessageIsThatOfItsMoment(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let (subscriber, client) = (try Self.raw3(server), try server.client())
            try Self.expect(subscriber, "SUBSCRIBE x", #">["subscribe", "x", 1]"#)
            _ = try client.run("PUBLISH x 1")
            try Self.expect(subscriber, nil, #">["message", "x", "1"]"#)
            _ = try subscriber.run("HELLO 2")
            _ = try client.run("PUBLISH x 2")
            try Self.expect(subscriber, nil, #"["message", "x", "2"]"#)
            #expect(try subscriber.run("GET k").isError)
        }
    }
}
