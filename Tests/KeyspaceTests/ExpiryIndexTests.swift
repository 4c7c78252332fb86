import Primitives
import TestSupport
import Testing

@testable import Keyspace

@Suite struct ExpiryIndexTests {
    /// Names of `count` keys that share a shard, so that its index becomes large.
    private static func keys(_ count: Int, shard: Int = 0) -> [String] {
        seedProcessHash()
        var keys: [String] = []
        var number = 0
        while keys.count < count {
            let key = "k\(number)"
            if Keyspace.shardIndex(Array(key.utf8).withView { processHash($0) }) == shard { keys.append(key) }
            number += 1
        }
        return keys
    }

    private static let itemBytes = MemoryLayout<ExpiryIndex.Item>.stride

    @Test func aDeadlineThatIsPutOffTakesNoRoom() {
        let door = Door()
        let keys = Self.keys(20)
        for round in 0..<500 { for key in keys { door.set(key, "v", .at(1_000_100 + Int64(round))) } }
        #expect(door.statistics(0).expiryBytes == keys.count * Self.itemBytes)
        // Met at the first deadline, and at the last.
        door.access.now = 1_000_300
        #expect(door.expireActively() == 0)
        door.access.now = 1_000_599
        #expect(door.expireActively() == 0)
        door.access.now = 1_000_600
        #expect(door.expireActively() == keys.count)
    }

    @Test func aDeadlineThatIsBroughtForwardIsMet() {
        let door = Door()
        door.set("a", "v", .at(9_000_000))
        door.set("a", "v", .at(1_000_500))
        door.set("a", "v", .at(2_000_000))
        door.with("a") { $0.setExpiry($1, at: 1_000_400) }
        door.access.now = 1_000_401
        #expect(door.expireActively() == 1)
        #expect(door.access.keyCount() == 0)
    }

    @Test func keysThatComeAndGoDoNotFillTheIndex() {
        let door = Door()
        let keys = Self.keys(40)
        for round in 0..<300 {
            for key in keys {
                door.set(key, "v", .at(9_000_000 + Int64(round)))
                #expect(door.remove(key))
            }
        }
        #expect(door.statistics(0).expiryBytes <= 200 * Self.itemBytes)
    }

    @Test func whatExpiredLeavesNoMemoryBehind() {
        let door = Door()
        for key in Self.keys(1500) { door.set(key, "v", .at(1_000_100)) }
        #expect(door.statistics(0).expiryBytes == 1500 * Self.itemBytes)
        door.access.now = 1_000_101
        #expect(door.expireActively() == 1500)
        #expect(door.statistics(0).expiryBytes < 200 * Self.itemBytes)
    }

    @Test func aSliceLooksAtNoMoreThanItsLimit() {
        let door = Door()
        let keys = Self.keys(300)
        // Deadlines that were put off are work too.
        for deadline: Int64 in [1_000_100, 2_000_000] { for key in keys { door.set(key, "v", .at(deadline)) } }
        door.access.now = 1_000_101
        var slices = 1
        while door.access.expireDue(shard: 0, limit: 50).hasMore { slices += 1 }
        #expect(slices == 6)
        #expect(door.access.keyCount() == 300)
    }

    /// The index is built anew again and again while keys come, go and move, and their table with them.
    @Test(arguments: [31, 32, 33] as [UInt64]) func everyKeyExpiresWhenItsTimeHasCome(seed: UInt64) {
        var generator = SeededGenerator(seed)
        let door = Door()
        let keys = Self.keys(1200)
        var deadlines: [String: Int64] = [:]
        var renewals = 0
        for phase in 0..<12 {
            let active = keys.prefix(phase % 3 == 0 ? 1200 : 150)
            for _ in 0..<2500 {
                let key = active[generator.below(active.count)]
                switch generator.below(8) {
                case 0:
                    door.set(key, "v")
                    deadlines[key] = nil
                case 1, 2, 3:
                    _ = door.remove(key)
                    deadlines[key] = nil
                case 4 where door.exists(key):
                    _ = door.with(key) { $0.clearExpiry($1) }
                    deadlines[key] = nil
                case 5 where door.exists(key):
                    let other = keys[generator.below(keys.count)]
                    guard other != key else { continue }
                    Array(other.utf8).withView { target in door.with(key) { $0.move($1, to: Key(target)) } }
                    let deadline = deadlines.removeValue(forKey: key)
                    deadlines[other] = deadline
                default:
                    let deadline = door.access.now + 1 + Int64(generator.below(20_000))
                    door.set(key, "v", .at(deadline))
                    deadlines[key] = deadline
                }
                if door.keyspace.shard(0).pointee.databases[0].expiry.isBeingRenewed { renewals += 1 }
            }
            door.access.now += 3000
            let due = deadlines.filter { $0.value < door.access.now }.map(\.key)
            for key in due { deadlines[key] = nil }
            #expect(door.expireActively() >= 0)
            #expect(door.statistics(0).expiring == deadlines.count, "seed \(seed), phase \(phase)")
            #expect(deadlines.keys.allSatisfy { door.exists($0) }, "seed \(seed), phase \(phase)")
        }
        #expect(renewals > 0)
        door.access.now += 30_000
        #expect(door.expireActively() == deadlines.count)
    }

    @Test(arguments: [1, 1000]) func fieldsExpireWhicheverTheirOrder(maxListpackEntries: Int) {
        let door = Door()
        let limits = HashLimits(maxListpackEntries: maxListpackEntries)
        door.storeHash("hash", fields: 100, limits)
        func setExpiry(_ field: Int, _ expiry: Int64) {
            door.with("hash") { access, key in
                guard let entry = access.find(key) else { return }
                var hash = entry.aggregate(HashValue.self)
                let before = (usage: hash.memoryUsage, expiry: hash.minimumExpiry)
                Array("field:\(field)".utf8).withView { _ = hash.setExpiry(expiry, of: $0, now: access.now) }
                access.close(key, entry, hash, before: before, event: .expire)
            }
        }
        for field in 0..<100 { setExpiry(field, 1_000_100 + Int64(field * 37 % 100)) }
        // The first is put off: its item comes to the top too early.
        setExpiry(0, 1_000_500)
        var removed = 0
        for now in stride(from: Int64(1_000_100), through: 1_000_200, by: 10) {
            door.access.now = now
            removed += door.expireActively()
            #expect(removed == max(0, Int(now - 1_000_100) - 1), "at \(now)")
            #expect(door.valueBytes == door.entryUsage)
        }
        #expect(door.statistics(0).fieldExpiring == 1)
        door.access.now = 1_000_501
        #expect(door.expireActively() == 1)
        #expect(door.access.keyCount() == 0)
    }
}
