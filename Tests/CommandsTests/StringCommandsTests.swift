import Commands
import Testing

@Suite struct StringCommandsTests {
    private let server = Harness([
        StringCommands.commands, StringNumberCommands.commands, StringRangeCommands.commands,
        LongestCommonSubsequence.commands, KeyCommands.commands, KeyExpiryCommands.commands,
    ])

    @Test func setTakesConditionsAndReturnsTheOldValue() {
        #expect(server.run("SET", "a", "1", "XX") == "$-1\r\n")
        #expect(server.run("SET", "a", "1", "NX", "GET") == "$-1\r\n")
        #expect(server.run("SET", "a", "2", "NX", "GET") == "$1\r\n1\r\n")
        #expect(server.run("SET", "a", "2", "IFEQ", "x") == "$-1\r\n")
        #expect(server.run("SET", "a", "2", "IFEQ", "1") == "+OK\r\n")
        #expect(server.run("SET", "absent", "2", "IFEQ", "1") == "$-1\r\n")
        #expect(server.run("SET", "a", "2", "NX", "XX") == "-ERR syntax error\r\n")
        #expect(server.run("SET", "a", "2", "NX", "IFEQ", "1") == "-ERR syntax error\r\n")
        #expect(server.run("GETSET", "a", "3") == "$1\r\n2\r\n")
        #expect(server.run("GETDEL", "a") == "$1\r\n3\r\n")
        #expect(server.run("EXISTS", "a") == ":0\r\n")
    }

    @Test func timesToLiveAreSetKeptAndRefused() {
        #expect(server.run("SET", "a", "1", "EX", "100") == "+OK\r\n")
        #expect(server.run("SET", "a", "2", "KEEPTTL") == "+OK\r\n")
        #expect(server.run("PTTL", "a") == ":100000\r\n")
        #expect(server.run("GETEX", "a", "PERSIST") == "$1\r\n2\r\n")
        #expect(server.run("TTL", "a") == ":-1\r\n")
        for time in ["0", "-1", "9223372036854775807"] {
            #expect(server.run("SET", "a", "1", "EX", time) == "-ERR invalid expire time in 'set' command\r\n")
            #expect(server.run("SETEX", "a", time, "1") == "-ERR invalid expire time in 'setex' command\r\n")
        }
        #expect(server.run("SET", "a", "1", "EX", "1", "PX", "1") == "-ERR syntax error\r\n")
        #expect(server.run("GETEX", "a", "EXAT", "1") == "$1\r\n2\r\n")
        #expect(server.run("GET", "a") == "$-1\r\n")
    }

    @Test func manyKeysAreSetAtOnceOrNotAtAll() {
        #expect(server.run("MSET", "a", "1", "b", "2", "a", "3") == "+OK\r\n")
        #expect(server.run("MGET", "a", "b", "c") == "*3\r\n$1\r\n3\r\n$1\r\n2\r\n$-1\r\n")
        #expect(server.run("MSETNX", "c", "1", "a", "2") == ":0\r\n")
        #expect(server.run("EXISTS", "c") == ":0\r\n")
        // CVE-2023-28425: the same key twice.
        #expect(server.run("MSETNX", "c", "1", "c", "2") == ":1\r\n")
        #expect(server.run("GET", "c") == "$1\r\n2\r\n")
        #expect(server.run("MSET", "a") == "-ERR wrong number of arguments for 'mset' command\r\n")
        #expect(server.run("MSET", "a", "1", "b") == "-ERR wrong number of arguments for 'mset' command\r\n")
    }

    @Test func integersCountUpToTheirLimits() {
        #expect(server.run("INCR", "a") == ":1\r\n")
        #expect(server.run("DECRBY", "a", "3") == ":-2\r\n")
        #expect(server.run("SET", "a", "9223372036854775807") == "+OK\r\n")
        #expect(server.run("INCR", "a") == "-ERR increment or decrement would overflow\r\n")
        #expect(server.run("DECRBY", "a", "-9223372036854775808") == "-ERR decrement would overflow\r\n")
        for text in ["", " 1", "01", "+1", "1.0", "9223372036854775808"] {
            server.run("SET", "b", text)
            #expect(server.run("INCR", "b") == "-ERR value is not an integer or out of range\r\n")
        }
        server.run("SET", "c", "5", "EX", "100")
        #expect(server.run("INCR", "c") == ":6\r\n")
        #expect(server.run("TTL", "c") == ":100\r\n")
        #expect(server.run("INCRBYFLOAT", "c", "0.1") == "$3\r\n6.1\r\n")
        #expect(server.run("TTL", "c") == ":100\r\n")
        #expect(server.run("INCRBYFLOAT", "c", "inf") == "-ERR increment would produce NaN or Infinity\r\n")
    }

    /// CVE-2021-41099, CVE-2021-32761, CVE-2022-35977 and their kin.
    @Test func extremeOffsetsAreRefusedOrClamped() {
        let tooLong = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n"
        server.run("SET", "a", "hello")
        #expect(server.run("SETRANGE", "a", "9223372036854775807", "x") == tooLong)
        #expect(server.run("SETRANGE", "a", "536870912", "x") == tooLong)
        #expect(server.run("SETRANGE", "a", "-1", "x") == "-ERR offset is out of range\r\n")
        #expect(server.run("SETRANGE", "new", "9223372036854775807", "") == ":0\r\n")
        for (start, end) in [("-9223372036854775808", "9223372036854775807"), ("0", "-1"), ("-5", "100")] {
            #expect(server.run("GETRANGE", "a", start, end) == "$5\r\nhello\r\n")
        }
        #expect(server.run("GETRANGE", "a", "9223372036854775807", "-9223372036854775808") == "$0\r\n\r\n")
        #expect(server.run("SETRANGE", "a", "7", "!") == ":8\r\n")
        #expect(server.run("GET", "a") == "$8\r\nhello\0\0!\r\n")
        #expect(server.run("SUBSTR", "a", "1", "2") == "$2\r\nel\r\n")
    }

    @Test func appendingGrowsAnyString() {
        #expect(server.run("APPEND", "a", "10") == ":2\r\n")
        #expect(server.run("INCR", "a") == ":11\r\n")
        var length = 2
        for size in [1, 40, 3000, 5000, 100_000, 1] {
            length += size
            #expect(server.run("APPEND", "a", String(repeating: "x", count: size)) == ":\(length)\r\n")
            #expect(server.run("STRLEN", "a") == ":\(length)\r\n")
        }
        #expect(server.run("GETRANGE", "a", "0", "3") == "$4\r\n11xx\r\n")
    }

    @Test func commonSubsequencesAreFoundAsTextLengthAndRanges() {
        server.run("MSET", "a", "ohmytext", "b", "mynewtext")
        #expect(server.run("LCS", "a", "b") == "$6\r\nmytext\r\n")
        #expect(server.run("LCS", "a", "b", "LEN") == ":6\r\n")
        #expect(server.run("LCS", "a", "absent") == "$0\r\n\r\n")
        #expect(
            server.run("LCS", "a", "b", "IDX", "MINMATCHLEN", "4", "WITHMATCHLEN")
                == "*4\r\n$7\r\nmatches\r\n*1\r\n*3\r\n*2\r\n:4\r\n:7\r\n*2\r\n:5\r\n:8\r\n:4\r\n$3\r\nlen\r\n:6\r\n")
        server.run("SET", "a", String(repeating: "a", count: 20_000))
        #expect(server.run("LCS", "a", "a").hasPrefix("-ERR Insufficient memory"))
    }

    @Test func eventsHaveTheNamesOfRedis() {
        let log = server.observe()
        server.run("SET", "a", "1", "EX", "10")
        #expect(log.take() == ["new a", "set a", "expire a"])
        server.run("INCR", "a")
        server.run("APPEND", "a", "x")
        server.run("SETRANGE", "a", "1", "y")
        server.run("GETEX", "a", "PERSIST")
        server.run("GETDEL", "a")
        #expect(log.take() == ["incrby a", "append a", "setrange a", "persist a", "del a"])
        server.run("GET", "a")
        server.run("SET", "a", "1", "XX")
        #expect(log.take() == [])
    }
}
