import Keyspace
import Primitives

/// What DUMP answers and RESTORE takes: one value as files have it, and a footer that tells who can read it.
///
///     type | value | version u16 | checksum u64 of all before it        little endian
public enum RDBPayload {
    private static let footerCount = 10

    /// Adds the payload of a value to an empty buffer. O(n).
    public static func append(_ entry: Entry, to buffer: inout ByteBuffer) {
        var encoder = RDBEncoder()
        let type = RDBType(entry)
        buffer.append(type.rawValue)
        encoder.appendValue(entry, to: &buffer)
        buffer.append(UInt8(type.version))
        buffer.append(0)
        buffer.appendWord(CRC64.checksum(buffer.view))
    }

    /// The type and the value in a payload; nil where its version is not known or its checksum is wrong. O(n).
    public static func body(of payload: ByteView) -> ByteView? {
        let bodyCount = payload.count - footerCount
        guard bodyCount >= 0 else { return nil }
        let footer = UnsafeRawPointer(payload.start + bodyCount)
        guard UInt16(littleEndian: footer.loadUnaligned(as: UInt16.self)) <= RDB.newestVersion else { return nil }
        let checksum = UInt64(littleEndian: footer.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
        return CRC64.checksum(payload[0..<bodyCount + 2]) == checksum ? payload[0..<bodyCount] : nil
    }
}
