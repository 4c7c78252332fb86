import Glibc
import Primitives
import TestSupport
import Testing

@testable import Keyspace

@Suite struct AccessTests {
    // MARK: Expiry

    @Test func aKeyIsGoneWhenItsLastMillisecondIsOver() {
        let door = Door(observed: true)
        door.set("a", "1", .at(1_000_500))
        door.access.now = 1_000_500
        #expect(door.get("a") == "1")
        door.access.now = 1_000_501
        #expect(door.get("a") == nil)
        door.access.commit()
        #expect(door.events == ["new a", "set a", "expired a"])
        #expect(door.statistics(0).expiring == 0)
    }

    @Test func theActiveCycleRemovesWhatIsDueAndNothingElse() {
        var generator = SeededGenerator(7)
        let door = Door()
        var deadlines: [String: Int64] = [:]
        for round in 0..<6000 {
            // Keys get other deadlines again and again, so that the index is rebuilt on the way.
            let key = "k\(generator.below(1500))"
            switch generator.below(5) {
            case 0:
                door.set(key, "v\(round)")
                deadlines[key] = nil
            case 1:
                _ = door.remove(key)
                deadlines[key] = nil
            case 2 where door.exists(key):
                let deadline = 1_000_000 + Int64(generator.below(10_000))
                door.with(key) { $0.setExpiry($1, at: deadline) }
                deadlines[key] = deadline
            default:
                let deadline = 1_000_000 + Int64(generator.below(10_000))
                door.set(key, "v\(round)", .at(deadline))
                deadlines[key] = deadline
            }
        }
        #expect(door.statistics(0).expiring == deadlines.count)
        door.access.now = 1_005_000
        let due = deadlines.filter { $0.value < 1_005_000 }
        #expect(door.expireActively() == due.count)
        #expect(door.expireActively() == 0)
        #expect(due.keys.allSatisfy { !door.exists($0) })
        #expect(deadlines.filter { $0.value >= 1_005_000 }.allSatisfy { door.exists($0.key) })
        #expect(door.statistics(0).expiring == deadlines.count - due.count)
        door.access.now = 2_000_000
        #expect(door.expireActively() == deadlines.count - due.count)
    }

    @Test func refreshedDeadlinesSurviveTheRebuildOfTheirIndex() {
        let door = Door()
        // Far more refreshes than keys: each shard's index is rebuilt many times.
        for round in 0..<300 { for key in 0..<4 { door.set("k\(key)", "v", .at(1_000_100 + Int64(round))) } }
        door.access.now = 1_000_399
        #expect(door.expireActively() == 0)
        door.access.now = 1_000_400
        #expect(door.expireActively() == 4)
        #expect(door.statistics(0).expiryBytes < 100_000)
    }

    @Test func aKeyKeepsLosesAndMovesItsTimeToLive() {
        let door = Door()
        door.set("a", "1", .at(1_000_500))
        door.set("a", "longer", .keep)
        #expect(door.with("a") { $0.find($1)?.expiry } == 1_000_500)
        #expect(door.with("a") { $0.clearExpiry($1) })
        #expect(!door.with("a") { $0.clearExpiry($1) })
        #expect(door.statistics(0).expiring == 0)
        door.with("a") { $0.setExpiry($1, at: 1_000_900) }
        Array("b".utf8).withView { target in door.with("a") { $0.move($1, to: Key(target)) } }
        #expect(!door.exists("a"))
        #expect(door.with("b") { $0.find($1)?.expiry } == 1_000_900)
        door.access.now = 1_000_901
        #expect(door.expireActively() == 1)
    }

    // MARK: Memory

    @Test(arguments: [21, 22]) func theMemoryAccountReturnsToZero(seed: UInt64) {
        var generator = SeededGenerator(seed)
        let door = Door()
        for _ in 0..<4000 {
            let key = "k\(generator.below(100))" + String(repeating: "x", count: generator.below(20) == 0 ? 300 : 0)
            switch generator.below(8) {
            case 0: _ = door.remove(key)
            case 1: _ = door.resize(key, to: generator.below(10_000))
            case 2: door.with(key) { $0.setExpiry($1, at: 1_000_000 + 50_000) }
            case 3: _ = door.with(key) { $0.clearExpiry($1) }
            case 4: door.with(key) { $0.setInteger($1, 5, over: $0.find($1), event: .set) }
            case 5:
                Array("k\(generator.below(100))".utf8).withView { target in
                    door.with(key) { access, key in
                        guard !(key.bytes == target) else { return }
                        access.copy(key, to: Key(target))
                        access.move(key, to: Key(target), database: 1)
                    }
                }
            default:
                let value = String(repeating: "v", count: generator.below(6000))
                door.set(key, value, generator.below(2) == 0 ? .clear : .at(1_020_000))
            }
        }
        #expect(door.valueBytes == door.entryUsage)
        for database in 0..<2 {
            door.access.database = database
            for key in door.keys { _ = door.remove(key) }
            #expect(door.statistics(database).keys == 0)
        }
        #expect(door.valueBytes == 0)
        #expect(door.statistics(0).expiring == 0)
    }

    @Test func aFlushLeavesNothing() {
        let door = Door()
        for number in 0..<500 { door.set("k\(number)", "v", .at(1_100_000)) }
        door.access.database = 2
        door.set("other", "v")
        #expect(door.access.flush(database: 0) == 500)
        #expect(door.statistics(0).keys == 0)
        #expect(door.statistics(0).expiring == 0)
        #expect(door.exists("other"))
        door.access.flush(database: nil)
        #expect(door.valueBytes == 0)
        door.set("again", "v")
        #expect(door.exists("again"))
    }

    @Test func observersHearOfWholeDatabases() {
        let door = Door(observed: true)
        door.set("a", "1")
        door.access.swap(0, 1)
        door.access.flush(database: 1)
        door.set("b", "2")
        door.access.commit()
        #expect(door.events == ["new a", "set a", "swapdb ", "flushdb ", "new b", "set b"])
        // Whoever waits for absent keys, or computes them, hears of empty databases too.
        door.access.flush(database: 3)
        door.access.commit()
        #expect(door.events.count == 7)
    }

    // MARK: Strings

    @Test func aStringGrowsWithZerosAndShrinks() {
        let door = Door()
        door.set("a", "12345")
        #expect(Array(UnsafeBufferPointer(start: door.resize("a", to: 8), count: 8)) == Array("12345\0\0\0".utf8))
        for count in [5000, 4097, 20_000, 3, 4096, 4097, 0, 10] {
            let kept = door.get("a")?.utf8.prefix(count).map { $0 } ?? []
            let bytes = door.resize("a", to: count)
            let expected = kept + [UInt8](repeating: 0, count: count - kept.count)
            #expect(Array(UnsafeBufferPointer(start: bytes, count: count)) == expected, "to \(count)")
            if count > 0 { bytes[count - 1] = 65 }
            #expect(door.valueBytes == door.entryUsage)
        }
        let bytes = door.resize("new", to: 6000)
        #expect((0..<6000).allSatisfy { bytes[$0] == 0 })
    }

    @Test(arguments: [100, 5000, 2 << 20]) func aStringThatGrowsFarHasZerosBehindItsText(count: Int) {
        let door = Door()
        door.set("a", String(repeating: "t", count: count))
        let size = 8 << 20
        let bytes = door.resize("a", to: size)
        #expect(bytes[0] == UInt8(ascii: "t") && bytes[count - 1] == UInt8(ascii: "t"))
        #expect(bytes[count] == 0 && memcmp(bytes + count, bytes + count + 1, size - count - 1) == 0)
        #expect(door.valueBytes == door.entryUsage)
    }

    @Test func whatTakesLongToFreeIsFreedInTheBackground() {
        let door = Door()
        func freed(_ key: String) -> Int {
            let before = door.keyspace.lazyFreeCounts
            #expect(door.remove(key))
            let after = door.keyspace.lazyFreeCounts
            return after.pending + after.freed - before.pending - before.freed
        }
        door.set("short", "v")
        door.set("long", String(repeating: "v", count: 100_000))
        door.set("huge", String(repeating: "v", count: 4 << 20))
        #expect(freed("short") == 0)
        #expect(freed("long") == 0)
        #expect(freed("huge") == 1)
        // One block, however many fields; a block for each field.
        for (limit, expected) in [(1000, 0), (1, 1)] {
            door.storeHash("hash", fields: 200, HashLimits(maxListpackEntries: limit))
            #expect(freed("hash") == expected)
        }
    }

    // MARK: Waiting

    @Test func nothingIsLeftOfThoseWhoWaitNoMore() {
        let door = Door()
        let waiters = (0..<3).map { _ in
            KeyWaiter(keys: [Array("a".utf8)], database: 0, condition: .value(.list), needsAll: true)
        }
        for waiter in waiters { door.access.beginWaiting(waiter) }
        let areWide = door.access.hasWideWaiters(.all)
        #expect(areWide)
        #expect(waiters.allSatisfy { $0.claim() })
        for waiter in waiters { waiter.finish() }
        // The end of the first sweeps the others off the queue.
        for waiter in waiters { door.access.endWaiting(waiter) }
        let (areStillWide, awaited) = (door.access.hasWideWaiters(.all), door.access.awaitedKeyCount())
        #expect(!areStillWide && awaited == (0, 0))
    }

    // MARK: WATCH, exchanged databases

    @Test func aWatcherHearsOfChangesToItsKeyOnly() {
        let door = Door()
        let state = WatchState()
        #expect(door.with("a") { $0.watch($1, state) })
        #expect(!door.with("a") { $0.watch($1, state) })
        door.set("b", "1")
        #expect(!state.isDirty)
        door.set("a", "1")
        #expect(state.isDirty)
        door.with("a") { $0.unwatch($1, database: 0, state) }
        let second = WatchState()
        door.access.database = 1
        _ = door.with("a") { $0.watch($1, second) }
        door.access.database = 0
        #expect(door.remove("a"))
        #expect(!second.isDirty)
    }

    @Test func aWatcherHearsOfAFlushAndOfAnExchangeThatConcernItsKey() {
        let door = Door()
        let absent = WatchState()
        let present = WatchState()
        door.set("present", "1")
        _ = door.with("absent") { $0.watch($1, absent) }
        _ = door.with("present") { $0.watch($1, present) }
        door.access.swap(2, 3)
        #expect(!present.isDirty)
        door.access.flush(database: 0)
        #expect(present.isDirty)
        #expect(!absent.isDirty)
        door.access.database = 1
        door.set("absent", "now there")
        door.access.database = 0
        door.access.swap(0, 1)
        #expect(absent.isDirty)
        #expect(door.get("absent") == "now there")
    }

    @Test func aWatchedKeyThatExpiresHasChanged() {
        let door = Door()
        door.set("a", "1", .at(1_000_010))
        let state = WatchState()
        _ = door.with("a") { $0.watch($1, state) }
        door.access.now = 1_000_011
        #expect(door.expireActively() == 1)
        #expect(state.isDirty)
    }

    // MARK: Walks

    @Test func walksMeetEveryKeyOfTheirDatabase() {
        let door = Door()
        for number in 0..<3000 { door.set("k\(number)", "v") }
        door.access.database = 1
        door.set("elsewhere", "v")
        door.access.database = 0
        #expect(Set(door.keys).count == 3000)
        #expect(door.access.keyCount() == 3000)
        var seen = Set<String>()
        var cursor: UInt64 = 0
        repeat { cursor = door.access.scan(cursor, limit: 10) { seen.insert($0.key.string) } } while cursor != 0
        #expect(seen.count == 3000)
        // Any cursor is taken.
        for hostile: UInt64 in [.max, 1 << 63, 255 << 40 | (1 << 40 - 1), 256 << 40] {
            _ = door.access.scan(hostile, limit: 1 << 32) { _ in }
        }
        var generator = SeededGenerator(3)
        #expect(door.access.withRandomKey({ generator.below($0) }, { $0.key.count }) != nil)
        door.access.database = 3
        #expect(door.access.withRandomKey({ generator.below($0) }, { $0.key.count }) == nil)
    }
}
