import Glibc
import Primitives

/// Reads the elements of the format out of bytes, from wherever they come: every read is checked against their end, and
/// nothing is allocated that the bytes could not fill.
public struct RDBReader {
    public let bytes: ByteView
    /// Where the next read begins; never beyond the end.
    public private(set) var offset: Int

    public init(_ bytes: ByteView, from offset: Int = 0) {
        precondition(offset >= 0 && offset <= bytes.count)
        self.bytes = bytes
        self.offset = offset
    }

    public var remaining: Int { bytes.count &- offset }
    public var isAtEnd: Bool { offset == bytes.count }

    static var shortRead: PersistenceError { PersistenceError("the data ends in the middle of a value") }

    // MARK: Numbers

    /// Passes over `count` bytes and answers where they are.
    @inline(__always)
    public mutating func take(_ count: Int) throws(PersistenceError) -> UnsafePointer<UInt8> {
        guard count >= 0, count <= remaining else { throw Self.shortRead }
        let start = bytes.start + offset
        offset &+= count
        return start
    }

    @inline(__always)
    public mutating func readByte() throws(PersistenceError) -> UInt8 { try take(1).pointee }

    @inline(__always)
    public mutating func readInteger<Integer: FixedWidthInteger>(
        _: Integer.Type = Integer.self
    ) throws(PersistenceError) -> Integer {
        Integer(
            littleEndian: UnsafeRawPointer(try take(MemoryLayout<Integer>.size)).loadUnaligned(as: Integer.self))
    }

    /// What a length says: a number, or how the string that follows is written.
    enum Length {
        case number(UInt64)
        case form(UInt8)
    }

    @inline(__always)
    mutating func readLengthOrForm() throws(PersistenceError) -> Length {
        let first = try readByte()
        switch first >> 6 {
        case 0: return .number(UInt64(first))
        case 1: return .number(UInt64(first & 0x3F) &<< 8 | UInt64(try readByte()))
        case 3: return .form(first & 0x3F)
        default: return .number(try readLongLength(first))
        }
    }

    private mutating func readLongLength(_ first: UInt8) throws(PersistenceError) -> UInt64 {
        switch first {
        case 0x80: return UInt64(UInt32(bigEndian: try readInteger()))
        case 0x81: return UInt64(bigEndian: try readInteger())
        default: throw PersistenceError("a length begins with the unknown byte \(first)")
        }
    }

    /// A number written as a length.
    @inline(__always)
    public mutating func readNumber() throws(PersistenceError) -> UInt64 {
        guard case .number(let number) = try readLengthOrForm() else {
            throw PersistenceError("a string stands where a length should be")
        }
        return number
    }

    /// How many elements follow, of which each takes at least `size` bytes; refused where the bytes cannot hold so many.
    @inline(__always)
    public mutating func readCount(of size: Int) throws(PersistenceError) -> Int {
        let number = try readNumber()
        guard number <= UInt64(remaining / max(1, size)) else { throw Self.shortRead }
        return Int(truncatingIfNeeded: number)
    }

    /// Sixty-four bits of a floating-point number.
    mutating func readDouble() throws(PersistenceError) -> Double { Double(bitPattern: try readInteger()) }

    /// A floating-point number as text, as the first sorted sets have it.
    mutating func readDoubleText() throws(PersistenceError) -> Double {
        switch try readByte() {
        case 253: return .nan
        case 254: return .infinity
        case 255: return -.infinity
        case let count:
            guard let value = parseDouble(ByteView(try take(Int(count)), count: Int(count))) else {
                throw PersistenceError("a score is not a number")
            }
            return value
        }
    }

    // MARK: Strings

    /// A string: in place where it is spelled out, else in `scratch`, whose contents it replaces. Good until either is
    /// changed.
    @inline(__always)
    public mutating func readString(into scratch: inout ByteBuffer) throws(PersistenceError) -> ByteView {
        switch try readLengthOrForm() {
        case .number(let count):
            guard count <= UInt64(remaining) else { throw Self.shortRead }
            let count = Int(truncatingIfNeeded: count)
            return ByteView(try take(count), count: count)
        case .form(let form): return try readString(form, into: &scratch)
        }
    }

    private mutating func readString(
        _ form: UInt8, into scratch: inout ByteBuffer
    ) throws(PersistenceError) -> ByteView {
        scratch.clear(keeping: 1 << 20)
        if form == RDB.StringForm.compressed {
            let (input, count) = try readCompressed()
            let target = scratch.reserve(max(1, count))
            guard LZFExpansion.expand(input, to: target, count: count) else {
                throw PersistenceError("a compressed string is damaged")
            }
            return ByteView(target, count: count)
        }
        let value = try readSmall(form)
        let target = scratch.reserve(maximumIntegerTextLength)
        return ByteView(target, count: writeInteger(value, to: target))
    }

    /// The integer of a string that is written as one.
    mutating func readSmall(_ form: UInt8) throws(PersistenceError) -> Int64 {
        switch form {
        case RDB.StringForm.integer8: return Int64(try readInteger(Int8.self))
        case RDB.StringForm.integer16: return Int64(try readInteger(Int16.self))
        case RDB.StringForm.integer32: return Int64(try readInteger(Int32.self))
        default: throw PersistenceError("a string is written in the unknown form \(form)")
        }
    }

    /// A compressed string's bytes, and its length when it is expanded, which the bytes can reach.
    private mutating func readCompressed() throws(PersistenceError) -> (ByteView, Int) {
        let compressed = try readNumber()
        let expanded = try readNumber()
        guard compressed <= UInt64(remaining) else { throw Self.shortRead }
        let count = Int(truncatingIfNeeded: compressed)
        let input = ByteView(try take(count), count: count)
        guard expanded / UInt64(LZFExpansion.maximumRatio) <= compressed else {
            throw PersistenceError("a compressed string is damaged")
        }
        return (input, Int(truncatingIfNeeded: expanded))
    }

    /// Passes over a string.
    @inline(__always)
    public mutating func skipString() throws(PersistenceError) {
        switch try readLengthOrForm() {
        case .number(let count):
            guard count <= UInt64(remaining) else { throw Self.shortRead }
            offset &+= Int(truncatingIfNeeded: count)
        case .form(RDB.StringForm.compressed): _ = try readCompressed()
        case .form(let form): _ = try readSmall(form)
        }
    }
}
