import Primitives
import TestSupport
import Testing

@testable import Keyspace

/// Random changes to ordered pages and to an array that they must equal.
@Suite struct OrderedPagesTests {
    struct Item: StreamKeyed {
        var id: StreamID
        var kind: UInt64
        var tags: UInt64 { 1 << kind }

        init(_ number: Int, kind: Int = 0) {
            id = StreamID(UInt64(number / 4), UInt64(number % 4))
            self.kind = UInt64(kind)
        }
    }

    @Test(arguments: [1, 2, 3, 4])
    func behaveAsASortedArray(seed: UInt64) {
        var random = SeededGenerator(seed)
        var pages = OrderedPages<Item>()
        var model: [Item] = []
        for step in 0..<12_000 {
            let isGrowing = (step / 3000) % 2 == 0
            let item = Item(random.below(4000), kind: random.below(8))
            let index = model.firstIndex { $0.id >= item.id } ?? model.count
            let isThere = index < model.count && model[index].id == item.id
            switch random.below(10) {
            case 0..<(isGrowing ? 5 : 1):
                if !isThere {
                    pages.insert(item)
                    model.insert(item, at: index)
                }
            case 5:
                let next = Item((model.last.map { Int($0.id.milliseconds * 4 + $0.id.sequence) } ?? 0) + 1, kind: 1)
                pages.append(next)
                model.append(next)
            case 6 where !model.isEmpty:
                pages.remove(at: pages.first)
                model.removeFirst()
            default:
                guard let position = pages.find(item.id) else {
                    #expect(!isThere, "seed \(seed), step \(step)")
                    continue
                }
                let next = pages.remove(at: position)
                model.remove(at: index)
                #expect((next == pages.end) == (index == model.count), "seed \(seed), step \(step)")
                if index < model.count { #expect(pages.pointer(next).pointee.id == model[index].id) }
            }
            if step % 200 == 0 { compare(pages, model, &random, "seed \(seed), step \(step)") }
        }
        let copy = pages.copy()
        compare(copy, model, &random, "copy")
        copy.destroy()
        pages.destroy()
    }

    @Test func `A copy of pages that were emptied has room for what is added`() {
        var random = SeededGenerator(5)
        var pages = OrderedPages<Item>()
        pages.append(Item(1))
        pages.remove(at: pages.first)
        var copy = pages.copy()
        #expect(copy.memoryUsage == 0)
        for number in 0..<10 { copy.append(Item(number)) }
        compare(copy, (0..<10).map { Item($0) }, &random, "copy")
        copy.destroy()
        pages.destroy()
    }

    private func compare(
        _ pages: OrderedPages<Item>, _ model: [Item], _ random: inout SeededGenerator, _ context: String
    ) {
        #expect(pages.count == model.count, "\(context)")
        var ids: [StreamID] = []
        var position = pages.first
        while position != pages.end {
            ids.append(pages.pointer(position).pointee.id)
            position = pages.after(position)
        }
        #expect(ids == model.map(\.id), "\(context)")
        let wanted = Item(random.below(4200)).id
        let lower = pages.lowerBound(wanted)
        #expect((lower == pages.end ? nil : pages.pointer(lower).pointee.id) == model.first { $0.id >= wanted }?.id)
        #expect(pages.floor(wanted).map { pages.pointer($0).pointee.id } == model.last { $0.id <= wanted }?.id)
        let kind = UInt64(random.below(8))
        var tagged: [StreamID] = []
        position = pages.next(with: 1 << kind, from: pages.first)
        while position != pages.end {
            tagged.append(pages.pointer(position).pointee.id)
            position = pages.next(with: 1 << kind, from: pages.after(position))
        }
        #expect(tagged == model.filter { $0.kind == kind }.map(\.id), "\(context)")
    }

    @Test func whatComesAndGoesAllocatesNothing() {
        var pages = OrderedPages<Item>()
        pages.append(Item(0))
        pages.remove(at: pages.first)
        let usage = pages.memoryUsage
        for number in 1..<1000 {
            pages.append(Item(number))
            pages.remove(at: pages.first)
        }
        #expect(pages.memoryUsage == usage)
        #expect(pages.count == 0)
        #expect(pages.floor(.max) == nil)
        pages.destroy()
    }
}
