import Primitives
import TestSupport
import Testing

@testable import Persistence

@Suite("The parts of the RDB format")
struct RDBBasicsTests {
    @Test("the checksum is CRC-64 as Redis computes it, in any pieces")
    func checksum() {
        let text = Array("123456789".utf8)
        #expect(text.withView(CRC64.checksum) == 0xE9C6_D914_C4B8_D9CA)
        var random = SeededGenerator(1)
        let bytes = (0..<1000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        bytes.withView { whole in
            for cut in [0, 1, 7, 8, 9, 500, 999, 1000] {
                var crc = CRC64()
                crc.update(whole[0..<cut])
                crc.update(whole[cut..<1000])
                #expect(crc.value == CRC64.checksum(whole))
            }
        }
    }

    @Test("what is compressed is expanded to the same", arguments: 0..<40)
    func compression(seed: Int) {
        var random = SeededGenerator(UInt64(seed))
        var compressor = LZFCompressor()
        for _ in 0..<20 {
            let count = random.pick([4, 5, 20, 100, 3000, 70_000])
            let letters = random.pick([1, 2, 4, 256])
            var text = (0..<count).map { _ in UInt8(random.below(letters)) }
            if random.oneIn(2) { text += text.prefix(random.below(count)) }
            var output = [UInt8](repeating: 0, count: text.count)
            let written = text.withView { input in
                output.withUnsafeMutableBufferPointer { target -> Int? in
                    guard let base = target.baseAddress else { return nil }
                    return compressor.compress(input, to: base, limit: target.count)
                }
            }
            guard let written else {
                #expect(letters == 256 || count < 100, "seed \(seed)")
                continue
            }
            var expanded = [UInt8](repeating: 0, count: text.count)
            let isWhole = output[0..<written].withContiguousStorageIfAvailable { input in
                expanded.withUnsafeMutableBufferPointer { target in
                    guard let from = input.baseAddress, let to = target.baseAddress else { return false }
                    return LZFExpansion.expand(ByteView(from, count: written), to: to, count: target.count)
                }
            }
            #expect(isWhole == true)
            #expect(expanded == text, "seed \(seed)")
        }
    }
}
