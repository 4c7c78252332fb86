import Glibc
import Keyspace
import Primitives
import Synchronization

/// Bringing the files to the disk.
extension AppendOnlyLog {
    /// Time between attempts to write what could not be written, in microseconds.
    private static let retryDelay: Int64 = 100_000
    /// How long a sync must have been going on for another one to begin, in microseconds.
    private static let secondSyncDelay: Int64 = 1000

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
        /// Whether nothing would be found again of what is synced.
        var isProvisional: Bool
        var generation: Int
    }

    /// Waits until there is something to bring to the disk; nil at the end.
    private func nextWork(_ index: Int) -> Work? {
        condition.lock()
        defer { condition.unlock() }
        while !isStopping {
            if isDue { return begin(index) }
            let isSoon = requested > started && !syncsRetired && !synchronized.isEmpty && failure == nil
            condition.wait(milliseconds: isSoon ? 1 : 100)
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
        return Work(
            file: synchronized[index], retired: retiring, goal: started, isProvisional: isProvisional,
            generation: generation)
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
        // What is missing is older than the base that is being written, and nothing may be written behind it before.
        let isCovered = reason != 0
        if !work.retired.isEmpty {
            if reason == 0 { heldUp.store(false, ordering: .releasing) }
            onSync()
        }
        // What was put off by the sync before is written now, so that it is not put off again.
        write()
        if policy == .everysec { delayedSince.store(Clock.monotonicMicroseconds() / 1000, ordering: .relaxed) }
        let position = writtenPosition
        if reason == 0, fdatasync(work.file.descriptor) != 0 { reason = errno }
        delayedSince.store(0, ordering: .relaxed)
        let (hasMore, isOver) = condition.withLock {
            syncsInFlight -= 1
            if !work.retired.isEmpty { syncsRetired = false }
            // What was put off, or could not be written, is still asked for.
            if position < work.goal { started = min(started, position) }
            return (requested > started, work.generation != generation)
        }
        if hasMore { condition.signal() }
        // Nobody appends to the file any more, or waits for it.
        guard !isOver else { return }
        if reason != 0 { return fail(.sync(reason), isCovered: isCovered) }
        if !work.isProvisional { advance(to: position) }
    }

    func advance(to position: UInt64) {
        synced.max(position, ordering: .acquiringAndReleasing)
        onSync()
    }
}
