import Keyspace
import Primitives
import RESP

/// A call that waits for keys to change, with all that is needed to execute it on another connection's thread.
public final class BlockedCall: KeyWaiter, @unchecked Sendable {
    /// The number of the connection that waits, and of its worker.
    public let session: Int
    public let worker: Int
    /// What is answered when it has waited long enough.
    public let timeoutReply: [UInt8]
    let entry: Unmanaged<CommandEntry>
    let arguments: OwnedArguments
    let database: Int
    let version: UInt8
    let recording: ReadRecording
    let leavesAccessClock: Bool
    /// Position in the commit log behind what was done in its place; 0 where nothing was logged. Set by who has claimed it,
    /// before the answer is sent.
    var loggedPosition: UInt64 = 0
    /// The user that the connection acts for.
    let account: Account?

    /// - Parameters:
    ///   - keys: positions of the keys that it waits for.
    ///   - arguments: what is executed when they change.
    fileprivate init(
        _ call: borrowing Call, keys: [Int], condition: Condition, needsAll: Bool, arguments: OwnedArguments,
        timeoutReply: [UInt8]
    ) {
        session = call.session.pointee.identifier
        worker = call.worker
        entry = .passUnretained(call.entry)
        self.arguments = arguments
        self.timeoutReply = timeoutReply
        database = call.access.database
        version = call.reply.version
        recording = call.access.recording
        leavesAccessClock = call.access.leavesAccessClock
        account = call.session.pointee.account
        super.init(
            keys: keys.map { call[$0].array }, database: call.access.database, condition: condition, needsAll: needsAll)
    }
}

/// What a command answers that has waited in vain.
public enum TimeoutReply {
    case null, nullArray

    fileprivate func encoded(_ version: UInt8) -> [UInt8] {
        if version >= 3 { return Array("_\r\n".utf8) }
        switch self {
        case .null: return Array("$-1\r\n".utf8)
        case .nullArray: return Array("*-1\r\n".utf8)
        }
    }
}

extension Call {
    /// The deadline of a command that waits, in milliseconds since 1970, from the argument with its timeout in seconds;
    /// `Int64.max` where that is 0.
    public func deadline(seconds index: Int) throws(CommandError) -> Int64 {
        let error = CommandError("ERR timeout is not a float or out of range")
        let seconds = try double(index, or: error)
        guard seconds >= 0 else { throw CommandError("ERR timeout is negative") }
        guard seconds > 0 else { return .max }
        let milliseconds = (seconds * 1000).rounded(.up)
        guard let whole = Int64(exactly: milliseconds), let deadline = now.adding(checked: whole) else {
            throw CommandError("ERR timeout is out of range")
        }
        return deadline
    }

    /// The same for a timeout in milliseconds.
    public func deadline(milliseconds index: Int) throws(CommandError) -> Int64 {
        let timeout = try integer(index, or: CommandError("ERR timeout is not an integer or out of range"))
        guard timeout >= 0 else { throw CommandError("ERR timeout is negative") }
        guard timeout > 0 else { return .max }
        guard let deadline = now.adding(checked: timeout) else { throw CommandError("ERR timeout is out of range") }
        return deadline
    }

    /// Whether a command that looks at several keys may look at this one: not in the place of one who waits, where only
    /// the shards are held of what has changed. The other keys have nothing for it: it would have got that.
    public func mayLook(at key: Key) -> Bool {
        !isServing || access.held.contains(Keyspace.shardIndex(key.hash))
    }

    /// Lets the command wait until one of its keys changes, or answers at once in a transaction, where nothing waits. The
    /// command is then executed anew, maybe on another thread.
    ///
    /// - Parameters:
    ///   - keys: positions of the keys that it waits for.
    ///   - destination: position of the key that it is going to change beside that.
    ///   - deadline: in milliseconds since 1970; `Int64.max` for never.
    ///   - reply: what it answers in vain.
    ///   - replacements: arguments that are others from now on.
    public mutating func wait(
        for condition: KeyWaiter.Condition, at keys: [Int], and destination: Int? = nil, until deadline: Int64,
        orElse reply: TimeoutReply, replacing replacements: [Int: [UInt8]] = [:]
    ) throws(CommandError) {
        // Who serves one that waits puts it back in its place.
        if isServing { throw .suspended }
        let timeoutReply = reply.encoded(self.reply.version)
        guard !isInTransaction else { return timeoutReply.withView { self.reply.raw($0) } }
        let shard = destination.map { Keyspace.shardIndex(key($0).hash) }
        let blocked = BlockedCall(
            self, keys: keys, condition: condition,
            needsAll: shard.map { shard in keys.contains { Keyspace.shardIndex(key($0).hash) != shard } } ?? false,
            arguments: OwnedArguments(arguments, replacing: replacements), timeoutReply: timeoutReply)
        access.beginWaiting(blocked)
        throw suspend(Suspension(blocked, deadline: deadline))
    }
}

extension Suspension {
    fileprivate init(_ blocked: BlockedCall, deadline: Int64) {
        self.init(deadline: deadline, wakesAt: deadline)
        self.blocked = blocked
    }
}
