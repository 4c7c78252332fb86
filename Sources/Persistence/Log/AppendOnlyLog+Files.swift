import Glibc
import Keyspace
import Primitives
import Synchronization

/// Which file is appended to.
extension AppendOnlyLog {
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
    /// - Parameters:
    ///   - system: opens the file once more for each thread.
    ///   - isProvisional: whether nothing of it would be found again before `noteBase`, so that until then nothing counts as
    ///     synced.
    /// - Throws: where the file cannot be opened, or the one before not be written to its end, which then goes on: what it
    ///   lacks would be missing in the middle until there is a base that holds it.
    public func open(_ next: File, _ system: FileSystem, isProvisional: Bool = false) throws(PersistenceError) {
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
        dropBuffers()
        let last = file
        file = next
        fileBytes.store(Int(size), ordering: .relaxed)
        lacksBase.store(isProvisional, ordering: .releasing)
        condition.withLock {
            self.synchronized = synchronized
            isFailureCovered = failure != nil
            if let last {
                retiring.append(last)
                heldUp.store(true, ordering: .releasing)
            }
        }
        fileLock.unlock()
        condition.signal()
    }

    /// Notes that there is a base for what is logged since the last file was opened: what went wrong before that is over, and
    /// what is synced counts.
    public func noteBase() {
        lacksBase.store(false, ordering: .releasing)
        let isOver = condition.withLock {
            // What could not be synced, or did not count, is asked for again.
            started = min(started, syncedPosition)
            guard failure != nil, isFailureCovered else { return false }
            failure = nil
            // What a file that was appended to before may lack, the base has.
            if retiring.isEmpty, !syncsRetired { heldUp.store(false, ordering: .releasing) }
            hasFailed.store(false, ordering: .releasing)
            return true
        }
        condition.signal()
        guard isOver else { return }
        onFailure(nil)
        onSync()
    }

    /// Ends appending for good: what was appended is written and synced, and nobody waits for it any more, even where that
    /// fails.
    public func close() throws(PersistenceError) {
        defer {
            leaveFile()
            advance(to: appendedPosition)
        }
        fileLock.lock()
        let last = file
        fileLock.unlock()
        guard let last else { return }
        // What is being synced may be what comes before the end.
        condition.lock()
        while syncsInFlight > 0 { condition.wait(milliseconds: 10) }
        let retired = retiring
        condition.unlock()
        for file in retired { try file.syncData() }
        heldUp.store(false, ordering: .releasing)
        fileLock.lock()
        writeOut()
        fileLock.unlock()
        guard writtenPosition == appendedPosition else {
            throw PersistenceError("\(last.path) cannot be written to its end")
        }
        try last.syncData()
        if case .sync(let reason) = currentFailure { throw PersistenceError("Can't sync \(last.path)", reason) }
    }

    /// Ends appending to a file that nothing will find again. Who waits for what was logged waits until there is a base that
    /// holds it.
    public func abandon() { leaveFile() }

    /// Appends to no file from here on. What is wrong with the last one is nobody's concern any more.
    private func leaveFile() {
        fileLock.lock()
        file = nil
        dropBuffers()
        fileLock.unlock()
        condition.withLock {
            retiring = []
            synchronized = []
            failure = nil
            generation += 1
            heldUp.store(false, ordering: .releasing)
        }
        if hasFailed.exchange(false, ordering: .acquiringAndReleasing) { onFailure(nil) }
    }

    /// Takes what was appended for written. `fileLock` is held.
    private func dropBuffers() {
        outgoing.clear(keeping: 0)
        lock.lock()
        pending.clear(keeping: Self.keptBytes)
        lastDatabase = -1
        lastTimestamp = 0
        written.store(appended.load(ordering: .relaxed), ordering: .releasing)
        lock.unlock()
    }

    private var hasFailedToSync: Bool {
        if case .sync = currentFailure { true } else { false }
    }
}
