import Primitives
import TestSupport
import Testing

@testable import Keyspace

/// What a list is meant to be: an array. Every change is made to both.
private struct ListAndModel {
    var list = ListValue.make()
    var model: [[UInt8]] = []
    var limits: ListLimits

    mutating func push(_ text: [UInt8], _ end: ListEnd) {
        text.withView {
            list.prepare(adding: $0.count, count: 1, limits)
            list.push($0, at: end, limits)
        }
        if end == .head { model.insert(text, at: 0) } else { model.append(text) }
    }

    mutating func pop(_ end: ListEnd) {
        let element = list.element(at: end)?.array
        #expect(element == (end == .head ? model.first : model.last))
        guard element != nil else { return }
        list.removeElement(at: end)
        list.shrink(limits)
        if end == .head { model.removeFirst() } else { model.removeLast() }
    }

    mutating func insert(_ text: [UInt8], beside pivot: [UInt8], after: Bool) {
        let isFound = text.withView { text in
            list.prepare(adding: text.count, count: 1, limits)
            return pivot.withView { list.insert(text, beside: $0, after: after, limits) }
        }
        let index = model.firstIndex(of: pivot)
        #expect(isFound == (index != nil))
        if let index { model.insert(text, at: after ? index + 1 : index) }
    }

    mutating func replace(_ index: Int, with text: [UInt8]) {
        let isThere = text.withView {
            list.prepare(adding: $0.count, count: 1, limits)
            return list.replace(index, with: $0, limits)
        }
        list.shrink(limits)
        #expect(isThere == model.indices.contains(index))
        if isThere { model[index] = text }
    }

    mutating func remove(_ range: Range<Int>) {
        list.remove(range)
        list.shrink(limits)
        model.removeSubrange(range.clamped(to: 0..<model.count))
    }

    mutating func remove(_ text: [UInt8], limit: Int, from end: ListEnd) {
        let removed = text.withView { list.remove($0, limit: limit, from: end) }
        list.shrink(limits)
        var matches = model.indices.filter { model[$0] == text }
        matches = Array(end == .head ? matches.prefix(limit) : matches.suffix(limit))
        #expect(removed == matches.count)
        for index in matches.reversed() { model.remove(at: index) }
    }

    func check(_ place: Comment) {
        #expect(list.elements() == model, place)
        #expect(list.count == model.count, place)
        #expect(list.brokenInvariant(limits) == nil, place)
    }
}

extension ListValue {
    fileprivate func elements(_ range: Range<Int>? = nil, reverse: Bool = false) -> [[UInt8]] {
        var elements: [[UInt8]] = []
        forEach(range ?? 0..<count, reverse: reverse) {
            elements.append($0.array)
            return true
        }
        return elements
    }
}

@Suite struct ListValueTests {
    static let sizes = [-2, -1, 1, 2, 7, 128, 0]

    @Test(arguments: sizes, [1, 2, 3])
    func behavesAsAnArray(size: Int, seed: UInt64) {
        var random = SeededGenerator(seed)
        var both = ListAndModel(limits: ListLimits(listpackSize: size))
        for step in 0..<1500 {
            // Grow for a while, shrink for a while.
            let isGrowing = (step / 300) % 2 == 0
            change(&both, isGrowing, &random)
            if step % 10 == 0 { both.check("size \(size), seed \(seed), step \(step)") }
            if step % 30 == 0 { compareReads(both, "size \(size), seed \(seed), step \(step)", &random) }
        }
        both.list.destroy()
    }

    /// Few different texts, so that elements are found; some of them long, of which few fill a block.
    private func text(_ random: inout SeededGenerator) -> [UInt8] {
        switch random.below(40) {
        case 0: return Array(repeating: 120, count: 9000)
        case 1...4: return Array(repeating: 121, count: 500 + random.below(3))
        case 5...9: return random.text()
        default: return Array(String(random.below(12)).utf8)
        }
    }

    private func change(_ both: inout ListAndModel, _ isGrowing: Bool, _ random: inout SeededGenerator) {
        let end: ListEnd = random.oneIn(2) ? .head : .tail
        let choice = random.below(100)
        let count = both.model.count
        if choice < (isGrowing ? 55 : 15) {
            for _ in 0..<random.below(8) { both.push(text(&random), end) }
        } else if choice < 70 {
            both.pop(end)
        } else if choice < 85 {
            for _ in 0..<random.below(5) {
                both.insert(text(&random), beside: text(&random), after: random.oneIn(2))
            }
        } else if choice < 92 {
            both.replace(random.below(count + 2) - 1, with: text(&random))
        } else if choice < 96 {
            let start = random.below(count + 1)
            both.remove(start..<start + random.below(isGrowing ? 4 : 60))
        } else {
            both.remove(text(&random), limit: 1 + random.below(isGrowing ? 2 : 20), from: end)
        }
    }

    private func compareReads(_ both: ListAndModel, _ place: Comment, _ random: inout SeededGenerator) {
        let ends = (0..<2).map { _ in random.below(both.model.count + 1) }.sorted()
        let range = ends[0]..<ends[1]
        #expect(both.list.elements(range) == Array(both.model[range]), place)
        #expect(both.list.elements(range, reverse: true) == both.model[range].reversed(), place)
        let wanted = text(&random)
        for reverse in [false, true] {
            let matches = range.filter { both.model[$0] == wanted }
            let limit = random.oneIn(2) ? Int.max : 2
            var found: [Int] = []
            wanted.withView {
                both.list.forEachIndex(of: $0, in: range, reverse: reverse) {
                    found.append($0)
                    return found.count < limit
                }
            }
            #expect(found == Array((reverse ? matches.reversed() : matches).prefix(limit)), place)
        }
        let index = random.below(both.model.count + 2) - 1
        let expected = both.model.indices.contains(index) ? both.model[index] : nil
        #expect(both.list.element(at: index)?.array == expected, place)
        let copy = both.list.copy()
        #expect(copy.elements() == both.model, place)
        #expect(copy.brokenInvariant(both.limits) == nil, place)
        copy.destroy()
    }

    @Test(arguments: [(-1, 4096), (-2, 8192), (-5, 65536), (-9, 65536), (0, 8192), (1, 8192), (500, 8192)])
    func limitsMeanWhatRedisMeans(size: Int, bytes: Int) {
        let limits = ListLimits(listpackSize: size)
        #expect(limits.maxBytes == bytes)
        #expect(limits.maxCount == (size < 0 ? .max : max(1, size)))
    }

    @Test func becomesAQuickListWhereOneBlockWouldExceedTheLimitsAndReturnsAtHalf() {
        var both = ListAndModel(limits: ListLimits(listpackSize: 10))
        for number in 0..<10 { both.push(Array("\(number)".utf8), .tail) }
        #expect(both.list.encoding == .listpack)
        both.push([120], .tail)
        #expect(both.list.encoding == .quickList)
        while both.model.count > 6 {
            both.pop(.tail)
            #expect(both.list.encoding == .quickList)
        }
        both.pop(.head)
        #expect(both.list.encoding == .listpack)
        both.check("after shrinking")
        both.list.destroy()
    }

    @Test func aQueueThatDriftsThroughItsDirectoryStaysSmall() {
        var both = ListAndModel(limits: ListLimits(listpackSize: 1))
        for number in 0..<20 { both.push(Array("\(number)".utf8), .tail) }
        let usage = both.list.memoryUsage
        for number in 20..<5000 {
            both.push(Array("\(number)".utf8), number % 3000 < 1500 ? .tail : .head)
            both.pop(number % 3000 < 1500 ? .head : .tail)
        }
        both.check("after drifting")
        #expect(both.list.memoryUsage < usage * 2)
        both.list.destroy()
    }

    @Test func memoryIsReturnedAsElementsGo() {
        var both = ListAndModel(limits: ListLimits())
        for number in 0..<20_000 { both.push(Array("element:\(number)".utf8), .tail) }
        let full = both.list.memoryUsage
        // Less than a twentieth beyond the encoded elements.
        let encoded = both.model.reduce(0) { $0 + $1.count + 2 }
        #expect(full < encoded + encoded / 20)
        both.remove(100..<19_900)
        #expect(both.list.memoryUsage < full / 20)
        both.check("after trimming")
        both.list.destroy()
    }

    @Test func insertionsAtOnePlaceLeaveBlocksWellFilled() {
        var both = ListAndModel(limits: ListLimits())
        for number in 0..<3000 { both.push(Array("element:\(number)".utf8), .tail) }
        for number in 0..<6000 {
            both.insert(Array("between:\(number)".utf8), beside: Array("element:1500".utf8), after: number % 2 == 0)
        }
        both.check("after inserting")
        let bytes = both.model.reduce(0) { $0 + $1.count + 2 }
        #expect(both.list.blockCount < bytes / 8192 * 2)
        both.list.destroy()
    }
}
