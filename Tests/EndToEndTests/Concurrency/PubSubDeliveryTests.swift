import Testing

/// Messages between connections of several workers.
@Suite(.serialized) struct PubSubDeliveryTests {
    private static let channel = "channel"
    private static let subscribers = 24
    private static let publishers = 4
    private static let messages = 2000

    private func withServer(
        _ kind: ServerKind, _ arguments: [String] = [], _ body: (ServerProcess) throws -> Void
    ) throws {
        try body(ServerProcess(kind, arguments + (kind == .freshet ? ["--threads", "4"] : [])))
    }

    /// Every subscriber gets all messages of every publisher, each publisher's in their order; by name or pattern.
    @Test(arguments: ServerKind.all)
    func eachPublishersOrderIsKept(_ kind: ServerKind) throws {
        try withServer(kind) { server in
            let audience = try (0..<Self.subscribers).map { index in
                let connection = try server.raw()
                if index % 3 == 1 { _ = try connection.run("HELLO 3") }
                _ = try connection.run(index % 3 == 2 ? "PSUBSCRIBE chan*" : "SUBSCRIBE \(Self.channel)")
                return connection
            }
            try inParallel(Self.subscribers + Self.publishers) { index in
                guard index < Self.subscribers else {
                    let publisher = try server.client()
                    let number = index - Self.subscribers
                    for start in stride(from: 0, to: Self.messages, by: 50) {
                        let replies = try publisher.pipeline(
                            lines: (start..<start + 50).map { "PUBLISH \(Self.channel) \(number):\($0)" })
                        for reply in replies where reply != .integer(Int64(Self.subscribers)) {
                            Issue.record("PUBLISH answered \(reply)")
                        }
                    }
                    return
                }
                var next = [Int](repeating: 0, count: Self.publishers)
                for _ in 0..<Self.publishers * Self.messages {
                    let message = try audience[index].readReply().elements ?? []
                    let parts = message.last?.text?.split(separator: ":").compactMap { Int($0) } ?? []
                    guard parts.count == 2, parts[1] == next[parts[0]] else {
                        Issue.record("subscriber \(index) received \(message) after \(next)")
                        return
                    }
                    next[parts[0]] += 1
                }
            }
        }
    }

    /// What was published before a connection's command was sent comes in front of the command's reply.
    @Test(arguments: ServerKind.all)
    func messagesComeBeforeLaterReplies(_ kind: ServerKind) throws {
        try withServer(kind) { server in
            let audience = try (0..<8).map { _ in try PubSubTests.raw3(server) }
            for connection in audience { _ = try connection.run("SUBSCRIBE \(Self.channel)") }
            let publisher = try server.client()
            for turn in 0..<200 {
                #expect(try publisher.run("PUBLISH \(Self.channel) \(turn)") == .integer(8))
                let connection = audience[turn % 8]
                connection.send("PING\r\n")
                var reply = try connection.readReply()
                var last = -1
                while case .push(let elements) = reply {
                    last = Int(elements.last?.text ?? "") ?? -1
                    reply = try connection.readReply()
                }
                #expect(reply == .status("PONG") && last == turn)
            }
        }
    }

    /// Nothing is lost or doubled while subscriptions come and go: a message is got by whom PUBLISH has counted.
    @Test(arguments: ServerKind.all)
    func subscriptionsBeginAndEndWithTheirConfirmation(_ kind: ServerKind) throws {
        try withServer(kind) { server in
            let connections = try (0..<8).map { _ in try server.raw() }
            let publisher = try server.client()
            for connection in connections { _ = try connection.run("SUBSCRIBE other") }
            for turn in 0..<100 {
                let connection = connections[turn % 8]
                #expect(try publisher.run("PUBLISH \(Self.channel) early") == .integer(0))
                try PubSubTests.expect(connection, "SUBSCRIBE \(Self.channel)", #"["subscribe", "channel", 2]"#)
                #expect(try publisher.run("PUBLISH \(Self.channel) \(turn)") == .integer(1))
                try PubSubTests.expect(
                    connection, "UNSUBSCRIBE \(Self.channel)", #"["message", "channel", "\#(turn)"]"#,
                    #"["unsubscribe", "channel", 1]"#)
            }
        }
    }

    @Test(arguments: ServerKind.all)
    func aSubscriberThatDoesNotReadIsClosedAtTheLimit(_ kind: ServerKind) throws {
        try withServer(kind, ["--client-output-buffer-limit", "pubsub", "1mb", "0", "0"]) { server in
            let slow = try server.raw(receiveBuffer: 4096)
            let fast = try server.raw()
            _ = try slow.run("SUBSCRIBE \(Self.channel)")
            _ = try fast.run("SUBSCRIBE \(Self.channel)")
            let publisher = try server.client()
            let payload = String(repeating: "x", count: 50_000)
            var receivers: Int64 = 2
            for _ in 0..<1000 where receivers > 1 {
                receivers = try publisher.send("PUBLISH", Self.channel, payload).integer ?? 0
                #expect(try fast.readReply()[2].bytes?.count == payload.utf8.count)
            }
            #expect(receivers == 1, "the slow subscriber is still there")
            if kind.version >= "7.2" {
                let statistics = try publisher.run("INFO stats").text ?? ""
                #expect(statistics.contains("client_output_buffer_limit_disconnections:1\r\n"))
            }
            #expect(try publisher.run("CLIENT LIST TYPE pubsub").text?.split(separator: "\n").count == 1)
        }
    }

    /// A worker whose mailbox is full is waited for: nothing is lost, and nobody waits for ever.
    @Test(arguments: ServerKind.all)
    func floodsFromAllSidesArrive(_ kind: ServerKind) throws {
        try withServer(kind, ["--client-output-buffer-limit", "pubsub", "0", "0", "0"]) { server in
            let count = 60
            let payload = String(repeating: "x", count: 1 << 20)
            let audience = try (0..<4).map { _ in
                let connection = try server.client()
                _ = try connection.run("SUBSCRIBE \(Self.channel)")
                return connection
            }
            try inParallel(8) { index in
                if index < 4 {
                    let publisher = try server.client()
                    let command = ["PUBLISH", Self.channel, payload].map { Array($0.utf8) }
                    for _ in 0..<count / 20 {
                        _ = try publisher.pipeline(Array(repeating: command, count: 20))
                    }
                } else {
                    for _ in 0..<4 * count {
                        #expect(try audience[index - 4].receive()[2].bytes?.count == payload.utf8.count)
                    }
                }
            }
        }
    }
}
