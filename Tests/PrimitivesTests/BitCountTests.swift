import Primitives
import TestSupport
import Testing

@Suite struct BitCountTests {
    /// All lengths around the steps, at any alignment.
    @Test func countsWhatCountingBitByBitDoes() {
        var random = SeededGenerator(1)
        for length in [0, 1, 7, 8, 9, 63, 64, 255, 256, 511, 512, 513, 767, 768, 1024, 1500] {
            let bytes = (0..<length + 3).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            bytes.withView { view in
                for start in 0...3 {
                    let part = view[start..<start + length]
                    #expect(bitCount(part) == part.buffer.reduce(0) { $0 + $1.nonzeroBitCount }, "length \(length)")
                }
            }
        }
        #expect([UInt8](repeating: 0xFF, count: 5000).withView { bitCount($0) } == 40_000)
    }

    @Test func theFirstBitIsFoundFromAnyPlace() {
        for place in [0, 1, 7, 8, 63, 64, 65, 100, 159] {
            var bytes = [UInt8](repeating: 0, count: 20)
            bytes[place / 8] = 0x80 >> UInt8(place % 8)
            let inverse = bytes.map { ~$0 }
            for start in 0..<170 {
                let expected = start <= place ? place : nil
                #expect(bytes.withView { firstBit(true, in: $0, from: start) } == expected)
                #expect(inverse.withView { firstBit(false, in: $0, from: start) } == expected)
            }
        }
    }
}
