import Commands
import Keyspace
import Testing

@Suite struct HashExpiryCommandsTests {
    let server = Harness(hashFamilies)
    /// As many fields as `f0`, `f1`, ...; more than a listpack holds where `large`.
    func fill(_ key: String, _ count: Int = 3, large: Bool) {
        if large { server.run("HSET", key, String(repeating: "l", count: 100), "x") }
        for index in 0..<count { server.run("HSET", key, "f\(index)", "v\(index)") }
    }

    @Test(arguments: [false, true]) func conditionsDecideWhetherATimeIsSet(large: Bool) {
        fill("h", large: large)
        #expect(server.run("HPEXPIRE", "h", "1000", "XX", "FIELDS", "1", "f0") == "*1\r\n:0\r\n")
        #expect(server.run("HPEXPIRE", "h", "1000", "GT", "FIELDS", "1", "f0") == "*1\r\n:0\r\n")
        #expect(server.run("HPEXPIRE", "h", "1000", "LT", "FIELDS", "1", "f0") == "*1\r\n:1\r\n")
        #expect(
            server.run("HPEXPIRE", "h", "1000", "NX", "FIELDS", "3", "f0", "f1", "no") == "*3\r\n:0\r\n:1\r\n:-2\r\n")
        #expect(server.run("HPEXPIRE", "h", "1000", "GT", "FIELDS", "1", "f0") == "*1\r\n:0\r\n")
        #expect(server.run("HPEXPIRE", "h", "2000", "gt", "FIELDS", "1", "f0") == "*1\r\n:1\r\n")
        #expect(server.run("HPEXPIRE", "h", "2000", "LT", "FIELDS", "1", "f0") == "*1\r\n:0\r\n")
        #expect(server.run("HPEXPIRE", "h", "1500", "LT", "fields", "1", "f0") == "*1\r\n:1\r\n")
        #expect(
            server.run("HPTTL", "h", "FIELDS", "4", "f0", "f1", "f2", "no") == "*4\r\n:1500\r\n:1000\r\n:-1\r\n:-2\r\n")
        #expect(server.run("HEXPIRE", "none", "10", "FIELDS", "2", "a", "b") == "*2\r\n:-2\r\n:-2\r\n")
    }

    @Test(arguments: [false, true]) func aTimeThatIsOverRemovesTheField(large: Bool) {
        fill("h", large: large)
        let log = server.observe()
        #expect(server.run("HEXPIREAT", "h", "1", "FIELDS", "2", "f0", "f0") == "*2\r\n:2\r\n:-2\r\n")
        #expect(server.run("HPEXPIRE", "h", "0", "FIELDS", "2", "f1", "f2") == "*2\r\n:2\r\n:2\r\n")
        #expect(server.run("HEXISTS", "h", "f1") == ":0\r\n")
        #expect(server.run("HLEN", "h") == (large ? ":1\r\n" : ":0\r\n"))
        #expect(log.take() == ["hdel h", "hdel h"] + (large ? [] : ["del h"]))
    }

    @Test(arguments: [false, true]) func anExpiredFieldIsAbsentButCountsUntilItIsMet(large: Bool) {
        fill("h", large: large)
        let others = large ? 1 : 0
        server.run("HPEXPIRE", "h", "100", "FIELDS", "3", "f0", "f1", "f2")
        let log = server.observe()
        server.now += 101
        #expect(server.run("HLEN", "h") == ":\(3 + others)\r\n")
        #expect(server.run("HVALS", "h") == (large ? "*1\r\n$1\r\nx\r\n" : "*0\r\n"))
        #expect(server.run("HTTL", "h", "FIELDS", "1", "f0") == "*1\r\n:-2\r\n")
        #expect(server.run("HRANDFIELD", "h", "-3").hasPrefix(large ? "*3\r\n" : "*0\r\n"))
        #expect(server.run("HSCAN", "h", "0", "MATCH", "f*").hasSuffix("*0\r\n"))
        #expect(log.take() == [])
        #expect(server.run("HMGET", "h", "f0", "f1") == "*2\r\n$-1\r\n$-1\r\n")
        #expect(log.take() == ["hexpired h"])
        #expect(server.run("HLEN", "h") == ":\(1 + others)\r\n")
        #expect(server.run("HGET", "h", "f2") == "$-1\r\n")
        #expect(log.take() == ["hexpired h"] + (large ? [] : ["del h"]))
        #expect(server.run("HLEN", "h") == ":\(others)\r\n")
    }

    @Test func theActiveCycleRemovesWhatNobodyAsksFor() {
        fill("h", large: false)
        server.run("HEXPIRE", "h", "10", "FIELDS", "3", "f0", "f1", "f2")
        server.now += 10_001
        server.expireActively()
        #expect(server.run("HLEN", "h") == ":0\r\n")
    }

    @Test(arguments: [false, true]) func settingAFieldMakesItStayAndCountingDoesNot(large: Bool) {
        fill("h", large: large)
        server.run("HSET", "h", "n", "1")
        server.run("HEXPIRE", "h", "10", "FIELDS", "2", "f0", "n")
        #expect(server.run("HINCRBY", "h", "n", "1") == ":2\r\n")
        #expect(server.run("HINCRBYFLOAT", "h", "n", "0.5") == "$3\r\n2.5\r\n")
        server.run("HSET", "h", "f0", "again")
        #expect(server.run("HTTL", "h", "FIELDS", "2", "f0", "n") == "*2\r\n:-1\r\n:10\r\n")
        #expect(server.run("HPERSIST", "h", "FIELDS", "3", "f0", "n", "no") == "*3\r\n:-1\r\n:1\r\n:-2\r\n")
        #expect(server.run("HTTL", "h", "FIELDS", "1", "n") == "*1\r\n:-1\r\n")
        #expect(server.run("HPERSIST", "none", "FIELDS", "1", "n") == "*1\r\n:-2\r\n")
    }

    @Test func secondsAreRoundedUp() {
        fill("h", large: false)
        server.run("HPEXPIREAT", "h", "\(server.now + 1001)", "FIELDS", "1", "f0")
        #expect(server.run("HTTL", "h", "FIELDS", "1", "f0") == "*1\r\n:2\r\n")
        #expect(server.run("HPTTL", "h", "FIELDS", "1", "f0") == "*1\r\n:1001\r\n")
        #expect(server.run("HEXPIRETIME", "h", "FIELDS", "1", "f0") == "*1\r\n:\(server.now / 1000 + 2)\r\n")
        #expect(server.run("HPEXPIRETIME", "h", "FIELDS", "1", "f0") == "*1\r\n:\(server.now + 1001)\r\n")
        #expect(server.run("HTTL", "none", "FIELDS", "2", "a", "b") == "*2\r\n:-2\r\n:-2\r\n")
    }

    @Test func wrongArgumentsAreNamed() {
        fill("h", large: false)
        func error(_ arguments: String...) -> String { server.run(arguments) }
        #expect(error("HEXPIRE", "h", "x", "FIELDS", "1", "f0") == "-ERR value is not an integer or out of range\r\n")
        #expect(error("HEXPIRE", "h", "-1", "FIELDS", "1", "f0") == "-ERR invalid expire time, must be >= 0\r\n")
        let tooLate = "-ERR invalid expire time in 'hpexpireat' command\r\n"
        #expect(error("HPEXPIREAT", "h", "\(1 << 46)", "FIELDS", "1", "f0") == tooLate)
        #expect(error("HPEXPIREAT", "h", "\((1 << 46) - 1)", "FIELDS", "1", "f0") == "*1\r\n:1\r\n")
        for command in ["HEXPIRE", "HPEXPIRE", "HEXPIREAT"] {
            let refusal = "-ERR invalid expire time in '\(command.lowercased())' command\r\n"
            #expect(error(command, "h", "9223372036854775807", "FIELDS", "1", "f0") == refusal)
        }
        let misplaced = "-ERR Mandatory argument FIELDS is missing or not at the right position\r\n"
        #expect(error("HEXPIRE", "h", "10", "1", "f0", "f1") == misplaced)
        #expect(error("HEXPIRE", "h", "10", "NX", "XX", "FIELDS", "1", "f0") == misplaced)
        #expect(error("HTTL", "h", "1", "f0", "f1") == misplaced)
        let few = "-ERR Parameter `numFields` should be greater than 0\r\n"
        #expect(error("HEXPIRE", "h", "10", "FIELDS", "0", "f0") == few)
        #expect(error("HEXPIRE", "h", "10", "FIELDS", "x", "f0") == few)
        #expect(error("HPERSIST", "h", "FIELDS", "0", "f0") == "-ERR Number of fields must be a positive integer\r\n")
        let mismatch = "-ERR The `numfields` parameter must match the number of arguments\r\n"
        for number in ["1", "3", "9223372036854775807"] {
            #expect(error("HEXPIRE", "h", "10", "NX", "FIELDS", number, "f0", "f1") == mismatch)
            #expect(error("HPTTL", "h", "FIELDS", number, "f0", "f1") == mismatch)
        }
    }

    // MARK: HGETDEL, HGETEX, HSETEX

    @Test(arguments: [false, true]) func hgetdelAnswersAndRemoves(large: Bool) {
        fill("h", large: large)
        let log = server.observe()
        #expect(server.run("HGETDEL", "h", "FIELDS", "3", "f0", "no", "f0") == "*3\r\n$2\r\nv0\r\n$-1\r\n$-1\r\n")
        #expect(server.run("HGETDEL", "h", "FIELDS", "2", "f1", "f2") == "*2\r\n$2\r\nv1\r\n$2\r\nv2\r\n")
        #expect(server.run("HGETDEL", "none", "FIELDS", "1", "f1") == "*1\r\n$-1\r\n")
        #expect(log.take() == ["hdel h", "hdel h"] + (large ? [] : ["del h"]))
    }

    @Test(arguments: [false, true]) func hgetexChangesExpiries(large: Bool) {
        fill("h", large: large)
        #expect(server.run("HGETEX", "h", "EX", "10", "FIELDS", "2", "f0", "no") == "*2\r\n$2\r\nv0\r\n$-1\r\n")
        #expect(server.run("HGETEX", "h", "FIELDS", "1", "f0") == "*1\r\n$2\r\nv0\r\n")
        #expect(server.run("HTTL", "h", "FIELDS", "1", "f0") == "*1\r\n:10\r\n")
        #expect(server.run("HGETEX", "h", "PERSIST", "FIELDS", "1", "f0") == "*1\r\n$2\r\nv0\r\n")
        #expect(server.run("HTTL", "h", "FIELDS", "1", "f0") == "*1\r\n:-1\r\n")
        #expect(server.run("HGETEX", "h", "PXAT", "1", "FIELDS", "1", "f0") == "*1\r\n$2\r\nv0\r\n")
        #expect(server.run("HEXISTS", "h", "f0") == ":0\r\n")
        #expect(server.run("HGETEX", "h", "KEEPTTL", "FIELDS", "1", "f0") == "-ERR unknown argument: KEEPTTL\r\n")
        #expect(server.run("HGETEX", "h", "FIELDS", "2", "f0").hasPrefix("-ERR wrong number of arguments"))
        #expect(
            server.run("HGETEX", "h", "EX", "1", "PERSIST", "FIELDS", "1", "f0").hasPrefix("-ERR Only one of EX, PX"))
    }

    @Test(arguments: [false, true]) func hsetexSetsAllOrNothing(large: Bool) {
        if large { fill("h", 0, large: true) }
        #expect(server.run("HSETEX", "h", "FXX", "FIELDS", "1", "a", "1") == ":0\r\n")
        #expect(server.run("HSETEX", "h", "FNX", "EX", "10", "FIELDS", "2", "a", "1", "b", "2") == ":1\r\n")
        #expect(server.run("HSETEX", "h", "FNX", "FIELDS", "2", "a", "1", "c", "2") == ":0\r\n")
        #expect(server.run("HTTL", "h", "FIELDS", "3", "a", "b", "c") == "*3\r\n:10\r\n:10\r\n:-2\r\n")
        #expect(server.run("HSETEX", "h", "FXX", "KEEPTTL", "FIELDS", "1", "a", "3") == ":1\r\n")
        #expect(server.run("HSETEX", "h", "FIELDS", "1", "b", "4") == ":1\r\n")
        #expect(server.run("HTTL", "h", "FIELDS", "2", "a", "b") == "*2\r\n:10\r\n:-1\r\n")
        #expect(server.run("HMGET", "h", "a", "b") == "*2\r\n$1\r\n3\r\n$1\r\n4\r\n")
        #expect(server.run("HSETEX", "h", "PXAT", "1", "FIELDS", "2", "a", "5", "d", "6") == ":1\r\n")
        #expect(server.run("HMGET", "h", "a", "d") == "*2\r\n$-1\r\n$-1\r\n")
        #expect(server.run("HSETEX", "fresh", "PXAT", "1", "FIELDS", "1", "a", "5") == ":1\r\n")
        #expect(server.run("HLEN", "fresh") == ":0\r\n")
        #expect(server.run("HSETEX", "h", "FIELDS", "2", "a", "5", "b").hasPrefix("-ERR wrong number of arguments"))
        #expect(
            server.run("HSETEX", "h", "FXX", "FNX", "FIELDS", "1", "a", "5").hasPrefix("-ERR Only one of FXX or FNX"))
        #expect(server.run("HSETEX", "h", "FIELDS", "0", "a", "5") == "-ERR invalid number of fields\r\n")
        #expect(server.run("HSETEX", "h", "FNX", "KEEPTTL", "FXX", "EX").hasPrefix("-ERR"))
    }
}
