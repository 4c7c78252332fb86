import Primitives

/// A zipmap, in which Redis up to 2.4 kept small hashes; only ever read.
///
///     count u8 | field | value | ... | 0xFF
///     field = length | text          value = length | unused u8 | text | unused bytes
///     length = one byte below 254, or 254 u32 (little endian)
enum Zipmap {
    /// Calls `body` with each field and value, after they were checked to lie within `bytes`.
    static func forEach(
        _ bytes: ByteView, _ body: (ByteView, ByteView) throws(PersistenceError) -> Void
    ) throws(PersistenceError) {
        let total = bytes.count
        guard total >= 2, bytes[total - 1] == 0xFF else { throw damaged }
        let stated = Int(bytes[0])
        var reader = RDBReader(bytes[0..<total - 1], from: 1)
        var count = 0
        while !reader.isAtEnd {
            let fieldCount = try readLength(&reader)
            let field = ByteView(try reader.take(fieldCount), count: fieldCount)
            let valueCount = try readLength(&reader)
            let unused = Int(try reader.readByte())
            let value = ByteView(try reader.take(valueCount), count: valueCount)
            _ = try reader.take(unused)
            count += 1
            try body(field, value)
        }
        guard stated == count || stated == 254 else { throw damaged }
    }

    private static var damaged: PersistenceError { PersistenceError("a zipmap is damaged") }

    private static func readLength(_ reader: inout RDBReader) throws(PersistenceError) -> Int {
        let first = try reader.readByte()
        if first < 254 { return Int(first) }
        guard first == 254 else { throw damaged }
        return Int(try reader.readInteger(UInt32.self))
    }
}
