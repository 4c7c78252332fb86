import Glibc

/// Text of the numbers that INCRBYFLOAT and HINCRBYFLOAT compute with: C's `long double`, which has 64 significant bits
/// on x86-64 and is a plain double elsewhere.
///
/// They are written for people: fixed notation with 17 decimals, without the zeros at its end. The decimals come from one
/// exact product of the fraction's 128 bits with 10^17; only whole numbers beyond 64 bits are left to the C library.
#if arch(x86_64)
    public typealias LongDouble = Float80
#else
    public typealias LongDouble = Double
#endif

/// The most bytes that `formatLongDouble` writes.
public let maximumLongDoubleTextLength = 5 * 1024

/// The number that all of `text` spells, by the rules of `parseDouble`. Texts of 5 KB or more are refused.
public func parseLongDouble(_ text: ByteView) -> LongDouble? {
    guard text.count < maximumLongDoubleTextLength else { return nil }
    #if arch(x86_64)
        guard let (value, error) = convertWhole(text, strtold) else { return nil }
    #else
        guard let (value, error) = convertWhole(text, strtod) else { return nil }
    #endif
    if value.isNaN || error == ERANGE && (value.isInfinite || value == 0) { return nil }
    return value
}

/// Writes the text of `value` and returns its length; `to` must have room for `maximumLongDoubleTextLength` bytes.
@discardableResult
public func formatLongDouble(_ value: LongDouble, to: UnsafeMutablePointer<UInt8>) -> Int {
    guard value.isFinite else {
        let text: StaticString = value.isNaN ? "nan" : value < 0 ? "-inf" : "inf"
        memcpy(to, text.utf8Start, text.utf8CodeUnitCount)
        return text.utf8CodeUnitCount
    }
    guard value < 0 else { return writeFixed(value, to: to) }
    to[0] = UInt8(ascii: "-")
    let length = writeFixed(-value, to: to + 1)
    guard length == 1, to[1] == UInt8(ascii: "0") else { return length + 1 }
    to[0] = UInt8(ascii: "0")
    return 1
}

/// The text of `value` as an array.
public func longDoubleText(_ value: LongDouble) -> [UInt8] {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: maximumLongDoubleTextLength) { buffer in
        guard let base = buffer.baseAddress else { return [] }
        return Array(UnsafeBufferPointer(start: base, count: formatLongDouble(value, to: base)))
    }
}

private func writeFixed(_ value: LongDouble, to: UnsafeMutablePointer<UInt8>) -> Int {
    // value = significand * 2^power
    guard value > 0 else {
        to[0] = UInt8(ascii: "0")
        return 1
    }
    #if arch(x86_64)
        // The leading bit is stored, but the pattern leaves it out.
        let significand = value.significandBitPattern | (value.isNormal ? 1 << 63 : 0)
        let power = Int(value.exponent) - 63
    #else
        let significand = value.significandBitPattern | (value.isNormal ? 1 << 52 : 0)
        let power = (value.isNormal ? Int(value.exponent) : -1022) - 52
    #endif
    if power > 0, significand.leadingZeroBitCount < power { return writeLarge(value, to: to) }
    if power >= 0 { return writeUnsigned(significand << UInt64(power), to: to) }
    // Below 2^-64 there is nothing in 17 decimals.
    var whole = power > -64 ? significand >> UInt64(-power) : 0
    var decimals = power >= -128 ? decimals17(fractionHigh(significand, power), fractionLow(significand, power)) : 0
    if decimals == 100_000_000_000_000_000 {
        decimals = 0
        whole += 1
    }
    let length = writeUnsigned(whole, to: to)
    guard decimals != 0 else { return length }
    to[length] = UInt8(ascii: ".")
    writeDigits(decimals, count: 17, to: to + length + 1)
    var end = length + 18
    while to[end - 1] == UInt8(ascii: "0") { end -= 1 }
    return end
}

/// The first and the second 64 bits behind the point of `significand * 2^power`, for a power in -128 ... -1.
private func fractionHigh(_ significand: UInt64, _ power: Int) -> UInt64 {
    power >= -64 ? significand << UInt64(64 + power) : significand >> UInt64(-64 - power)
}

private func fractionLow(_ significand: UInt64, _ power: Int) -> UInt64 {
    power >= -64 ? 0 : significand << UInt64(128 + power)
}

/// A fraction of 128 bits times 10^17, rounded to the nearest, a tie to the even one.
private func decimals17(_ high: UInt64, _ low: UInt64) -> UInt64 {
    let scale: UInt64 = 100_000_000_000_000_000
    let upper = high.multipliedFullWidth(by: scale)
    let lower = low.multipliedFullWidth(by: scale)
    let (rest, carry) = upper.low.addingReportingOverflow(lower.high)
    let decimals = upper.high + (carry ? 1 : 0)
    let half = UInt64(1) << 63
    let roundsUp = rest > half || rest == half && (lower.low > 0 || decimals & 1 == 1)
    return roundsUp ? decimals + 1 : decimals
}

private func writeLarge(_ value: LongDouble, to: UnsafeMutablePointer<UInt8>) -> Int {
    #if arch(x86_64)
        let format = "%.0Lf"
    #else
        let format = "%.0f"
    #endif
    return withVaList([value]) { arguments in
        to.withMemoryRebound(to: CChar.self, capacity: maximumLongDoubleTextLength - 1) {
            Int(vsnprintf($0, maximumLongDoubleTextLength - 1, format, arguments))
        }
    }
}
