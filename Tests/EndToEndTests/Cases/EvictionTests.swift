import Foundation
import Testing

/// What happens at `maxmemory`.
@Suite struct EvictionTests {
    private static let outOfMemory = Reply.error("OOM command not allowed when used memory > 'maxmemory'.")
    /// What the policies of Redis are called.
    private static let policies = [
        "allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-lfu", "volatile-random",
        "volatile-ttl",
    ]

    private func used(_ client: RedisClient) throws -> Int { try Int(client.info("used_memory")) ?? 0 }

    /// Sets keys with values of 1000 bytes; returns how often that was refused.
    private func fill(_ client: RedisClient, _ prefix: String, _ count: Int, expiring: Bool = false) throws -> Int {
        let value = [UInt8](repeating: 120, count: 1000)
        var refused = 0
        for start in stride(from: 0, to: count, by: 100) {
            let replies = try client.pipeline(
                (start..<min(count, start + 100)).map { index in
                    [Array("SET".utf8), Array("\(prefix)\(index)".utf8), value]
                        + (expiring ? [Array("EX".utf8), Array("1000".utf8)] : [])
                })
            refused += replies.filter { $0 == Self.outOfMemory }.count
        }
        return refused
    }

    @Test(arguments: ServerKind.all)
    func directivesHaveRedissRangesAndWords(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > CONFIG GET maxmemory
            < ["maxmemory", "0"]
            > CONFIG SET maxmemory 1gb
            < OK
            > CONFIG GET maxmemory
            < ["maxmemory", "1073741824"]
            > CONFIG SET maxmemory 10%
            < (error) ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be a memory value
            > CONFIG SET maxmemory-policy everything
            <* (error) ERR CONFIG SET failed (possibly related to argument 'maxmemory-policy') - argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-random, volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-random, noeviction*
            > CONFIG SET maxmemory-samples 0
            < (error) ERR CONFIG SET failed (possibly related to argument 'maxmemory-samples') - argument must be between 1 and 2147483647 inclusive
            > CONFIG SET maxmemory-eviction-tenacity 101
            < (error) ERR CONFIG SET failed (possibly related to argument 'maxmemory-eviction-tenacity') - argument must be between 0 and 100 inclusive
            > CONFIG SET lfu-log-factor -1
            < (error) ERR CONFIG SET failed (possibly related to argument 'lfu-log-factor') - argument must be between 0 and 2147483647 inclusive
            > CONFIG SET maxmemory-clients 101%
            < (error) ERR CONFIG SET failed (possibly related to argument 'maxmemory-clients') - percentage argument must be less or equal to 100
            > CONFIG SET maxmemory-clients x%
            < (error) ERR CONFIG SET failed (possibly related to argument 'maxmemory-clients') - argument must be a memory or percent value
            > CONFIG SET maxmemory-clients 5%
            < OK
            > CONFIG GET maxmemory-clients
            < ["maxmemory-clients", "5%"]
            > CONFIG SET maxmemory-clients 64mb lfu-decay-time 3 lfu-log-factor 4 maxmemory-samples 7 maxmemory-eviction-tenacity 20
            < OK
            > CONFIG GET maxmemory-clients
            < ["maxmemory-clients", "67108864"]
            > CONFIG GET lfu-*
            <% ["lfu-decay-time", "3", "lfu-log-factor", "4"]
            """#, arguments: [])
    }

    @Test(arguments: ServerKind.all)
    func withoutEvictionWritesAreRefusedAndTransactionsAsAWhole(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET a 1
            < OK
            b> MULTI
            < OK
            b> SET a 2
            < QUEUED
            c> MULTI
            < OK
            c> GET a
            < QUEUED
            > CONFIG SET maxmemory 1
            < OK
            > SET a 3
            < (error) OOM command not allowed when used memory > 'maxmemory'.
            > GET a
            < "1"
            > DEL missing
            < 0
            b> EXEC
            < (error) EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'.
            c> EXEC
            < ["1"]
            > MULTI
            < OK
            > GET a
            < (error) OOM command not allowed when used memory > 'maxmemory'.
            > EXEC
            < (error) EXECABORT Transaction discarded because of previous errors.
            > CONFIG SET maxmemory 0
            < OK
            > SET a 4
            < OK
            """#, arguments: [])
    }

    @Test(arguments: ServerKind.all, EvictionTests.policies)
    func memoryStaysBelowTheLimit(_ kind: ServerKind, _ policy: String) throws {
        try checkLimit(kind, policy)
    }

    @Test(arguments: ["allkeys-tinylfu", "volatile-tinylfu"])
    func memoryStaysBelowTheLimitUnderFreshetsOwnPolicy(_ policy: String) throws {
        try checkLimit(.freshet, policy)
    }

    private func checkLimit(_ kind: ServerKind, _ policy: String) throws {
        let server = try ServerProcess(kind, ["--maxmemory-policy", policy])
        let client = try server.client()
        let isVolatile = policy.hasPrefix("volatile")
        let limit = try used(client) + 3_000_000
        try client.send("CONFIG", "SET", "maxmemory", String(limit))
        #expect(try fill(client, "k", 8000, expiring: isVolatile) == 0)
        // Redis measures its clients' buffers too, which come and go.
        #expect(try used(client) < limit + 200_000)
        let evicted = try Int(client.info("evicted_keys")) ?? 0
        #expect(evicted > 4000)
        // Workers go on with making room between commands.
        let keys = try Int(client.run("DBSIZE").description) ?? -1
        let evictedThen = try Int(client.info("evicted_keys")) ?? 0
        #expect((8000 - evictedThen...8000 - evicted).contains(keys))
        #expect(try client.info("maxmemory_policy") == policy)
        guard isVolatile else { return }
        // What expires goes for what stays; when there is nothing more of it, what stays is refused.
        let refused = try fill(client, "stays", 8000)
        #expect(refused > 2000)
        #expect(try client.info("db0").contains("expires=0,"))
    }

    @Test(arguments: ServerKind.all)
    func evictedKeysAreToldAndForgottenByCaches(_ kind: ServerKind) throws {
        let server = try ServerProcess(
            kind, ["--notify-keyspace-events", "Ee", "--maxmemory-policy", "allkeys-random"])
        let client = try server.client()
        let listener = try EventListener(server)
        try client.send("SET", "only", "1")
        let cache = try server.raw()
        try cache.run("HELLO 3")
        try cache.run("CLIENT TRACKING ON NOLOOP")
        #expect(try cache.run("GET only") == .bulk("1"))
        try client.send("CONFIG", "SET", "maxmemory", "1")
        #expect(try client.run("SET another 1") == Self.outOfMemory)
        #expect(try cache.readReply() == .push([.bulk("invalidate"), .array([.bulk("only")])]))
        #expect(try listener.events() == ["event@0:evicted only"])
        #expect(try client.run("DBSIZE") == .integer(0))
        #expect(try client.info("evicted_keys") == "1")
        guard kind == .freshet else { return }
        #expect(try client.run("GET only") == .null)
        #expect(try client.info("keyspace_misses_evicted") == "1")
    }

    @Test(arguments: ServerKind.all)
    func objectTellsWhatThePolicyNotes(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > SET a text
            < OK
            > OBJECT IDLETIME a
            < 0
            > CONFIG SET maxmemory-policy volatile-lfu
            < OK
            > SET b text
            < OK
            > OBJECT FREQ b
            < 5
            > GET b
            < "text"
            > OBJECT FREQ b
            < 6
            > OBJECT IDLETIME b
            < (error) ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.
            > OBJECT FREQ missing
            < (nil)
            > OBJECT IDLETIME missing
            < (nil)
            > CONFIG SET maxmemory-policy allkeys-lru
            < OK
            > OBJECT FREQ b
            < (error) ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.
            """#, arguments: [])
    }

    @Test(arguments: ServerKind.all)
    func keysThatAreUsedOftenSurviveUnderLFU(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind, ["--maxmemory-policy", "allkeys-lfu"])
        let client = try server.client()
        _ = try fill(client, "hot", 200)
        for _ in 0..<50 { _ = try client.pipeline(lines: (0..<200).map { "GET hot\($0)" }) }
        try client.send("CONFIG", "SET", "maxmemory", String(try used(client) + 1_000_000))
        _ = try fill(client, "cold", 6000)
        let kept = try client.pipeline(lines: (0..<200).map { "EXISTS hot\($0)" }).filter { $0 == .integer(1) }.count
        #expect(kept > 190)
    }

    // MARK: Clients

    @Test(arguments: ServerKind.all)
    func theClientsThatTakeMostAreClosed(_ kind: ServerKind) throws {
        let server = try ServerProcess(kind)
        let client = try server.client()
        try client.run("CLIENT NO-EVICT ON")
        let modest = try server.client()
        try modest.run("PING")
        // Half a command each, which waits in the server.
        let greedy = try (0..<4).map { index in
            let connection = try server.raw()
            connection.send("*2\r\n$4\r\nECHO\r\n$\(8 << 20)\r\n" + String(repeating: "x", count: (index + 1) << 20))
            return connection
        }
        try client.run("CONFIG SET maxmemory-clients 5mb")
        var evicted = 0
        for _ in 0..<2000 where evicted == 0 {
            evicted = try Int(client.info("evicted_clients")) ?? 0
            usleep(5000)
        }
        #expect((1...4).contains(evicted))
        #expect(try modest.run("PING") == .status("PONG"))
        #expect(greedy.count == 4)
    }

    @Test(arguments: ServerKind.all)
    func aClientThatDoesNotReadIsClosedWhereOthersTakeLess(_ kind: ServerKind) throws {
        let server = try ServerProcess(
            kind, ["--maxmemory-clients", "12mb", "--client-output-buffer-limit", "pubsub", "0", "0", "0"])
        let client = try server.client()
        try client.run("CLIENT NO-EVICT ON")
        let modest = try server.client()
        let megabyte = [UInt8](repeating: 120, count: 1 << 20)
        _ = try client.pipeline([[Array("SET".utf8), Array("long".utf8), megabyte]])
        // More than the kernel keeps for it.
        let reader = try server.raw()
        reader.send(String(repeating: "GET long\r\n", count: 60))
        try waitForEviction(client, of: 1)
        let subscriber = try server.raw()
        subscriber.send("SUBSCRIBE channel\r\n")
        try eventually { try client.run("PUBSUB NUMSUB channel") == .array([.bulk("channel"), .integer(1)]) }
        for _ in 0..<60 {
            _ = try client.pipeline([[Array("PUBLISH".utf8), Array("channel".utf8), megabyte]])
        }
        try waitForEviction(client, of: 2)
        #expect(try modest.run("GET short") == .null)
        #expect(try client.info("evicted_clients") == "2")
        withExtendedLifetime((reader, subscriber)) {}
    }

    private func waitForEviction(_ client: RedisClient, of count: Int) throws {
        try eventually { try client.info("evicted_clients") == String(count) }
    }

    // MARK: Many writers

    @Test func longValuesAmongShortOnesKeepTheLimit() throws {
        let server = try ServerProcess(.freshet, ["--threads", "2", "--maxmemory-policy", "allkeys-random"])
        let watcher = try server.client()
        let limit = try used(watcher) + 40_000_000
        try watcher.send("CONFIG", "SET", "maxmemory", String(limit))
        #expect(try fill(watcher, "short", 40_000) == 0)
        let running = Counter(2)
        let highest = Counter(0)
        try inParallel(3) { index in
            guard index < 2 else {
                while running.value > 0 { highest.raise(to: try used(watcher)) }
                return
            }
            defer { running.add(-1) }
            let client = try server.client()
            let value = [UInt8](repeating: 120, count: 4_000_000)
            for round in 0..<10 {
                let replies = try client.pipeline([[Array("SET".utf8), Array("\(index):\(round)".utf8), value]])
                #expect(replies == [.ok])
            }
        }
        #expect(highest.value > 0)
        #expect(highest.value < limit + limit / 100 + 16 << 20)
    }

    @Test func aStormOfWritesFromManyConnectionsKeepsTheLimit() throws {
        let server = try ServerProcess(.freshet, ["--threads", "4", "--maxmemory-policy", "allkeys-tinylfu"])
        let watcher = try server.client()
        let limit = try used(watcher) + 20_000_000
        try watcher.send("CONFIG", "SET", "maxmemory", String(limit))
        let running = Counter(4)
        let highest = Counter(0)
        try inParallel(5) { index in
            guard index < 4 else {
                while running.value > 0 { highest.raise(to: try used(watcher)) }
                return
            }
            defer { running.add(-1) }
            let client = try server.client()
            let value = [UInt8](repeating: 120, count: 2000)
            for round in 0..<150 {
                let replies = try client.pipeline(
                    (0..<100).map { [Array("SET".utf8), Array("\(index):\(round):\($0)".utf8), value] })
                #expect(replies.allSatisfy { $0 == .ok })
            }
        }
        #expect(highest.value > 0)
        #expect(highest.value < limit + limit / 100 + 16_000_000)
        #expect(try (Int(watcher.info("evicted_keys")) ?? 0) > 30_000)
    }

    private final class Counter: @unchecked Sendable {
        private let lock = NSLock()
        private var stored: Int

        init(_ value: Int) { stored = value }

        var value: Int { lock.withLock { stored } }
        func add(_ amount: Int) { lock.withLock { stored += amount } }
        func raise(to value: Int) { lock.withLock { stored = max(stored, value) } }
    }
}

extension RedisClient {
    /// The value of a field of INFO; empty where there is none.
    fileprivate func info(_ field: String) throws -> String {
        let lines = (try run("INFO everything").text ?? "").split(separator: "\r\n")
        return lines.first { $0.hasPrefix(field + ":") }.map { String($0.dropFirst(field.count + 1)) } ?? ""
    }
}
