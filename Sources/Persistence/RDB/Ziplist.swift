import Keyspace
import Primitives

/// A ziplist, in which Redis up to 6.2 kept what listpacks hold now; only ever read.
///
///     bytes u32 | offset of the last u32 | count u16 | element ... | 0xFF        all little endian
///     element = length of the one before (one byte, or 0xFE u32) | head | text
///     head = 00llllll, 01llllll llllllll, 10______ u32 (big endian): text of that length
///            0xC0 i16, 0xD0 i32, 0xE0 i64, 0xF0 i24, 0xFE i8, 0xF1...0xFD: the integers 0...12
enum Ziplist {
    private static let headerCount = 10

    /// Calls `body` with each element, after it was checked to lie within `bytes`; answers how many there were. `body` may
    /// have been called before something is found to be wrong.
    static func forEach(
        _ bytes: ByteView, _ body: (ListpackElement) throws(PersistenceError) -> Void
    ) throws(PersistenceError) -> Int {
        let total = bytes.count
        guard total > headerCount, bytes[total - 1] == 0xFF else { throw damaged }
        var header = RDBReader(bytes)
        guard UInt32(total) == (try header.readInteger()) else { throw damaged }
        let tail = Int(try header.readInteger(UInt32.self))
        let stated = Int(try header.readInteger(UInt16.self))
        var reader = RDBReader(bytes[0..<total - 1], from: headerCount)
        var count = 0
        var last = headerCount
        while !reader.isAtEnd {
            let start = reader.offset
            var before = Int(try reader.readByte())
            if before == 0xFE { before = Int(try reader.readInteger(UInt32.self)) }
            guard before == (count == 0 ? 0 : start - last) else { throw damaged }
            last = start
            let element = try readElement(&reader)
            count += 1
            try body(element)
        }
        guard tail == last, stated == count || stated == 0xFFFF else { throw damaged }
        return count
    }

    private static var damaged: PersistenceError { PersistenceError("a ziplist is damaged") }

    private static func readElement(_ reader: inout RDBReader) throws(PersistenceError) -> ListpackElement {
        let head = try reader.readByte()
        switch head >> 6 {
        case 0: return try readText(Int(head), &reader)
        case 1: return try readText(Int(head & 0x3F) << 8 | Int(try reader.readByte()), &reader)
        case 2: return try readText(Int(UInt32(bigEndian: try reader.readInteger())), &reader)
        default: break
        }
        switch head {
        case 0xC0: return .integer(Int64(try reader.readInteger(Int16.self)))
        case 0xD0: return .integer(Int64(try reader.readInteger(Int32.self)))
        case 0xE0: return .integer(try reader.readInteger())
        case 0xF0:
            let low = UInt32(try reader.readInteger(UInt16.self))
            let high = UInt32(try reader.readByte())
            return .integer(Int64(Int32(bitPattern: (high << 16 | low) << 8) >> 8))
        case 0xFE: return .integer(Int64(try reader.readInteger(Int8.self)))
        case 0xF1...0xFD: return .integer(Int64(head & 0x0F) - 1)
        default: throw damaged
        }
    }

    private static func readText(_ count: Int, _ reader: inout RDBReader) throws(PersistenceError) -> ListpackElement {
        .bytes(ByteView(try reader.take(count), count: count))
    }
}
