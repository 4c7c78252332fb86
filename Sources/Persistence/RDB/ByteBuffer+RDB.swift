import Glibc
import Primitives

/// Numbers as RDB files have them.
extension ByteBuffer {
    /// Most bytes of a length.
    static var maximumLengthSize: Int { 9 }

    /// Adds a length: one byte below 64, two below 16384, then five or nine.
    @inline(__always)
    mutating func appendLength(_ length: Int) { appendLength(UInt64(length)) }

    @inline(__always)
    mutating func appendLength(_ length: UInt64) {
        let target = reserve(Self.maximumLengthSize)
        commit(writeLength(length, to: target))
    }

    /// Adds 64 bits, little endian.
    mutating func appendWord(_ word: UInt64) {
        let target = UnsafeMutableRawPointer(reserve(8))
        target.storeBytes(of: word.littleEndian, as: UInt64.self)
        commit(8)
    }

    /// Adds a time in milliseconds since 1970.
    mutating func appendTime(_ milliseconds: Int64) { appendWord(UInt64(bitPattern: milliseconds)) }
}

/// Writes a length and answers how many bytes it takes, at most nine.
@inline(__always)
func writeLength(_ length: UInt64, to target: UnsafeMutablePointer<UInt8>) -> Int {
    if length < 64 {
        target[0] = UInt8(truncatingIfNeeded: length)
        return 1
    }
    if length < 16384 {
        target[0] = UInt8(truncatingIfNeeded: length &>> 8) | 0x40
        target[1] = UInt8(truncatingIfNeeded: length)
        return 2
    }
    let raw = UnsafeMutableRawPointer(target)
    if length <= UInt64(UInt32.max) {
        target[0] = 0x80
        raw.storeBytes(of: UInt32(truncatingIfNeeded: length).bigEndian, toByteOffset: 1, as: UInt32.self)
        return 5
    }
    target[0] = 0x81
    raw.storeBytes(of: length.bigEndian, toByteOffset: 1, as: UInt64.self)
    return 9
}
