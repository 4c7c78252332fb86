import Primitives
import TestSupport
import Testing

@testable import Keyspace

/// `#expect` of what changes something, which the macro cannot take apart.
private func check(_ holds: Bool, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(holds, sourceLocation: sourceLocation)
}

/// What a hash should be: a dictionary that knows when its fields expire.
private struct HashModel {
    struct Item: Equatable {
        var value: [UInt8]
        var expiry = HashValue.noExpiry
    }

    var items: [[UInt8]: Item] = [:]

    func live(_ now: Int64) -> [[UInt8]: Item] { items.filter { $0.value.expiry >= now } }
}

@Suite struct HashValueTests {
    private static func contents(_ hash: HashValue, now: Int64) -> [[UInt8]: HashModel.Item] {
        var result: [[UInt8]: HashModel.Item] = [:]
        hash.forEach(now: now) { item in
            let old = result.updateValue(
                HashModel.Item(value: item.value.array, expiry: item.expiry), forKey: item.field.array)
            #expect(old == nil)
        }
        return result
    }

    /// Bytes that the table says it takes are those of its parts.
    private static func checkAccount(_ hash: HashValue) {
        guard hash.encoding == .hashTable else { return }
        let copy = hash.copy()
        #expect(copy.memoryUsage == hash.memoryUsage)
        copy.destroy()
        let header = FieldTable(storage: hash.storage).header.pointee
        var entries = 0, count = 0, segments = 0
        hash.forEachEntry {
            entries += $0.footprint
            count += 1
        }
        FieldTable(storage: hash.storage).forEachSegment { segment, _ in
            segments += 1
            var taken = 0
            for index in 0..<(1 << header.log) where segment.slots[index] != 0 { taken += 1 }
            #expect(taken == segment.count)
        }
        #expect(entries == header.entryBytes)
        #expect(count == header.count)
        let directory = header.depth == 0 ? 0 : Allocation.footprint(8 << header.depth)
        let head = Allocation.footprint(MemoryLayout<FieldTable.Header>.size)
        #expect(
            header.tableBytes == head + directory + segments * FieldTable.Segment.footprint(log: header.log)
                + header.expiries.footprint)
    }

    struct Plan: Sendable, CustomStringConvertible {
        var seed: UInt64
        var fields: Int
        var limits: HashLimits
        var expiring: Bool
        var expected: [Encoding]

        var description: String { "seed \(seed), \(fields) fields, expiring \(expiring)" }
    }

    static let plans: [Plan] = [
        Plan(seed: 1, fields: 40, limits: HashLimits(), expiring: false, expected: [.listpack]),
        Plan(seed: 2, fields: 40, limits: HashLimits(), expiring: true, expected: [.listpackExtended]),
        Plan(seed: 3, fields: 300, limits: HashLimits(), expiring: true, expected: [.hashTable]),
        Plan(
            seed: 4, fields: 40, limits: HashLimits(maxListpackEntries: 0, maxListpackValue: 0), expiring: false,
            expected: [.hashTable]),
        Plan(seed: 5, fields: 3000, limits: HashLimits(), expiring: true, expected: [.hashTable]),
    ]

    @Test(arguments: plans)
    func everyOperationMatchesTheModel(plan: Plan) {
        var random = SeededGenerator(plan.seed)
        var source = RandomGenerator(seed: plan.seed)
        var hash = HashValue.make()
        var model = HashModel()
        var now: Int64 = 1000
        let longest = plan.limits.maxListpackValue == 64 && plan.fields < 100 ? 60 : 300
        for step in 0..<20_000 {
            now += Int64(random.below(3))
            let number = random.below(plan.fields)
            let field = Array((number % 3 == 0 ? "\(number)" : "field:\(number)").utf8)
            let live = model.items[field].flatMap { $0.expiry >= now ? $0 : nil }
            // Phases of growth and of shrinking.
            let removing = (step / 5000) % 2 == 1
            switch random.below(removing ? 14 : 10) {
            case 0...3:
                let value = random.text(longest: longest)
                let keeping = random.below(2) == 0
                let isNew = field.withView { f in
                    value.withView { hash.set(f, $0, now: now, limits: plan.limits, keepingExpiry: keeping) }
                }
                #expect(isNew == (live == nil))
                model.items[field] = .init(
                    value: value, expiry: keeping ? live?.expiry ?? HashValue.noExpiry : HashValue.noExpiry)
            case 4, 10, 11, 12, 13:
                #expect(field.withView { hash.remove($0, now: now) } == (live != nil))
                model.items[field] = nil
            case 5, 6:
                guard plan.expiring else { continue }
                let expiry = now + Int64(random.below(2000))
                #expect(field.withView { hash.setExpiry(expiry, of: $0, now: now) } == (live != nil))
                if live != nil { model.items[field]?.expiry = expiry }
            case 7:
                guard plan.expiring else { continue }
                let had = live.map { $0.expiry != HashValue.noExpiry } ?? false
                #expect(field.withView { hash.persist($0, now: now) } == had)
                if had { model.items[field]?.expiry = HashValue.noExpiry }
            case 8:
                guard random.below(50) == 0 else { continue }
                var removed: [[UInt8]] = []
                let count = hash.removeExpired(now: now, limit: 30) { removed.append($0.array) }
                #expect(count == removed.count)
                for field in removed {
                    #expect((model.items[field]?.expiry ?? now) < now)
                    model.items[field] = nil
                }
                if count < 30 { #expect(hash.minimumExpiry >= now) }
            default:
                if let chosen = hash.random(now: now, using: &source) {
                    #expect(model.live(now)[chosen.field.array]?.value == chosen.value.array)
                } else {
                    #expect(model.live(now).isEmpty)
                }
            }
            field.withView {
                #expect(
                    hash.get($0, now: now)?.array == model.items[field].flatMap { $0.expiry >= now ? $0.value : nil })
                #expect(
                    hash.expiry(of: $0, now: now) == model.items[field].flatMap { $0.expiry >= now ? $0.expiry : nil })
            }
            #expect(hash.count == model.items.count)
            if step % 1000 == 0 {
                #expect(Self.contents(hash, now: now) == model.live(now))
                #expect(Self.contents(hash, now: HashValue.always) == model.items)
                #expect(hash.minimumExpiry == model.items.values.map(\.expiry).min() ?? HashValue.noExpiry)
                Self.checkAccount(hash)
            }
        }
        #expect(plan.expected.contains(hash.encoding))
        let copy = hash.copy()
        hash.destroy()
        #expect(Self.contents(copy, now: now) == model.live(now))
        copy.destroy()
    }

    @Test func tooManyOrTooLongFieldsMakeATable() {
        let limits = HashLimits()
        var hash = HashValue.make()
        for number in 0..<128 {
            _ = Array("\(number)".utf8).withView { hash.set($0, $0, now: 0, limits: limits) }
        }
        #expect(hash.encoding == .listpack)
        _ = Array("128".utf8).withView { hash.set($0, $0, now: 0, limits: limits) }
        #expect(hash.encoding == .hashTable)
        hash.destroy()

        var other = HashValue.make()
        _ = [UInt8](repeating: 65, count: 64).withView { other.set($0, $0, now: 0, limits: limits) }
        #expect(other.encoding == .listpack)
        _ = [UInt8](repeating: 65, count: 64).withView { other.setExpiry(5, of: $0, now: 0) }
        #expect(other.encoding == .listpackExtended)
        _ = [UInt8](repeating: 65, count: 65).withView { other.set("x", $0, now: 0, limits: limits) }
        #expect(other.encoding == .hashTable)
        #expect(other.minimumExpiry == 5)
        other.destroy()
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func scanSeesEveryFieldThatStays(seed: UInt64) {
        var random = SeededGenerator(seed)
        let limits = HashLimits(maxListpackEntries: 0)
        var hash = HashValue.make()
        let set = { (hash: inout HashValue, number: Int) in
            _ = Array("f\(number)".utf8).withView { hash.set($0, "v", now: 0, limits: limits) }
        }
        let remove = { (hash: inout HashValue, number: Int) in
            _ = Array("f\(number)".utf8).withView { hash.remove($0, now: 0) }
        }
        let staying = 500
        let growing = seed % 2 == 0
        let extra = 6000
        for number in 0..<(growing ? staying : staying + extra) { set(&hash, number) }
        var seen: Set<[UInt8]> = []
        var cursor: UInt64 = 0
        var calls = 0
        var next = staying
        repeat {
            cursor = hash.scan(cursor, count: 10, now: 0) { seen.insert($0.field.array) }
            #expect(cursor < 1 << 48)
            calls += 1
            for _ in 0..<random.below(200) where next < staying + extra {
                if growing { set(&hash, next) } else { remove(&hash, next) }
                next += 1
            }
        } while cursor != 0 && calls < 100_000
        #expect(cursor == 0)
        for number in 0..<staying { #expect(seen.contains(Array("f\(number)".utf8))) }
        hash.destroy()
    }

    @Test func aTableGivesItsMemoryBack() {
        let limits = HashLimits(maxListpackEntries: 0)
        var hash = HashValue.make()
        _ = hash.set("last", "v", now: 0, limits: limits)
        let least = hash.memoryUsage
        for _ in 0..<2 {
            for number in 0..<20_000 {
                Array("f\(number)".utf8).withView {
                    _ = hash.set($0, $0, now: 0, limits: limits)
                    if number % 4 == 0 { _ = hash.setExpiry(Int64(number), of: $0, now: 0) }
                }
            }
            Self.checkAccount(hash)
            #expect(FieldTable(storage: hash.storage).header.pointee.depth >= 5)
            let removed = hash.removeExpired(now: 10_000, limit: .max) { _ in }
            #expect(removed == 2500)
            for number in 0..<20_000 {
                _ = Array("f\(number)".utf8).withView { hash.remove($0, now: 0) }
                if number == 15_000 { Self.checkAccount(hash) }
            }
            Self.checkAccount(hash)
            #expect(hash.count == 1)
            #expect(hash.memoryUsage == least)
        }
        hash.destroy()
    }

    @Test func anyCursorIsSafe() {
        var random = SeededGenerator(11)
        var hash = HashValue.make()
        for number in 0..<2000 {
            _ = Array("f\(number)".utf8).withView { hash.set($0, "v", now: 0, limits: HashLimits()) }
        }
        for _ in 0..<2000 {
            _ = hash.scan(random.next() >> UInt64(random.below(64)), count: .max, now: 0) { _ in }
            _ = hash.scan(random.next() >> UInt64(random.below(64)), count: .min, now: 0) { _ in }
        }
        hash.destroy()
    }

    @Test(arguments: [5, 50, 3000])
    func randomFieldsAreUniformAndDifferent(fields: Int) {
        var source = RandomGenerator(seed: 42)
        var hash = HashValue.make()
        for number in 0..<fields {
            _ = Array("\(number)".utf8).withView { hash.set($0, "v", now: 0, limits: HashLimits()) }
        }
        let draws = fields * 40
        var counts = [Int](repeating: 0, count: fields)
        for _ in 0..<draws {
            let number = hash.random(now: 0, using: &source)?.field.integerValue ?? 0
            counts[Int(number)] += 1
        }
        // 40 expected of each, with a deviation of 6.3.
        #expect(counts.allSatisfy { $0 > 5 && $0 < 90 })
        for wanted in [0, 1, fields / 20, fields / 2, fields - 1, fields, fields * 2, .max] {
            var seen: Set<[UInt8]> = []
            var handed = 0
            hash.forEachRandom(wanted, now: 0, using: &source) {
                seen.insert($0.field.array)
                handed += 1
            }
            #expect(seen.count == handed)
            #expect(handed == min(wanted, fields))
        }
        hash.destroy()
    }

    @Test func expiredFieldsAreAbsentBeforeTheyAreRemoved() {
        for limits in [HashLimits(), HashLimits(maxListpackEntries: 0)] {
            var hash = HashValue.make()
            _ = hash.set("a", "1", now: 0, limits: limits)
            _ = hash.set("b", "2", now: 0, limits: limits)
            check(hash.setExpiry(100, of: "a", now: 0))
            #expect(hash.contains("a", now: 100))
            #expect(!hash.contains("a", now: 101))
            #expect(hash.expiry(of: "a", now: 101) == nil)
            check(!hash.setExpiry(500, of: "a", now: 101))
            check(!hash.persist("a", now: 101))
            #expect(hash.count == 2)
            var source = RandomGenerator(seed: 1)
            for _ in 0..<20 { #expect(hash.random(now: 101, using: &source)?.field.array == [98]) }
            check(hash.set("a", "3", now: 101, limits: limits, keepingExpiry: true))
            #expect(hash.expiry(of: "a", now: 101) == HashValue.noExpiry)
            hash.destroy()
        }
    }

    @Test func damagedListpacksAreRefusedOrHarmless() {
        var plain = HashValue.make()
        for number in 0..<20 {
            _ = Array("f\(number)".utf8).withView { plain.set($0, "value", now: 0, limits: HashLimits()) }
        }
        var extended = plain.copy()
        check(extended.setExpiry(1_700_000_000_000, of: "f3", now: 0))
        check(extended.setExpiry(1_600_000_000_000, of: "f7", now: 0))
        for hash in [plain, extended] {
            let sample = hash.listpackBytes?.array ?? []
            let whole = sample.withView { HashValue.load($0, encoding: hash.encoding) }
            #expect(whole.map { Self.contents($0, now: 0) } == Self.contents(hash, now: 0))
            whole?.destroy()
            for index in sample.indices {
                for bit in 0..<8 {
                    var damaged = sample
                    damaged[index] ^= 1 << UInt8(bit)
                    guard var loaded = damaged.withView({ HashValue.load($0, encoding: hash.encoding) }) else {
                        continue
                    }
                    #expect(Self.contents(loaded, now: HashValue.always).count == loaded.count)
                    _ = loaded.set("new", "value", now: 0, limits: HashLimits())
                    _ = loaded.setExpiry(10, of: "new", now: 0)
                    #expect(Listpack.validate(loaded.pack.bytes))
                    _ = loaded.removeExpired(now: .max, limit: .max) { _ in }
                    loaded.destroy()
                }
            }
            hash.destroy()
        }
        var twice = Listpack.make()
        for text in ["a", "1", "a", "2"] as [StaticString] { twice.append(ByteView(text)) }
        #expect(HashValue.load(twice.bytes, encoding: .listpack) == nil)
        twice.append(ByteView("odd" as StaticString))
        #expect(HashValue.load(twice.bytes, encoding: .listpack) == nil)
        #expect(HashValue.load(twice.bytes, encoding: .hashTable) == nil)
        twice.destroy()
    }
}

extension HashValue {
    fileprivate func forEachEntry(_ body: (FieldEntry) -> Void) { FieldTable(storage: storage).forEach(body) }
}

extension ByteView: ExpressibleByStringLiteral {
    public init(stringLiteral text: StaticString) { self.init(text) }
}
