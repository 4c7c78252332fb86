import Commands
import Keyspace
import Testing

@Suite struct HashSampleCommandsTests {
    let server = Harness(hashFamilies)

    func fill(_ count: Int) {
        for index in 0..<count { server.run("HSET", "h", "f\(index)", "v\(index)") }
    }

    /// The bulk strings of a reply, in their order.
    func bulks(_ reply: String) -> [String] {
        let lines = reply.split(separator: "\r\n", omittingEmptySubsequences: false)
        return lines.indices.dropLast().filter { lines[$0].hasPrefix("$") }.map { String(lines[$0 + 1]) }
    }

    @Test(arguments: [3, 1000]) func aPositiveCountAnswersDifferentFields(size: Int) {
        fill(size)
        let all = Set((0..<size).map { "f\($0)" })
        #expect(all.contains(bulks(server.run("HRANDFIELD", "h"))[0]))
        for count in [1, 2, size - 1, size, size + 1] {
            let fields = bulks(server.run("HRANDFIELD", "h", "\(count)"))
            #expect(fields.count == min(count, size))
            #expect(Set(fields).count == fields.count && all.isSuperset(of: fields))
        }
        #expect(Set(bulks(server.run("HRANDFIELD", "h", "9223372036854775807"))) == all)
    }

    @Test(arguments: [3, 1000]) func aNegativeCountAnswersAsManyAsWanted(size: Int) {
        fill(size)
        let fields = bulks(server.run("HRANDFIELD", "h", "-5000"))
        #expect(fields.count == 5000)
        #expect(Set(fields).count > min(size, 900) * 9 / 10)
    }

    @Test func valuesComeInPairsInTheNewerProtocol() {
        server.run("HSET", "h", "a", "1")
        #expect(server.run("HRANDFIELD", "h", "2", "WITHVALUES") == "*2\r\n$1\r\na\r\n$1\r\n1\r\n")
        server.version = 3
        #expect(server.run("HRANDFIELD", "h", "2", "withvalues") == "*1\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n")
        let pair = "*2\r\n$1\r\na\r\n$1\r\n1\r\n"
        #expect(server.run("HRANDFIELD", "h", "-2", "WITHVALUES") == "*2\r\n" + pair + pair)
        #expect(server.run("HRANDFIELD", "none") == "_\r\n")
        #expect(server.run("HRANDFIELD", "none", "-2") == "*0\r\n")
        #expect(server.run("HRANDFIELD", "h", "0") == "*0\r\n")
    }

    @Test func extremeCountsAreAnErrorOrAnswered() {
        fill(2)
        let outOfRange = "-ERR value is out of range\r\n"
        #expect(
            server.run("HRANDFIELD", "h", "-9223372036854775808")
                == "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807\r\n")
        #expect(
            server.run("HRANDFIELD", "h", "-9223372036854775808", "WITHVALUES").hasPrefix("-ERR value is out of range"))
        #expect(server.run("HRANDFIELD", "h", "-9223372036854775807", "WITHVALUES") == outOfRange)
        #expect(server.run("HRANDFIELD", "h", "9223372036854775807", "WITHVALUES") == outOfRange)
        #expect(server.run("HRANDFIELD", "h", "-4611686018427387904", "WITHVALUES") == outOfRange)
        #expect(server.run("HRANDFIELD", "h", "-9223372036854775807") == outOfRange)
        #expect(bulks(server.run("HRANDFIELD", "h", "4611686018427387903", "WITHVALUES")).count == 4)
        #expect(server.run("HRANDFIELD", "h", "1", "VALUES") == "-ERR syntax error\r\n")
        #expect(server.run("HRANDFIELD", "h", "1", "WITHVALUES", "x") == "-ERR syntax error\r\n")
        #expect(server.run("HRANDFIELD", "h", "x") == "-ERR value is not an integer or out of range\r\n")
    }

    @Test func aReplyThatGrowsTooLargeIsAnError() {
        fill(2)
        server.executor.call.limits.maximumString = 6000
        #expect(server.run("HRANDFIELD", "h", "-1000") == "-ERR value is out of range\r\n")
        #expect(bulks(server.run("HRANDFIELD", "h", "-700")).count == 700)
    }

    @Test(arguments: [3, 1000]) func aScanSeesEveryField(size: Int) {
        fill(size)
        var seen: [String: String] = [:]
        var cursor = "0"
        var calls = 0
        repeat {
            let reply = bulks(server.run("HSCAN", "h", cursor, "COUNT", "20"))
            cursor = reply[0]
            for index in stride(from: 1, to: reply.count, by: 2) { seen[reply[index]] = reply[index + 1] }
            calls += 1
        } while cursor != "0"
        #expect(seen.count == size && seen["f2"] == "v2")
        #expect(calls == 1 || size == 1000 && calls > 20)
    }

    @Test func aScanIsFilteredAndLeavesValuesOut() {
        fill(12)
        #expect(server.run("HSCAN", "h", "0", "MATCH", "f1") == "*2\r\n$1\r\n0\r\n*2\r\n$2\r\nf1\r\n$2\r\nv1\r\n")
        #expect(server.run("HSCAN", "h", "0", "match", "f?1", "NOVALUES") == "*2\r\n$1\r\n0\r\n*1\r\n$3\r\nf11\r\n")
        #expect(server.run("HSCAN", "none", "0") == "*2\r\n$1\r\n0\r\n*0\r\n")
        server.run("HSET", "empty", "", "x")
        #expect(server.run("HSCAN", "empty", "0", "MATCH", "*") == "*2\r\n$1\r\n0\r\n*2\r\n$0\r\n\r\n$1\r\nx\r\n")
    }

    @Test func aScanRefusesWrongArguments() {
        fill(2)
        #expect(server.run("HSCAN", "h", "x") == "-ERR invalid cursor\r\n")
        #expect(server.run("HSCAN", "none", "-1") == "-ERR invalid cursor\r\n")
        #expect(server.run("HSCAN", "h", "0", "COUNT", "0") == "-ERR syntax error\r\n")
        #expect(server.run("HSCAN", "h", "0", "COUNT", "x") == "-ERR value is not an integer or out of range\r\n")
        #expect(server.run("HSCAN", "h", "0", "COUNT") == "-ERR syntax error\r\n")
        #expect(server.run("HSCAN", "h", "0", "TYPE", "hash") == "-ERR syntax error\r\n")
        #expect(bulks(server.run("HSCAN", "h", "0", "COUNT", "9223372036854775807")).count == 5)
        #expect(server.run("HSCAN", "h", "18446744073709551615").hasPrefix("*2\r\n"))
    }
}
