import Glibc
import Primitives

/// What a command, or a transaction, has done, as commands that do it again: what goes to the commit log.
///
/// A command that does the same thing whenever it is executed on the same keys stands there as it came. One whose outcome
/// depends on the time, on chance or on what others wait for is replaced by what it has done: `EXPIRE` by a deadline,
/// `SPOP` by the removal of what it drew. Keys that have expired or were evicted on the way come before it as `DEL`.
///
/// The text is RESP, an array of bulk strings for each command, with a `SELECT` before the first one of another database.
public struct Effects: ~Copyable {
    /// The commands.
    public private(set) var text = ByteBuffer()
    /// How many they are, without SELECT.
    public private(set) var count = 0
    /// The database of the first command, which stands for it without a SELECT, and that of the last.
    public private(set) var firstDatabase = 0
    public private(set) var lastDatabase = 0
    /// Position in the commit log behind the last effects that were handed over.
    public private(set) var position: UInt64 = 0
    /// Whether what the command being executed has done has been said otherwise than by the command itself.
    public var isReplaced = false

    /// Most bytes that are kept for what comes next.
    private static let keptBytes = 64 * 1024

    public init() {}

    @inlinable public var isEmpty: Bool { count == 0 }

    /// Begins a command of `arguments` arguments, its name included, each of which is added with `append`.
    @inline(__always)
    public mutating func begin(database: Int, arguments: Int) {
        if count == 0 {
            firstDatabase = database
        } else if database != lastDatabase {
            Self.appendSelect(database, to: &text)
        }
        lastDatabase = database
        count &+= 1
        Self.appendHeader(UInt8(ascii: "*"), arguments, to: &text)
    }

    /// Adds an argument.
    @inline(__always)
    public mutating func append(_ argument: ByteView) { Self.append(argument, to: &text) }

    /// Adds an argument.
    @inline(__always)
    public mutating func append(_ argument: StaticString) { Self.append(ByteView(argument), to: &text) }

    /// Adds an element of a value as an argument.
    public mutating func append(_ element: ListpackElement) {
        switch element {
        case .bytes(let bytes): append(bytes)
        case .integer(let value): append(value)
        }
    }

    /// Adds the ID of an entry of a stream as an argument.
    public mutating func append(_ id: StreamID) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: StreamID.maximumTextLength) { scratch in
            guard let start = scratch.baseAddress else { return }
            append(ByteView(start, count: id.write(to: start)))
        }
    }

    /// Adds the text of a number as an argument.
    public mutating func append(_ integer: Int64) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: maximumIntegerTextLength) { scratch in
            guard let start = scratch.baseAddress else { return }
            Self.append(ByteView(start, count: writeInteger(integer, to: start)), to: &text)
        }
    }

    /// Hands everything over to the keyspace's commit log, as one unit.
    public mutating func handOver(to keyspace: Keyspace) {
        guard !isEmpty else { return }
        if let log = keyspace.commitLog { position = log.append(self) }
        removeAll()
    }

    /// Forgets everything.
    public mutating func removeAll() {
        count = 0
        isReplaced = false
        text.clear(keeping: Self.keptBytes)
    }

    // MARK: The format

    /// Adds `SELECT database`.
    public static func appendSelect(_ database: Int, to text: inout ByteBuffer) {
        text.append("*2\r\n$6\r\nSELECT\r\n")
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: maximumIntegerTextLength) { scratch in
            guard let start = scratch.baseAddress else { return }
            append(ByteView(start, count: writeInteger(Int64(database), to: start)), to: &text)
        }
    }

    /// Adds a bulk string.
    @inline(__always)
    private static func append(_ argument: ByteView, to text: inout ByteBuffer) {
        appendHeader(UInt8(ascii: "$"), argument.count, to: &text)
        let target = text.reserve(argument.count &+ 2)
        memcpy(target, argument.start, argument.count)
        target[argument.count] = UInt8(ascii: "\r")
        target[argument.count &+ 1] = UInt8(ascii: "\n")
        text.commit(argument.count &+ 2)
    }

    /// Adds a line of a sign and a length.
    @inline(__always)
    private static func appendHeader(_ sign: UInt8, _ length: Int, to text: inout ByteBuffer) {
        let target = text.reserve(maximumIntegerTextLength &+ 3)
        target[0] = sign
        var end = 1
        if length < 10 {
            target[1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: length)
            end = 2
        } else {
            end &+= writeInteger(Int64(length), to: target + 1)
        }
        target[end] = UInt8(ascii: "\r")
        target[end &+ 1] = UInt8(ascii: "\n")
        text.commit(end &+ 2)
    }
}

/// Where the effects of all commands go, in the one order of all writes.
public protocol CommitLog: AnyObject, Sendable {
    /// Takes what a command or a transaction has done, as one unit that is replayed as a whole or not at all. Called under
    /// the locks of its keys, so that effects on one key come in their order; takes only locks that stand behind shards in
    /// the lock order.
    ///
    /// - Returns: the position behind them.
    func append(_ effects: borrowing Effects) -> UInt64
}
