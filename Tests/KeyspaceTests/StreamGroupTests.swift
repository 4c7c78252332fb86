import Primitives
import TestSupport
import Testing

@testable import Keyspace

/// What is pending in a group, against a dictionary.
@Suite struct StreamGroupTests {
    private func name<R>(_ text: String, _ body: (ByteView) -> R) -> R { Array(text.utf8).withView(body) }

    @Test(arguments: [1, 2, 3])
    func pendingEntriesBehaveAsADictionary(seed: UInt64) throws {
        var random = SeededGenerator(seed)
        let stream = StreamValue.make()
        name("g") { stream.createGroup(named: $0, lastID: .zero, entriesRead: nil) }
        let group = try #require(name("g") { stream.group(named: $0) })
        let consumers = (0..<5).map { number in name("c\(number)") { group.createConsumer(named: $0, now: 0) } }
        var model: [UInt64: Int] = [:]
        for step in 0..<5000 {
            let number = UInt64(random.below(1200))
            let id = StreamID(number, 0)
            let consumer = random.below(5)
            switch random.below(step % 2000 < 1000 ? 8 : 14) {
            case 0..<6:
                group.deliver(id, to: consumers[consumer], now: Int64(step))
                model[number] = consumer
            case 6:
                guard let cursor = group.pending(exactly: id) else {
                    #expect(model[number] == nil)
                    continue
                }
                cursor.assign(to: consumers[consumer])
                model[number] = consumer
            default: #expect(group.acknowledge(id) == (model.removeValue(forKey: number) != nil))
            }
            guard step % 250 == 0 else { continue }
            check(group, consumers, model, "seed \(seed), step \(step)")
        }
        let copy = stream.copy()
        let twin = try #require(copy.groups.first)
        check(twin, Array(twin.consumers), model, "copy")
        #expect(copy.state.pointee.memory == stream.state.pointee.memory || copy.memoryUsage > 0)
        #expect(group.remove(consumers[2]) == model.values.count { $0 == 2 })
        #expect(group.pendingCount == model.values.count { $0 != 2 })
        stream.remove(group)
        #expect(stream.state.pointee.memory == 0)
        stream.destroy()
        copy.destroy()
    }

    private func check(
        _ group: StreamGroup, _ consumers: [StreamConsumer], _ model: [UInt64: Int], _ context: String
    ) {
        #expect(group.pendingCount == model.count, "\(context)")
        for (number, consumer) in consumers.enumerated() {
            let expected = model.filter { $0.value == number }.keys.sorted()
            #expect(consumer.pendingCount == expected.count, "\(context)")
            var cursor = group.pending(of: consumer)
            var found: [UInt64] = []
            while let pending = cursor.next() { found.append(pending.id.milliseconds) }
            #expect(found == expected, "\(context)")
        }
    }
}
