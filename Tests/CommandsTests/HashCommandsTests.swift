import Commands
import Keyspace
import RESP
import Testing

@Suite struct HashCommandsTests {
    let server = Harness(hashFamilies)

    @Test func hsetCountsNewFieldsAndHgetAnswersValues() {
        #expect(server.run("HSET", "h", "a", "1", "b", "two") == ":2\r\n")
        #expect(server.run("HSET", "h", "a", "3", "c", "x") == ":1\r\n")
        #expect(server.run("HGET", "h", "a") == "$1\r\n3\r\n")
        #expect(server.run("HGET", "h", "b") == "$3\r\ntwo\r\n")
        #expect(server.run("HGET", "h", "z") == "$-1\r\n")
        #expect(server.run("HGET", "none", "z") == "$-1\r\n")
        #expect(server.run("HMGET", "h", "a", "z", "c") == "*3\r\n$1\r\n3\r\n$-1\r\n$1\r\nx\r\n")
        #expect(server.run("HMGET", "none", "a", "z") == "*2\r\n$-1\r\n$-1\r\n")
        #expect(server.run("HMSET", "h", "d", "4") == "+OK\r\n")
        #expect(server.run("HLEN", "h") == ":4\r\n")
        #expect(server.run("HSTRLEN", "h", "b") == ":3\r\n")
        #expect(server.run("HEXISTS", "h", "b") == ":1\r\n")
        #expect(server.run("HEXISTS", "h", "z") == ":0\r\n")
    }

    @Test func pairsMustBeWhole() {
        #expect(server.run("HSET", "h", "a", "1", "b") == "-ERR wrong number of arguments for 'hset' command\r\n")
        #expect(server.run("HMSET", "h", "a", "1", "b") == "-ERR wrong number of arguments for 'hmset' command\r\n")
        #expect(server.run("HLEN", "h") == ":0\r\n")
    }

    @Test func aHashGoesWithItsLastField() {
        let log = server.observe()
        server.run("HSET", "h", "a", "1", "b", "2")
        #expect(server.run("HDEL", "h", "a", "x", "b", "c") == ":2\r\n")
        #expect(server.run("HDEL", "h", "a") == ":0\r\n")
        #expect(server.run("HLEN", "h") == ":0\r\n")
        #expect(log.take() == ["new h", "hset h", "hdel h", "del h"])
    }

    @Test func hsetnxLeavesAFieldThatExists() {
        #expect(server.run("HSETNX", "h", "a", "1") == ":1\r\n")
        #expect(server.run("HSETNX", "h", "a", "2") == ":0\r\n")
        #expect(server.run("HGET", "h", "a") == "$1\r\n1\r\n")
    }

    @Test func wholeHashesAreMapsInTheNewerProtocol() {
        server.run("HSET", "h", "a", "1", "b", "2")
        #expect(server.run("HGETALL", "h") == "*4\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$1\r\n2\r\n")
        #expect(server.run("HGETALL", "none") == "*0\r\n")
        server.version = 3
        #expect(server.run("HGETALL", "h") == "%2\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$1\r\n2\r\n")
        #expect(server.run("HGETALL", "none") == "%0\r\n")
        #expect(server.run("HKEYS", "h") == "*2\r\n$1\r\na\r\n$1\r\nb\r\n")
        #expect(server.run("HVALS", "h") == "*2\r\n$1\r\n1\r\n$1\r\n2\r\n")
        #expect(server.run("HGET", "h", "z") == "_\r\n")
    }

    @Test func numbersAreCountedUp() {
        #expect(server.run("HINCRBY", "h", "n", "5") == ":5\r\n")
        #expect(server.run("HINCRBY", "h", "n", "-7") == ":-2\r\n")
        server.run("HSET", "h", "max", "9223372036854775807", "text", "x", "spaced", " 1")
        #expect(server.run("HINCRBY", "h", "max", "1") == "-ERR increment or decrement would overflow\r\n")
        #expect(server.run("HINCRBY", "h", "text", "1") == "-ERR hash value is not an integer\r\n")
        #expect(server.run("HINCRBY", "h", "spaced", "1") == "-ERR hash value is not an integer\r\n")
        #expect(server.run("HINCRBY", "h", "n", "x") == "-ERR value is not an integer or out of range\r\n")
        #expect(server.run("HINCRBY", "fresh", "n", "9999999999999999999").hasPrefix("-ERR value is not an integer"))
        #expect(server.run("HLEN", "fresh") == ":0\r\n")
    }

    @Test func floatsAreCountedUpAndStayFinite() {
        #expect(server.run("HINCRBYFLOAT", "h", "f", "10.5") == "$4\r\n10.5\r\n")
        #expect(server.run("HINCRBYFLOAT", "h", "f", "0.1") == "$4\r\n10.6\r\n")
        #expect(server.run("HINCRBYFLOAT", "h", "f", "1e3") == "$22\r\n1010.59999999999999998\r\n")
        for value in ["inf", "-inf", "+inf", "INFINITY"] {
            #expect(server.run("HINCRBYFLOAT", "h", "f", value) == "-ERR value is NaN or Infinity\r\n")
        }
        #expect(server.run("HINCRBYFLOAT", "h", "f", "nan") == "-ERR value is not a valid float\r\n")
        server.run("HSET", "h", "text", "x", "endless", "inf")
        #expect(server.run("HINCRBYFLOAT", "h", "text", "1") == "-ERR hash value is not a float\r\n")
        #expect(
            server.run("HINCRBYFLOAT", "h", "endless", "1") == "-ERR increment would produce NaN or Infinity\r\n")
        #expect(server.run("HGET", "h", "f") == "$22\r\n1010.59999999999999998\r\n")
    }

    @Test func otherTypesAreRefused() {
        let server = Harness(hashFamilies + [[setString]])
        server.run("PUT", "s")
        let refusal = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"
        for command in [
            ["HSET", "s", "a", "1"], ["HSETNX", "s", "a", "1"], ["HGET", "s", "a"], ["HMGET", "s", "a"],
            ["HGETALL", "s"], ["HKEYS", "s"], ["HVALS", "s"], ["HDEL", "s", "a"], ["HLEN", "s"], ["HSTRLEN", "s", "a"],
            ["HEXISTS", "s", "a"], ["HINCRBY", "s", "a", "1"], ["HINCRBYFLOAT", "s", "a", "1"], ["HRANDFIELD", "s"],
            ["HRANDFIELD", "s", "2"], ["HSCAN", "s", "0"], ["HEXPIRE", "s", "x", "FIELDS", "1", "a"],
            ["HTTL", "s", "FIELDS", "0", "a"], ["HPERSIST", "s", "x", "1", "a"], ["HGETDEL", "s", "FIELDS", "1", "a"],
            ["HGETEX", "s", "FIELDS", "1", "a"], ["HSETEX", "s", "FIELDS", "1", "a", "1"],
        ] {
            #expect(server.run(command) == refusal, "\(command)")
        }
    }

    @Test func aLongFieldOrManyFieldsTurnTheEncoding() {
        for index in 0..<1000 { server.run("HSET", "many", "f\(index)", "v\(index)") }
        #expect(server.run("HLEN", "many") == ":1000\r\n")
        for index in 0..<1000 { #expect(server.run("HGET", "many", "f\(index)").contains("\r\nv\(index)\r\n")) }
        let long = String(repeating: "x", count: 100_000)
        server.run("HSET", "h", "a", "1", "b", long)
        #expect(server.run("HSTRLEN", "h", "b") == ":100000\r\n")
        #expect(server.run("HGET", "h", "a") == "$1\r\n1\r\n")
    }
}

/// All records of hashes.
let hashFamilies = [
    HashCommands.commands, HashCounterCommands.commands, HashSampleCommands.commands, HashExpiryCommands.commands,
    HashAtomicCommands.commands,
]

/// `PUT key` makes a string, which is no hash.
private let setString = Command(
    "put", arity: 2, keys: [.one(1, .readWrite)], group: .string, since: "", summary: ""
) { (call) throws(CommandError) in
    call.access.setString(call.key(1), call[1], expiry: .clear)
    call.reply.ok()
}
