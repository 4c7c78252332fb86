import Primitives

/// The checksum at the end of RDB files and DUMP payloads: CRC-64 with the polynomial of D. Jones (0xad93d23594c935a9),
/// bits reflected, beginning at 0 and not inverted.
///
/// Eight bytes at a time by eight tables (Kounavis and Berry, "A systematic approach to building high performance
/// software-based CRC generators", 2005), which a gigabyte passes in well under a second.
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
        while offset &+ 8 <= count {
            crc ^= UInt64(littleEndian: start.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            // Read as two words so that the eight look-ups do not wait for each other.
            let low =
                tables[7 * 256 &+ Int(crc & 0xFF)] ^ tables[6 * 256 &+ Int(crc &>> 8 & 0xFF)]
                ^ tables[5 * 256 &+ Int(crc &>> 16 & 0xFF)] ^ tables[4 * 256 &+ Int(crc &>> 24 & 0xFF)]
            let high =
                tables[3 * 256 &+ Int(crc &>> 32 & 0xFF)] ^ tables[2 * 256 &+ Int(crc &>> 40 & 0xFF)]
                ^ tables[256 &+ Int(crc &>> 48 & 0xFF)] ^ tables[Int(crc &>> 56)]
            crc = low ^ high
            offset &+= 8
        }
        while offset < count {
            crc = tables[Int((crc ^ UInt64(bytes.start[offset])) & 0xFF)] ^ crc &>> 8
            offset &+= 1
        }
        value = crc
    }

    /// Eight tables of 256 words: what a byte contributes when 0 to 7 others come behind it. Never changed once made.
    private nonisolated(unsafe) static let tables: UnsafePointer<UInt64> = {
        let reflectedPolynomial: UInt64 = 0x95AC_9329_AC4B_C9B5
        let tables = UnsafeMutablePointer<UInt64>.allocate(capacity: 8 * 256)
        for byte in 0..<256 {
            var crc = UInt64(byte)
            for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ reflectedPolynomial }
            tables[byte] = crc
        }
        for index in 256..<8 * 256 {
            let shorter = tables[index - 256]
            tables[index] = tables[Int(shorter & 0xFF)] ^ shorter >> 8
        }
        return UnsafePointer(tables)
    }()
}
