import Glibc
import Primitives
import TestSupport
import Testing

@testable import Keyspace

@Suite struct EvictionTests {
    /// - Parameter samples: by default more than there are keys, so that the worst of all goes.
    private func door(_ policy: EvictionPolicy, samples: Int = 1000, observed: Bool = false) -> Door {
        let door = Door(observed: observed)
        door.access.evictionSettings.policy = policy
        door.access.evictionSettings.samples = samples
        return door
    }

    // MARK: Policies

    @Test func withoutAPolicyNothingGoes() {
        let door = door(.noEviction)
        door.set("a", "1")
        #expect(!door.evict())
        #expect(door.exists("a"))
    }

    @Test func whatWasNotUsedForLongestGoesFirst() {
        let door = door(EvictionPolicy(.recency))
        for index in 0..<200 { door.set("k\(index)", "v") }
        door.access.now += 60_000
        for index in 50..<200 { _ = door.get("k\(index)") }
        for _ in 0..<50 { #expect(door.evict()) }
        #expect((0..<50).allSatisfy { !door.exists("k\($0)") })
        #expect((50..<200).allSatisfy { door.exists("k\($0)") })
    }

    @Test func whatIsUsedLeastGoesFirst() {
        let door = door(EvictionPolicy(.frequency))
        for index in 0..<100 { door.set("k\(index)", "v") }
        for _ in 0..<50 { for index in 20..<100 { _ = door.get("k\(index)") } }
        for _ in 0..<20 { #expect(door.evict()) }
        #expect((0..<20).allSatisfy { !door.exists("k\($0)") })
        #expect((20..<100).allSatisfy { door.exists("k\($0)") })
    }

    @Test func whatExpiresFirstGoesFirst() {
        let door = door(EvictionPolicy(.deadline, isVolatile: true))
        for index in 0..<100 { door.set("k\(index)", "v", .at(2_000_000 + Int64(index) * 1000)) }
        door.set("stays", "v")
        for _ in 0..<30 { #expect(door.evict()) }
        #expect((0..<30).allSatisfy { !door.exists("k\($0)") })
        #expect((30..<100).allSatisfy { door.exists("k\($0)") })
        for _ in 0..<70 { #expect(door.evict()) }
        #expect(!door.evict())
        #expect(door.exists("stays"))
    }

    @Test(arguments: [EvictionPolicy.Ranking.recency, .frequency, .admission, .random, .deadline])
    func volatilePoliciesLeaveKeysThatStay(_ ranking: EvictionPolicy.Ranking) {
        let door = door(EvictionPolicy(ranking, isVolatile: true), samples: 5)
        for index in 0..<300 { door.set("k\(index)", "v", index % 3 == 0 ? .at(2_000_000) : .clear) }
        var evicted = 0
        while door.evict() { evicted += 1 }
        #expect(evicted == 100)
        #expect((0..<300).allSatisfy { door.exists("k\($0)") == ($0 % 3 != 0) })
    }

    @Test(arguments: [EvictionPolicy.Ranking.recency, .frequency, .admission, .random])
    func everyKeyOfEveryDatabaseGoesInTheEnd(_ ranking: EvictionPolicy.Ranking) {
        let door = door(EvictionPolicy(ranking), samples: 5)
        for database in 0..<4 {
            door.access.database = database
            for index in 0..<100 { door.set("k\(index)", "v", index % 4 == 0 ? .at(2_000_000) : .clear) }
            door.storeHash("hash", fields: 200)
        }
        door.access.database = 0
        var evicted = 0
        while door.evict() { evicted += 1 }
        #expect(evicted == 404)
        #expect(door.valueBytes == 0)
        #expect(door.access.database == 0)
        door.set("new", "v")
        #expect(door.evict())
    }

    @Test func evictionIsToldAsAChangeOfItsOwn() {
        let door = door(EvictionPolicy(.random), observed: true)
        door.set("a", "1")
        door.access.commit()
        let revision = door.keyspace.revision
        #expect(door.evict())
        #expect(door.events == ["new a", "set a", "evicted a"])
        #expect(door.keyspace.revision == revision + 1)
    }

    @Test func whatHasExpiredIsToldAsExpired() {
        let door = door(EvictionPolicy(.random), observed: true)
        door.set("a", "1", .at(1_000_500))
        door.access.commit()
        door.access.now = 1_001_000
        #expect(door.evict())
        #expect(door.events == ["new a", "set a", "expired a"])
    }

    @Test func changingThePolicyForgetsTheCandidatesOfTheOldOne() {
        let door = door(EvictionPolicy(.recency))
        for index in 0..<50 { door.set("k\(index)", "v") }
        #expect(door.evict())
        door.access.evictionSettings.policy = EvictionPolicy(.deadline, isVolatile: true)
        #expect(!door.evict())
        #expect(door.statistics(0).keys == 49)
    }

    // MARK: Admission

    /// Reads keys of a trace, setting those that are missing; returns the hits.
    private func replay(_ trace: [Int], capacity: Int, _ policy: EvictionPolicy) -> Int {
        let door = door(policy, samples: 5)
        var hits = 0
        var keys = 0
        for (position, index) in trace.enumerated() {
            // A second for each step: time is no coarser than in the exact policy.
            door.access.now = 1_000_000 + Int64(position) * 1000
            if door.get("k\(index)") != nil {
                hits += 1
            } else {
                if keys == capacity, door.evict() { keys -= 1 }
                door.set("k\(index)", "v")
                keys += 1
            }
        }
        return hits
    }

    @Test func aLoopOverMoreThanThereIsRoomForKeepsWhatIsThere() {
        let loop = (0..<8000).map { $0 % 800 }
        #expect(replay(loop, capacity: 200, EvictionPolicy(.recency)) < 80)
        // At best a quarter of the nine rounds behind the first: 1800.
        #expect(replay(loop, capacity: 200, EvictionPolicy(.admission)) > 1100)
    }

    @Test func aScanDoesNotDriveOutWhatIsUsedOften() {
        var generator = SeededGenerator(11)
        var trace: [Int] = []
        var next = 10_000
        for _ in 0..<40 {
            for _ in 0..<150 { trace.append(generator.below(40)) }
            for _ in 0..<150 {
                trace.append(next)
                next += 1
            }
        }
        let byRecency = replay(trace, capacity: 50, EvictionPolicy(.recency))
        let byAdmission = replay(trace, capacity: 50, EvictionPolicy(.admission))
        #expect(byAdmission > byRecency * 11 / 10, "\(byAdmission) against \(byRecency), seed 11")
    }

    // MARK: Accounts

    @Test func theBudgetKnowsEveryByteOfKeysAndTables() {
        var generator = SeededGenerator(3)
        let door = door(EvictionPolicy(.random), samples: 5)
        for round in 0..<20_000 {
            let key = "k\(generator.below(2000))"
            door.access.database = generator.below(3)
            switch generator.below(10) {
            case 0: _ = door.remove(key)
            case 1: _ = door.resize("s" + key, to: 1 + generator.below(9000))
            case 2: door.storeHash(key, fields: 1 + generator.below(5))
            case 3 where round % 50 == 0: _ = door.evict()
            case 4: door.set(key, "v", .at(1_000_000 + Int64(generator.below(100_000))))
            case 5 where door.exists(key): door.with(key) { $0.setExpiry($1, at: 5_000_000) }
            case 6 where round % 4000 == 0: door.access.flush(database: generator.below(3))
            case 7 where door.exists(key):
                Array("other".utf8).withView { other in door.with(key) { $0.copy($1, to: Key(other)) } }
            default: door.set(key, String(repeating: "x", count: generator.below(300)))
            }
            door.access.commit()
        }
        door.access.tellBudget()
        door.waitForFreeing()
        #expect(door.keyspace.budget.used == door.bytesOfKeysAndTables)
        #expect(door.valueBytes == door.entryUsage)
    }

    @Test func theFlagFollowsTheLimit() {
        let budget = MemoryBudget()
        budget.add(1000)
        #expect(!budget.isExceeded)
        budget.limit = 999
        #expect(budget.isExceeded && budget.overrun == 1)
        budget.add(-1)
        #expect(!budget.isExceeded)
        budget.setMeasured(500)
        #expect(budget.isExceeded && budget.overrun == 500)
        budget.setMeasured(0)
        #expect(!budget.isExceeded && budget.highest == 1499)
        budget.limit = 0
        budget.add(1 << 40)
        #expect(!budget.isExceeded && budget.overrun == 0 && !budget.mustWait(for: .max))
    }

    @Test func whatWaitsToBeFreedIsInUseAndNoKeyGoesForIt() {
        let budget = MemoryBudget()
        budget.limit = 1000 << 20
        budget.add(1001 << 20)
        #expect(budget.overrun == 1 << 20)
        budget.add(-2 << 20)
        budget.addGarbage(2 << 20)
        #expect(budget.used == 1001 << 20 && budget.waiting == 2 << 20)
        #expect(!budget.isExceeded && budget.overrun == -(1 << 20))
        // A hundredth and 14 MB may be exceeded by it.
        budget.add(-100 << 20)
        budget.addGarbage(123 << 20)
        #expect(!budget.isExceeded && !budget.mustWait(for: 0))
        budget.add(1)
        #expect(budget.isExceeded && budget.overrun < 0 && !budget.isFull && budget.mustWait(for: 0))
        budget.addGarbage(-125 << 20)
        #expect(!budget.isExceeded && budget.used == 899 << 20 + 1 && budget.waiting == 0)
        #expect(budget.highest == 1024 << 20 + 1)
    }

    @Test func whatWouldExceedTheLimitByTooMuchWaits() {
        let budget = MemoryBudget()
        budget.limit = 1000 << 20
        budget.add(1000 << 20)
        #expect(!budget.mustWait(for: 500 << 20))
        budget.add(1 << 20)
        #expect(!budget.mustWait(for: 23 << 20))
        #expect(budget.mustWait(for: 23 << 20 + 1))
        budget.add(23 << 20)
        #expect(!budget.mustWait(for: 0))
        budget.add(1)
        #expect(budget.mustWait(for: 0))
    }

    @Test func whatIsBookedMustBeFreeAndIsNotInUse() {
        let budget = MemoryBudget()
        budget.limit = 1000 << 20
        budget.add(990 << 20)
        budget.book(30 << 20)
        #expect(budget.used == 990 << 20 && budget.highest == 990 << 20)
        #expect(budget.isExceeded && budget.overrun == 20 << 20 && !budget.isFull)
        #expect(!budget.mustWait(for: 4 << 20) && budget.mustWait(for: 5 << 20))
        budget.book(-30 << 20)
        #expect(!budget.isExceeded && !budget.mustWait(for: 5 << 20))
    }

    @Test func aLongValueIsInUseUntilItIsFreed() {
        let door = door(EvictionPolicy(.random))
        door.storeHash("hash", fields: 200)
        door.set("a", "1")
        door.access.commit()
        door.access.tellBudget()
        let (used, values) = (door.keyspace.budget.used, door.valueBytes)
        // Somebody may be looking at it.
        door.keyspace.reclaimer.enter(0)
        #expect(door.remove("hash"))
        door.access.commit()
        door.access.tellBudget()
        #expect(door.keyspace.budget.used == used)
        #expect(door.keyspace.budget.waiting == values - door.valueBytes)
        door.keyspace.reclaimer.leave(0)
        door.waitForFreeing()
        #expect(door.keyspace.budget.waiting == 0)
        #expect(door.keyspace.budget.used == door.bytesOfKeysAndTables)
        #expect(door.keyspace.budget.highest == used)
    }

    @Test func aFlushedDatabaseIsInUseUntilItIsFreed() {
        let door = door(EvictionPolicy(.random))
        for index in 0..<3000 { door.set("k\(index)", String(repeating: "x", count: index)) }
        door.access.commit()
        door.access.tellBudget()
        let used = door.keyspace.budget.used
        door.keyspace.reclaimer.enter(0)
        #expect(door.access.flush(database: 0) == 3000)
        door.access.commit()
        door.access.tellBudget()
        #expect(door.keyspace.budget.used == used)
        door.keyspace.reclaimer.leave(0)
        door.waitForFreeing()
        #expect(door.keyspace.budget.waiting == 0)
        #expect(door.keyspace.budget.used == door.bytesOfKeysAndTables)
    }

    @Test func whereNothingMayGoItIsLookedForAgainAfterTheNextWrite() {
        let door = door(EvictionPolicy(.recency, isVolatile: true))
        door.set("a", "1")
        #expect(!door.evict())
        #expect(!door.evict())
        door.set("b", "1", .at(2_000_000))
        #expect(door.evict())
        #expect(!door.evict())
        #expect(door.exists("a") && !door.exists("b"))
        door.access.evictionSettings.policy = EvictionPolicy(.recency)
        #expect(door.evict())
        #expect(!door.exists("a"))
    }
}

extension Door {
    /// Evicts a key as a worker does that holds no lock.
    func evict() -> Bool {
        access.commit()
        access.held = ShardSet()
        defer { access.held = .all }
        return access.evict()
    }

    /// Waits until nothing waits to be freed.
    func waitForFreeing() { while keyspace.lazyFreeCounts.pending > 0 { sched_yield() } }

    /// What the accounts of all databases say.
    var bytesOfKeysAndTables: Int {
        access.databaseStatistics().reduce(0) { $0 + $1.valueBytes + $1.tableBytes }
    }
}
