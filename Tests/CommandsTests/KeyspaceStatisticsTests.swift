import Commands
import Keyspace
import Primitives
import Testing

/// What INFO tells of the keyspace.
@Suite struct KeyspaceStatisticsTests {
    let server = Harness(DataFamilies.all.dropLast())

    private func statistics(_ database: Int = 0) -> DatabaseStatistics {
        server.executor.select(server.session, now: server.now)
        return server.executor.call.access.databaseStatistics()[database]
    }

    @Test func keysAreCountedByDatabase() {
        server.run("MSET", "a", "1", "b", "2")
        server.run("COPY", "a", "c", "DB", "3")
        server.run("SET", "d", "4", "EX", "10")
        #expect(statistics(0).keys == 3 && statistics(0).expiring == 1)
        #expect(statistics(3).keys == 1 && statistics(3).expiring == 0)
        #expect(statistics(1).keys == 0)
    }

    @Test func theAverageTimeToLiveIsThatOfTheKeysThatExpire() {
        server.run("SET", "stays", "1")
        #expect(statistics().averageTimeToLive == 0)
        for index in 0..<1000 { server.run("SET", "k\(index)", "1", "PX", index % 2 == 0 ? "10000" : "30000") }
        #expect((15_000...25_000).contains(statistics().averageTimeToLive))
        // Deadlines that were given up do not count.
        for index in 0..<1000 { server.run("PEXPIRE", "k\(index)", "50000") }
        #expect(statistics().averageTimeToLive == 50_000)
        for index in 0..<1000 { server.run("PERSIST", "k\(index)") }
        #expect(statistics().averageTimeToLive == 0 && statistics().expiring == 0)
    }

    @Test(arguments: [false, true]) func hashesWithFieldsThatExpireAreCounted(large: Bool) {
        let long = String(repeating: "l", count: large ? 100 : 1)
        server.run("HSET", "a", "f", "1", "g", long)
        server.run("HSET", "b", "f", "1", "g", long)
        #expect(statistics().fieldExpiring == 0)
        server.run("HPEXPIRE", "a", "1000", "FIELDS", "1", "f")
        server.run("HPEXPIRE", "a", "500", "FIELDS", "1", "g")
        server.run("HPEXPIRE", "b", "1000", "FIELDS", "1", "f")
        #expect(statistics().fieldExpiring == 2)
        server.run("HPERSIST", "a", "FIELDS", "1", "f")
        #expect(statistics().fieldExpiring == 2)
        server.run("HPERSIST", "a", "FIELDS", "1", "g")
        #expect(statistics().fieldExpiring == 1)
        server.run("COPY", "b", "c")
        server.run("RENAME", "b", "d")
        server.run("EXPIRE", "d", "100")
        #expect(statistics().fieldExpiring == 2)
        server.run("SET", "c", "string")
        #expect(statistics().fieldExpiring == 1)
        server.now += 2000
        server.expireActively()
        #expect(statistics().fieldExpiring == 0)
        server.run("HPEXPIRE", "d", "1000", "FIELDS", "1", "g")
        server.run("DEL", "d")
        #expect(statistics().fieldExpiring == 0)
    }

    @Test func allFieldsWithOneDeadlineAreRemovedAtIt() {
        let fields = (0..<500).map { "f\($0)" }
        server.run(["HSET", "h"] + fields.flatMap { [$0, "v"] } + ["stays", "v"])
        server.run(["HPEXPIRE", "h", "1000", "FIELDS", "500"] + fields)
        server.now += 2000
        server.expireActively()
        #expect(server.run("HLEN", "h") == ":1\r\n")
    }

    @Test func deadlinesThatAreMovedLeaveNothingBehind() {
        server.run("HSET", "h", "f", "v")
        for index in 0..<20_000 { server.run("HEXPIRE", "h", String(1_000_000 - index), "FIELDS", "1", "f") }
        #expect(statistics().expiryBytes < 4096)
    }

    @Test func missesOfKeysThatHaveExpiredAreToldApart() {
        server.run("SET", "k", "v", "PX", "100")
        server.run("GET", "k")
        server.run("GET", "absent")
        server.now += 200
        server.run("GET", "k")
        server.run("GET", "k")
        let counts = server.executor.call.access.statistics
        #expect(counts.pointee.hits.current == 1 && counts.pointee.misses.current == 3)
        #expect(counts.pointee.expiredMisses.current == 2)
        // Whoever has removed it, it is absent on purpose.
        server.run("SET", "k", "v")
        server.run("DEL", "k")
        server.run("GET", "k")
        #expect(counts.pointee.misses.current == 4 && counts.pointee.expiredMisses.current == 2)
        // The active expiry leaves as much behind as a read that finds it.
        server.run("SET", "k", "v", "PX", "100")
        server.now += 200
        server.expireActively()
        server.run("GET", "k")
        #expect(counts.pointee.misses.current == 5 && counts.pointee.expiredMisses.current == 3)
    }
}
