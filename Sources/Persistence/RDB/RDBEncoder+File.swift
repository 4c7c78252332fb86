import Glibc
import Keyspace
import Primitives

/// What stands in a file beside its records. Whoever writes the file computes the checksum over all of it.
///
///     REDIS0010 | auxiliary field ... | (select database | sizes | record ...) ... | end | checksum u64
extension RDBEncoder {
    /// Adds the first bytes of a file.
    public func appendHeader(version: Int = RDB.version, to buffer: inout ByteBuffer) {
        precondition(version > 0 && version < 10_000)
        buffer.append("REDIS")
        var divisor = 1000
        while divisor > 0 {
            buffer.append(UInt8(ascii: "0") + UInt8(version / divisor % 10))
            divisor /= 10
        }
    }

    /// Adds a field about the file; readers pass over those that they do not know.
    public mutating func appendAuxiliary(_ name: ByteView, _ value: ByteView, to buffer: inout ByteBuffer) {
        buffer.append(RDB.Opcode.auxiliary)
        appendString(name, to: &buffer)
        appendString(value, to: &buffer)
    }

    public mutating func appendAuxiliary(_ name: StaticString, _ value: Int64, to buffer: inout ByteBuffer) {
        buffer.append(RDB.Opcode.auxiliary)
        appendString(ByteView(name), to: &buffer)
        appendInteger(value, to: &buffer)
    }

    /// Adds the fields that every file has.
    ///
    /// - Parameters:
    ///   - time: milliseconds since 1970.
    ///   - memory: bytes in use.
    ///   - isBase: whether the file is the base of an append-only file.
    public mutating func appendOrigin(
        server: StaticString, time: Int64, memory: Int, isBase: Bool, to buffer: inout ByteBuffer
    ) {
        appendAuxiliary(ByteView("redis-ver"), ByteView(server), to: &buffer)
        appendAuxiliary("redis-bits", 64, to: &buffer)
        appendAuxiliary("ctime", time / 1000, to: &buffer)
        appendAuxiliary("used-mem", Int64(memory), to: &buffer)
        appendAuxiliary("aof-base", isBase ? 1 : 0, to: &buffer)
    }

    /// Says to which database the records that follow belong.
    public func appendDatabase(_ database: Int, to buffer: inout ByteBuffer) {
        buffer.append(RDB.Opcode.selectDatabase)
        buffer.appendLength(database)
    }

    /// Says how many keys the database has, for readers to reserve room: a hint.
    public func appendSizes(keys: Int, expiring: Int, to buffer: inout ByteBuffer) {
        buffer.append(RDB.Opcode.sizes)
        buffer.appendLength(keys)
        buffer.appendLength(expiring)
    }

    /// Ends the records. Behind this comes the checksum of everything before it, `appendChecksum`.
    public func appendEnd(to buffer: inout ByteBuffer) { buffer.append(RDB.Opcode.end) }

    /// Adds the checksum of all bytes of the file so far; 0 stands for none.
    public func appendChecksum(_ checksum: UInt64, to buffer: inout ByteBuffer) { buffer.appendWord(checksum) }
}
