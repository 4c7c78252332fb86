import Testing

/// The bytes on the wire: framing of requests, inline commands, protocol errors, limits.
@Suite struct ProtocolTests {
    @Test(arguments: ServerKind.all)
    func requestsMayArriveInPiecesSplitAnywhere(_ kind: ServerKind) throws {
        let request = Array("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\nPING\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n".utf8)
        try ServerPool.with(kind) { server in
            let connection = try server.raw()
            let other = try server.client()
            for split in 1..<request.count {
                connection.send(Array(request[..<split]))
                // Another connection's answer shows that the server has had time to read the first piece.
                try other.run("PING")
                connection.send(Array(request[split...]))
                #expect(
                    try connection.read(upTo: "a\r\nb\r\n") == "+OK\r\n+PONG\r\n$4\r\na\r\nb\r\n", "split at \(split)")
            }
            for byte in request { connection.send([byte]) }
            #expect(try connection.read(upTo: "a\r\nb\r\n") == "+OK\r\n+PONG\r\n$4\r\na\r\nb\r\n")
        }
    }

    @Test(arguments: ServerKind.all)
    func tenThousandPipelinedCommandsAreAnsweredInOrder(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            var commands: [[[UInt8]]] = []
            for index in 0..<10_000 {
                switch index % 4 {
                case 0: commands.append([Array("SET".utf8), Array("k\(index)".utf8), Array("v\(index)".utf8)])
                case 1: commands.append([Array("GET".utf8), Array("k\(index - 1)".utf8)])
                case 2: commands.append([Array("ECHO".utf8), Array("\(index)".utf8)])
                default: commands.append([Array("INCR".utf8), Array("n".utf8)])
                }
            }
            let replies = try client.pipeline(commands)
            for (index, reply) in replies.enumerated() {
                let expected: Reply =
                    switch index % 4 {
                    case 0: .ok
                    case 1: .bulk("v\(index - 1)")
                    case 2: .bulk("\(index)")
                    default: .integer(Int64(index / 4 + 1))
                    }
                guard reply == expected else {
                    Issue.record("reply \(index) is \(reply) instead of \(expected)")
                    return
                }
            }
        }
    }

    @Test(arguments: ServerKind.all)
    func aPipelineSentBeforeReadingAnythingIsNotLost(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            try server.client().send([Array("SET".utf8), Array("k".utf8), [UInt8](repeating: 120, count: 1000)])
            let connection = try server.raw(receiveBuffer: 4096)
            let request = Array("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n".utf8)
            connection.send([UInt8]((0..<5000).map { _ in request }.joined()))
            connection.send("PING\r\n")
            var expected = 5000 * (1000 + 9) + 7
            while expected > 0 {
                let text = try connection.read { !$0.isEmpty }
                expected -= text.utf8.count
                if expected == 0 { #expect(text.hasSuffix("+PONG\r\n")) }
            }
            #expect(expected == 0)
        }
    }

    /// What is sent, and all that comes back before the server closes the connection.
    static let fatal: [(sent: String, reply: String)] = [
        ("*2147483648\r\n", "-ERR Protocol error: invalid multibulk length\r\n"),
        ("*9223372036854775808\r\n", "-ERR Protocol error: invalid multibulk length\r\n"),
        ("*x\r\n", "-ERR Protocol error: invalid multibulk length\r\n"),
        ("*\r\n", "-ERR Protocol error: invalid multibulk length\r\n"),
        ("* 1\r\n", "-ERR Protocol error: invalid multibulk length\r\n"),
        ("*+1\r\n", "-ERR Protocol error: invalid multibulk length\r\n"),
        ("*1 \r\n", "-ERR Protocol error: invalid multibulk length\r\n"),
        ("*01\r\n", "-ERR Protocol error: invalid multibulk length\r\n"),
        ("*1\r\n$-1\r\n", "-ERR Protocol error: invalid bulk length\r\n"),
        ("*1\r\n$-2147483648\r\n", "-ERR Protocol error: invalid bulk length\r\n"),
        ("*1\r\n$x\r\n", "-ERR Protocol error: invalid bulk length\r\n"),
        ("*1\r\n$\r\n", "-ERR Protocol error: invalid bulk length\r\n"),
        ("*1\r\n$ 4\r\nPING\r\n", "-ERR Protocol error: invalid bulk length\r\n"),
        ("*1\r\n$536870913\r\n", "-ERR Protocol error: invalid bulk length\r\n"),
        ("*1\r\n$9223372036854775807\r\n", "-ERR Protocol error: invalid bulk length\r\n"),
        ("*1\r\n$18446744073709551615\r\n", "-ERR Protocol error: invalid bulk length\r\n"),
        ("*1\r\nPING\r\n", "-ERR Protocol error: expected '$', got 'P'\r\n"),
        ("*1\r\n:4\r\n", "-ERR Protocol error: expected '$', got ':'\r\n"),
        ("*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n", "-ERR Protocol error: expected '$', got 'f'\r\n"),
        ("*1\r\n\r\n\r\n", "-ERR Protocol error: expected '$', got ' '\r\n"),
        ("PING \"abc\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n"),
        ("PING 'a'b\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n"),
        ("PING\r\n*x\r\nPING\r\n", "+PONG\r\n-ERR Protocol error: invalid multibulk length\r\n"),
    ]

    @Test(arguments: ServerKind.all, 0..<fatal.count)
    func brokenFramingIsAnsweredAndClosesTheConnection(_ kind: ServerKind, _ index: Int) throws {
        let (sent, expected) = ProtocolTests.fatal[index]
        try ServerPool.with(kind) { server in
            let connection = try server.raw()
            connection.send(sent)
            let reply = try connection.readToEnd()
            #expect(reply == expected, "\(Reply.quoted(sent.utf8))")
            #expect(try server.client().run("PING") == .status("PONG"))
        }
    }

    /// What is sent, and the reply after which the connection lives on.
    static let harmless: [(sent: String, reply: String)] = [
        ("PING\r\n", "+PONG\r\n"),
        ("PING\n", "+PONG\r\n"),
        ("  PING  \r\n", "+PONG\r\n"),
        ("\r\n\r\nPING\r\n", "+PONG\r\n"),
        ("*0\r\nPING\r\n", "+PONG\r\n"),
        ("*-1\r\nPING\r\n", "+PONG\r\n"),
        ("*-10\r\nPING\r\n", "+PONG\r\n"),
        ("PING \"a b\"\r\n", "$3\r\na b\r\n"),
        ("PING \"\\x00\\xff\\n\"\r\n", "$3\r\n\0\u{fffd}\n\r\n"),
        ("PING 'a\\'b'\r\n", "$3\r\na'b\r\n"),
        ("PING \"\"\r\n", "$0\r\n\r\n"),
        ("*1\r\n$4\r\nPING\r\n", "+PONG\r\n"),
        ("*2\r\n$4\r\nPING\r\n$0\r\n\r\n", "$0\r\n\r\n"),
        ("*1\r\n$0\r\n\r\n", "-ERR unknown command '', with args beginning with: \r\n"),
        ("*1\r\n$04\r\nPING\r\n", ""),
        ("nosuch a b\r\n", "-ERR unknown command 'nosuch', with args beginning with: 'a' 'b' \r\n"),
        (
            "*2\r\n$6\r\nnosuch\r\n$4\r\na\r\nb\r\n",
            "-ERR unknown command 'nosuch', with args beginning with: 'a  b' \r\n"
        ),
        ("*1\r\n$6\r\na\r\nb\r\n\r\n", "-ERR unknown command 'a  b  ', with args beginning with: \r\n"),
        ("*2\r\n$6\r\nconfig\r\n$3\r\n\r\nx\r\n", "-ERR unknown subcommand '  x'. Try CONFIG HELP.\r\n"),
    ].filter { !$0.reply.isEmpty }

    @Test(arguments: ServerKind.all, 0..<harmless.count)
    func looseFramingIsUnderstood(_ kind: ServerKind, _ index: Int) throws {
        let (sent, expected) = ProtocolTests.harmless[index]
        try ServerPool.with(kind) { server in
            let connection = try server.raw()
            connection.send(sent)
            connection.send("ECHO end\r\n")
            #expect(
                try connection.read(upTo: "$3\r\nend\r\n") == expected + "$3\r\nend\r\n", "\(Reply.quoted(sent.utf8))")
        }
    }

    @Test(arguments: ServerKind.all)
    func inlineRequestsEndAt64KB(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let fits = try server.raw()
            fits.send("PING " + String(repeating: "a", count: 60_000) + "\r\n")
            #expect(try fits.read { $0.count == 60_000 + 10 }.hasPrefix("$60000\r\naaaa"))
            let endless = try server.raw()
            endless.send(String(repeating: "a", count: 70_000))
            #expect(try endless.readToEnd() == "-ERR Protocol error: too big inline request\r\n")
            let count = try server.raw()
            count.send("*" + String(repeating: "1", count: 70_000))
            #expect(try count.readToEnd() == "-ERR Protocol error: too big mbulk count string\r\n")
            let bulk = try server.raw()
            bulk.send("*1\r\n$" + String(repeating: "1", count: 70_000))
            #expect(try bulk.readToEnd() == "-ERR Protocol error: too big bulk count string\r\n")
        }
    }

    @Test(arguments: ServerKind.all)
    func manyArgumentsAreAccepted(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            var command = ["DEL"]
            for index in 0..<200_000 { command.append("k\(index)") }
            #expect(try client.send(command.map { Array($0.utf8) }) == .integer(0))
        }
    }

    /// Larger counts than the historical million are legal as such; they only wait for their arguments.
    @Test(arguments: ServerKind.all)
    func aHugeMultibulkCountAllocatesNothing(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let before = server.residentBytes
            var connections: [RawConnection] = []
            for _ in 0..<50 {
                let connection = try server.raw()
                connection.send("*1048577\r\n$4\r\nPING\r\n")
                connections.append(connection)
            }
            #expect(try server.client().run("PING") == .status("PONG"))
            #expect(server.residentBytes - before < 64 << 20)
        }
    }

    @Test(arguments: ServerKind.all)
    func requestsOfWebBrowsersCloseTheConnection(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            for text in [
                "POST / HTTP/1.1\r\nX: y\r\n", "GET / \r\nHost: localhost\r\nSET k v\r\n", "host: x\r\nSET k v\r\n",
            ] {
                let connection = try server.raw()
                connection.send(text + "SET k v\r\n")
                let reply = try connection.readToEnd()
                #expect(!reply.contains("+OK"), "\(text)")
                #expect(try server.client().run("EXISTS k") == .integer(0))
            }
        }
    }

    @Test(arguments: ServerKind.all)
    func unauthenticatedClientsHaveTightLimits(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--requirepass", "secret"])
        let cases = [
            ("*11\r\n", "-ERR Protocol error: unauthenticated multibulk length\r\n"),
            ("*100000\r\n", "-ERR Protocol error: unauthenticated multibulk length\r\n"),
            ("*2\r\n$4\r\nAUTH\r\n$16385\r\n", "-ERR Protocol error: unauthenticated bulk length\r\n"),
        ]
        for (sent, expected) in cases {
            let connection = try server.raw()
            connection.send(sent)
            #expect(try connection.readToEnd() == expected)
        }
        let connection = try server.raw()
        connection.send(command: [Array("AUTH".utf8), [UInt8](repeating: 97, count: 16384)])
        #expect(try connection.read(upTo: "\r\n").hasPrefix("-WRONGPASS"))
        connection.send("AUTH secret\r\n")
        #expect(try connection.read(upTo: "\r\n") == "+OK\r\n")
        connection.send(command: (0..<12).map { _ in Array("PING".utf8) })
        #expect(try connection.read(upTo: "\r\n") == "-ERR wrong number of arguments for 'ping' command\r\n")
    }

    @Test(arguments: ServerKind.all)
    func bulksEndAtProtoMaxBulkLen(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--proto-max-bulk-len", "1mb"])
        let connection = try server.raw()
        connection.send("*2\r\n$4\r\nECHO\r\n$1048577\r\n")
        #expect(try connection.readToEnd() == "-ERR Protocol error: invalid bulk length\r\n")
        let client = try server.client()
        #expect(try client.send([Array("SET".utf8), Array("k".utf8), [UInt8](repeating: 1, count: 1 << 20)]) == .ok)
        #expect(
            try client.run("APPEND k x") == .error("ERR string exceeds maximum allowed size (proto-max-bulk-len)"))
        #expect(
            try client.run("SETRANGE k 1048576 x")
                == .error("ERR string exceeds maximum allowed size (proto-max-bulk-len)"))
        #expect(try client.run("STRLEN k") == .integer(1 << 20))
    }

    @Test(arguments: ServerKind.all)
    func repliesBeforeTheEndOfInputAreStillSent(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let quits = try server.raw()
            quits.send("SET k v\r\nQUIT\r\nSET k w\r\n")
            #expect(try quits.readToEnd() == "+OK\r\n+OK\r\n")
            #expect(try server.client().run("GET k") == .bulk("v"))
        }
    }

    @Test(arguments: ServerKind.all)
    func theReplyTypesOfRESP3(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let connection = try server.raw()
            try connection.run("HELLO 3")
            let cases = [
                ("SET k v\r\n", "+OK\r\n"),
                ("GET k\r\n", "$1\r\nv\r\n"),
                ("GET missing\r\n", "_\r\n"),
                ("MGET k missing\r\n", "*2\r\n$1\r\nv\r\n_\r\n"),
                ("INCR n\r\n", ":1\r\n"),
                ("HSET h f v\r\n", ":1\r\n"),
                ("HGETALL h\r\n", "%1\r\n$1\r\nf\r\n$1\r\nv\r\n"),
                ("ZADD z 1.5 m inf i\r\n", ":2\r\n"),
                ("ZSCORE z m\r\n", ",1.5\r\n"),
                ("ZSCORE z i\r\n", ",inf\r\n"),
                ("ZINCRBY z 1 m\r\n", ",2.5\r\n"),
                ("ZRANGE z 0 0 WITHSCORES\r\n", "*1\r\n*2\r\n$1\r\nm\r\n,2.5\r\n"),
                ("ZRANDMEMBER missing\r\n", "_\r\n"),
                ("CONFIG GET nosuch\r\n", "%0\r\n"),
                ("INCRBYFLOAT f 1.5\r\n", "$3\r\n1.5\r\n"),
                ("WATCH k\r\n", "+OK\r\n"),
                ("SET k w\r\n", "+OK\r\n"),
                ("MULTI\r\n", "+OK\r\n"),
                ("EXEC\r\n", "_\r\n"),
                ("LOLWUT VERSION x\r\n", "-ERR value is not an integer or out of range\r\n"),
            ]
            for (sent, expected) in cases {
                connection.send(sent)
                #expect(try connection.read { $0.count >= expected.utf8.count } == expected, "\(sent)")
            }
        }
    }

    @Test(arguments: ServerKind.all)
    func theReplyTypesOfRESP2(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let connection = try server.raw()
            let cases = [
                ("SET k v\r\n", "+OK\r\n"),
                ("GET missing\r\n", "$-1\r\n"),
                ("HGETALL missing\r\n", "*0\r\n"),
                ("ZADD z 1.5 m\r\n", ":1\r\n"),
                ("ZSCORE z m\r\n", "$3\r\n1.5\r\n"),
                ("ZRANGE z 0 0 WITHSCORES\r\n", "*2\r\n$1\r\nm\r\n$3\r\n1.5\r\n"),
                ("ZMPOP 1 missing MIN\r\n", "*-1\r\n"),
                ("ZPOPMIN missing\r\n", "*0\r\n"),
                ("ZRANK z missing\r\n", "$-1\r\n"),
                ("WATCH k\r\n", "+OK\r\n"),
                ("SET k w\r\n", "+OK\r\n"),
                ("MULTI\r\n", "+OK\r\n"),
                ("EXEC\r\n", "*-1\r\n"),
                ("RANDOMKEY x\r\n", "-ERR wrong number of arguments for 'randomkey' command\r\n"),
            ]
            for (sent, expected) in cases {
                connection.send(sent)
                #expect(try connection.read { $0.count >= expected.utf8.count } == expected, "\(sent)")
            }
            if kind.version >= "7.4" {
                connection.send("ZRANK z missing WITHSCORE\r\n")
                #expect(try connection.read(upTo: "\r\n") == "*-1\r\n")
            }
        }
    }
}
