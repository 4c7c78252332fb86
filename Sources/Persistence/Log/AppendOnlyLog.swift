import CLinux
import Glibc
import Keyspace
import Primitives
import Synchronization

/// When what was logged is forced to the disk (`appendfsync`).
public enum SyncPolicy: String, CaseIterable, Sendable {
    /// Before it is answered.
    case always
    /// Once a second.
    case everysec
    /// When the kernel likes.
    case no
}

/// The append-only file's end: takes the effects of all commands in their one order and brings them to the disk.
///
/// Effects are appended to a buffer in memory, under the locks of their keys and a lock of the log's own that is held for
/// the time of a copy. Workers call `write` at the end of their turn, before they send replies, so that what was answered
/// is with the kernel and survives the process. Whoever comes first writes for all.
///
/// Forcing it to the disk is left to threads that workers do not wait for. Replies that depend on it are held back until
/// `syncedPosition` has reached them, while other commands are executed: a group commit. Two threads may be at it at a
/// time, one a little behind the other, so that what is written while the disk is busy need not wait for it to be done
/// before its turn begins. Each has a descriptor of its own, since the kernel tells each descriptor once of a failure.
///
/// Positions count bytes since the start, across all files.
///
/// Lock order: shards → `lock`; `fileLock` → `lock`; `fileLock` is never taken under `lock`. It may be taken under shards.
public final class AppendOnlyLog: CommitLog, @unchecked Sendable {
    /// What has gone wrong with the files.
    public enum Failure: Sendable, Equatable {
        /// Bytes could not be written, for a reason as `errno` gives it. Tried again.
        case write(CInt)
        /// Bytes could not be forced to the disk. What the file holds is not known: only a new one helps.
        case sync(CInt)

        /// The reason as the system words it.
        public var reason: String {
            switch self {
            case .write(let code), .sync(let code): String(cString: strerror(code))
            }
        }
    }

    let lock = ShardLock()
    /// Not yet written. Guarded by `lock`, as are the two below.
    var pending = ByteBuffer()
    /// Which database the commands at the end are for; -1 where the next one must say so.
    var lastDatabase = -1
    var lastTimestamp: Int64 = 0
    let appended = Atomic<UInt64>(0)

    let fileLock = ShardLock()
    /// The file that is appended to. Guarded by `fileLock`, as are the two below.
    var file: File?
    /// Taken from `pending`, and on its way to the file.
    var outgoing = ByteBuffer()
    private var outgoingEnd: UInt64 = 0
    let written = Atomic<UInt64>(0)
    /// Bytes of the file that is appended to.
    let fileBytes = Atomic<Int>(0)

    let synced = Atomic<UInt64>(0)
    let condition = Condition()
    /// Guarded by `condition`, as are those below.
    var requested: UInt64 = 0
    var started: UInt64 = 0
    var isStopping = false
    /// The file that is appended to, once for each thread that syncs it.
    var synchronized: [File] = []
    /// Files that were appended to before, which must be on the disk before anything of the one that is now counts as being
    /// there. They are never synced twice, and nothing else meanwhile.
    var retiring: [File] = []
    var syncsRetired = false
    var lastSync: Int64 = 0
    var failure: Failure?
    /// Whether the base that is being written, or was written last, holds what the failure may have cost.
    var isFailureCovered = false
    var threads: [Thread] = []
    var syncsInFlight = 0
    /// Counts how often appending has ended, so that a sync which outlives that is told from others.
    var generation = 0

    private let policyValue = Atomic<Int>(1)
    private let stampsTime = Atomic<Bool>(false)
    /// Whether the files are out of order, at hand for those who ask with each turn.
    let hasFailed = Atomic<Bool>(false)
    /// Whether there is no base yet that the file could follow, so that nothing of it would be found again.
    let lacksBase = Atomic<Bool>(false)
    let heldUp = Atomic<Bool>(false)
    private let delayed = Atomic<Int>(0)
    /// When the sync began that is going on, in milliseconds of the monotonic clock; 0 for none.
    let delayedSince = Atomic<Int64>(0)
    private let restsWhileSaving = Atomic<Bool>(false)

    /// Told when `syncedPosition` has moved on. Called by the threads of the log; set before they start.
    public nonisolated(unsafe) var onSync: @Sendable () -> Void = {}
    /// Told when the files are out of order, and when they are in order again. Set before the threads start.
    public nonisolated(unsafe) var onFailure: @Sendable (Failure?) -> Void = { _ in }

    /// How many threads bring files to the disk.
    static let threadCount = 2
    /// Longest time that writing waits for the disk while it is being synced, in milliseconds.
    private static let longestDelay: Int64 = 2000
    static let keptBytes = 1 << 20

    public init() {}

    // MARK: Appending

    /// Position behind the last bytes that were appended.
    @inline(__always)
    public var appendedPosition: UInt64 { appended.load(ordering: .acquiring) }
    /// Position up to which the kernel has the bytes.
    @inline(__always)
    public var writtenPosition: UInt64 { written.load(ordering: .acquiring) }
    /// Position up to which the bytes are on the disk.
    @inline(__always)
    public var syncedPosition: UInt64 { synced.load(ordering: .acquiring) }

    public func append(_ effects: borrowing Effects) -> UInt64 {
        lock.lock()
        defer { lock.unlock() }
        let start = pending.count
        if stampsTime.load(ordering: .relaxed) { appendTimestamp() }
        if effects.firstDatabase != lastDatabase { pending.appendSelect(effects.firstDatabase) }
        lastDatabase = effects.lastDatabase
        let isUnit = effects.count > 1
        if isUnit { pending.append("*1\r\n$5\r\nMULTI\r\n") }
        pending.append(effects.text.view)
        if isUnit { pending.append("*1\r\n$4\r\nEXEC\r\n") }
        return appended.wrappingAdd(UInt64(pending.count - start), ordering: .releasing).newValue
    }

    /// Adds the time, where a second has passed since it was last added (`aof-timestamp-enabled`).
    private func appendTimestamp() {
        let seconds = Clock.wallMilliseconds() / 1000
        guard seconds > lastTimestamp else { return }
        lastTimestamp = seconds
        LogTimestamp.append(seconds: seconds, to: &pending)
    }

    // MARK: Writing

    /// Hands what was appended to the kernel, unless that is known to take long: while the disk is being synced once a
    /// second it is put off, by two seconds at most.
    public func write() {
        guard writtenPosition < appendedPosition, !isHeldUp, !mayDelay else { return }
        fileLock.lock()
        writeOut()
        fileLock.unlock()
    }

    /// Whether nothing is written since the file before the one that is appended to is not on the disk yet: after a power
    /// failure something would be missing in the middle.
    @inline(__always)
    public var isHeldUp: Bool { heldUp.load(ordering: .acquiring) }

    /// Whether nothing that is logged counts as safe for the moment, since it follows no base yet.
    public var isProvisional: Bool { lacksBase.load(ordering: .acquiring) }

    /// Whether replies to writes have to wait, since nothing is written at the moment. Not where the files are out of order:
    /// that can last, and whoever writes then is refused anyway.
    @inline(__always)
    public var holdsReplies: Bool { isHeldUp && !hasFailed.load(ordering: .acquiring) }

    /// Whether writing is put off for the moment.
    private var mayDelay: Bool {
        guard policy == .everysec, delayedSince.load(ordering: .relaxed) != 0 else { return false }
        let now = Clock.monotonicMicroseconds() / 1000
        if now - delayedSince.load(ordering: .relaxed) < Self.longestDelay { return true }
        delayed.wrappingAdd(1, ordering: .relaxed)
        return false
    }

    /// Writes all that was appended. `fileLock` is held.
    func writeOut() {
        guard let file, !isHeldUp else { return }
        while true {
            if outgoing.isEmpty {
                outgoing.clear(keeping: Self.keptBytes)
                lock.lock()
                swap(&pending, &outgoing)
                outgoingEnd = appended.load(ordering: .relaxed)
                lock.unlock()
                if outgoing.isEmpty { break }
            }
            guard writeOutgoing(to: file) else { return }
            written.store(outgoingEnd, ordering: .releasing)
        }
        if hasFailed.load(ordering: .relaxed) { recover() }
    }

    private func writeOutgoing(to file: File) -> Bool {
        while !outgoing.isEmpty {
            let count = Glibc.write(file.descriptor, outgoing.view.start, outgoing.count)
            if count < 0 {
                if errno == EINTR { continue }
                fail(.write(errno))
                return false
            }
            outgoing.consume(count)
            fileBytes.wrappingAdd(count, ordering: .relaxed)
        }
        return true
    }

    /// Notes that the files are out of order.
    ///
    /// - Parameter isCovered: whether what may have been lost by it is in the base that is being written.
    func fail(_ reason: Failure, isCovered: Bool = false) {
        let isNew = condition.withLock {
            isFailureCovered = isCovered && (failure == nil || isFailureCovered)
            // A write that fails afterwards changes nothing about a file that cannot be trusted.
            if case .sync = failure { return false }
            defer { failure = reason }
            return failure != reason
        }
        hasFailed.store(true, ordering: .relaxed)
        if isNew { onFailure(reason) }
        // Whoever waits for the disk waits in vain.
        onSync()
    }

    /// Notes that writing works again.
    private func recover() {
        let isOver = condition.withLock {
            guard case .write = failure else { return false }
            failure = nil
            return true
        }
        guard isOver else { return }
        hasFailed.store(false, ordering: .relaxed)
        onFailure(nil)
    }

    // MARK: Statistics

    /// Bytes of the file that is appended to.
    public var fileSize: Int { fileBytes.load(ordering: .relaxed) }
    /// Bytes that wait to be written.
    public var bufferedBytes: Int {
        // In this order the difference is never negative.
        let written = writtenPosition
        return Int(appendedPosition - written)
    }
    /// Syncs that are going on.
    public var pendingSyncs: Int { condition.withLock { syncsInFlight } }
    /// How often writing had to wait for the disk.
    public var delayedWrites: Int { delayed.load(ordering: .relaxed) }
    /// What is wrong with the files; nil where they are in order.
    public var currentFailure: Failure? { condition.withLock { failure } }

    // MARK: Settings

    public var policy: SyncPolicy {
        get { SyncPolicy.allCases[policyValue.load(ordering: .relaxed)] }
        set {
            policyValue.store(SyncPolicy.allCases.firstIndex(of: newValue) ?? 1, ordering: .relaxed)
            condition.signal()
        }
    }

    /// Whether times are added (`aof-timestamp-enabled`).
    public var addsTimestamps: Bool {
        get { stampsTime.load(ordering: .relaxed) }
        set { stampsTime.store(newValue, ordering: .relaxed) }
    }

    /// Whether nothing is synced for the moment (`no-appendfsync-on-rewrite`).
    public var defersSyncs: Bool {
        get { restsWhileSaving.load(ordering: .relaxed) }
        set { restsWhileSaving.store(newValue, ordering: .relaxed) }
    }
}
