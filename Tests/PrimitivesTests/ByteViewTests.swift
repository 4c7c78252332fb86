import Primitives
import Testing

@Suite struct ByteViewTests {
    @Test func equalityHoldsForEveryLengthAndDifference() {
        for count in 0..<100 {
            let a = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            a.withView { x in #expect([UInt8](a).withView { x == $0 }) }
            for index in 0..<count {
                var b = a
                b[index] ^= 0x20
                #expect(!a.withView { x in b.withView { x == $0 } })
            }
        }
    }
}
