import Primitives

/// The checksum at the end of RDB files and DUMP payloads: CRC-64 with the polynomial of D. Jones (0xad93d23594c935a9),
/// bits reflected, beginning at 0 and not inverted.
///
/// Sixteen bytes at a time by as many tables (Kounavis and Berry, "A systematic approach to building high performance
/// software-based CRC generators", 2005), which takes half a second for a gigabyte.
public struct CRC64: Sendable {
    /// The checksum of what came so far.
    public private(set) var value: UInt64

    @inlinable public init() { self.init(continuing: 0) }

    /// Goes on behind bytes whose checksum is `value`.
    public init(continuing value: UInt64) { self.value = value }

    /// The checksum of `bytes`.
    public static func checksum(_ bytes: ByteView) -> UInt64 {
        var crc = CRC64()
        crc.update(bytes)
        return crc.value
    }

    /// Adds `bytes`. O(n).
    public mutating func update(_ bytes: ByteView) {
        let tables = Self.tables
        let start = UnsafeRawPointer(bytes.start)
        let count = bytes.count
        var crc = value
        var offset = 0
        while offset &+ 16 <= count {
            let first = crc ^ UInt64(littleEndian: start.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let second = UInt64(littleEndian: start.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self))
            // The second half waits for nothing.
            crc = Self.pass(second, tables) ^ Self.pass(first, tables + 8 * 256)
            offset &+= 16
        }
        while offset < count {
            crc = tables[Int((crc ^ UInt64(bytes.start[offset])) & 0xFF)] ^ crc &>> 8
            offset &+= 1
        }
        value = crc
    }

    /// What eight bytes contribute, behind which as many others come as the first of the tables is for.
    @inline(__always)
    private static func pass(_ word: UInt64, _ tables: UnsafePointer<UInt64>) -> UInt64 {
        let low =
            tables[7 * 256 &+ Int(word & 0xFF)] ^ tables[6 * 256 &+ Int(word &>> 8 & 0xFF)]
            ^ tables[5 * 256 &+ Int(word &>> 16 & 0xFF)] ^ tables[4 * 256 &+ Int(word &>> 24 & 0xFF)]
        let high =
            tables[3 * 256 &+ Int(word &>> 32 & 0xFF)] ^ tables[2 * 256 &+ Int(word &>> 40 & 0xFF)]
            ^ tables[256 &+ Int(word &>> 48 & 0xFF)] ^ tables[Int(word &>> 56)]
        return low ^ high
    }

    /// Sixteen tables of 256 words: what a byte contributes when 0 to 15 others come behind it. Never changed once made.
    private nonisolated(unsafe) static let tables: UnsafePointer<UInt64> = {
        let tableCount = 16
        let reflectedPolynomial: UInt64 = 0x95AC_9329_AC4B_C9B5
        let tables = UnsafeMutablePointer<UInt64>.allocate(capacity: tableCount * 256)
        for byte in 0..<256 {
            var crc = UInt64(byte)
            for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ reflectedPolynomial }
            tables[byte] = crc
        }
        for index in 256..<tableCount * 256 {
            let shorter = tables[index - 256]
            tables[index] = tables[Int(shorter & 0xFF)] ^ shorter >> 8
        }
        return UnsafePointer(tables)
    }()
}
