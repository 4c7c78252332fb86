import Keyspace
import Primitives
import TestSupport
import Testing

/// Who has read which keys.
@Suite struct ReaderTableTests {
    private func with<R>(_ name: String, _ body: (Key) -> R) -> R { Array(name.utf8).withView { body(Key($0)) } }

    private func take(_ name: String, _ table: ReaderTable, database: Int = 0) -> [UInt32]? {
        with(name) { key in
            table.take(key, database: database).map { taken in
                defer { taken.free() }
                #expect(taken.name == key.bytes && taken.database == database && taken.count == taken.readers.count)
                return Array(taken.readers)
            }
        }
    }

    @Test func readersAreKeptOnceAndInOrder() {
        let table = ReaderTable()
        for reader: UInt32 in [5, 1, 9, 5, 7, 1, 3, .max] { with("key") { table.add(reader, to: $0, database: 0) } }
        with("key") { table.add(4, to: $0, database: 1) }
        #expect(table.keyCount == 2 && table.itemCount == 7)
        #expect(take("key", table) == [1, 3, 5, 7, 9, .max])
        #expect(take("key", table) == nil)
        #expect(take("key", table, database: 1) == [4])
        #expect(table.keyCount == 0 && table.itemCount == 0)
    }

    @Test func itHasWhatAModelHas() {
        var random = SeededGenerator(7)
        let table = ReaderTable()
        var model: [String: Set<UInt32>] = [:]
        for step in 0..<60_000 {
            // Grows, shrinks, grows.
            let shrinks = step / 15_000 % 2 == 1
            let name = "key:\(Int.random(in: 0..<6000, using: &random))"
            if Int.random(in: 0..<4, using: &random) == 0 || shrinks {
                #expect(take(name, table) == model.removeValue(forKey: name)?.sorted())
            } else {
                let reader = UInt32.random(in: 0..<50, using: &random)
                with(name) { table.add(reader, to: $0, database: 0) }
                model[name, default: []].insert(reader)
            }
        }
        #expect(table.keyCount == model.count)
        #expect(table.itemCount == model.values.reduce(0) { $0 + $1.count })
        for name in model.keys { #expect(with(name) { table.contains($0, database: 0) }) }
        while let taken = table.takeAny() {
            #expect(model.removeValue(forKey: taken.name.string)?.sorted() == Array(taken.readers))
            taken.free()
        }
        #expect(model.isEmpty && table.keyCount == 0)
    }

    @Test func whatIsForgottenAsAWholeIsGone() {
        let table = ReaderTable()
        for index in 0..<5000 { with("key:\(index)") { table.add(1, to: $0, database: 0) } }
        _ = table.removeAll()
        #expect(table.keyCount == 0 && table.itemCount == 0 && table.takeAny() == nil)
        #expect(take("key:1", table) == nil)
    }
}
