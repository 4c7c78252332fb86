import Primitives
import TestSupport
import Testing

@testable import Keyspace

/// Streams against arrays of entries, and their blocks against Redis's layout.
@Suite struct StreamValueTests {
    struct Entry: Equatable {
        var id: StreamID
        var texts: [[UInt8]]
    }

    @Test(arguments: [1, 2, 3, 4], [StreamLimits(), StreamLimits(maxBlockBytes: 0, maxBlockEntries: 300)])
    func behavesAsAnArrayOfEntries(seed: UInt64, limits: StreamLimits) {
        var random = SeededGenerator(seed)
        let stream = StreamValue.make()
        var model: [Entry] = []
        for step in 0..<4000 {
            switch random.below(20) {
            case 0..<14:
                let last = stream.lastID
                let id = StreamID(last.milliseconds + UInt64(random.below(3)), last.sequence + 1)
                let entry = Entry(id: id, texts: texts(&random))
                add(entry, to: stream, limits)
                model.append(entry)
            case 14..<19:
                guard let victim = model.isEmpty ? nil : random.pick(model).id else { continue }
                let id = random.oneIn(4) ? StreamID(victim.milliseconds, victim.sequence + 5) : victim
                let index = model.firstIndex { $0.id == id }
                #expect(stream.remove(id) == (index != nil), "seed \(seed), step \(step)")
                if let index { model.remove(at: index) }
            default:
                let length = max(0, model.count - random.below(30))
                if random.oneIn(2), let minimum = model.dropFirst(random.below(30)).first?.id {
                    let count = model.firstIndex { $0.id >= minimum } ?? 0
                    #expect(stream.trim(.minimum(minimum), isApproximate: false, limit: 0) == count)
                    model.removeFirst(count)
                } else {
                    let count = model.count - length
                    #expect(stream.trim(.length(length), isApproximate: false, limit: 0) == count)
                    model.removeFirst(count)
                }
            }
            if step % 100 == 0 { compare(stream, model, &random, "seed \(seed), step \(step)") }
        }
        for _ in 0..<100 {
            let ends = [random.pick(model).id, random.pick(model).id].sorted()
            let count = model.count { $0.id >= ends[0] && $0.id <= ends[1] }
            let estimate = stream.estimatedCount(in: ends[0]...ends[1])
            #expect(estimate <= model.count)
            // Blocks are not all alike.
            #expect(estimate * 4 + 400 >= count, "seed \(seed)")
        }
        let copy = stream.copy()
        stream.destroy()
        compare(copy, model, &random, "seed \(seed), copy")
        copy.destroy()
    }

    private func texts(_ random: inout SeededGenerator) -> [[UInt8]] {
        let fields = random.oneIn(5) ? 1 + random.below(3) : 2
        return (0..<fields).flatMap { field -> [[UInt8]] in
            let value =
                random.oneIn(3) ? "\(random.below(1 << 40) - 1000)" : String(repeating: "v", count: random.below(90))
            return [Array("field:\(random.oneIn(9) ? field + 1 : field)".utf8), Array(value.utf8)]
        }
    }

    private func add(_ entry: Entry, to stream: StreamValue, _ limits: StreamLimits) {
        let all: [UInt8] = Array(entry.texts.joined()) + [0]
        all.withView { bytes in
            var start = 0
            let views = entry.texts.map { text in
                defer { start += text.count }
                return bytes[start..<start + text.count]
            }
            views.withUnsafeBufferPointer { stream.append(entry.id, $0, textCount: all.count - 1, limits: limits) }
        }
    }

    private func entries(_ cursor: StreamCursor) -> [Entry] {
        var cursor = cursor
        var result: [Entry] = []
        while let entry = cursor.next() {
            var texts: [[UInt8]] = []
            let end = entry.forEachField { texts += [$0.array, $1.array] }
            #expect(end == entry.end)
            result.append(Entry(id: entry.id, texts: texts))
        }
        return result
    }

    private func compare(
        _ stream: StreamValue, _ model: [Entry], _ random: inout SeededGenerator, _ context: String
    ) {
        #expect(stream.count == model.count, "\(context)")
        #expect(stream.firstEntryID == model.first?.id ?? .zero, "\(context)")
        #expect(stream.lastEntryID == model.last?.id ?? .zero, "\(context)")
        #expect(entries(stream.entries(in: .zero ... .max)) == model, "\(context)")
        #expect(entries(stream.entries(in: .zero ... .max, reverse: true)) == model.reversed(), "\(context)")
        let bounds = [
            random.next() % (stream.lastID.milliseconds + 2), random.next() % (stream.lastID.milliseconds + 2),
        ]
        let range = StreamID(bounds.min() ?? 0, 0)...StreamID(bounds.max() ?? 0, 3)
        let expected = model.filter { range.contains($0.id) }
        #expect(entries(stream.entries(in: range)) == expected, "\(context)")
        #expect(entries(stream.entries(in: range, reverse: true)) == expected.reversed(), "\(context)")
        checkBlocks(stream, context)
    }

    /// Each block is a listpack as Redis would accept it, and the account of memory is right.
    private func checkBlocks(_ stream: StreamValue, _ context: String) {
        var memory = 0
        stream.state.pointee.blocks.forEach { block in
            #expect(Listpack.validate(block.pointee.pack.bytes), "\(context)")
            let fields = block.pointee.fields
            var offset = block.pointee.firstEntry(fields)
            var live = 0
            var deleted = 0
            while offset < block.pointee.endOffset {
                let entry = block.pointee.entry(at: offset, fields)
                if entry.isDeleted { deleted += 1 } else { live += 1 }
                offset = entry.end
            }
            #expect(live == block.pointee.live && deleted == block.pointee.deleted, "\(context)")
            memory += block.pointee.memoryUsage
        }
        #expect(stream.state.pointee.memory == memory, "\(context)")
    }

    /// A stream of two entries as DUMP of a Redis shows it.
    @Test func blocksAreRedisListpacks() {
        let stream = StreamValue.make()
        for sequence in 1...2 {
            add(
                Entry(id: StreamID(5, UInt64(sequence)), texts: ["f", "1", "g", "x"].map { Array($0.utf8) }),
                to: stream,
                StreamLimits())
        }
        let block = stream.state.pointee.blocks.pointer(stream.state.pointee.blocks.first).pointee
        var expected: [UInt8] = [2, 1, 0, 1, 2, 1, 0x81, 0x66, 2, 0x81, 0x67, 2, 0, 1]
        expected += [2, 1, 0, 1, 0, 1, 1, 1, 0x81, 0x78, 2, 5, 1]
        expected += [2, 1, 0, 1, 1, 1, 1, 1, 0x81, 0x78, 2, 5, 1, 0xFF]
        #expect(Array(block.pack.bytes.array.dropFirst(6)) == expected)
        #expect(block.pack.count == 18)
        stream.destroy()
    }

    @Test func idsNeverGoBack() {
        let stream = StreamValue.make()
        #expect(stream.nextID(.automatic, now: 7) == StreamID(7, 0))
        #expect(stream.nextID(.exact(.zero), now: 7) == nil)
        #expect(stream.nextID(.sequence(milliseconds: 0), now: 7) == StreamID(0, 1))
        stream.set(lastID: StreamID(7, .max), entriesAdded: nil, maxDeletedID: nil)
        #expect(stream.nextID(.automatic, now: 7) == StreamID(8, 0))
        #expect(stream.nextID(.automatic, now: -7) == StreamID(8, 0))
        #expect(stream.nextID(.sequence(milliseconds: 7), now: 7) == nil)
        #expect(stream.nextID(.sequence(milliseconds: 6), now: 7) == nil)
        stream.set(lastID: .max, entriesAdded: nil, maxDeletedID: nil)
        #expect(stream.nextID(.automatic, now: .max) == nil)
        stream.destroy()
    }
}
