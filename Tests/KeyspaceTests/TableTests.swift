import Primitives
import TestSupport
import Testing

@testable import Keyspace

/// A table beside a dictionary that says what it should hold.
private final class TableModel {
    var table: Table
    /// Behind the table, which needs it to the end.
    let reclaimer = Reclaimer(workers: 1)
    var numbers: [[UInt8]: Int64] = [:]
    var keys: [[UInt8]] = []

    init() { table = Table(reclaimer: reclaimer) }

    deinit {
        table.forEach {
            $0.destroy()
            return true
        }
    }

    func insert(_ key: [UInt8], _ number: Int64) {
        guard numbers.updateValue(number, forKey: key) == nil else { return replace(key, number) }
        keys.append(key)
        key.withView { table.insert(processHash($0), .integer(key: $0, value: number, expiry: nil)) }
    }

    private func replace(_ key: [UInt8], _ number: Int64) {
        key.withView { view in
            guard let slot = table.find(processHash(view), view) else { return }
            Table.entry(slot.pointee).destroy()
            table.replace(slot, with: .integer(key: view, value: number, expiry: nil))
        }
    }

    /// Removes the key at `index` of `keys`; returns whether the table had it.
    func remove(at index: Int) -> Bool {
        keys.swapAt(index, keys.count - 1)
        let key = keys.removeLast()
        numbers[key] = nil
        return key.withView { view in
            guard let slot = table.find(processHash(view), view) else { return false }
            let entry = Table.entry(slot.pointee)
            table.remove(slot)
            entry.destroy()
            return true
        }
    }

    func number(_ key: [UInt8]) -> Int64? {
        key.withView { view in table.find(processHash(view), view).map { Table.entry($0.pointee).integer } }
    }

    /// Whether the table holds what it should, each once.
    var isRight: Bool {
        var seen = 0
        var agrees = true
        table.forEach { entry in
            seen += 1
            if numbers[entry.key.array] != entry.integer { agrees = false }
            return true
        }
        return agrees && seen == numbers.count && table.count == numbers.count
            && numbers.allSatisfy { number($0.key) == $0.value }
    }
}

@Suite struct TableTests {
    private static func key(_ number: Int) -> [UInt8] { Array("key:\(number)".utf8) }

    @Test(arguments: [1, 2, 3])
    func behavesLikeADictionaryWhileItGrowsAndShrinks(seed: UInt64) {
        var generator = SeededGenerator(seed)
        let model = TableModel()
        // Phases that mostly insert or mostly remove, so that resizes of both kinds overlap with everything else.
        for phase in 0..<14 {
            let insertions = [90, 10, 55, 2, 99, 45][generator.below(6)]
            for _ in 0..<generator.below(1500) {
                if model.keys.isEmpty || generator.below(100) < insertions {
                    model.insert(Self.key(generator.below(4000)), Int64(generator.below(1000)))
                } else {
                    let isThere = model.remove(at: generator.below(model.keys.count))
                    #expect(isThere)
                }
                if generator.below(50) == 0 { model.table.migrate(slots: generator.below(200)) }
            }
            #expect(model.isRight, "seed \(seed), phase \(phase)")
        }
    }

    @Test func fillsAgainWhileItShrinks() {
        let model = TableModel()
        for number in 0..<5000 { model.insert(Self.key(number), 1) }
        while model.table.migrate(slots: 64) {}
        for size in [600, 5, 0, 30, 2, 9, 1] {
            while model.keys.count > size { #expect(model.remove(at: 0)) }
            // Into the smaller array, while entries wait in the larger one.
            for number in 0..<size + 8 { model.insert(Self.key(100_000 + number), 2) }
            #expect(model.isRight, "from \(size)")
        }
    }

    /// A small array must have room for what waits in a large old one, beside what is inserted meanwhile.
    @Test(arguments: [3, 6, 20, 50]) func fillsAgainAfterLosingNearlyEverythingDuringAResize(left: Int) {
        let model = TableModel()
        var next = 0
        while next < 5000 || model.table.old == nil {
            model.insert(Self.key(next), 1)
            next += 1
        }
        while model.keys.count > left + 1 { #expect(model.remove(at: 0)) }
        while model.table.migrate(slots: 1024) {}
        #expect(model.remove(at: 0))
        for number in 0..<200 { model.insert(Self.key(100_000 + number), 2) }
        #expect(model.isRight)
    }

    @Test func givesItsMemoryBackWhenItEmpties() {
        let model = TableModel()
        for number in 0..<20_000 { model.insert(Self.key(number), 1) }
        let full = model.table.memoryUsage
        while !model.keys.isEmpty { #expect(model.remove(at: model.keys.count - 1)) }
        #expect(model.table.memoryUsage < full / 100)
    }

    @Test(arguments: [11, 12, 13, 14])
    func aScanVisitsWhatIsThereThroughout(seed: UInt64) {
        var generator = SeededGenerator(seed)
        let model = TableModel()
        let stays = Set((0..<300).map(Self.key))
        for key in stays { model.insert(key, 0) }
        let grows = seed & 1 == 0
        if !grows { for number in 1000..<9000 { model.insert(Self.key(number), 0) } }
        var seen = Set<[UInt8]>()
        var position: UInt64? = 0
        var calls = 0
        while let from = position {
            position = model.table.scan(from: from, limit: 1 + generator.below(20)) { seen.insert($0.key.array) }
            if let position { #expect(position > from) }
            calls += 1
            for _ in 0..<generator.below(400) {
                if grows {
                    model.insert(Self.key(1000 + generator.below(20_000)), 0)
                } else {
                    let index = generator.below(model.keys.count)
                    if !stays.contains(model.keys[index]) { _ = model.remove(at: index) }
                }
            }
        }
        #expect(seen.isSuperset(of: stays), "seed \(seed)")
        #expect(calls > 10)
    }

    @Test func aScanOfATableAtRestVisitsEachKeyOnce() {
        let model = TableModel()
        for number in 0..<1000 { model.insert(Self.key(number), 0) }
        while model.table.migrate(slots: 64) {}
        var seen: [[UInt8]] = []
        var position: UInt64? = 0
        while let from = position { position = model.table.scan(from: from, limit: 7) { seen.append($0.key.array) } }
        #expect(seen.count == 1000)
        #expect(Set(seen).count == 1000)
    }

    @Test func randomEntriesAreSpreadOverTheTable() {
        var generator = SeededGenerator(5)
        let model = TableModel()
        for number in 0..<20 { model.insert(Self.key(number), Int64(number)) }
        var seen = Set<Int64>()
        for _ in 0..<500 {
            if let entry = model.table.random({ generator.below($0) }) { seen.insert(entry.integer) }
        }
        #expect(seen.count == 20)
        let empty = TableModel()
        #expect(empty.table.random { _ in 0 } == nil)
    }
}
