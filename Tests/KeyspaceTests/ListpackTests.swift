import Primitives
import TestSupport
import Testing

@testable import Keyspace

extension Listpack {
    /// All elements, forwards; checks that walking backwards and `validate` agree.
    func checkedElements() -> [[UInt8]] {
        #expect(Listpack.validate(bytes))
        var forwards: [[UInt8]] = []
        var offset = first
        while let current = offset {
            forwards.append(element(at: current).array)
            offset = next(after: current)
        }
        var backwards: [[UInt8]] = []
        offset = last
        while let current = offset {
            backwards.append(element(at: current).array)
            offset = previous(before: current)
        }
        #expect(backwards.reversed() == forwards)
        #expect(count == forwards.count)
        return forwards
    }
}

@Suite struct ListpackTests {
    static let borders: [Int64] = [
        0, 1, 127, 128, -1, 4095, 4096, -4096, -4097, 32767, 32768, -32768, -32769, 8_388_607, 8_388_608, -8_388_608,
        -8_388_609, 2_147_483_647, 2_147_483_648, -2_147_483_648, -2_147_483_649, .max, .min,
    ]

    @Test func integersAndTextsComeBackAsTheyWere() {
        var texts = Self.borders.map { Array(String($0).utf8) }
        for count in [0, 1, 63, 64, 126, 127, 128, 4095, 4096, 16_381, 16_382, 16_383, 70_000, 2_100_000] {
            texts.append([UInt8](repeating: 0x78, count: count))
        }
        texts += ["-0", "00", "01", "+1", "9223372036854775808", "-9223372036854775809", "-", " 1", "1 "].map {
            Array($0.utf8)
        }
        var pack = Listpack.make()
        for text in texts { text.withView { pack.append($0) } }
        #expect(pack.checkedElements() == texts)
        for (index, text) in texts.enumerated() {
            #expect(pack.seek(index).map { pack.element(at: $0).array } == text)
            #expect(pack.seek(index - texts.count) == pack.seek(index))
            #expect(text.withView { pack.find($0) } == pack.seek(index))
        }
        #expect(pack.seek(texts.count) == nil)
        #expect(pack.seek(-texts.count - 1) == nil)
        pack.destroy()
    }

    @Test func bytesAreThoseOfTheFormat() {
        var pack = Listpack.make()
        for text in ["a", "5", "-1", "1000000", "200"] { Array(text.utf8).withView { pack.append($0) } }
        let elements: [UInt8] = [
            0x81, 0x61, 2, 5, 1, 0xDF, 0xFF, 2, 0xF2, 0x40, 0x42, 0x0F, 4, 0xC0, 0xC8, 2,
        ]
        #expect(pack.bytes.array == [23, 0, 0, 0, 5, 0] + elements + [0xFF])
        pack.destroy()
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func editsMatchAnArray(seed: UInt64) {
        var random = SeededGenerator(seed)
        var pack = Listpack.make()
        var model: [[UInt8]] = []
        for _ in 0..<3000 {
            let text = random.text()
            let index = model.isEmpty ? 0 : random.below(model.count)
            switch random.below(model.count > 60 ? 7 : 5) {
            case 0:
                text.withView { pack.append($0) }
                model.append(text)
            case 1:
                text.withView { pack.prepend($0) }
                model.insert(text, at: 0)
            case 2:
                let offset = pack.seek(index) ?? pack.endOffset
                text.withView { _ = pack.insert($0, before: offset) }
                model.insert(text, at: index)
            case 3:
                guard let offset = pack.seek(index) else { continue }
                text.withView { pack.replace(at: offset, with: $0) }
                model[index] = text
            case 4:
                guard let offset = pack.seek(index) else { continue }
                pack.delete(at: offset)
                model.remove(at: index)
            case 5:
                let count = random.below(20)
                pack.deleteRange(from: index - model.count, count: count)
                model.removeSubrange(index..<min(index + count, model.count))
            default:
                #expect(text.withView { pack.find($0) } == model.firstIndex(of: text).flatMap { pack.seek($0) })
            }
            #expect(pack.count == model.count)
        }
        #expect(pack.checkedElements() == model)
        pack.destroy()
    }

    @Test func findPassesOverSkippedElements() {
        var pack = Listpack.make()
        for text in ["a", "b", "b", "c", "7", "7"] { Array(text.utf8).withView { pack.append($0) } }
        let b = Array("b".utf8), c = Array("c".utf8), seven = Array("7".utf8)
        #expect(b.withView { pack.find($0, skip: 1) } == pack.seek(2))
        #expect(c.withView { pack.find($0, skip: 1) } == nil)
        #expect(seven.withView { pack.find($0, skip: 1) } == pack.seek(4))
        #expect(seven.withView { pack.find($0, skip: 2) } == nil)
        pack.destroy()
    }

    @Test func moreElementsThanTheHeaderCountsAreCountedByWalking() {
        var pack = Listpack.make()
        for index in 0..<65_540 { pack.append(Int64(index & 63)) }
        #expect(pack.count == 65_540)
        #expect(Listpack.validate(pack.bytes))
        pack.deleteRange(from: 0, count: 10)
        #expect(pack.count == 65_530)
        pack.destroy()
    }

    @Test func damageIsRefusedOrHarmless() {
        var random = SeededGenerator(7)
        var pack = Listpack.make()
        for text in Self.borders { pack.append(text) }
        for count in [0, 3, 63, 64, 200, 4100] {
            (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }.withView { pack.append($0) }
        }
        let sample = pack.bytes.array
        pack.destroy()
        #expect(sample.withView { Listpack.validate($0) })
        for count in 0..<sample.count {
            // A block of its own, so that a sanitizer sees a read beyond it.
            #expect(!Array(sample[..<count]).withView { Listpack.validate($0) })
        }
        for index in sample.indices {
            for bit in 0..<(index < 300 ? 8 : 1) {
                var damaged = sample
                damaged[index] ^= 1 << UInt8(bit)
                let valid = damaged.withView { Listpack.validate($0) }
                #expect(!valid || index > 5)
                guard valid, index < 300 || index % 16 == 0 else { continue }
                // What is accepted can be walked and changed.
                var pack = damaged.withView { Listpack.make(copying: $0) }
                #expect(pack.seek(pack.count) == nil)
                pack.deleteRange(from: 1, count: 2)
                #expect(Listpack.validate(pack.bytes))
                pack.destroy()
            }
        }
    }
}
