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

    @Test func elementsAreAddedToDamagedSketchesAllOrNot() {
        let log = server.observe()
        // One run of zeros that is as long as the registers of the first elements ask for, and not as all do.
        let head = Array("HYLL".utf8) + [1] + [UInt8](repeating: 0, count: 10) + [0x80]
        for length in [0x2000, 0x3000, 0x3FF0] {
            let sketch = head + [0x40 | UInt8((length - 1) >> 8), UInt8((length - 1) & 0xFF)]
            server.run(bytes: [Array("SET".utf8), Array("h".utf8), sketch])
            _ = log.take()
            for count in 2..<40 {
                let elements = (0..<count).map { Array("element \($0)".utf8) }
                let reply = server.run(bytes: [Array("PFADD".utf8), Array("h".utf8)] + elements)
                #expect(reply == Array("-INVALIDOBJ Corrupted HLL object detected\r\n".utf8))
            }
            #expect(log.take() == [])
            #expect(
                server.run(bytes: [Array("GET".utf8), Array("h".utf8)]).starts(with: Array("$18\r\n".utf8) + sketch))
        }
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
