import Glibc
import Keyspace
import Primitives

/// What is noted of the use of a key, to be saved beside it.
public enum RDBUse: Equatable, Sendable {
    /// Seconds since the last one.
    case idle(Int)
    /// How often there is one, on the logarithmic scale of the LFU policies.
    case frequency(UInt8)
}

/// Writes keys and values in the format of RDB files, so that Redis 7.0 reads what it can hold.
///
/// An encoder keeps the memory that compression needs; each thread has its own. It appends to a buffer of the caller's. A
/// value of many elements may be added in parts, so that it is neither copied whole nor in anybody's way for long.
public struct RDBEncoder: ~Copyable {
    /// Whether strings are compressed that get shorter by it (`rdbcompression`).
    public var compresses: Bool
    private var compressor = LZFCompressor()

    /// Strings up to this length are not compressed.
    private static let shortest = 20

    public init(compresses: Bool = true) { self.compresses = compresses }

    // MARK: Records

    /// Adds a key with its value as a file has them: `[expiry] [use] type key value`.
    @inline(__always)
    public mutating func appendRecord(_ entry: Entry, use: RDBUse? = nil, to buffer: inout ByteBuffer) {
        appendHead(entry, use: use, to: &buffer)
        appendValue(entry, to: &buffer)
    }

    /// Adds the next part of the same: as much as it takes for the buffer to hold `limit` bytes, or an element more. The entry
    /// must not change between its parts.
    ///
    /// - Returns: whether it was the last.
    public mutating func appendPart(
        of entry: Entry, _ progress: inout EncodingProgress, to buffer: inout ByteBuffer, limit: Int
    ) -> Bool {
        if !progress.hasBegun { appendHead(entry, to: &buffer) }
        return appendElements(entry, &progress, to: &buffer, limit: limit)
    }

    @inline(__always)
    private mutating func appendHead(_ entry: Entry, use: RDBUse? = nil, to buffer: inout ByteBuffer) {
        if let expiry = entry.expiry {
            buffer.append(RDB.Opcode.expiryInMilliseconds)
            buffer.appendTime(expiry)
        }
        if let use { appendUse(use, to: &buffer) }
        buffer.append(RDBType(entry).rawValue)
        appendString(entry.key, to: &buffer)
    }

    private func appendUse(_ use: RDBUse, to buffer: inout ByteBuffer) {
        switch use {
        case .idle(let seconds):
            buffer.append(RDB.Opcode.idle)
            buffer.appendLength(max(0, seconds))
        case .frequency(let count):
            buffer.append(RDB.Opcode.frequency)
            buffer.append(count)
        }
    }

    // MARK: Values

    /// Adds a value without its type, as `RDBType(entry)` says.
    @inline(__always)
    public mutating func appendValue(_ entry: Entry, to buffer: inout ByteBuffer) {
        guard entry.type == .string else {
            var progress = EncodingProgress()
            _ = appendElements(entry, &progress, to: &buffer, limit: .max)
            return
        }
        if entry.encoding == .integer {
            appendInteger(entry.integer, to: &buffer)
        } else {
            appendString(entry.bytes, to: &buffer)
        }
    }

    /// Adds elements until the buffer holds `limit` bytes; returns whether they were the last. A string is one element.
    @inline(never)
    private mutating func appendElements(
        _ entry: Entry, _ progress: inout EncodingProgress, to buffer: inout ByteBuffer, limit: Int
    ) -> Bool {
        defer { progress.hasBegun = true }
        switch entry.type {
        case .string:
            appendValue(entry, to: &buffer)
            return true
        case .list: return appendList(entry.aggregate(), &progress, to: &buffer, limit: limit)
        case .set: return appendSet(entry.aggregate(), &progress, to: &buffer, limit: limit)
        case .sortedSet: return appendSortedSet(entry.aggregate(), &progress, to: &buffer, limit: limit)
        case .hash: return appendHash(entry.aggregate(), &progress, to: &buffer, limit: limit)
        case .stream: return appendStream(entry.aggregate(), &progress, to: &buffer, limit: limit)
        }
    }

    // MARK: Strings

    /// Adds a string: as an integer where it is the text of a small one, compressed where that is shorter.
    @inline(__always)
    public mutating func appendString(_ text: ByteView, to buffer: inout ByteBuffer) {
        if text.count <= 11 {
            if text.count > 0, text.start[0] <= UInt8(ascii: "9"), let value = parseInteger(text),
                let small = Int32(exactly: value)
            {
                return Self.appendSmall(small, to: &buffer)
            }
        } else if text.count > Self.shortest, compresses, appendCompressed(text, to: &buffer) {
            return
        }
        appendPlain(text, to: &buffer)
    }

    /// Adds a string as it is.
    @inline(__always)
    func appendPlain(_ text: ByteView, to buffer: inout ByteBuffer) {
        let target = buffer.reserve(text.count &+ ByteBuffer.maximumLengthSize)
        let head = writeLength(UInt64(text.count), to: target)
        memcpy(target + head, text.start, text.count)
        buffer.commit(head &+ text.count)
    }

    /// Adds the text of an integer.
    func appendInteger(_ value: Int64, to buffer: inout ByteBuffer) {
        if let small = Int32(exactly: value) { return Self.appendSmall(small, to: &buffer) }
        let target = buffer.reserve(1 + maximumIntegerTextLength)
        let count = writeInteger(value, to: target + 1)
        target[0] = UInt8(truncatingIfNeeded: count)
        buffer.commit(1 + count)
    }

    /// Adds an element of a value as a string.
    @inline(__always)
    mutating func appendElement(_ element: ListpackElement, to buffer: inout ByteBuffer) {
        switch element {
        case .integer(let value): appendInteger(value, to: &buffer)
        case .bytes(let text): appendString(text, to: &buffer)
        }
    }

    private static func appendSmall(_ value: Int32, to buffer: inout ByteBuffer) {
        let target = buffer.reserve(5)
        let raw = UnsafeMutableRawPointer(target)
        if let byte = Int8(exactly: value) {
            target[0] = 0xC0 | RDB.StringForm.integer8
            raw.storeBytes(of: byte, toByteOffset: 1, as: Int8.self)
            buffer.commit(2)
        } else if let short = Int16(exactly: value) {
            target[0] = 0xC0 | RDB.StringForm.integer16
            raw.storeBytes(of: short.littleEndian, toByteOffset: 1, as: Int16.self)
            buffer.commit(3)
        } else {
            target[0] = 0xC0 | RDB.StringForm.integer32
            raw.storeBytes(of: value.littleEndian, toByteOffset: 1, as: Int32.self)
            buffer.commit(5)
        }
    }

    /// Adds a string compressed; false, and nothing is added, where that would save less than four bytes.
    @inline(never)
    private mutating func appendCompressed(_ text: ByteView, to buffer: inout ByteBuffer) -> Bool {
        // The head's length is known only afterwards: the bytes are written behind the longest one and moved.
        let room = 1 + 2 * ByteBuffer.maximumLengthSize
        let limit = text.count - 4
        let target = buffer.reserve(room + limit)
        guard let count = compressor.compress(text, to: target + room, limit: limit) else { return false }
        target[0] = 0xC0 | RDB.StringForm.compressed
        var head = 1 + writeLength(UInt64(count), to: target + 1)
        head += writeLength(UInt64(text.count), to: target + head)
        memmove(target + head, target + room, count)
        buffer.commit(head + count)
        return true
    }
}
