import ComputedKeys
import Keyspace
import Primitives
import RESP

/// One execution of a command: what its handler is given.
///
/// A worker has one `Call`, which it reuses for all its commands; arguments are views into the connection's input and end
/// with the call.
public struct Call: ~Copyable {
    /// The command's name and arguments.
    public internal(set) var arguments = UnsafeBufferPointer<ByteView>(start: nil, count: 0)
    public var reply: ReplyWriter
    /// The door to the keys.
    public var access: Access
    public internal(set) var session: UnsafeMutablePointer<Session>
    public internal(set) unowned(unsafe) var entry: CommandEntry
    /// All commands.
    public unowned(unsafe) let table: CommandTable
    /// Hash of the first key, when it was computed ahead of the call.
    var firstKeyHash: UInt64 = 0
    var hasFirstKeyHash = false
    /// Hashes of keys by argument: of those below `hashedArguments` that the record's one range names.
    let hashes = UnsafeMutablePointer<UInt64>.allocate(capacity: Call.hashLimit)
    var hashedArguments = 0
    static var hashLimit: Int { 128 }
    /// Whether EXEC is what runs the command.
    public internal(set) var isInTransaction = false
    /// Whether what is executed comes from a log and was permitted when it was logged: nothing waits, no memory is too
    /// short, and times may be those of a clock that is ahead.
    public var isReplaying = false
    /// Whether the command is executed in the place of one who waits.
    public internal(set) var isServing = false
    /// Calls that took at least so many ticks are reported to the executor's observer; 0 for all of them.
    public var reportThreshold = UInt64.max
    /// Limits that configuration sets.
    public var limits = CommandLimits()
    /// The server, for commands that look at more than keys.
    public unowned(unsafe) let host: AnyObject
    /// The executing worker's number.
    public let worker: Int
    /// Random numbers that need not be secret.
    public var random = RandomGenerator()
    /// Messages to the calling connection that are not replies. They come behind the reply of the command, or of the
    /// transaction, during which they came, and whether or not replies are sent.
    public let pushes: UnsafeMutablePointer<ByteBuffer>
    /// Whether `CLIENT REPLY` hides what the call answers.
    public var isSilenced = false
    /// Two places for the text of an integer.
    public let scratch = UnsafeMutablePointer<UInt8>.allocate(capacity: 64)
    public let otherScratch = UnsafeMutablePointer<UInt8>.allocate(capacity: 64)

    init(
        reply: ReplyWriter, access: consuming Access, session: UnsafeMutablePointer<Session>, table: CommandTable,
        host: AnyObject, worker: Int
    ) {
        self.reply = reply
        self.access = access
        self.session = session
        self.table = table
        entry = table.entries[0]
        self.host = host
        self.worker = worker
        pushes = .allocate(capacity: 1)
        pushes.initialize(to: ByteBuffer())
    }

    deinit {
        hashes.deallocate()
        scratch.deallocate()
        otherScratch.deallocate()
        pushes.deinitialize(count: 1)
        pushes.deallocate()
    }

    /// Number of arguments, the command's name included.
    @inline(__always)
    public var count: Int { arguments.count }

    /// The argument at `index`; the name is at 0. Traps beyond the last.
    @inline(__always)
    public subscript(index: Int) -> ByteView {
        precondition(index >= 0 && index < arguments.count)
        return arguments.baseAddress.unsafelyUnwrapped[index]
    }

    /// The key at argument `index`.
    @inline(__always)
    public func key(_ index: Int) -> Key {
        if hasFirstKeyHash, index == entry.firstKey { return Key(self[index], hash: firstKeyHash) }
        return Key(self[index])
    }

    /// The key at argument `index`, one of those that the only range of the command's record names: hashed when the shards
    /// were locked.
    @inline(__always)
    func listedKey(_ index: Int) -> Key {
        index < hashedArguments ? Key(self[index], hash: hashes[index]) : key(index)
    }

    /// Lets the command wait; the handler throws what this returns. Not in a transaction, where nothing waits.
    public mutating func suspend(_ suspension: Suspension) -> CommandError {
        assert(!isInTransaction)
        session.pointee.suspension = suspension
        session.pointee.isSuspended = true
        session.pointee.state.insert(.resumed)
        return .suspended
    }

    /// Whether what takes long may be left to a job that the command waits for.
    var mayWait: Bool { !isInTransaction && !isServing && !isReplaying }

    /// Takes what the command has waited for, when it is executed again; nil when it is executed first.
    public mutating func takeSuspension() -> Suspension? { session.pointee.suspension.take() }

    /// Ends what a command has waited for and did not take when it was executed again, because it was refused or failed or
    /// needs it no more: the next command must not take it for its own. No locks may be held.
    @inline(never)
    mutating func endSuspension() {
        session.pointee.state.remove(.resumed)
        guard let suspension = takeSuspension() else { return }
        suspension.job?.abandon(&access)
        graph?.endWait(of: session.pointee.identifier)
    }

    /// Puts the messages that came during the call, or its transaction, behind its reply.
    public func appendPushes() {
        guard !pushes.pointee.isEmpty else { return }
        reply.output.pointee.append(pushes.pointee.view)
        pushes.pointee.clear(keeping: 0)
    }

    /// Milliseconds since 1970 when the command, or its transaction, began.
    @inline(__always)
    public var now: Int64 { access.now }

    /// The name of the command as it is declared, for errors.
    public var name: String { entry.fullName }
}

/// Limits of values and arguments that configuration sets.
public struct CommandLimits: Sendable {
    public var hash = HashLimits()
    public var list = ListLimits()
    public var set = SetLimits()
    public var sortedSet = SortedSetLimits()
    public var stream = StreamLimits()
    /// Longest string, in bytes (`proto-max-bulk-len`).
    public var maximumString = 512 << 20
    /// Longest sparse HyperLogLog, in bytes (`hll-sparse-max-bytes`).
    public var hyperLogLogSparse = 3000
    public init() {}
}
