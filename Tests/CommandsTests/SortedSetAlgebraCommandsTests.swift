import Commands
import Testing

private func server() -> Harness {
    Harness([
        SortedSetCommands.commands, SortedSetRangeCommands.commands, SortedSetAlgebraCommands.commands,
        SortedSetPopCommands.commands,
    ])
}

extension Harness {
    fileprivate func ask(_ words: String) -> String {
        run(words.split(separator: " ").map(String.init)).split(separator: "\r\n").joined(separator: " ")
    }

    /// The elements of a reply of bulk strings.
    fileprivate func list(_ words: String) -> [Substring] {
        Array(ask(words).split(separator: " ").filter { !$0.hasPrefix("*") && !$0.hasPrefix("$") })
    }
}

@Suite("Algebra of sorted sets")
struct SortedSetAlgebraCommandsTests {
    private func pair() -> Harness {
        let server = server()
        _ = server.ask("ZADD a 1 x 2 y 3 z")
        _ = server.ask("ZADD b 10 y 20 z 30 w")
        return server
    }

    @Test("Unions and intersections add scores up, or take the lowest or highest")
    func combining() {
        let server = pair()
        #expect(server.list("ZUNION 2 a b WITHSCORES") == ["x", "1", "y", "12", "z", "23", "w", "30"])
        #expect(server.list("ZINTER 2 a b WITHSCORES") == ["y", "12", "z", "23"])
        #expect(server.list("ZINTER 2 a b AGGREGATE MIN WITHSCORES") == ["y", "2", "z", "3"])
        #expect(server.list("ZUNION 2 a b WEIGHTS 10 1 AGGREGATE MAX WITHSCORES").suffix(4) == ["w", "30", "z", "30"])
        #expect(server.list("ZUNION 3 a none b") == ["x", "y", "z", "w"])
        #expect(server.list("ZINTER 3 a none b") == [])
        #expect(server.list("ZUNION 2 a a WEIGHTS -1 -2 WITHSCORES") == ["z", "-9", "y", "-6", "x", "-3"])
        #expect(server.ask("ZINTERCARD 2 a b") == ":2")
        #expect(server.ask("ZINTERCARD 2 a b LIMIT 1") == ":1")
        #expect(server.ask("ZINTERCARD 2 a b LIMIT 0") == ":2")
    }

    @Test("A difference keeps the scores of the first set")
    func difference() {
        let server = pair()
        #expect(server.list("ZDIFF 2 a b WITHSCORES") == ["x", "1"])
        #expect(server.list("ZDIFF 2 a none") == ["x", "y", "z"])
        #expect(server.list("ZDIFF 2 none a") == [])
        #expect(server.list("ZDIFF 2 a a") == [])
        #expect(server.ask("ZDIFFSTORE a 2 a b") == ":1")
    }

    @Test("Opposite infinities add up to nothing, and so does nothing times infinity")
    func infinities() {
        let server = server()
        _ = server.ask("ZADD a inf x 0 y")
        _ = server.ask("ZADD b -inf x")
        #expect(server.list("ZUNION 2 a b WITHSCORES") == ["x", "0", "y", "0"])
        #expect(server.list("ZUNION 1 a WEIGHTS inf WITHSCORES") == ["y", "0", "x", "inf"])
    }

    @Test("Large and small sets combine alike")
    func large() {
        let server = server()
        for index in 0..<400 { server.run("ZADD", "big", "\(index)", "m\(index)") }
        for index in 390..<410 { server.run("ZADD", "few", "1", "m\(index)") }
        #expect(server.ask("ZUNIONSTORE u 2 few big") == ":410")
        #expect(server.ask("ZSCORE u m395") == "$3 396")
        #expect(server.ask("ZINTERSTORE i 3 big few big WEIGHTS 1 1 2") == ":10")
        #expect(server.ask("ZSCORE i m399") == "$4 1198")
        #expect(server.ask("ZDIFFSTORE d 2 big few") == ":390")
        #expect(server.ask("ZREVRANGE d 0 0 WITHSCORES") == "*2 $4 m389 $3 389")
    }

    @Test(
        "What cannot be combined is refused",
        arguments: [
            ("ZUNION 0 a", "-ERR at least 1 input key is needed for 'zunion' command"),
            ("ZUNIONSTORE a 0 b", "-ERR at least 1 input key is needed for 'zunionstore' command"),
            ("ZUNION x a", "-ERR value is not an integer or out of range"),
            ("ZUNION 9223372036854775807 a", "-ERR syntax error"), ("ZUNION 3 a b", "-ERR syntax error"),
            ("ZUNION 2 a b WEIGHTS 1", "-ERR syntax error"),
            ("ZUNION 2 a b WEIGHTS 1 x", "-ERR weight value is not a float"),
            ("ZUNION 1 a AGGREGATE AVG", "-ERR syntax error"), ("ZUNION 1 a AGGREGATE", "-ERR syntax error"),
            ("ZDIFF 1 a WEIGHTS 1", "-ERR syntax error"), ("ZUNIONSTORE c 1 a WITHSCORES", "-ERR syntax error"),
            ("ZINTERCARD 1 a LIMIT -1", "-ERR LIMIT can't be negative"),
            ("ZINTERCARD 1 a LIMIT x", "-ERR LIMIT can't be negative"),
        ])
    func refusing(command: String, error: String) {
        #expect(pair().ask(command) == error)
    }
}

@Suite("Popping, sampling and scanning sorted sets")
struct SortedSetPopCommandsTests {
    private func numbers(_ count: Int) -> Harness {
        let server = server()
        for index in 0..<count { server.run("ZADD", "z", "\(index)", "m\(index)") }
        return server
    }

    @Test("Members are popped from either end, one or as many as asked for")
    func popping() {
        let server = numbers(6)
        #expect(server.ask("ZPOPMIN z") == "*2 $2 m0 $1 0")
        #expect(server.ask("ZPOPMAX z 2") == "*4 $2 m5 $1 5 $2 m4 $1 4")
        #expect(server.ask("ZPOPMIN z 0") == "*0")
        #expect(server.ask("ZMPOP 2 none z MIN COUNT 2") == "*2 $1 z *2 *2 $2 m1 $1 1 *2 $2 m2 $1 2")
        #expect(server.ask("ZPOPMIN z 9223372036854775807") == "*2 $2 m3 $1 3")
        #expect(server.ask("ZPOPMIN z") == "*0")
        #expect(server.ask("ZMPOP 2 none z MIN") == "*-1")
    }

    @Test(
        "Counts that are none are refused",
        arguments: [
            ("ZPOPMIN z -1", "-ERR value is out of range, must be positive"),
            ("ZPOPMIN z x", "-ERR value is out of range, must be positive"), ("ZPOPMIN z 1 2", "-ERR syntax error"),
            ("ZMPOP 0 z MIN", "-ERR numkeys should be greater than 0"), ("ZMPOP 5 z MIN", "-ERR syntax error"),
            ("ZMPOP 9223372036854775807 z MIN", "-ERR syntax error"),
            ("ZMPOP 1 z MIN COUNT 0", "-ERR count should be greater than 0"),
            ("ZMPOP 1 z MIDDLE", "-ERR syntax error"), ("ZMPOP 1 z MIN COUNT", "-ERR syntax error"),
            ("ZRANDMEMBER z x", "-ERR value is not an integer or out of range"),
            ("ZRANDMEMBER z 1 SCORES", "-ERR syntax error"), ("ZSCAN z x", "-ERR invalid cursor"),
            ("ZSCAN z 0 COUNT 0", "-ERR syntax error"), ("ZSCAN z 0 TYPE zset", "-ERR syntax error"),
        ])
    func refusing(command: String, error: String) {
        #expect(numbers(2).ask(command) == error)
    }

    @Test("Samples without repetition hold different members, at every size", arguments: [10, 1000])
    func distinctSamples(size: Int) {
        let server = numbers(size)
        for count in [1, 5, size / 20, size / 2, size - 1, size, size + 5] {
            let sample = server.list("ZRANDMEMBER z \(count)")
            #expect(sample.count == min(count, size))
            #expect(Set(sample).count == sample.count)
        }
        #expect(server.list("ZRANDMEMBER z 9223372036854775807").count == size)
        #expect(server.list("ZRANDMEMBER z -\(3 * size)").count == 3 * size)
        #expect(server.list("ZRANDMEMBER z").count == 1)
        #expect(server.ask("ZRANDMEMBER none") == "$-1")
        #expect(server.ask("ZRANDMEMBER none 3") == "*0")
    }

    @Test("Extreme counts of ZRANDMEMBER end in an error, not in memory (CVE-2023-22458)")
    func extremeCounts() {
        let server = numbers(3)
        #expect(
            server.ask("ZRANDMEMBER z -9223372036854775808")
                == "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")
        #expect(server.ask("ZRANDMEMBER z -9223372036854775807") == "-ERR value is out of range")
        #expect(server.ask("ZRANDMEMBER z -9223372036854775807 WITHSCORES") == "-ERR value is out of range")
        #expect(server.ask("ZRANDMEMBER z 9223372036854775807 WITHSCORES") == "-ERR value is out of range")
        server.executor.call.limits.maximumString = 1000
        #expect(server.ask("ZRANDMEMBER z -166") == "-ERR value is out of range")
        #expect(server.list("ZRANDMEMBER z -100").count == 100)
    }

    @Test("A scan sees every member, whatever its steps", arguments: [5, 700])
    func scanning(size: Int) {
        let server = numbers(size)
        var seen: Set<Substring> = []
        var cursor = "0"
        repeat {
            let reply = server.list("ZSCAN z \(cursor) COUNT 20")
            cursor = String(reply[0])
            for index in stride(from: 1, to: reply.count, by: 2) { seen.insert(reply[index]) }
        } while cursor != "0"
        #expect(seen.count == size)
        #expect(server.ask("ZSCAN z 0 MATCH m3 COUNT 10000") == "*2 $1 0 *2 $2 m3 $1 3")
        #expect(server.ask("ZSCAN z 18446744073709551615") == "*2 $1 0 *0" || size == 5)
        #expect(server.ask("ZSCAN none 0") == "*2 $1 0 *0")
    }
}
