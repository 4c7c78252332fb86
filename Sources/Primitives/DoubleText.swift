import Glibc

/// Text of doubles, as scores and float arguments are read and as replies give them.
///
/// Reading has the rules of C's `strtod` applied to the whole text; plain decimals, which nearly all arguments are, take
/// a path of their own that is exact (Clinger, "How to read floating point numbers accurately", 1990). Writing gives
/// whole numbers as integers and anything else as the shortest digits that read back the same.

/// The most bytes that `formatDouble` writes.
public let maximumDoubleTextLength = 32

/// The number that all of `text` spells: decimal or hexadecimal, `inf` and `infinity` in any case. Nil for NaN, for
/// spaces, and where a finite text is too large for a double or too small to be told from zero.
public func parseDouble(_ text: ByteView) -> Double? {
    parsePlainDecimal(text) ?? parseAnyDouble(text)
}

/// Reads up to 18 digits with at most one point and no exponent, where one division of exact numbers gives the result.
private func parsePlainDecimal(_ text: ByteView) -> Double? {
    let bytes = text.start
    let count = text.count
    guard count > 0, count <= 20 else { return nil }
    let isNegative = bytes[0] == UInt8(ascii: "-")
    var index = isNegative ? 1 : 0
    var mantissa: UInt64 = 0
    var digits = 0
    var decimals = 0
    var pointSeen = 0
    while index < count {
        let digit = bytes[index] &- UInt8(ascii: "0")
        if digit <= 9 {
            mantissa = mantissa &* 10 &+ UInt64(digit)
            digits &+= 1
            decimals &+= pointSeen
        } else if bytes[index] == UInt8(ascii: "."), pointSeen == 0 {
            pointSeen = 1
        } else {
            return nil
        }
        index &+= 1
    }
    // Both operands are exact up to 2^53 and 10^22, so that the quotient is rounded once.
    guard digits > 0, digits <= 18, mantissa <= 1 << 53 else { return nil }
    let value = decimals == 0 ? Double(mantissa) : Double(mantissa) / powersOfTen[decimals]
    return isNegative ? -value : value
}

private let powersOfTen: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
]

private func parseAnyDouble(_ text: ByteView) -> Double? {
    guard let (value, error) = convertWhole(text, strtod), !value.isNaN else { return nil }
    return error == ERANGE && (value.isInfinite || value == 0) ? nil : value
}

/// Runs a conversion of the C library on a copy of `text` that ends in a NUL: its result and error number, or nil where
/// it did not take every byte or the text starts with space.
func convertWhole<Value>(
    _ text: ByteView, _ convert: (UnsafePointer<CChar>, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Value
) -> (Value, Int32)? {
    guard text.count > 0, isspace(Int32(text.start[0])) == 0 else { return nil }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: text.count + 1) { copy in
        guard let base = copy.baseAddress else { return nil }
        memcpy(base, text.start, text.count)
        base[text.count] = 0
        var end: UnsafeMutablePointer<CChar>?
        errno = 0
        let value = convert(base, &end)
        let error = errno
        return end == base + text.count ? (value, error) : nil
    }
}

/// Writes the text of `value` and returns its length; `to` must have room for `maximumDoubleTextLength` bytes.
///
/// Whole numbers up to 2^62 are integers (`-0` keeps its sign). Others have their shortest digits: plain where at most
/// seven zeros fill a whole number up, and for fractions that have at most six decimals or lie within 0.0001 and 10000;
/// else scientific, `1.5e-7` or `1e+21`. The rest is `inf`, `-inf` and `nan`.
@discardableResult
public func formatDouble(_ value: Double, to: UnsafeMutablePointer<UInt8>) -> Int {
    if let integer = value.exactInteger {
        if integer == 0, value.sign == .minus { return write("-0", to: to) }
        return writeInteger(integer, to: to)
    }
    guard value.isFinite else { return write(value.isNaN ? "nan" : value < 0 ? "-inf" : "inf", to: to) }
    guard value < 0 else { return writeShortest(value, to: to) }
    to[0] = UInt8(ascii: "-")
    return writeShortest(-value, to: to + 1) + 1
}

/// The text of `value`, for what is not on the path of commands.
public func doubleText(_ value: Double) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: maximumDoubleTextLength) { buffer, count in
        count = buffer.baseAddress.map { formatDouble(value, to: $0) } ?? 0
    }
}

private func write(_ literal: StaticString, to: UnsafeMutablePointer<UInt8>) -> Int {
    memcpy(to, literal.utf8Start, literal.utf8CodeUnitCount)
    return literal.utf8CodeUnitCount
}

/// Lays the digits out; `value` is positive and finite.
private func writeShortest(_ value: Double, to: UnsafeMutablePointer<UInt8>) -> Int {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 18) { buffer in
        guard let digits = buffer.baseAddress else { return 0 }
        let shortest = ShortestDigits(of: value, to: digits)
        let count = shortest.count
        let zeros = shortest.exponent
        let scientific = zeros + count - 1
        if zeros >= 0, zeros <= 7 {
            memcpy(to, digits, count)
            memset(to + count, Int32(UInt8(ascii: "0")), zeros)
            return count + zeros
        }
        if zeros < 0, zeros > -7 || abs(scientific) < 4 {
            let whole = count + zeros
            if whole > 0 {
                memcpy(to, digits, whole)
                to[whole] = UInt8(ascii: ".")
                memcpy(to + whole + 1, digits + whole, -zeros)
                return count + 1
            }
            to[0] = UInt8(ascii: "0")
            to[1] = UInt8(ascii: ".")
            memset(to + 2, Int32(UInt8(ascii: "0")), -whole)
            memcpy(to + 2 - whole, digits, count)
            return count + 2 - whole
        }
        to[0] = digits[0]
        var length = 1
        if count > 1 {
            to[1] = UInt8(ascii: ".")
            memcpy(to + 2, digits + 1, count - 1)
            length = count + 1
        }
        to[length] = UInt8(ascii: "e")
        to[length + 1] = scientific < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+")
        length += 2
        return length + writeInteger(Int64(abs(scientific)), to: to + length)
    }
}
