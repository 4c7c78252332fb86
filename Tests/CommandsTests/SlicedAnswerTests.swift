import Keyspace
import Primitives
import Testing

@testable import Commands

/// Answers about values so large that they are put together in slices: what is answered, and what others do meanwhile.
@Suite struct SlicedAnswerTests {
    private static let count = WorkLimits.inline + 5000
    /// A command about `big`, which `fill` adds `count` elements to by several commands.
    struct Answer: CustomTestStringConvertible, Sendable {
        let command: String
        let fill: String
        /// Elements of the answer in RESP2.
        let elements: Int
        var testDescription: String { command }

        init(_ command: String, _ fill: String, elements: Int = SlicedAnswerTests.count) {
            self.command = command
            self.fill = fill
            self.elements = elements
        }
    }

    private static let answers = [
        Answer("LRANGE big 0 -1", "RPUSH big #"),
        Answer("LRANGE big 1 -2", "RPUSH big #", elements: count - 2),
        Answer("LPOS big x COUNT 0", "RPUSH big x", elements: count),
        Answer("LPOS big x COUNT 0 RANK -2 MAXLEN \(count - 1)", "RPUSH big x", elements: count - 2),
        Answer("SMEMBERS big", "SADD big m#"),
        Answer("SRANDMEMBER big \(count - 1)", "SADD big m#", elements: count - 1),
        Answer("SRANDMEMBER big -\(count)", "SADD big m#"),
        Answer("HGETALL big", "HSET big f# v", elements: 2 * count),
        Answer("HKEYS big", "HSET big f# v"),
        Answer("HVALS big", "HSET big f# v"),
        Answer("HRANDFIELD big \(count) WITHVALUES", "HSET big f# v", elements: 2 * count),
        Answer("HRANDFIELD big -\(count)", "HSET big f# v"),
        Answer("ZRANGE big 0 -1", "ZADD big # m#"),
        Answer("ZRANGE big -inf +inf BYSCORE WITHSCORES LIMIT 1 \(count)", "ZADD big # m#", elements: 2 * (count - 1)),
        Answer("ZREVRANGE big 0 -1 WITHSCORES", "ZADD big # m#", elements: 2 * count),
        Answer("ZUNION 2 big none WITHSCORES", "ZADD big # m#", elements: 2 * count),
        Answer("ZINTER 2 big big", "ZADD big # m#"),
        Answer("ZDIFF 2 big none", "ZADD big # m#"),
        Answer("XRANGE big - +", "XADD big #-1 f v"),
        Answer("XREVRANGE big + - COUNT \(count - 1)", "XADD big #-1 f v", elements: count - 1),
    ]

    private let server = Harness(DataFamilies.all, workers: 2)

    @discardableResult
    private func run(_ line: String, as client: Int = 0) -> String {
        server.client = client
        return server.run(line.split(separator: " ").map(String.init))
    }

    /// Executes a waiting command again as often as it takes, and returns its answer.
    private func finish(_ line: String) -> String {
        for _ in 0..<10 {
            server.client = 0
            server.finishJob()
            let reply = run(line)
            if !reply.isEmpty { return reply }
        }
        return "never"
    }

    private func fill(_ answer: Answer) {
        let words = answer.fill.split(separator: " ").map(String.init)
        // Streams get one entry at a time.
        let batch = words[0] == "XADD" ? 1 : 1000
        for start in stride(from: 1, through: Self.count, by: batch) {
            let elements = (start..<min(start + batch, Self.count + 1)).flatMap { number in
                words[2...].map { $0.replacing("#", with: "\(number)") }
            }
            server.run(Array(words[..<2]) + elements)
        }
    }

    /// The lengths that an encoded answer begins with, and how many elements follow, those of entries of streams as one.
    private func elements(of reply: String) -> (stated: Int, found: Int) {
        let lines = reply.split(separator: "\r\n", omittingEmptySubsequences: false)
        let stated = Int(lines[0].dropFirst()) ?? -1
        let isStream = lines.count > 1 && lines[1].hasPrefix("*")
        let found = lines.dropFirst().count { $0.hasPrefix(isStream ? "*2" : "$") || !isStream && $0.hasPrefix(":") }
        return (stated, isStream ? found / 2 : found)
    }

    @Test(arguments: answers)
    func aLongAnswerIsCompleteAndWaitedFor(_ answer: Answer) {
        fill(answer)
        let before = server.lookups
        #expect(run(answer.command).isEmpty)
        #expect(server.executor.call.access.watchedKeyCount() > 0)
        let reply = finish(answer.command)
        let (stated, found) = elements(of: reply)
        #expect(stated == answer.elements && found == answer.elements)
        #expect(server.executor.call.access.watchedKeyCount() == 0)
        // It was read once, however often it was executed.
        #expect(server.lookups.hits == before.hits + (answer.command.hasPrefix("ZINTER") ? 2 : 1))
    }

    /// What is answered is what a transaction is answered at once, but for what chance decides.
    @Test(arguments: answers.filter { !$0.command.contains("RAND") })
    func aLongAnswerIsThatOfATransaction(_ answer: Answer) {
        fill(answer)
        _ = run(answer.command)
        let reply = finish(answer.command)
        run("MULTI")
        run(answer.command)
        #expect(run("EXEC") == "*1\r\n" + reply)
        server.version = 3
        _ = run(answer.command)
        let other = finish(answer.command)
        run("MULTI")
        run(answer.command)
        #expect(run("EXEC") == "*1\r\n" + other)
    }

    @Test func whatHasChangedMeanwhileIsAnswered() {
        fill(Answer("", "RPUSH big #"))
        #expect(run("LRANGE big 0 -1").isEmpty)
        run("RPUSH big last", as: 1)
        #expect(finish("LRANGE big 0 -1").hasPrefix("*\(Self.count + 1)\r\n"))
        #expect(run("LRANGE big 0 -1").isEmpty)
        run("LTRIM big 0 0", as: 1)
        #expect(finish("LRANGE big 0 -1") == "*1\r\n$1\r\n1\r\n")
        #expect(server.executor.call.access.watchedKeyCount() == 0)
    }

    @Test func whatIsNoSuchValueAnyMoreIsRefused() {
        fill(Answer("", "HSET big f# v"))
        #expect(run("HGETALL big").isEmpty)
        run("SET big text", as: 1)
        #expect(finish("HGETALL big").hasPrefix("-WRONGTYPE"))
        run("DEL big")
        fill(Answer("", "HSET big f# v"))
        #expect(run("HKEYS big").isEmpty)
        run("DEL big", as: 1)
        #expect(finish("HKEYS big") == "*0\r\n")
        #expect(server.executor.call.access.watchedKeyCount() == 0)
    }

    /// A client that changes the value again and again does not keep another from its answer.
    @Test func anAnswerIsNotPutOffForever() {
        fill(Answer("", "RPUSH big #"))
        var reply = run("LRANGE big 0 -1")
        var changes = 0
        while reply.isEmpty, changes < 100 {
            changes += 1
            run("RPUSH big more", as: 1)
            server.client = 0
            server.finishJob()
            reply = run("LRANGE big 0 -1")
        }
        #expect(changes == WorkLimits.restarts)
        #expect(reply.hasPrefix("*\(Self.count + changes)\r\n"))
    }

    @Test func whatIsFoundSoonIsNotWaitedFor() {
        fill(Answer("", "RPUSH big #"))
        #expect(run("LPOS big 10") == ":9\r\n")
        #expect(run("LPOS big \(Self.count) RANK -1") == ":\(Self.count - 1)\r\n")
        #expect(run("LPOS big none MAXLEN 10000") == "$-1\r\n")
        #expect(run("LPOS big none").isEmpty)
        #expect(finish("LPOS big none") == "$-1\r\n")
        #expect(run("LPOS big none COUNT 0").isEmpty)
        #expect(finish("LPOS big none COUNT 0") == "*0\r\n")
        #expect(run("LRANGE big 0 99").hasPrefix("*100\r\n"))
        fill(Answer("", "XADD stream #-1 f v"))
        #expect(run("XRANGE stream 5-1 7-1").hasPrefix("*3\r\n"))
        #expect(run("XRANGE stream - + COUNT 5").hasPrefix("*5\r\n"))
    }

    /// Few elements may be long.
    @Test func anAnswerOfManyBytesIsWaitedFor() {
        let text = String(repeating: "x", count: 100_000)
        for _ in 0..<40 { server.run("RPUSH", "big", text) }
        #expect(run("LRANGE big 0 -1").isEmpty)
        let reply = finish("LRANGE big 0 -1")
        #expect(reply.hasPrefix("*40\r\n"))
        #expect(reply.utf8.count > 40 * 100_000)
        #expect(run("LRANGE big 0 1").hasPrefix("*2\r\n"))
    }

    @Test func longStringsAreAnsweredCountedAndCombinedInSlices() {
        let pattern = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7 + $0 >> 3) }
        let count = 2300 * pattern.count
        let text = [UInt8]([[UInt8]](repeating: pattern, count: count / pattern.count).joined())
        server.run(bytes: [Array("SET".utf8), Array("big".utf8), text])
        for command in ["GET big", "GETRANGE big 1 -2", "BITCOUNT big 1 -9 BIT", "BITOP NOT other big"] {
            #expect(run(command).isEmpty)
            let reply = finish(command)
            run("MULTI")
            run(command)
            #expect(run("EXEC") == "*1\r\n" + reply)
        }
        let bits = pattern.reduce(0) { $0 + $1.nonzeroBitCount } * 2300
        #expect(run("BITCOUNT big").isEmpty)
        #expect(finish("BITCOUNT big") == ":\(bits)\r\n")
        #expect(run("BITCOUNT other").isEmpty)
        #expect(finish("BITCOUNT other") == ":\(count * 8 - bits)\r\n")
        #expect(run("BITOP AND none big other").isEmpty)
        #expect(finish("BITOP AND none big other") == ":\(count)\r\n")
        #expect(run("BITPOS none 1") == ":-1\r\n")
        #expect(run("BITOP AND none big absent").isEmpty)
        run("APPEND big x", as: 1)
        #expect(finish("BITOP AND none big absent") == ":\(count + 1)\r\n")
        run("SADD set m", as: 1)
        #expect(run("BITOP OR none big set").hasPrefix("-WRONGTYPE"))
        #expect(server.executor.call.access.watchedKeyCount() == 0)
    }

    @Test func aLongPartIsStoredInSlices() {
        fill(Answer("", "ZADD big # m#"))
        #expect(run("ZRANGESTORE part big 1 -1").isEmpty)
        run("ZREM big m1", as: 1)
        #expect(finish("ZRANGESTORE part big 1 -1") == ":\(Self.count - 2)\r\n")
        #expect(run("ZRANGE part 0 0 WITHSCORES") == "*2\r\n$2\r\nm3\r\n$1\r\n3\r\n")
    }

    @Test func anAnswerThatWouldBeTooLongIsRefused() {
        for command in ["SRANDMEMBER set -30000", "HRANDFIELD hash -30000"] {
            run("SADD set " + String(repeating: "m", count: 100))
            run("HSET hash " + String(repeating: "f", count: 100) + " v")
            server.executor.call.limits.maximumString = 1 << 20
            _ = run(command)
            #expect(finish(command).hasPrefix("-ERR value is out of range"))
        }
    }
}
