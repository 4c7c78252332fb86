import Commands
import EventLoop
import Glibc
import Keyspace
import Logging
import Persistence
import Primitives
import Synchronization

/// DEBUG RELOAD and DEBUG LOADAOF: forgetting all keys and reading them from the files again, as a start does, while all
/// workers rest.
///
/// Reading is not logged. What was saved just now, or comes from the log, is what the log says; where something else was
/// read, the log is written anew before anybody goes on, and where that fails, read again in its place.
extension Durability {
    /// What is read, and what becomes of what is there.
    enum Reload: Sendable {
        /// - Parameters:
        ///   - saves: whether the snapshot is written first.
        ///   - empties: whether all keys go before it is read.
        ///   - merges: whether its keys may take the place of others.
        case snapshot(saves: Bool, empties: Bool, merges: Bool)
        case log
    }

    /// Reads the files again for those who want that. Called by the saver.
    ///
    /// - Returns: who they are.
    func reload() -> Set<Int> {
        let wanted = withState { state in
            defer { state.wantsReloads = [] }
            return state.wantsReloads
        }
        let intermission = Intermission()
        for worker in server.workers { worker.mailbox.send(.rest(intermission)) }
        defer { intermission.end() }
        let rests = intermission.await(workers: server.workers.count) { server.shutdown.isCertain }
        for (session, reload) in wanted {
            let failure = rests ? perform(reload) : CommandError("ERR the server is about to end")
            withState { state in
                // One that has gone since has been abandoned, or will be.
                if server.clients.find(session) != nil { state.reloads[session] = .some(failure) }
            }
        }
        return Set(wanted.map(\.session))
    }

    /// Reads the files again, while all workers rest; returns why that could not be done.
    private func perform(_ reload: Reload) -> CommandError? {
        switch reload {
        case .snapshot(let saves, let empties, let merges):
            return reloadSnapshot(saves: saves, empties: empties, merges: merges)
        case .log: return reloadLog()
        }
    }

    // MARK: The snapshot

    private static let unreadable = CommandError("ERR Error trying to load the RDB dump, check server logs.")

    private func reloadSnapshot(saves: Bool, empties: Bool, merges: Bool) -> CommandError? {
        if !empties, let refusal = refusalOfMerging(merges) { return refusal }
        if saves {
            guard saveSnapshot() else { return CommandError("ERR") }
        } else {
            do throws(PersistenceError) {
                try checkSnapshot()
            } catch {
                server.log.warning("Nothing was reloaded: \(error)")
                return Self.unreadable
            }
        }
        let wasLogging = hasLog
        var hasExpired = false
        let replayer = LogReplayer(server.keyspace, limits: CommandLimits(server.settings))
        do throws(PersistenceError) {
            try withoutLogging { () throws(PersistenceError) in
                if empties { try replayer.empty() }
                // The log has them still.
                hasExpired = try loadSnapshot(snapshotPath, isWhole: true, keepsExpired: wasLogging).hasExpired
            }
        } catch {
            server.log.warning("Reloading \(snapshotPath) failed: \(error)")
            recover(replayer, fromLog: wasLogging)
            return Self.unreadable
        }
        if hasExpired { replayer.expire() }
        if wasLogging, !saves || !empties, !rewriteLog() {
            recover(replayer, fromLog: true)
            return CommandError(
                "ERR the append-only file could not be written anew, so that its contents were loaded again")
        }
        server.log.warning("DB reloaded by DEBUG RELOAD")
        return nil
    }

    /// Why the snapshot cannot be read beside what is there.
    private func refusalOfMerging(_ merges: Bool) -> CommandError? {
        if server.keyspace.nodeStates.hasNodes.load(ordering: .relaxed) {
            return CommandError(
                "ERR NOFLUSH cannot be used here: nothing would tell computed keys that their sources have changed")
        }
        server.keyspace.lock(.all)
        let counts = server.keyspace.countsWhileLocked()
        server.keyspace.unlock(.all)
        guard !merges, counts.contains(where: { $0.keys > 0 }) else { return nil }
        return CommandError("ERR NOFLUSH needs MERGE while there are keys: the snapshot may have the same ones")
    }

    /// Reads the snapshot without using it, before anything is removed for it.
    private func checkSnapshot() throws(PersistenceError) {
        var check = try SnapshotCheck(snapshotPath, biggest: 0)
        try check.run()
        guard check.end == check.size, check.summary.functions == 0,
            check.summary.databases.keys.allSatisfy({ $0 < server.keyspace.databaseCount })
        else { throw PersistenceError("\(snapshotPath) holds what this server does not have room for") }
    }

    // MARK: The log

    private func reloadLog() -> CommandError? {
        guard hasLog, folder != nil else {
            return CommandError("ERR DEBUG LOADAOF cannot be used when appendonly is disabled.")
        }
        guard writeLog() else { return CommandError("ERR the append-only file cannot be written to its end") }
        loadLog(LogReplayer(server.keyspace, limits: CommandLimits(server.settings)))
        withState { $0.changesSaved = changes }
        server.log.warning("Append Only File loaded by DEBUG LOADAOF")
        return nil
    }

    /// Hands all that was logged to the kernel; returns whether that could be done.
    private func writeLog() -> Bool {
        while log.writtenPosition < log.appendedPosition, log.currentFailure == nil {
            log.write()
            condition.lock()
            if log.writtenPosition < log.appendedPosition { condition.wait(milliseconds: 1) }
            condition.unlock()
        }
        return log.currentFailure == nil
    }

    /// Puts what the log says in place of what is there. Where that cannot be done the process ends: the files have
    /// everything, and memory has not.
    private func loadLog(_ replayer: LogReplayer) {
        guard let folder else { return }
        do throws(PersistenceError) {
            try withoutLogging { () throws(PersistenceError) in
                try replayer.empty()
                try load(folder.directory)
            }
        } catch {
            server.log.critical("Fatal error loading the append-only file: \(error). Exiting.")
            exit(1)
        }
    }

    // MARK: Both

    /// Makes up for a snapshot that was read in part: what was derived from what is not known.
    private func recover(_ replayer: LogReplayer, fromLog hasLog: Bool) {
        if hasLog, writeLog() { return loadLog(replayer) }
        try? withoutLogging { () throws(PersistenceError) in try replayer.empty() }
    }

    private func withoutLogging(
        _ body: () throws(PersistenceError) -> Void
    ) throws(PersistenceError) {
        let keyspace = server.keyspace
        let wasLogging = keyspace.isLogging
        func setLogging(_ isLogging: Bool) {
            keyspace.lock(.all)
            keyspace.isLogging = isLogging
            keyspace.unlock(.all)
        }
        setLogging(false)
        defer { setLogging(wasLogging) }
        loading.loadedBytes.store(0, ordering: .relaxed)
        try body()
    }
}
