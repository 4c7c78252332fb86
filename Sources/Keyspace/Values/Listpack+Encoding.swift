import Glibc
import Primitives

/// How elements are spelled:
///
///     0xxxxxxx                    integer 0...127
///     10xxxxxx text               text of up to 63 bytes
///     110xxxxx xxxxxxxx           integer of 13 bits, the high ones first
///     1110xxxx xxxxxxxx text      text of up to 4095 bytes, the high bits of its length first
///     0xF0 u32 text               longer text
///     0xF1 0xF2 0xF3 0xF4 bytes   integer of 16, 24, 32, 64 bits, little endian
extension Listpack {
    /// An element ready to be written: its tag, up to 8 more bytes of head, and its text.
    struct Encoded {
        var tag: UInt8
        /// The rest of the head, little endian.
        var rest: UInt64 = 0
        var restCount = 0
        var text = ByteView.empty

        /// Bytes without the trailing length.
        var size: Int { 1 &+ restCount &+ text.count }
        /// Bytes with the trailing length.
        var totalSize: Int { size &+ Listpack.trailerSize(size) }

        /// An integer where `text` spells one canonically.
        @inline(__always)
        init(_ text: ByteView) {
            if let value = Listpack.integer(text) {
                self.init(value)
            } else {
                self.init(plain: text)
            }
        }

        init(plain text: ByteView) {
            let count = text.count
            self.text = text
            if count < 64 {
                tag = 0x80 | UInt8(truncatingIfNeeded: count)
            } else if count < 4096 {
                tag = 0xE0 | UInt8(truncatingIfNeeded: count &>> 8)
                rest = UInt64(count & 0xFF)
                restCount = 1
            } else {
                tag = 0xF0
                rest = UInt64(UInt32(truncatingIfNeeded: count))
                restCount = 4
            }
        }

        init(_ value: Int64) {
            let bits = UInt64(bitPattern: value)
            if value >= 0 && value <= 127 {
                tag = UInt8(truncatingIfNeeded: value)
            } else if value >= -4096 && value <= 4095 {
                tag = 0xC0 | UInt8(truncatingIfNeeded: (bits &>> 8) & 0x1F)
                rest = bits & 0xFF
                restCount = 1
            } else if value == Int64(Int16(truncatingIfNeeded: value)) {
                (tag, rest, restCount) = (0xF1, bits, 2)
            } else if value >= -(1 << 23) && value < 1 << 23 {
                (tag, rest, restCount) = (0xF2, bits, 3)
            } else if value == Int64(Int32(truncatingIfNeeded: value)) {
                (tag, rest, restCount) = (0xF3, bits, 4)
            } else {
                (tag, rest, restCount) = (0xF4, bits, 8)
            }
        }

        /// Writes `totalSize` bytes.
        @inline(__always)
        func write(to target: UnsafeMutableRawPointer) {
            target.storeBytes(of: tag, as: UInt8.self)
            var offset = 1
            var remaining = rest
            while offset <= restCount {
                target.storeBytes(of: UInt8(truncatingIfNeeded: remaining), toByteOffset: offset, as: UInt8.self)
                remaining &>>= 8
                offset &+= 1
            }
            memcpy(target + offset, text.start, text.count)
            Listpack.writeTrailer(size, to: target + size)
        }
    }

    /// The integer that `text` is kept as. Most texts are none, which their first byte tells.
    @inline(__always)
    static func integer(_ text: ByteView) -> Int64? {
        guard text.count > 0, text.count <= maximumIntegerTextLength, text.start[0] <= 0x39 else { return nil }
        return parseInteger(text)
    }

    /// Bytes that `text` takes as an element.
    public static func encodedSize(of text: ByteView) -> Int { Encoded(text).totalSize }

    /// Bytes that `value` takes as an element.
    public static func encodedSize(of value: Int64) -> Int { Encoded(value).totalSize }

    /// Bytes of the trailing length of an element whose other bytes are `size`. The bounds are the format's own.
    @inlinable @inline(__always)
    static func trailerSize(_ size: Int) -> Int {
        if size <= 127 { return 1 }
        if size < 16_383 { return 2 }
        if size < 2_097_151 { return 3 }
        return size < 268_435_455 ? 4 : 5
    }

    /// Writes `size` 7 bits a byte, the lowest last, each but the first with its high bit set.
    @inline(__always)
    static func writeTrailer(_ size: Int, to target: UnsafeMutableRawPointer) {
        var index = trailerSize(size) &- 1
        var remaining = size
        while index >= 0 {
            let more: UInt8 = index > 0 ? 0x80 : 0
            target.storeBytes(
                of: UInt8(truncatingIfNeeded: remaining & 0x7F) | more, toByteOffset: index, as: UInt8.self)
            remaining &>>= 7
            index &-= 1
        }
    }

    /// Bytes of the element at `offset` without its trailing length.
    @inlinable @inline(__always)
    func size(at offset: Int) -> Int {
        let tag = tag(at: offset)
        if tag < 0x80 { return 1 }
        if tag < 0xC0 { return 1 &+ Int(tag & 0x3F) }
        return longSize(tag, at: offset)
    }

    @usableFromInline
    func longSize(_ tag: UInt8, at offset: Int) -> Int {
        if tag < 0xE0 { return 2 }
        if tag < 0xF0 { return 2 &+ (Int(tag & 0x0F) &<< 8 | Int(self.tag(at: offset &+ 1))) }
        switch tag {
        case 0xF0: return 5 &+ Int(block.loadUnaligned(fromByteOffset: offset &+ 1, as: UInt32.self))
        case 0xF1: return 3
        case 0xF2: return 4
        case 0xF3: return 5
        default: return 9
        }
    }

    /// Bytes of the element at `offset` with its trailing length.
    @inlinable @inline(__always)
    func entrySize(at offset: Int) -> Int {
        let tag = tag(at: offset)
        if tag < 0x80 { return 2 }
        if tag < 0xC0 { return 2 &+ Int(tag & 0x3F) }
        let size = longSize(tag, at: offset)
        return size &+ Self.trailerSize(size)
    }

    /// The element at the position `offset`.
    @inlinable @inline(__always)
    public func element(at offset: Int) -> ListpackElement {
        let tag = tag(at: offset)
        if tag < 0x80 { return .integer(Int64(tag)) }
        if tag < 0xC0 { return .bytes(ByteView(block + offset + 1, count: Int(tag & 0x3F))) }
        return longElement(tag, at: offset)
    }

    @usableFromInline
    func longElement(_ tag: UInt8, at offset: Int) -> ListpackElement {
        if tag < 0xE0 {
            let bits = UInt16(tag & 0x1F) &<< 8 | UInt16(self.tag(at: offset &+ 1))
            // The 13th bit is the sign.
            return .integer(Int64(Int16(bitPattern: bits &<< 3) &>> 3))
        }
        if tag < 0xF0 {
            return .bytes(ByteView(block + offset + 2, count: longSize(tag, at: offset) &- 2))
        }
        let rest = offset &+ 1
        switch tag {
        case 0xF0: return .bytes(ByteView(block + offset + 5, count: longSize(tag, at: offset) &- 5))
        case 0xF1: return .integer(Int64(block.loadUnaligned(fromByteOffset: rest, as: Int16.self)))
        case 0xF2:
            let low = UInt32(block.loadUnaligned(fromByteOffset: rest, as: UInt16.self))
            let bits = UInt32(self.tag(at: rest &+ 2)) &<< 16 | low
            return .integer(Int64(Int32(bitPattern: bits &<< 8) &>> 8))
        case 0xF3: return .integer(Int64(block.loadUnaligned(fromByteOffset: rest, as: Int32.self)))
        default: return .integer(block.loadUnaligned(fromByteOffset: rest, as: Int64.self))
        }
    }
}
