import Glibc

/// Decimal text of integers, on the path of every command: reading lengths and arguments, writing replies.
///
/// Reading accepts exactly the canonical form that writing produces, so that a value can be stored as an integer and
/// given back as the same bytes. Digits are written two at a time from a table of the hundred pairs.

/// The most bytes that the text of a 64-bit integer takes, its sign included.
public let maximumIntegerTextLength = 20

/// The integer that `text` spells canonically: an optional `-`, no `+`, no spaces, no leading zeros, no `-0`.
/// Nil for anything else, and where it does not fit. O(n), n at most 20.
@inlinable @inline(__always)
public func parseInteger(_ text: ByteView) -> Int64? {
    parseInteger(text.start, count: text.count)
}

/// As `parseInteger(_:)`, for `count` bytes that are readable at `start`.
@inlinable
public func parseInteger(_ start: UnsafePointer<UInt8>, count: Int) -> Int64? {
    guard count &- 1 < maximumIntegerTextLength, count > 0 else { return nil }
    guard start[0] == UInt8(ascii: "-") else {
        guard let magnitude = parseUnsigned(start, count: count), magnitude <= UInt64(Int64.max) else { return nil }
        return Int64(bitPattern: magnitude)
    }
    guard let magnitude = parseUnsigned(start + 1, count: count &- 1), magnitude &- 1 < 1 << 63 else { return nil }
    return Int64(bitPattern: 0 &- magnitude)
}

/// The unsigned integer that `text` spells canonically: digits only, no leading zeros. Nil for anything else, and where
/// it does not fit.
@inlinable @inline(__always)
public func parseUnsigned(_ text: ByteView) -> UInt64? {
    parseUnsigned(text.start, count: text.count)
}

/// As `parseUnsigned(_:)`, for `count` bytes that are readable at `start`.
@inlinable
public func parseUnsigned(_ start: UnsafePointer<UInt8>, count: Int) -> UInt64? {
    guard count > 0 else { return nil }
    let first = UInt64(start[0] &- UInt8(ascii: "0"))
    if count == 1 { return first <= 9 ? first : nil }
    guard first &- 1 < 9, count <= maximumIntegerTextLength else { return nil }
    var value = first
    // Nineteen digits cannot overflow 64 bits; only a twentieth needs a check.
    let unchecked = count < maximumIntegerTextLength ? count : maximumIntegerTextLength &- 1
    var index = 1
    while index < unchecked {
        let digit = start[index] &- UInt8(ascii: "0")
        guard digit <= 9 else { return nil }
        value = value &* 10 &+ UInt64(digit)
        index &+= 1
    }
    if index == count { return value }
    let digit = start[index] &- UInt8(ascii: "0")
    guard digit <= 9 else { return nil }
    let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
    let (sum, carried) = product.addingReportingOverflow(UInt64(digit))
    return overflowed || carried ? nil : sum
}

/// Number of decimal digits of `value`, one for zero.
@inlinable @inline(__always)
public func decimalLength(_ value: UInt64) -> Int {
    if value < 100 { return value < 10 ? 1 : 2 }
    if value < 10000 { return value < 1000 ? 3 : 4 }
    return decimalLengthOfMany(value)
}

/// Number of bytes of `value`'s text, its sign included.
@inlinable @inline(__always)
public func decimalLength(_ value: Int64) -> Int {
    decimalLength(value.magnitude) &+ (value < 0 ? 1 : 0)
}

@usableFromInline
func decimalLengthOfMany(_ value: UInt64) -> Int {
    var length = 1
    var rest = value
    while rest >= 10000 {
        rest /= 10000
        length &+= 4
    }
    return length &+ (rest >= 1000 ? 3 : rest >= 100 ? 2 : rest >= 10 ? 1 : 0)
}

/// The pairs "00" to "99", each as the two bytes it has in memory.
private let digitPairs: StaticString =
    """
    0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
    5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899
    """

/// Writes the text of `value` and returns its length; `to` must have room for 20 bytes.
@inlinable
@discardableResult
public func writeInteger(_ value: Int64, to: UnsafeMutablePointer<UInt8>) -> Int {
    guard value < 0 else { return writeUnsigned(UInt64(bitPattern: value), to: to) }
    to[0] = UInt8(ascii: "-")
    return writeUnsigned(value.magnitude, to: to + 1) &+ 1
}

/// Writes the text of `value` and returns its length; `to` must have room for 20 bytes.
@inlinable
@discardableResult
public func writeUnsigned(_ value: UInt64, to: UnsafeMutablePointer<UInt8>) -> Int {
    if value < 10 {
        to[0] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value)
        return 1
    }
    let length = decimalLength(value)
    writeDigits(value, count: length, to: to)
    return length
}

/// Writes exactly `count` digits, with leading zeros where `value` has fewer.
@usableFromInline
func writeDigits(_ value: UInt64, count: Int, to: UnsafeMutablePointer<UInt8>) {
    let pairs = UnsafeRawPointer(digitPairs.utf8Start)
    var rest = value
    var end = count
    while end >= 2 {
        let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
        end &-= 2
        UnsafeMutableRawPointer(to + end).storeBytes(
            of: pairs.loadUnaligned(fromByteOffset: Int(truncatingIfNeeded: pair) &* 2, as: UInt16.self),
            as: UInt16.self)
        rest = quotient
    }
    if end == 1 { to[0] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10) }
}
