import Commands
import Testing

@Suite struct HyperLogLogCommandsTests {
    private let server = Harness([
        HyperLogLogCommands.commands, HyperLogLogDebugCommands.commands, StringCommands.commands,
    ])

    @Test func estimatesAreNearAndDoNotDependOnTheEncoding() {
        server.executor.call.limits.hyperLogLogSparse = 20_000
        server.run("PFADD", "dense")
        server.run("PFDEBUG", "TODENSE", "dense")
        var next = 0
        for count in [1, 10, 100, 1000, 3000] {
            while next < count {
                server.run("PFADD", "sparse", "element \(next)")
                server.run("PFADD", "dense", "element \(next)")
                next += 1
            }
            let estimate = server.run("PFCOUNT", "sparse")
            #expect(estimate == server.run("PFCOUNT", "dense"))
            let number = Double(estimate.dropFirst().dropLast()) ?? -1
            // Three times the standard error.
            #expect((number - Double(count)).magnitude <= 0.0243 * Double(count), "\(number) for \(count)")
        }
        #expect(server.run("PFDEBUG", "ENCODING", "sparse") == "+sparse\r\n")
        let union = server.run("PFCOUNT", "dense", "sparse")
        #expect(union == server.run("PFCOUNT", "dense"))
    }

    @Test func theEstimateIsKeptUntilAnElementComes() {
        let log = server.observe()
        server.run("PFADD", "h", "a", "b")
        #expect(log.take() == ["new h", "pfadd h"])
        #expect(server.run("PFCOUNT", "h") == ":2\r\n")
        #expect(log.take() == ["pfcount h"])
        #expect(server.run("PFCOUNT", "h") == ":2\r\n")
        #expect(log.take() == [])
        server.run("PFADD", "h", "a")
        #expect(log.take() == [])
        server.run("PFADD", "h", "c")
        #expect(log.take() == ["pfadd h"])
        #expect(server.run("PFCOUNT", "h") == ":3\r\n")
    }
}
