import TestSupport
import Testing

/// What hostile or mistaken clients send. The first tests are named after the flaw that servers of this kind had.
@Suite struct BadInputTests {
    /// CVE-2021-32675: huge counts before authentication must not reserve memory.
    @Test(arguments: ServerKind.all)
    func cve_2021_32675_unauthenticatedHugeCountsOnManyConnections(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--requirepass", "secret"])
        let before = server.residentBytes
        var connections: [RawConnection] = []
        for index in 0..<200 {
            let connection = try server.raw()
            connection.send(index % 2 == 0 ? "*1000000\r\n" : "*10\r\n$16384\r\n")
            connections.append(connection)
        }
        let client = try server.client()
        #expect(try client.run("AUTH secret") == .ok)
        #expect(try client.run("PING") == .status("PONG"))
        #expect(server.residentBytes - before < 32 << 20)
    }

    /// CVE-2025-21605: a client that is not authenticated and never reads must not make the server buffer its replies.
    @Test(arguments: ServerKind.onlyFreshet)
    func cve_2025_21605_unauthenticatedClientThatNeverReads(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--requirepass", "secret"])
        let before = server.residentBytes
        let connection = try server.raw(timeout: 2, receiveBuffer: 4096)
        let requests = [UInt8](repeatElement(Array("PING\r\n".utf8), count: 20_000).joined())
        var sent = 0
        for _ in 0..<400 {
            let count = connection.sendSome(requests, seconds: 0.2)
            if count <= 0 { break }
            sent += count
        }
        #expect(server.residentBytes - before < 24 << 20, "after \(sent) bytes of requests")
        let client = try server.client()
        #expect(try client.run("AUTH secret") == .ok)
    }

    /// CVE-2021-41099, CVE-2021-32761, CVE-2022-35977: lengths and offsets at the ends of the integers.
    @Test(arguments: ServerKind.all)
    func cve_2022_35977_extremeLengthsAndOffsets(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET k value
            < OK
            > SETRANGE k 9223372036854775807 x
            < (error) ERR string exceeds maximum allowed size (proto-max-bulk-len)
            > SETRANGE k 9223372036854775807 ""
            < 5
            > SETRANGE k -9223372036854775808 x
            < (error) ERR offset is out of range
            > SETRANGE k 4294967295 x
            < (error) ERR string exceeds maximum allowed size (proto-max-bulk-len)
            > SETRANGE missing 9223372036854775807 x
            < (error) ERR string exceeds maximum allowed size (proto-max-bulk-len)
            > EXISTS missing
            < 0
            > GETRANGE k -9223372036854775808 -9223372036854775808
            < "v"
            > GETRANGE k 9223372036854775807 -9223372036854775808
            < ""
            > GETRANGE k -9223372036854775808 9223372036854775807
            < "value"
            > SUBSTR k 9223372036854775806 9223372036854775807
            < ""
            > ZADD z 1 a 2 b
            < 2
            > ZRANGE z -9223372036854775808 9223372036854775807
            < ["a", "b"]
            > ZRANGE z 9223372036854775807 9223372036854775807
            < []
            > ZREVRANGE z -9223372036854775808 -9223372036854775807
            < []
            > ZRANGEBYSCORE z -inf +inf LIMIT 9223372036854775807 9223372036854775807
            < []
            > ZRANGEBYSCORE z -inf +inf LIMIT 1 9223372036854775807
            < ["b"]
            > ZRANGEBYSCORE z -inf +inf LIMIT -9223372036854775808 1
            < []
            > ZRANGEBYLEX z - + LIMIT 9223372036854775807 -9223372036854775808
            < []
            > ZREMRANGEBYRANK z 9223372036854775807 9223372036854775807
            < 0
            > ZREMRANGEBYRANK z -9223372036854775808 -9223372036854775808
            < 0
            > ZPOPMIN z 9223372036854775807
            < ["a", "1", "b", "2"]
            > ZADD z 1 a
            < 1
            > ZMPOP 1 z MIN COUNT 9223372036854775807
            < ["z", [["a", "1"]]]
            > ZMPOP 4611686018427387904 z MIN
            < (error) ERR syntax error
            > ZUNION 4611686018427387904 z
            < (error) ERR syntax error
            > ZINTERCARD 9223372036854775807 z
            < (error) ERR syntax error
            > ZUNIONSTORE d 9223372036854775807 z
            < (error) ERR syntax error
            > SCAN 18446744073709551615 COUNT 9223372036854775807
            <* ["*", [*]]
            > ZADD z 1 a
            < 1
            > ZSCAN z 18446744073709551615 COUNT 9223372036854775807
            <* ["*", [*]]
            > HSET h f v
            < 1
            > HSCAN h 9223372036854775807 COUNT 9223372036854775807
            <* ["*", [*]]
            > LCS k k MINMATCHLEN 9223372036854775807 IDX
            < ["matches", [], "len", 5]
            > EXPIRE k -9223372036854775808
            < (error) ERR invalid expire time in 'expire' command
            > SET k v EX -9223372036854775808
            < (error) ERR invalid expire time in 'set' command
            > PEXPIRE k 9223372036854775807
            < (error) ERR invalid expire time in 'pexpire' command
            > CLIENT KILL ID 9223372036854775807
            < 0
            7.4> CLIENT PAUSE 9223372036854775807
            < (error) ERR timeout is out of range
            > SLOWLOG GET 9223372036854775807
            <* [*]
            > COPY k l DB 9223372036854775807
            < (error) ERR value is out of range, value must between -2147483648 and 2147483647
            > MOVE k 4294967296
            < (error) ERR value is out of range, value must between -2147483648 and 2147483647
            > SELECT 4294967296
            < (error) ERR value is out of range, value must between -2147483648 and 2147483647
            > SWAPDB 4294967296 0
            < (error) ERR invalid first DB index
            """#)
    }

    /// CVE-2023-22458, CVE-2023-25155: random members with the smallest and largest counts.
    @Test(arguments: ServerKind.all)
    func cve_2023_22458_smallestAndLargestRandomCounts(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > HSET h f v
            < 1
            > ZADD z 1 m
            < 1
            > HRANDFIELD h -9223372036854775808
            < (error) ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
            > HRANDFIELD h -9223372036854775808 WITHVALUES
            < (error) ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
            > HRANDFIELD h -4611686018427387905 WITHVALUES
            < (error) ERR value is out of range
            > HRANDFIELD h 9223372036854775807
            < ["f"]
            > HRANDFIELD h -9223372036854775809
            < (error) ERR value is not an integer or out of range
            > ZRANDMEMBER z -9223372036854775808
            < (error) ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
            > ZRANDMEMBER z -9223372036854775808 WITHSCORES
            < (error) ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
            > ZRANDMEMBER z -4611686018427387905 WITHSCORES
            < (error) ERR value is out of range
            > ZRANDMEMBER z 9223372036854775807
            < ["m"]
            > ZRANDMEMBER z -9223372036854775809
            < (error) ERR value is not an integer or out of range
            > HRANDFIELD missing -9223372036854775808
            < (error) ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
            > ZRANDMEMBER missing -9223372036854775808 WITHSCORES
            < (error) ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
            """#)
    }

    /// A hash or sorted set of one element may be asked for a million copies of it: the reply is that long, and a
    /// reader that never comes is cut off by the output limit, not by the end of memory.
    @Test(arguments: ServerKind.all)
    func manyRepetitionsOfOneRandomMember(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            try client.run("HSET h f v")
            try client.run("ZADD z 1 m")
            #expect(try client.run("HRANDFIELD h -100000").elements?.count == 100_000)
            #expect(try client.run("ZRANDMEMBER z -100000 WITHSCORES").elements?.count == 200_000)
        }
    }

    /// CVE-2022-36021, CVE-2024-31228: globs that make a naive matcher slow or deep.
    @Test(arguments: ServerKind.since("7.4"))
    func cve_2022_36021_globsTakeBoundedTime(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client(timeout: 10)
            let name = String(repeating: "a", count: 60)
            try client.send("SET", name, "v")
            try client.send("HSET", "h", name, "v")
            let stars = String(repeating: "a*", count: 40) + "b"
            #expect(try client.send("KEYS", stars) == .array([]))
            #expect(try client.send("SCAN", "0", "MATCH", stars, "COUNT", "100")[1] == .array([]))
            #expect(try client.send("HSCAN", "h", "0", "MATCH", stars)[1] == .array([]))
            let deep = String(repeating: "*?", count: 50_000) + "b"
            #expect(try client.send("KEYS", deep) == .array([]))
            let classes = String(repeating: "[a-z", count: 100_000)
            // A class that nobody closes ends with the pattern: it stands for one character.
            #expect(try client.send("KEYS", classes) == .array([.bulk("h")]))
            #expect(try client.send("CONFIG", "GET", stars) == .array([]))
            #expect(try client.send("COMMAND", "LIST", "FILTERBY", "PATTERN", stars) == .array([]))
        }
    }

    @Test(arguments: ServerKind.all)
    func globsOfStarsAreFastEnoughOnEveryServer(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client(timeout: 10)
            try client.send("SET", String(repeating: "a", count: 30), "v")
            #expect(try client.send("KEYS", "a*a*a*a*b") == .array([]))
            #expect(try client.send("KEYS", String(repeating: "*", count: 10_000)).elements?.count == 1)
        }
    }

    /// CVE-2023-28425: MSETNX with the same key twice.
    @Test(arguments: ServerKind.all)
    func cve_2023_28425_msetnxWithAKeyTwice(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > MSETNX k 1 k 2
            < 1
            > GET k
            < "2"
            > MSETNX k 3 k 4
            < 0
            > GET k
            < "2"
            > MSET k a k b k c
            < OK
            > GET k
            < "c"
            > DEL k k
            < 1
            > EXISTS k
            < 0
            """#)
    }

    /// CVE-2023-28856: HINCRBYFLOAT with inf and nan.
    @Test(arguments: ServerKind.all)
    func cve_2023_28856_hincrbyfloatWithInfinity(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > HINCRBYFLOAT h f inf
            < (error) ERR value is NaN or Infinity
            > HINCRBYFLOAT h f +inf
            < (error) ERR value is NaN or Infinity
            > HINCRBYFLOAT h f -inf
            < (error) ERR value is NaN or Infinity
            > HINCRBYFLOAT h f nan
            < (error) ERR value is not a valid float
            > HINCRBYFLOAT h f infinity
            < (error) ERR value is NaN or Infinity
            > EXISTS h
            < 0
            > HSET h f inf
            < 1
            > HINCRBYFLOAT h f 1
            < (error) ERR increment would produce NaN or Infinity
            > HSET h f nan
            < 0
            > HINCRBYFLOAT h f 1
            < (error) ERR hash value is not a float
            > HGETALL h
            < ["f", "nan"]
            > INCRBYFLOAT k inf
            < (error) ERR increment would produce NaN or Infinity
            > EXISTS k
            < 0
            > SET k inf
            < OK
            > INCRBYFLOAT k 1
            < (error) ERR increment would produce NaN or Infinity
            > ZADD z inf m
            < 1
            > ZINCRBY z -inf m
            < (error) ERR resulting score is not a number (NaN)
            > ZADD z INCR -inf m
            < (error) ERR resulting score is not a number (NaN)
            > ZSCORE z m
            < "inf"
            """#)
    }

    /// CVE-2025-67733: CR and LF in what an error echoes would let a value pose as the next reply.
    @Test(arguments: ServerKind.all)
    func cve_2025_67733_errorsEchoNoLineBreaks(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > "NOSUCH\r\n+OK" a
            < (error) ERR unknown command 'NOSUCH  +OK', with args beginning with: 'a'
            > nosuch "a\r\n:1\r\n" "\n"
            < (error) ERR unknown command 'nosuch', with args beginning with: 'a  :1  ' ' '
            > OBJECT "EN\r\nCODING" k
            < (error) ERR unknown subcommand 'EN  CODING'. Try OBJECT HELP.
            > CLIENT "x\r\ny"
            < (error) ERR unknown subcommand 'x  y'. Try CLIENT HELP.
            > EXPIRE k 1 "N\r\nX"
            < (error) ERR Unsupported option N  X
            > CLIENT KILL TYPE "a\r\nb"
            < (error) ERR Unknown client type 'a  b'
            > CLIENT KILL USER "a\r\nb"
            < (error) ERR No such user 'a  b'
            > CONFIG SET "no\r\nsuch" 1
            < (error) ERR Unknown option or number of arguments for CONFIG SET - 'no  such'
            > DEBUG "NO\r\nSUCH"
            < (error) ERR unknown subcommand or wrong number of arguments for 'NO  SUCH'. Try DEBUG HELP.
            > HELLO 2 "AU\r\nTH"
            < (error) ERR Syntax error in HELLO option 'AU  TH'
            > PING
            < PONG
            """#)
    }

    @Test(arguments: ServerKind.all)
    func unknownCommandsEchoTheFirst128BytesOfNameAndArguments(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let long = String(repeating: "x", count: 300)
            let cut = String(repeating: "x", count: 128)
            #expect(
                try client.send(long)
                    == .error("ERR unknown command '\(cut)', with args beginning with: "))
            #expect(
                try client.send("nosuch", long, "y")
                    == .error("ERR unknown command 'nosuch', with args beginning with: '\(cut)' "))
            let sixty = String(repeating: "y", count: 60)
            #expect(
                try client.send("nosuch", sixty, sixty, sixty, "z")
                    == .error(
                        "ERR unknown command 'nosuch', with args beginning with: '\(sixty)' '\(sixty)' 'yy' "))
            #expect(
                try client.send("CONFIG", long)
                    == .error("ERR unknown subcommand '\(cut)'. Try CONFIG HELP."))
        }
    }

    @Test(arguments: ServerKind.all)
    func everyCommandChecksItsArityAndType(_ kind: ServerKind) throws {
        let reads = [
            "get k": "string", "getrange k 0 1": "string", "strlen k": "string", "incr k": "string",
            "append k x": "string", "getex k": "string", "getdel k": "string", "getset k x": "string",
            "incrbyfloat k 1": "string", "setrange k 1 x": "string", "decr k": "string", "substr k 0 1": "string",
            "hget k f": "hash", "hset k f v": "hash", "hsetnx k f v": "hash", "hmget k f": "hash", "hdel k f": "hash",
            "hlen k": "hash", "hkeys k": "hash", "hvals k": "hash", "hgetall k": "hash", "hexists k f": "hash",
            "hincrby k f 1": "hash", "hincrbyfloat k f 1": "hash", "hstrlen k f": "hash", "hrandfield k": "hash",
            "hscan k 0": "hash", "zadd k 1 m": "zset", "zrem k m": "zset", "zscore k m": "zset", "zcard k": "zset",
            "zrank k m": "zset", "zrange k 0 1": "zset", "zpopmin k": "zset", "zcount k 0 1": "zset",
            "zincrby k 1 m": "zset", "zmscore k m": "zset", "zrandmember k": "zset", "zscan k 0": "zset",
            "zlexcount k - +": "zset", "zrangebyscore k 0 1": "zset", "zremrangebyrank k 0 1": "zset",
            "zunion 1 k": "zset", "zinter 1 k": "zset", "zdiff 1 k": "zset", "zmpop 1 k min": "zset",
        ]
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let values = ["string": "SET k text", "hash": "HSET k f v", "zset": "ZADD k 1 m"]
            for (command, type) in reads.sorted(by: { $0.key < $1.key }) {
                for (other, create) in values where other != type {
                    try client.run("DEL k")
                    try client.run(create)
                    let reply = try client.run(command)
                    #expect(
                        reply == .error("WRONGTYPE Operation against a key holding the wrong kind of value"),
                        "\(command) on a \(other)")
                    #expect(try client.run("TYPE k") == .status(other))
                }
                let name = command.prefix { $0 != " " }
                #expect(
                    try client.run(String(name)) == .error("ERR wrong number of arguments for '\(name)' command"))
            }
        }
    }

    @Test(arguments: ServerKind.all)
    func aBigPipelineOfErrorsLeavesTheConnectionUsable(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            let lines = (0..<3000).map { ["GET", "NOSUCH a b", "INCR k x", "SET k v EX abc"][$0 % 4] }
            let replies = try client.pipeline(lines: lines)
            #expect(replies.filter { !$0.isError }.isEmpty)
            #expect(try client.run("PING") == .status("PONG"))
        }
    }

    /// CVE-2023-45145: the unix socket must have its mode before anyone can connect.
    @Test(arguments: ServerKind.all)
    func cve_2023_45145_modeOfTheUnixSocket(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--unixsocketperm", "700"])
        #expect(server.mode(of: server.unixSocket) == 0o700)
    }

    /// CVE-2025-48367: running out of descriptors must not stop accepting for good.
    @Test(arguments: ServerKind.all)
    func cve_2025_48367_acceptGoesOnAfterTheDescriptorsRanOut(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, openFiles: 100)
        for _ in 0..<3 {
            var connections: [RawConnection] = []
            for _ in 0..<150 { if let connection = try? server.raw() { connections.append(connection) } }
            connections = []
            let deadline = ContinuousClock.now + .seconds(10)
            var isServed = false
            while !isServed, ContinuousClock.now < deadline {
                isServed = (try? server.client(timeout: 1).run("PING")) == .status("PONG")
            }
            #expect(isServed)
        }
    }

    @Test(arguments: ServerKind.all)
    func aReaderThatNeverReadsIsClosedAtTheOutputLimit(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--client-output-buffer-limit", "normal", "4mb", "0", "0"])
        let client = try server.client()
        try client.send([Array("SET".utf8), Array("k".utf8), [UInt8](repeating: 1, count: 1 << 20)])
        let before = server.residentBytes
        let slow = try server.raw(receiveBuffer: 4096)
        slow.send("PING\r\n")
        _ = try slow.read { $0.count >= 7 }
        for _ in 0..<200 { slow.send("GET k\r\n") }
        let deadline = ContinuousClock.now + .seconds(10)
        while try client.run("CLIENT LIST").text?.split(separator: "\n").count != 1, ContinuousClock.now < deadline {}
        #expect(try client.run("CLIENT LIST").text?.split(separator: "\n").count == 1)
        #expect(server.residentBytes - before < 64 << 20)
    }

    @Test(arguments: ServerKind.all)
    func aRequestBeyondTheQueryBufferLimitClosesTheConnection(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--client-query-buffer-limit", "1mb"])
        let connection = try server.raw()
        connection.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4000000\r\n")
        connection.send([UInt8](repeating: 97, count: 4_000_000))
        #expect(try connection.readToEnd() == "")
        #expect(try server.client().run("EXISTS k") == .integer(0))
    }

    @Test(arguments: ServerKind.since("7.2"))
    func aTransactionBeyondTheQueryBufferLimitClosesTheConnection(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--client-query-buffer-limit", "1mb"])
        let connection = try server.raw()
        try connection.run("MULTI")
        let value = String(repeating: "a", count: 20_000)
        #expect(throws: RawConnection.Failure.self) {
            for _ in 0..<100 {
                let reply = try connection.run("SET k \(value)")
                #expect(reply == .status("QUEUED"))
            }
        }
        #expect(try server.client().run("EXISTS k") == .integer(0))
    }

    @Test(arguments: ServerKind.all)
    func halfCommandsHoldNothingUpForOthers(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            var connections: [RawConnection] = []
            for index in 0..<50 {
                let connection = try server.raw()
                let halves = ["*", "*3\r\n", "*3\r\n$3\r\nSET\r\n$1", "*2\r\n$3\r\nGET\r\n$100\r\nabc", "PIN"]
                connection.send(halves[index % halves.count])
                connections.append(connection)
            }
            let client = try server.client()
            #expect(try client.run("SET k v") == .ok)
            connections = []
            #expect(try client.run("GET k") == .bulk("v"))
        }
    }

    @Test(arguments: ServerKind.all)
    func randomBytesNeverStopTheServer(_ kind: ServerKind) throws {
        let seed = Seed.current
        try ServerPool.with(kind) { server in
            var random = SeededGenerator(seed)
            let pieces = [
                "*", "$", "\r\n", "3", "-1", "SET", "GET", " ", "\"", "'", "\0", "*3\r\n$3\r\nSET\r\n", "$1\r\nk\r\n",
                "PING\r\n",
                "99999999999", "*2\r\n", "$4\r\nPING\r\n", "HELLO 3\r\n", "MULTI\r\n", "\\x", "[", "(", "\u{ff}",
            ]
            for _ in 0..<200 {
                let connection = try server.raw()
                connection.send((0..<Int.random(in: 1...20, using: &random)).map { _ in random.pick(pieces) }.joined())
            }
            #expect(try server.client().run("PING") == .status("PONG"), "seed \(seed)")
        }
    }
}
