import Foundation
import Testing

/// Long chains, wide fans, and those who have nothing to do with them. `FRESHET_TEST_GRAPH` sets how large they are.
@Suite(.serialized) struct ComputeScaleTests {
    private func pipeline(_ client: RedisClient, _ count: Int, _ command: (Int) -> [String]) throws {
        for start in stride(from: 0, to: count, by: 2000) {
            for index in start..<min(start + 2000, count) { client.append(command(index).map { Array($0.utf8) }) }
            for _ in start..<min(start + 2000, count) {
                let reply = try client.receive()
                guard reply[0] == .bulk("stored") else {
                    Issue.record("\(reply)")
                    return
                }
            }
        }
    }

    /// Writes while another connection, on the same worker, asks; returns how often that was answered before the write.
    private func answersDuring(_ line: String, _ server: ServerProcess, _ expected: Reply) throws -> Int {
        let writer = try server.raw(timeout: 120)
        let bystander = try server.client()
        try bystander.run("SET bystander 1")
        let before = try server.client().statistic("marked_stale")
        writer.send(line + "\r\n")
        var answers = 0
        while writer.staysSilent(seconds: 0.0001) {
            #expect(try bystander.run("GET bystander") == .bulk("1"))
            answers += 1
        }
        #expect(try writer.readReply() == expected)
        #expect(try server.client().statistic("marked_stale") == before + graphSize)
        return answers
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func aLongChain(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--threads", "1"])
        let client = try server.client(timeout: 120)
        try client.run("SET k0 1")
        try pipeline(client, graphSize) { ["COMPUTE.SET", "k\($0 + 1)", "v", "DEPS", "1", "k\($0)"] }
        let answers = try answersDuring("SET k0 2", server, .ok)
        #expect(answers > 0, "answers while the chain was marked: \(answers)")
        #expect(try client.run("MGET k1 k\(graphSize)") == .array([.null, .null]))
        #expect(try client.run("COMPUTE.WHY k\(graphSize)")[7].elements?.count == min(10_000, graphSize + 1))
        #expect(try client.dependencies("k0", "DOWN DEPTH 1000000000").count == min(10_000, graphSize))
        // A cycle, or too long to tell.
        #expect(try client.run("COMPUTE.SET k0 v DEPS 1 k\(graphSize)")[0] != .bulk("stored"))
        // Made fresh again by one equal value, or, where that would take long, not at all; never wrongly.
        try client.run("COMPUTE.SET k1 v DEPS 1 k0")
        #expect(try client.run("GET k2") == .bulk("v"))
        #expect(try client.run("FLUSHALL") == .ok)
        #expect(try client.statistic("nodes") == 0)
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func aWideFan(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--threads", "1"])
        let client = try server.client(timeout: 120)
        try pipeline(client, graphSize) { ["COMPUTE.SET", "k\($0)", "v", "DEPS", "1", "source", "TAGS", "1", "tag"] }
        var answers = try answersDuring("SET source 2", server, .ok)
        #expect(answers > 0, "answers while the fan was marked: \(answers)")
        #expect(try client.run("MGET k0 k\(graphSize - 1)") == .array([.null, .null]))
        try pipeline(client, graphSize) { ["COMPUTE.SET", "k\($0)", "v", "DEPS", "1", "source", "TAGS", "1", "tag"] }
        answers = try answersDuring("COMPUTE.INVALIDATE TAGS 1 tag", server, .integer(Int64(graphSize)))
        #expect(answers > 0, "answers while the fan was marked: \(answers)")
        #expect(try client.run("DEL source") == .integer(1))
        #expect(try client.run("FLUSHALL") == .ok)
    }

    /// A transaction marks ahead as well, and a client that goes away while it waits does no harm.
    @Test(arguments: ServerKind.onlyFreshet)
    func writersThatWait(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let client = try server.client(timeout: 120)
        for round in 0..<2 {
            try pipeline(client, graphSize) { ["COMPUTE.SET", "k\($0)", "v", "DEPS", "2", "source", "other"] }
            if round == 0 {
                try client.pipeline(lines: ["MULTI", "SET source 1", "SET other 1"]).forEach { #expect(!$0.isError) }
                #expect(try client.run("EXEC") == .array([.ok, .ok]))
            } else {
                var gone: RawConnection? = try server.raw()
                gone?.send("SET source 2\r\n")
                gone = nil
                try inParallel(4) { index in
                    let writer = try server.client(timeout: 120)
                    #expect(
                        try writer.run(
                            index == 3 ? "FLUSHALL" : "SET \(index.isMultiple(of: 2) ? "source" : "other") 3") == .ok)
                }
            }
            #expect(try client.run("MGET k0 k\(graphSize - 1)") == .array([.null, .null]))
        }
    }

    /// A key that is computed again and again from more and more keys takes no more than it needs.
    @Test(arguments: ServerKind.onlyFreshet)
    func growingDependencies(_ kind: ServerKind) throws {
        try ServerPool.with(kind) { server in
            let client = try server.client()
            for count in stride(from: 60, to: 1200, by: 1) {
                let names = (0..<count).map { Array("dependency\($0)".utf8) }
                try client.send(splitArguments("COMPUTE.SET k v DEPS \(count)").map { $0 + names } ?? [])
            }
            #expect(try client.statistic("edges") == 1199)
            #expect(try client.statistic("memory") < 1 << 20)
            for step in 0..<50_000 {
                client.append([
                    Array("PEXPIRE".utf8), Array("dependency1".utf8), Array("\(10_000_000 - step % 2)".utf8),
                ])
            }
            for _ in 0..<50_000 { _ = try client.receive() }
            try client.run("SET dependency1 1")
            try client.run("COMPUTE.SET k v DEPS 1 dependency1")
            for step in 0..<50_000 {
                client.append([Array("PEXPIRE".utf8), Array("dependency1".utf8), Array("\(10_000_000 - step)".utf8)])
            }
            for _ in 0..<50_000 { _ = try client.receive() }
            #expect(try client.statistic("memory") < 1 << 20)
        }
    }
}
