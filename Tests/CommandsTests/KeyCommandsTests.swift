import Commands
import Testing

@Suite struct KeyCommandsTests {
    private let server = Harness([
        StringCommands.commands, KeyCommands.commands, KeyExpiryCommands.commands, KeyspaceCommands.commands,
        ObjectCommands.commands,
    ])

    @Test func aConditionDecidesAboutANewDeadline() {
        server.run("SET", "a", "1")
        #expect(server.run("EXPIRE", "a", "100", "XX") == ":0\r\n")
        #expect(server.run("EXPIRE", "a", "100", "GT") == ":0\r\n")
        #expect(server.run("EXPIRE", "a", "100", "LT") == ":1\r\n")
        #expect(server.run("EXPIRE", "a", "100", "NX") == ":0\r\n")
        #expect(server.run("EXPIRE", "a", "50", "GT") == ":0\r\n")
        #expect(server.run("PEXPIRE", "a", "200000", "XX", "GT") == ":1\r\n")
        #expect(server.run("TTL", "a") == ":200\r\n")
        #expect(server.run("EXPIRETIME", "a") == ":1700000200\r\n")
        #expect(server.run("PERSIST", "a") == ":1\r\n")
        #expect(server.run("PEXPIRETIME", "a") == ":-1\r\n")
        #expect(server.run("TTL", "absent") == ":-2\r\n")
    }

    @Test func aDeadlineInThePastRemovesTheKey() {
        let log = server.observe()
        for (command, time) in [("EXPIRE", "0"), ("PEXPIRE", "-9223372036854775808"), ("EXPIREAT", "1")] {
            server.run("SET", "a", "1")
            #expect(server.run(command, "a", time) == ":1\r\n")
            #expect(log.take() == ["new a", "set a", "del a"])
        }
        for time in ["9223372036854775807", "-9223372036854775808"] {
            #expect(server.run("EXPIRE", "a", time) == "-ERR invalid expire time in 'expire' command\r\n")
        }
        #expect(server.run("EXPIRE", "a", "1", "MAYBE") == "-ERR Unsupported option MAYBE\r\n")
    }

    @Test func renamingCarriesTheTimeToLive() {
        server.run("SET", "a", "1", "EX", "100")
        server.run("SET", "b", "2")
        let log = server.observe()
        #expect(server.run("RENAMENX", "a", "b") == ":0\r\n")
        #expect(server.run("RENAME", "a", "b") == "+OK\r\n")
        #expect(log.take() == ["new b", "rename_from a", "rename_to b"])
        #expect(server.run("TTL", "b") == ":100\r\n")
        #expect(server.run("RENAME", "b", "b") == "+OK\r\n")
        #expect(server.run("RENAME", "a", "b") == "-ERR no such key\r\n")
    }

    @Test func keysAreCopiedAndMovedBetweenDatabases() {
        server.run("SET", "a", "1")
        #expect(server.run("COPY", "a", "a") == "-ERR source and destination objects are the same\r\n")
        #expect(server.run("COPY", "a", "a", "DB", "1") == ":1\r\n")
        #expect(server.run("COPY", "a", "a", "DB", "1") == ":0\r\n")
        #expect(server.run("COPY", "a", "a", "DB", "1", "REPLACE") == ":1\r\n")
        #expect(server.run("MOVE", "a", "1") == ":0\r\n")
        #expect(server.run("MOVE", "a", "2") == ":1\r\n")
        #expect(server.run("MOVE", "a", "99") == "-ERR DB index is out of range\r\n")
        #expect(server.run("EXISTS", "a") == ":0\r\n")
        #expect(server.run("SELECT", "2") == "+OK\r\n")
        #expect(server.run("GET", "a") == "$1\r\n1\r\n")
        #expect(server.run("SELECT", "16") == "-ERR DB index is out of range\r\n")
        #expect(server.run("SWAPDB", "0", "2") == "+OK\r\n")
        #expect(server.run("DBSIZE") == ":0\r\n")
    }

    @Test func walksAnswerFromInsideATransaction() {
        server.run("MSET", "a", "1", "b", "2")
        server.run("MULTI")
        for command in [["DBSIZE"], ["KEYS", "a*"], ["SCAN", "0", "COUNT", "1000", "MATCH", "a"], ["FLUSHALL"]] {
            #expect(server.run(command) == "+QUEUED\r\n")
        }
        let reply = "*4\r\n:2\r\n*1\r\n$1\r\na\r\n*2\r\n$1\r\n0\r\n*1\r\n$1\r\na\r\n+OK\r\n"
        #expect(server.run("EXEC") == reply)
        #expect(server.run("RANDOMKEY") == "$-1\r\n")
    }

    @Test func scanRefusesWhatItDoesNotUnderstand() {
        #expect(server.run("SCAN", "x") == "-ERR invalid cursor\r\n")
        #expect(server.run("SCAN", "99999999999999999999") == "-ERR invalid cursor\r\n")
        #expect(server.run("SCAN", "0", "COUNT", "0") == "-ERR syntax error\r\n")
        #expect(server.run("SCAN", "0", "MATCH") == "-ERR syntax error\r\n")
        #expect(server.run("SCAN", "0", "COUNT", "9223372036854775807") == "*2\r\n$1\r\n0\r\n*0\r\n")
        server.run("SET", "a", "1")
        #expect(server.run("SCAN", "0", "COUNT", "1000", "TYPE", "HASH") == "*2\r\n$1\r\n0\r\n*0\r\n")
        #expect(server.run("SCAN", "18446744073709551615").hasPrefix("*2\r\n"))
    }

    @Test func askingAboutAKeyIsNoUseOfIt() {
        server.run("SET", "a", "1")
        server.now += 10_000
        server.run("TYPE", "a")
        server.run("TTL", "a")
        server.run("EXISTS", "a")
        #expect(server.run("OBJECT", "IDLETIME", "a") == ":10\r\n")
        #expect(server.run("TOUCH", "a", "absent") == ":1\r\n")
        #expect(server.run("OBJECT", "IDLETIME", "a") == ":0\r\n")
        #expect(server.run("OBJECT", "ENCODING", "a") == "$3\r\nint\r\n")
        #expect(server.run("OBJECT", "REFCOUNT", "absent") == "$-1\r\n")
        #expect(server.run("OBJECT", "FREQ", "a").hasPrefix("-ERR An LFU maxmemory policy is not selected"))
    }
}
