import Commands
import Testing

@Suite struct RateLimitCommandsTests {
    private let server = Harness([RateLimitCommands.commands, StringCommands.commands, KeyCommands.commands])

    /// Five requests at once, one a second; what redis-cell answers to the same requests at the same times, its seconds
    /// rounded up.
    @Test func requestsAreLetThroughAsRedisCellDoes() {
        let start = server.now
        let cases: [(after: Int64, quantity: Int, reply: [Int])] = [
            (0, 6, [1, 5, 5, -1, 0]), (0, 1, [0, 5, 4, -1, 1]), (0, 1, [0, 5, 3, -1, 2]), (0, 1, [0, 5, 2, -1, 3]),
            (0, 1, [0, 5, 1, -1, 4]), (0, 1, [0, 5, 0, -1, 5]), (0, 1, [1, 5, 0, 1, 5]), (3000, 1, [0, 5, 2, -1, 3]),
            (3100, 1, [0, 5, 1, -1, 4]), (4000, 1, [0, 5, 1, -1, 4]), (8000, 1, [0, 5, 4, -1, 1]),
            (9500, 1, [0, 5, 4, -1, 1]), (9500, 0, [0, 5, 4, -1, 1]), (9500, 2, [0, 5, 2, -1, 3]),
            (9500, 5, [1, 5, 2, 3, 3]),
        ]
        for (index, expected) in cases.enumerated() {
            server.now = start + expected.after
            let reply = server.run("CL.THROTTLE", "foo", "4", "1", "1", "\(expected.quantity)")
            #expect(reply == "*5\r\n" + expected.reply.map { ":\($0)\r\n" }.joined(), "case \(index)")
        }
    }

    @Test func nothingIsKeptOfALimitThatIsFreeAgain() {
        server.run("CL.THROTTLE", "foo", "4", "10", "1")
        #expect(server.run("EXISTS", "foo") == ":1\r\n")
        server.now += 101
        #expect(server.run("EXISTS", "foo") == ":0\r\n")
        server.run("CL.THROTTLE", "foo", "4", "10", "1")
        // What is given back frees it.
        #expect(server.run("CL.THROTTLE", "foo", "4", "10", "1", "-1") == "*5\r\n:0\r\n:5\r\n:5\r\n:-1\r\n:0\r\n")
        #expect(server.run("EXISTS", "foo") == ":0\r\n")
    }
}
