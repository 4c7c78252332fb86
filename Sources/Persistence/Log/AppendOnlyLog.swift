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

    private let lock = ShardLock()
    /// Not yet written. Guarded by `lock`, as are the two below.
    private var pending = ByteBuffer()
    /// Which database the commands at the end are for; -1 where the next one must say so.
    private var lastDatabase = -1
    private var lastTimestamp: Int64 = 0
    private let appended = Atomic<UInt64>(0)

    private let fileLock = ShardLock()
    /// The file that is appended to. Guarded by `fileLock`, as are the two below.
    private var file: File?
    /// Taken from `pending`, and on its way to the file.
    private var outgoing = ByteBuffer()
    private var outgoingEnd: UInt64 = 0
    private let written = Atomic<UInt64>(0)
    /// Bytes of the file that is appended to.
    private let fileBytes = Atomic<Int>(0)

    private let synced = Atomic<UInt64>(0)
    let condition = Condition()
    /// Guarded by `condition`, as are those below.
    private var requested: UInt64 = 0
    private var started: UInt64 = 0
    private var isStopping = false
    /// The file that is appended to, once for each thread that syncs it.
    private var synchronized: [File] = []
    /// Files that were appended to before, which must be on the disk before anything of the one that is now counts as being
    /// there. They are never synced twice, and nothing else meanwhile.
    private var retiring: [File] = []
    private var syncsRetired = false
    private var lastSync: Int64 = 0
    private var failure: Failure?
    private var threads: [Thread] = []
    private var syncsInFlight = 0

    private let policyValue = Atomic<Int>(1)
    private let stampsTime = Atomic<Bool>(false)
    /// Whether the files are out of order, at hand for those who ask with each turn.
    private let hasFailed = Atomic<Bool>(false)
    private let delayed = Atomic<Int>(0)
    private let restsWhileSaving = Atomic<Bool>(false)

    /// Told when `syncedPosition` has moved on. Called by the threads of the log; set before they start.
    public nonisolated(unsafe) var onSync: @Sendable () -> Void = {}
    /// Told when the files are out of order, and when they are in order again. Set before the threads start.
    public nonisolated(unsafe) var onFailure: @Sendable (Failure?) -> Void = { _ in }

    /// How many threads bring files to the disk.
    private static let threadCount = 2
    /// Longest time that writing waits for the disk while it is being synced, in milliseconds.
    private static let longestDelay: Int64 = 2000
    private static let keptBytes = 1 << 20
    /// Time between attempts to write what could not be written, in microseconds.
    private static let retryDelay: Int64 = 100_000
    /// How long a sync must have been going on for another one to begin, in microseconds.
    private static let secondSyncDelay: Int64 = 1000

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
        if effects.firstDatabase != lastDatabase { Effects.appendSelect(effects.firstDatabase, to: &pending) }
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
        Array("#TS:\(seconds)\r\n".utf8).withView { pending.append($0) }
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
    private let heldUp = Atomic<Bool>(false)

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

    /// When the sync began that is going on, in milliseconds of the monotonic clock; 0 for none.
    private let delayedSince = Atomic<Int64>(0)

    /// Writes all that was appended. `fileLock` is held.
    private func writeOut() {
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

    private func fail(_ reason: Failure) {
        let isNew = condition.withLock {
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

    // MARK: Files

    /// Brings what was appended so far to the disk, so that little is left of it when the next file is opened, and that one
    /// is not held up for long. Waits for the disk: to be called before `open`, without locks.
    public func settle() throws(PersistenceError) {
        condition.lock()
        while !retiring.isEmpty || syncsRetired, failure == nil, !isStopping { condition.wait(milliseconds: 100) }
        let isOutOfOrder = failure != nil
        condition.unlock()
        fileLock.lock()
        let current = file
        fileLock.unlock()
        // What is out of order is over with the next file.
        guard let current, !isOutOfOrder else { return }
        write()
        guard fdatasync(current.descriptor) != 0 else { return }
        let reason = errno
        fail(.sync(reason))
        throw PersistenceError("Can't sync \(current.path)", reason)
    }

    /// Appends to `next` from here on; the file before it is synced by the threads. Whoever needs to know at which command
    /// it begins calls this with every shard locked.
    ///
    /// - Parameter system: opens the file once more for each thread.
    /// - Throws: where the file cannot be opened, or the one before not be written to its end, which then goes on: what it
    ///   lacks would be missing in the middle until there is a base that holds it.
    public func open(_ next: File, _ system: FileSystem) throws(PersistenceError) {
        var synchronized: [File] = []
        for _ in 0..<Self.threadCount { synchronized.append(try system.open(next.path, .changing)) }
        let size = try next.size()
        fileLock.lock()
        writeOut()
        if file != nil, writtenPosition < appendedPosition, !hasFailedToSync {
            fileLock.unlock()
            throw PersistenceError("The file before \(next.path) cannot be written to its end")
        }
        // A file that cannot be trusted is not written to its end: only a base that holds everything helps.
        outgoing.clear(keeping: 0)
        let last = file
        file = next
        fileBytes.store(Int(size), ordering: .relaxed)
        lock.lock()
        pending.clear(keeping: Self.keptBytes)
        lastDatabase = -1
        lastTimestamp = 0
        written.store(appended.load(ordering: .relaxed), ordering: .releasing)
        lock.unlock()
        condition.withLock {
            self.synchronized = synchronized
            if let last {
                retiring.append(last)
                heldUp.store(true, ordering: .releasing)
            }
        }
        fileLock.unlock()
        condition.signal()
    }

    /// Ends appending: what was appended is written and synced.
    public func close() {
        fileLock.lock()
        writeOut()
        let last = file
        file = nil
        fileLock.unlock()
        let retired = condition.withLock {
            defer {
                retiring = []
                synchronized = []
            }
            return retiring
        }
        guard let last else { return }
        // Also where that fails: nobody waits for a log that has ended.
        defer { onSync() }
        do throws(PersistenceError) {
            for file in retired { try file.syncData() }
            if heldUp.exchange(false, ordering: .acquiringAndReleasing) { try writeLast(last) }
            try last.syncData()
            advance(to: writtenPosition)
        } catch {
            fail(.sync(EIO))
        }
    }

    /// Writes what was held up until now.
    private func writeLast(_ last: File) throws(PersistenceError) {
        fileLock.lock()
        file = last
        writeOut()
        file = nil
        fileLock.unlock()
    }

    /// Bytes of the file that is appended to.
    public var fileSize: Int { fileBytes.load(ordering: .relaxed) }
    /// Bytes that wait to be written.
    public var bufferedBytes: Int { Int(appendedPosition - writtenPosition) }
    /// Syncs that are going on.
    public var pendingSyncs: Int { condition.withLock { syncsInFlight } }
    /// How often writing had to wait for the disk.
    public var delayedWrites: Int { delayed.load(ordering: .relaxed) }

    /// Takes what has failed for over: called when a new base and file hold everything.
    public func forgetFailure() {
        condition.withLock {
            guard failure != nil else { return }
            failure = nil
            // What could not be synced is asked for again. What a file that was appended to before may lack, the base has.
            started = min(started, syncedPosition)
            if retiring.isEmpty, !syncsRetired { heldUp.store(false, ordering: .releasing) }
        }
        guard hasFailed.exchange(false, ordering: .acquiringAndReleasing) else { return }
        onFailure(nil)
        condition.signal()
        onSync()
    }

    private var hasFailedToSync: Bool {
        if case .sync = currentFailure { true } else { false }
    }

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

    // MARK: Syncing

    /// Starts the threads that bring files to the disk. Throws where the system refuses threads.
    public func start() throws(PersistenceError) {
        for index in 0..<Self.threadCount {
            guard let thread = Thread.start(name: "log-sync-\(index)", { [self] in run(index) }) else {
                throw PersistenceError("Can't start a thread", errno)
            }
            threads.append(thread)
        }
    }

    /// Ends the threads.
    public func stop() {
        condition.withLock { isStopping = true }
        condition.broadcast()
        for thread in threads { thread.join() }
        threads = []
    }

    /// Asks that what was written up to `position` is brought to the disk soon.
    public func requestSync(_ position: UInt64) {
        let wakes = condition.withLock {
            requested = max(requested, position)
            return requested > started
        }
        if wakes { condition.signal() }
    }

    private func run(_ index: Int) {
        while let work = nextWork(index) { sync(work) }
    }

    private struct Work {
        var file: File
        var retired: [File]
        /// What is to be on the disk afterwards.
        var goal: UInt64
    }

    /// Waits until there is something to bring to the disk; nil at the end.
    private func nextWork(_ index: Int) -> Work? {
        condition.lock()
        defer { condition.unlock() }
        while !isStopping {
            if isDue { return begin(index) }
            condition.wait(milliseconds: requested > started && !syncsRetired ? 1 : 100)
        }
        return nil
    }

    /// Begins a sync. `condition` is locked.
    private func begin(_ index: Int) -> Work {
        started = max(requested, writtenPosition)
        requested = started
        lastSync = Clock.monotonicMicroseconds()
        syncsInFlight += 1
        syncsRetired = !retiring.isEmpty
        defer { retiring = [] }
        return Work(file: synchronized[index], retired: retiring, goal: started)
    }

    /// Brings what was written to the disk at once, on the caller's thread, unless that is being done: for one who has nothing
    /// else to do meanwhile, and whom another thread would only cost time. `onSync` is called before it returns.
    public func syncIfIdle(_ position: UInt64) {
        let work: Work? = condition.withLock {
            requested = max(requested, position)
            return syncsInFlight == 0 && isDue ? begin(0) : nil
        }
        if let work { sync(work) }
    }

    /// Whether a sync is to begin. `condition` is locked.
    private var isDue: Bool {
        guard !synchronized.isEmpty, !syncsRetired else { return false }
        if case .sync = failure { return false }
        if !retiring.isEmpty { return syncsInFlight == 0 }
        if requested > started {
            // What cannot be written is tried again, but not without pause.
            if failure != nil { return Clock.monotonicMicroseconds() - lastSync >= Self.retryDelay }
            // A second one where the disk is slow: a fast one is better used by few syncs of many writes.
            return syncsInFlight == 0 || Clock.monotonicMicroseconds() - lastSync >= Self.secondSyncDelay
        }
        guard policy == .everysec, !defersSyncs, syncsInFlight == 0 else { return false }
        return appendedPosition > started && Clock.monotonicMicroseconds() - lastSync >= 1_000_000
    }

    private func sync(_ work: Work) {
        var reason: CInt = 0
        for file in work.retired where fdatasync(file.descriptor) != 0 { reason = errno }
        if !work.retired.isEmpty {
            // A failure is none of the new file's, which is nevertheless not to be written behind what is missing.
            if reason == 0 { heldUp.store(false, ordering: .releasing) }
            onSync()
        }
        // What was put off by the sync before is written now, so that it is not put off again.
        write()
        if policy == .everysec { delayedSince.store(Clock.monotonicMicroseconds() / 1000, ordering: .relaxed) }
        let position = writtenPosition
        if reason == 0, fdatasync(work.file.descriptor) != 0 { reason = errno }
        delayedSince.store(0, ordering: .relaxed)
        let hasMore = condition.withLock {
            syncsInFlight -= 1
            if !work.retired.isEmpty { syncsRetired = false }
            // What was put off, or could not be written, is still asked for.
            if position < work.goal { started = min(started, position) }
            return requested > started
        }
        if hasMore { condition.signal() }
        if reason == 0 { advance(to: position) } else { fail(.sync(reason)) }
    }

    private func advance(to position: UInt64) {
        synced.max(position, ordering: .acquiringAndReleasing)
        onSync()
    }
}
