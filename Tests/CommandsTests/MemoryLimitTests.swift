import ComputedKeys
import Glibc
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

    @Test func whatIsRefusedIsAcceptedAsSoonAsAKeyMayGo() {
        let server = server(EvictionPolicy(.recency, isVolatile: true))
        server.run("SET", "a", "1")
        fill(server)
        #expect(server.run("SET", "b", "1") == Self.outOfMemory)
        #expect(server.run("SET", "b", "1") == Self.outOfMemory)
        #expect(server.run("EXPIRE", "a", "100") == ":1\r\n")
        #expect(server.run("SET", "b", "1") == "+OK\r\n")
        #expect(server.run("EXISTS", "a", "b") == ":1\r\n")
    }

    // MARK: Waiting

    /// A server with 20 MB of keys, 18 MB more than it may have, where commands have no time to make room.
    private func overfilled() -> Harness {
        let server = server(EvictionPolicy(.random))
        server.executor.call.access.evictionSettings.slice = 0
        for index in 0..<2000 { server.run("SET", "k\(index)", String(repeating: "x", count: 10_000)) }
        server.executor.call.access.tellBudget()
        server.keyspace.budget.limit = server.keyspace.budget.used - 18 << 20
        return server
    }

    /// Goes on with making room as a worker does, until the limit is kept or is exceeded by no more than `bytes`.
    private func makeRoom(_ server: Harness, to bytes: Int = 0) {
        while server.keyspace.budget.overrun > bytes { _ = server.executor.makeRoom(until: 0) }
    }

    /// Whether the command that was executed last waits; if so it is woken.
    private func waits(_ server: Harness) -> Bool {
        defer { server.session.pointee.isSuspended = false }
        return server.session.pointee.isSuspended
    }

    @Test func whatNeedsMemoryWaitsWhereTheLimitIsExceededByTooMuch() {
        let server = overfilled()
        #expect(server.run("SET", "new", "1") == "")
        #expect(waits(server))
        #expect(server.keyspace.budget.heldCount == 1)
        // It goes on waiting, and makes some room each time.
        let overrun = server.keyspace.budget.overrun
        #expect(server.run("SET", "new", "1") == "")
        #expect(waits(server))
        #expect(server.keyspace.budget.overrun < overrun)
        // Others are served.
        server.client = 1
        #expect(server.run("EXISTS", "new") == ":0\r\n")
        #expect(server.run("DEL", "new") == ":0\r\n")
        makeRoom(server, to: 10 << 20)
        server.client = 0
        #expect(server.run("SET", "new", "1") == "+OK\r\n")
        #expect(!waits(server))
        #expect(server.session.pointee.suspension == nil && server.session.pointee.state.isEmpty)
    }

    @Test func roomIsMadeForWhatIsAboutToBeStored() {
        let server = server(EvictionPolicy(.random))
        server.executor.call.access.evictionSettings.slice = nil
        for index in 0..<2000 { server.run("SET", "k\(index)", String(repeating: "x", count: 10_000)) }
        server.executor.call.access.tellBudget()
        let used = server.keyspace.budget.used
        server.keyspace.budget.limit = used + 1 << 20
        server.keyspace.budget.book(5 << 20)
        #expect(server.run("SET", "short", "1") == "+OK\r\n")
        #expect(server.keyspace.budget.used <= used - 4 << 20)
        #expect(server.run("SET", "long", String(repeating: "y", count: 5 << 20)) == "+OK\r\n")
        server.keyspace.budget.book(-5 << 20)
        server.executor.call.access.tellBudget()
        #expect(server.keyspace.budget.used <= server.keyspace.budget.limit + 4096)
        #expect(server.run("STRLEN", "long") == ":\(5 << 20)\r\n")
    }

    @Test func aTransactionWaitsAsAWhole() {
        let server = overfilled()
        let limit = server.keyspace.budget.limit
        server.keyspace.budget.limit = 0
        server.run("WATCH", "watched")
        server.run("MULTI")
        server.run("INCR", "a")
        server.run("INCR", "a")
        server.keyspace.budget.limit = limit
        #expect(server.run("EXEC") == "")
        #expect(waits(server))
        makeRoom(server)
        #expect(server.run("EXEC") == "*2\r\n:1\r\n:2\r\n")
        #expect(!waits(server))
        #expect(server.run("GET", "a") == "$1\r\n2\r\n")
    }

    @Test func underNoEvictionNothingWaitsButForWhatIsBeingFreed() {
        let server = overfilled()
        server.executor.call.access.evictionSettings.policy = .noEviction
        #expect(server.run("SET", "new", "1") == Self.outOfMemory)
        #expect(!waits(server))
        // Nothing is refused for what others are about to store.
        server.keyspace.budget.limit = server.keyspace.budget.used + 4096
        server.keyspace.budget.book(1 << 20)
        #expect(server.run("SET", "new", "0") == "+OK\r\n")
        server.keyspace.budget.book(-1 << 20)
        server.keyspace.budget.limit = 0
        server.run("SET", "long", String(repeating: "y", count: 20 << 20))
        server.executor.call.access.tellBudget()
        server.keyspace.budget.limit = server.keyspace.budget.used - 6 << 20
        // What has been removed is not free while others may be looking at it.
        server.keyspace.reclaimer.enter(0)
        #expect(server.run("DEL", "long") == ":1\r\n")
        #expect(server.run("SET", "new", "1") == "+OK\r\n")
        server.keyspace.budget.limit -= 10 << 20
        #expect(server.run("SET", "new", "2") == "")
        #expect(waits(server))
        server.keyspace.reclaimer.leave(0)
        while server.keyspace.lazyFreeCounts.pending > 0 { sched_yield() }
        #expect(server.run("SET", "new", "2") == "+OK\r\n")
        #expect(!waits(server))
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
