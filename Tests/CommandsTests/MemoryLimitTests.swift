import ComputedKeys
import Keyspace
import Testing

@testable import Commands

/// What commands do when more memory is in use than may be.
@Suite struct MemoryLimitTests {
    private static let outOfMemory = "-OOM command not allowed when used memory > 'maxmemory'.\r\n"

    private func server(_ policy: EvictionPolicy = .noEviction) -> Harness {
        let server = Harness(DataFamilies.all)
        server.executor.call.access.evictionSettings.policy = policy
        return server
    }

    /// Lets no more memory be used than is.
    private func fill(_ server: Harness) {
        server.executor.call.access.tellBudget()
        server.keyspace.budget.limit = server.keyspace.budget.used - 1
    }

    private func evict(_ server: Harness) -> Bool {
        server.executor.select(server.session, now: server.now)
        return server.executor.call.access.evict()
    }

    @Test func whatMayNeedMemoryIsRefusedAndNothingElse() {
        let server = server()
        server.run("SET", "a", "1")
        server.run("HSET", "h", "f", "v")
        fill(server)
        for command in ["SET a 2", "APPEND a 2", "INCR a", "HSET h f 2", "COPY a b", "MSET a 1 b 2"] {
            #expect(server.run(command.split(separator: " ").map(String.init)) == Self.outOfMemory, "\(command)")
        }
        for command in ["GET a", "EXPIRE a 100", "PERSIST a", "HDEL h other", "RENAME h h2", "EXISTS b"] {
            #expect(!server.run(command.split(separator: " ").map(String.init)).hasPrefix("-"), "\(command)")
        }
        #expect(server.run("GET", "a") == "$1\r\n1\r\n")
        server.run("DEL", "h2", "a")
        server.executor.call.access.tellBudget()
        #expect(server.run("SET", "a", "2") == "+OK\r\n")
    }

    @Test func aTransactionIsRefusedAsAWhole() {
        let server = server()
        server.run("SET", "a", "1")
        server.run("MULTI")
        server.run("GET", "a")
        server.run("SET", "a", "2")
        fill(server)
        #expect(
            server.run("EXEC")
                == "-EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'"
                + ".\r\n")
        #expect(server.run("GET", "a") == "$1\r\n1\r\n")
        // What only reads goes through, but nothing more is queued.
        server.keyspace.budget.limit = 0
        server.run("MULTI")
        server.run("GET", "a")
        fill(server)
        #expect(server.run("EXEC") == "*1\r\n$1\r\n1\r\n")
        #expect(server.run("MULTI") == "+OK\r\n")
        #expect(server.run("GET", "a") == Self.outOfMemory)
        #expect(server.run("EXEC").hasPrefix("-EXECABORT Transaction discarded because of previous errors"))
        #expect(server.run("MULTI") == "+OK\r\n")
        #expect(server.run("DISCARD") == "+OK\r\n")
    }

    @Test(arguments: [EvictionPolicy.Ranking.recency, .frequency, .admission, .random])
    func writesMakeRoomForThemselves(_ ranking: EvictionPolicy.Ranking) {
        let server = server(EvictionPolicy(ranking))
        for index in 0..<500 { server.run("SET", "k\(index)", String(repeating: "x", count: 100)) }
        fill(server)
        let limit = server.keyspace.budget.limit
        for index in 500..<1500 {
            #expect(server.run("SET", "k\(index)", String(repeating: "x", count: 100)) == "+OK\r\n")
            server.executor.call.access.tellBudget()
            #expect(server.keyspace.budget.used < limit + 4096)
        }
    }

    @Test func volatilePoliciesRefuseWhereNothingExpires() {
        let server = server(EvictionPolicy(.recency, isVolatile: true))
        server.run("SET", "a", "1")
        server.run("SET", "b", "1", "EX", "100")
        fill(server)
        #expect(server.run("SET", "c", "1") == "+OK\r\n")
        #expect(server.run("EXISTS", "a", "b", "c") == ":2\r\n")
        fill(server)
        #expect(server.run("SET", "d", "1") == Self.outOfMemory)
        #expect(server.run("EXISTS", "a", "b", "c") == ":2\r\n")
    }

    @Test func objectTellsWhatThePolicyNotes() {
        let server = server(EvictionPolicy(.recency))
        server.run("SET", "a", "1")
        server.now += 5000
        #expect(server.run("OBJECT", "IDLETIME", "a") == ":5\r\n")
        #expect(server.run("OBJECT", "FREQ", "a").hasPrefix("-ERR An LFU maxmemory policy is not selected, access"))
        server.executor.call.access.evictionSettings.policy = EvictionPolicy(.frequency)
        #expect(server.run("OBJECT", "IDLETIME", "a").hasPrefix("-ERR An LFU maxmemory policy is selected, idle time"))
        #expect(server.run("OBJECT", "IDLETIME", "missing") == "$-1\r\n")
        server.run("SET", "b", "1")
        #expect(server.run("OBJECT", "FREQ", "b") == ":5\r\n")
        // The first use always counts.
        server.run("GET", "b")
        #expect(server.run("OBJECT", "FREQ", "b") == ":6\r\n")
        server.run("SET", "b", "another value")
        server.run("OBJECT", "ENCODING", "b")
        #expect((6...7).contains(Int(server.run("OBJECT", "FREQ", "b").dropFirst().dropLast()) ?? 0))
        server.now += 120_000
        #expect((4...5).contains(Int(server.run("OBJECT", "FREQ", "b").dropFirst().dropLast()) ?? 0))
        server.executor.call.access.evictionSettings.policy = EvictionPolicy(.admission)
        server.run("SET", "c", "1")
        server.run("GET", "c")
        #expect(server.run("OBJECT", "FREQ", "c") == ":2\r\n")
    }

    @Test func aComputedValueThatIsDearIsKeptLonger() {
        let server = server(EvictionPolicy(.recency))
        let graph = DependencyGraph(keyspace: server.keyspace, epoch: "e")
        withExtendedLifetime(graph) {
            for (key, cost) in [("cheap", "10"), ("dear", "5000000")] {
                let lease = server.run("COMPUTE.BEGIN", key)
                let token = lease.split(separator: "\r\n").dropFirst(4).first.map(String.init) ?? ""
                #expect(server.run("COMPUTE.END", token, "value", "COST", cost).contains("stored"), "\(lease)")
            }
            server.now += 100_000
            server.run("SET", "plain", "1")
            server.now += 10_000
            server.executor.call.access.evictionSettings.samples = 64
            // 110 s unused against 10 s and, of the dear one, 110 s that count as 8.
            #expect(evict(server))
            #expect(server.run("EXISTS", "cheap", "plain", "dear") == ":2\r\n")
            #expect(server.run("EXISTS", "cheap") == ":0\r\n")
            #expect(evict(server))
            #expect(server.run("EXISTS", "dear") == ":1\r\n")
        }
    }

    @Test func evictingASourceMakesWhatWasDerivedFromItStale() {
        let server = server(EvictionPolicy(.random))
        let graph = DependencyGraph(keyspace: server.keyspace, epoch: "e")
        withExtendedLifetime(graph) {
            server.run("SET", "source", "1", "EX", "1000")
            let lease = server.run("COMPUTE.BEGIN", "derived", "DEPS", "1", "source")
            let token = lease.split(separator: "\r\n").dropFirst(4).first.map(String.init) ?? ""
            #expect(server.run("COMPUTE.END", token, "value").contains("stored"), "\(lease)")
            #expect(server.run("GET", "derived") == "$5\r\nvalue\r\n")
            server.executor.call.access.evictionSettings.policy = EvictionPolicy(.random, isVolatile: true)
            #expect(evict(server))
            #expect(server.run("EXISTS", "source") == ":0\r\n")
            #expect(server.run("GET", "derived") == "$-1\r\n")
        }
    }
}
