import ComputedKeys
import Keyspace
import Primitives

/// What the server remembers of a connection from command to command, free of I/O.
public struct Session: ~Copyable {
    /// States in which a command cannot simply be executed.
    public struct State: OptionSet, Sendable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }
        /// A password is needed first.
        public static let unauthenticated = State(rawValue: 1 << 0)
        /// Between MULTI and EXEC: commands are queued.
        public static let transaction = State(rawValue: 1 << 1)
        /// `CLIENT REPLY OFF`: nothing is answered.
        public static let silent = State(rawValue: 1 << 2)
        /// `CLIENT REPLY SKIP`: the next command is not answered.
        public static let skipsNext = State(rawValue: 1 << 3)
        /// Has subscribed to channels: in RESP2 most commands are refused then.
        public static let subscriber = State(rawValue: 1 << 4)
        /// `CLIENT TRACKING` is on: each command decides whether what it reads is remembered.
        public static let tracking = State(rawValue: 1 << 5)
        /// The command that has waited is answered: what it answers is found in its suspension.
        public static let answered = State(rawValue: 1 << 6)
        /// Sees what all connections execute: may not read or write keys.
        public static let monitor = State(rawValue: 1 << 7)
        /// Acts for a user who may not do everything: each command is checked.
        public static let restricted = State(rawValue: 1 << 8)
        /// The files are still being read: most commands must wait.
        public static let loading = State(rawValue: 1 << 9)
        /// The files cannot be written: commands that write are refused.
        public static let writesRefused = State(rawValue: 1 << 10)
        /// What its commands write is on the disk before they are answered (`CLIENT FSYNC`).
        public static let durable = State(rawValue: 1 << 11)
        /// The next command has waited, and is executed again.
        public static let resumed = State(rawValue: 1 << 12)
    }

    /// Unique among all connections since the start.
    public let identifier: Int
    public var database = 0
    /// 2 or 3: the version of RESP that is spoken.
    public var version: UInt8 = 2
    public var state: State = []
    /// The user that the connection acts for. Where there is none, everything is permitted.
    public internal(set) var account: Account?
    /// Whether to close the connection once what was answered is sent.
    public var closesAfterReply = false
    /// What `CLIENT TRACKING` does for it.
    public var tracking: TrackingOptions = []
    /// Who wants to know what the connection reads, whatever the command.
    public var recording: ReadRecording = []
    /// Whether the command that was just executed waits, to be executed again when it is woken.
    public var isSuspended = false
    /// What the waiting command waits for; kept until it is answered.
    public var suspension: Suspension?
    /// Position in the commit log that must be on the disk before the connection is answered; 0 for none.
    public var awaitedPosition: UInt64 = 0
    /// Whether SYNC means a snapshot and nothing behind it (`REPLCONF rdb-only 1`).
    public var wantsSnapshotOnly = false
    /// `CLIENT NO-EVICT` and `CLIENT NO-TOUCH`.
    public var isProtectedFromEviction = false
    public var leavesAccessClock = false
    var queue = TransactionQueue()
    /// Number and bytes of the commands that EXEC is executing; nil outside of it.
    var executing: (count: Int, bytes: Int)?
    var watch = WatchList()

    public init(identifier: Int) { self.identifier = identifier }

    /// Takes the answer of the call that the connection waits with, which is given when that is executed again.
    public mutating func take(_ answer: [UInt8], of blocked: BlockedCall) {
        guard suspension?.blocked === blocked else { return }
        suspension?.blocked = nil
        suspension?.answer = answer
        suspension?.answerPosition = blocked.loggedPosition
        state.insert(.answered)
    }

    /// Whether a queued command writes.
    public var queuedWrites: Bool {
        queue.commands.contains { $0.entry.takeUnretainedValue().flags.mayReplicate }
    }

    /// Commands of the transaction that is being queued or executed; nil outside of one.
    public var queuedCount: Int? { executing?.count ?? (state.contains(.transaction) ? queue.commands.count : nil) }
    /// Whether one of the watched keys has changed.
    public var hasWatchedKeyChanged: Bool { watch.state?.isDirty ?? false }
    /// Number of keys watched.
    public var watchedCount: Int { watch.keys.count }
    /// Bytes that queued commands take.
    public var queuedBytes: Int { executing?.bytes ?? queue.bytes }
}

/// A command that waits. It has done nothing yet; it is executed from its start when it is woken, and at `wakesAt`.
public struct Suspension {
    /// When it gives up, in milliseconds since 1970; `Int64.max` for never.
    public var deadline: Int64
    /// When it is executed again at the latest.
    public var wakesAt: Int64
    /// What must be done before it is executed.
    public var job: (any SlicedJob)?
    /// What waits for keys in its place, and what it is answered.
    public var blocked: BlockedCall?
    public var answer: [UInt8]?
    /// Position in the commit log behind what was done for that answer; 0 where nothing was logged.
    var answerPosition: UInt64 = 0
    /// What it had counted before it began to wait.
    public var count = 0
    /// Whether it waits for memory.
    public internal(set) var awaitsRoom = false

    public init(deadline: Int64, wakesAt: Int64) {
        self.deadline = deadline
        self.wakesAt = wakesAt
    }

    /// Waits for memory until `wakesAt`.
    init(forRoomUntil wakesAt: Int64) {
        self.init(deadline: .max, wakesAt: wakesAt)
        awaitsRoom = true
    }

    /// Waits until a job is done.
    public init(job: any SlicedJob, count: Int = 0) {
        self.init(deadline: .max, wakesAt: .max)
        self.job = job
        self.count = count
    }
}

/// The commands between MULTI and EXEC, with copies of their arguments.
struct TransactionQueue {
    struct Queued {
        let entry: Unmanaged<CommandEntry>
        let arguments: OwnedArguments
    }

    /// Bytes that a queued command takes beside its arguments: its place in the queue and the heads of two arrays.
    private static let overhead = MemoryLayout<Queued>.stride + 96

    var commands: [Queued] = []
    /// Bytes that the commands take.
    var bytes = 0
    /// Whether a command could not be queued, so that EXEC must refuse.
    var isBroken = false
    /// Whether one of them asks for the disk before it is answered (`FSYNC`), and so EXEC does.
    var isDurable = false

    mutating func append(_ entry: Unmanaged<CommandEntry>, _ arguments: UnsafeBufferPointer<ByteView>) {
        let copies = OwnedArguments(arguments)
        bytes += copies.memoryUsage + Self.overhead
        commands.append(Queued(entry: entry, arguments: copies))
    }
}

/// What a connection watches.
struct WatchList {
    struct Watched {
        let database: Int
        let key: [UInt8]
        /// Whether the key had a computed value that was not served.
        let isHidden: Bool
    }

    var keys: [Watched] = []
    var state: WatchState?
}
