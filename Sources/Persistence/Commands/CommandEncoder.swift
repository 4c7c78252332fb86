import Keyspace
import Primitives

/// Writes keys and values as commands that make them where they are not there yet, as Redis rewrites its append-only file
/// with `aof-use-rdb-preamble no`.
///
/// All of it is commands of Redis 7.0, but for the times to live of hashes' fields, which are of 7.4. The elements of a
/// value come 64 to a command, so that none of them takes long to execute. As with ``RDBEncoder``, a value of many elements
/// may be added in parts.
public struct CommandEncoder: ~Copyable {
    /// Elements of the next command, which says before them how many they are.
    private var elements = ByteBuffer()
    private var elementCount = 0

    /// Most elements of one command.
    static let batch = 64
    /// Bytes of a command's elements from which on no more are added.
    private static let batchBytes = 64 << 10

    public init() {}

    /// Adds what makes a key with its value, and its time to live where it has one.
    @inline(__always)
    public mutating func append(_ entry: Entry, to buffer: inout ByteBuffer) {
        guard entry.type == .string else {
            var progress = EncodingProgress()
            _ = appendPart(of: entry, &progress, to: &buffer, limit: .max)
            return
        }
        let expiry = entry.expiry
        buffer.appendCommand(arguments: expiry == nil ? 3 : 5)
        buffer.appendArgument("SET")
        buffer.appendArgument(entry.key)
        if entry.encoding == .integer {
            buffer.appendArgument(entry.integer)
        } else {
            buffer.appendArgument(entry.bytes)
        }
        if let expiry {
            buffer.appendArgument("PXAT")
            buffer.appendArgument(expiry)
        }
    }

    /// Adds the next part of the same: as much as it takes for the buffer to hold `limit` bytes, or a command more. The entry
    /// must not change between its parts.
    ///
    /// - Returns: whether it was the last.
    public mutating func appendPart(
        of entry: Entry, _ progress: inout EncodingProgress, to buffer: inout ByteBuffer, limit: Int
    ) -> Bool {
        guard entry.type != .string else {
            append(entry, to: &buffer)
            return true
        }
        defer { progress.hasBegun = true }
        guard appendElements(entry, &progress, to: &buffer, limit: limit) else { return false }
        if let expiry = entry.expiry {
            buffer.appendCommand(arguments: 3)
            buffer.appendArgument("PEXPIREAT")
            buffer.appendArgument(entry.key)
            buffer.appendArgument(expiry)
        }
        return true
    }

    /// Adds elements until the buffer holds `limit` bytes; returns whether they were the last.
    private mutating func appendElements(
        _ entry: Entry, _ progress: inout EncodingProgress, to buffer: inout ByteBuffer, limit: Int
    ) -> Bool {
        let key = entry.key
        switch entry.type {
        case .string: return true
        case .list: return appendList(entry.aggregate(), key, &progress, to: &buffer, limit: limit)
        case .set: return appendSet(entry.aggregate(), key, &progress, to: &buffer, limit: limit)
        case .sortedSet: return appendSortedSet(entry.aggregate(), key, &progress, to: &buffer, limit: limit)
        case .hash: return appendHash(entry.aggregate(), key, &progress, to: &buffer, limit: limit)
        case .stream: return appendStream(entry.aggregate(), key, &progress, to: &buffer, limit: limit)
        }
    }

    // MARK: Commands

    /// Begins a command for `count` elements of a key, each of `width` arguments.
    @inline(__always)
    func begin(
        _ name: StaticString, _ key: ByteView, count: Int, width: Int = 1, _ buffer: inout ByteBuffer
    ) {
        buffer.appendCommand(arguments: 2 &+ count &* width)
        buffer.appendArgument(name)
        buffer.appendArgument(key)
    }

    /// Adds an element, whose arguments `body` adds, to a command that is written when it is full.
    @inline(__always)
    mutating func collect(
        _ name: StaticString, _ key: ByteView, width: Int = 1, to buffer: inout ByteBuffer,
        _ body: (inout ByteBuffer) -> Void
    ) {
        body(&elements)
        elementCount &+= 1
        if elementCount == Self.batch || elements.count > Self.batchBytes {
            writeCollected(name, key, width: width, to: &buffer)
        }
    }

    /// Writes a command with the elements that were collected, if any.
    mutating func writeCollected(
        _ name: StaticString, _ key: ByteView, width: Int = 1, to buffer: inout ByteBuffer
    ) {
        guard elementCount > 0 else { return }
        begin(name, key, count: elementCount, width: width, &buffer)
        buffer.append(elements.view)
        elements.clear(keeping: 2 * Self.batchBytes)
        elementCount = 0
    }
}
