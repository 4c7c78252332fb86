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
            text.appendSelect(database)
        }
        lastDatabase = database
        count &+= 1
        text.appendCommand(arguments: arguments)
    }

    /// Adds an argument.
    @inline(__always)
    public mutating func append(_ argument: ByteView) { text.appendArgument(argument) }

    /// Adds an argument.
    @inline(__always)
    public mutating func append(_ argument: StaticString) { text.appendArgument(argument) }

    /// Adds an element of a value as an argument.
    public mutating func append(_ element: ListpackElement) { text.appendArgument(element) }

    /// Adds the ID of an entry of a stream as an argument.
    public mutating func append(_ id: StreamID) { text.appendArgument(id) }

    /// Adds the text of a number as an argument.
    public mutating func append(_ integer: Int64) { text.appendArgument(integer) }

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
