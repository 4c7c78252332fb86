import Primitives

/// Integers as the text that clients send and read: what a listpack keeps as an integer must come back byte for byte,
/// so only the one canonical spelling of a number counts as one.
@frozen
public enum DecimalText {
    /// Bytes that the longest number takes ("-9223372036854775808").
    public static var maximumCount: Int { 20 }

    /// The number that `text` spells canonically: no sign but '-', no leading zero, no "-0", within 64 bits.
    @inlinable @inline(__always)
    public static func parse(_ text: ByteView) -> Int64? {
        // Most texts are no numbers, and their first byte says so.
        guard text.count > 0, text.count <= maximumCount, text.start[0] <= 0x39 else { return nil }
        return parseDigits(text)
    }

    @usableFromInline @inline(never)
    static func parseDigits(_ text: ByteView) -> Int64? {
        let bytes = text.start
        var index = 0
        let negative = bytes[0] == 0x2D
        if negative { index = 1 }
        guard index < text.count else { return nil }
        let first = bytes[index] &- 0x30
        if first == 0 { return text.count == 1 ? 0 : nil }
        var magnitude: UInt64 = 0
        while index < text.count {
            let digit = bytes[index] &- 0x30
            guard digit <= 9 else { return nil }
            let (shifted, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = shifted.addingReportingOverflow(UInt64(digit))
            guard !overflow, !carry else { return nil }
            magnitude = sum
            index &+= 1
        }
        if negative {
            guard magnitude <= Int64.min.magnitude else { return nil }
            return Int64(truncatingIfNeeded: 0 &- magnitude)
        }
        return Int64(exactly: magnitude)
    }

    /// Writes `value` to `target`, which has room for `maximumCount` bytes, and answers how many it wrote.
    @inlinable
    public static func write(_ value: Int64, to target: UnsafeMutablePointer<UInt8>) -> Int {
        let total = count(of: value)
        var magnitude = value.magnitude
        var index = total
        repeat {
            index &-= 1
            target[index] = UInt8(truncatingIfNeeded: 0x30 &+ magnitude % 10)
            magnitude /= 10
        } while magnitude != 0
        if value < 0 { target[0] = 0x2D }
        return total
    }

    /// Bytes that `value` takes as text.
    @inlinable
    public static func count(of value: Int64) -> Int {
        var magnitude = value.magnitude
        var digits = value < 0 ? 2 : 1
        while magnitude >= 10 {
            magnitude /= 10
            digits &+= 1
        }
        return digits
    }

    /// Calls `body` with the text of `value`; the view must not leave it.
    @inlinable @inline(__always)
    public static func withText<R>(of value: Int64, _ body: (ByteView) -> R) -> R {
        var scratch: (UInt64, UInt64, UInt64) = (0, 0, 0)
        return withUnsafeMutableBytes(of: &scratch) { raw in
            // A tuple of three words always has an address.
            guard let base = raw.baseAddress else { return body(.empty) }
            let count = write(value, to: base.assumingMemoryBound(to: UInt8.self))
            return body(ByteView(base, count: count))
        }
    }
}
