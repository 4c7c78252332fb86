import Commands
import Configuration
import Glibc
import Keyspace
import Logging
import Persistence
import Primitives

/// What the saver does.
extension Durability {
    // MARK: Snapshots

    /// Where the snapshot is.
    var snapshotPath: String { path(server.settings.snapshotFileName) }

    private func path(_ name: String) -> String {
        let directory = server.settings.directory
        return directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
    }

    /// Writes a snapshot and puts it in place of the one before. Called by the saver, or while it rests.
    ///
    /// - Parameter isEnd: whether the server is to end with it. Where it fails nothing changes: that is for whoever has asked
    ///   for the end.
    @discardableResult
    func saveSnapshot(atEnd isEnd: Bool = false) -> Bool {
        let start = Clock.wallMilliseconds()
        let temporary = path("temp-\(getpid()).rdb")
        do throws(PersistenceError) {
            var changes = 0
            try write(temporary, options(server.settings), isLast: isEnd) { changes = self.changes }
            try fileSystem.rename(temporary, to: snapshotPath)
            try fileSystem.syncFolder(server.settings.directory)
            let seconds = Int((Clock.wallMilliseconds() - start) / 1000)
            withState { state in
                state.attempts += 1
                state.lastSave = Clock.wallMilliseconds() / 1000
                state.lastSaveFailed = false
                state.lastSaveSeconds = seconds
                state.saves += 1
                state.changesSaved = changes
            }
            server.log.notice("Snapshot saved: \(snapshotPath)")
            updateRefusal()
            return true
        } catch {
            try? fileSystem.remove(temporary)
            withState { state in
                state.lastError = error.description
                guard !isEnd else { return }
                if state.isStopping {
                    // What was left for the end is done anew where that does not come.
                    state.wantsSnapshot = true
                } else {
                    state.attempts += 1
                    state.lastSaveFailed = true
                }
            }
            server.log.warning("Saving a snapshot failed: \(error)")
            updateRefusal()
            return false
        }
    }

    /// Writes a snapshot for the clients that want one to a file that goes when the last of them has it; returns who they are.
    func copySnapshot() -> Set<Int> {
        let clients = withState { state in
            defer { state.wantsCopies = [] }
            return state.wantsCopies
        }
        let temporary = path("temp-\(getpid())-copy.rdb")
        do throws(PersistenceError) {
            try write(temporary, options(server.settings)) {}
            let file = try fileSystem.open(temporary, .reading)
            try fileSystem.remove(temporary)
            withState { state in
                // Those that have gone since have been abandoned, or will be.
                for client in clients where server.clients.find(client) != nil { state.copies[client] = file }
            }
        } catch {
            try? fileSystem.remove(temporary)
            server.log.warning("Writing a snapshot for a client failed: \(error)")
        }
        return clients
    }

    private func options(_ settings: Settings) -> Snapshot.Options {
        var options = Snapshot.Options()
        let graph = server.graph
        options.describe = { entry, database, isFlushed, append in
            // The name depends on what is found out on the way.
            var field: [UInt8] = []
            let isServed = SavedComputation.describe(entry, database: database, isFlushed ? nil : graph) {
                field = $0.array
            }
            field.withView { append(isServed ? SavedComputation.servedName : SavedComputation.staleName, $0) }
            return isServed
        }
        options.compresses = settings.compressesSnapshots
        options.hasChecksum = settings.checksSnapshots
        options.version = Server.redisVersionLiteral
        return options
    }

    /// Writes all keys to a new file at `path` and waits until it is on the disk.
    ///
    /// - Parameters:
    ///   - isLast: whether it is what the server ends with, and not left for that.
    ///   - onCut: called at the cut, with every shard held.
    private func write(
        _ path: String, _ options: Snapshot.Options, isLast: Bool = false, onCut: () throws(PersistenceError) -> Void
    ) throws(PersistenceError) {
        let file = SnapshotFile(try fileSystem.open(path, .replacing), isChecked: options.hasChecksum)
        let snapshot = Snapshot(server.keyspace, to: file, options: options)
        let isStopping = withState { state in
            state.snapshot = snapshot
            return state.isStopping
        }
        if isStopping, !isLast { snapshot.cancel() }
        try snapshot.run(onCut: onCut)
        try file.sync()
    }

    // MARK: The append-only file

    /// Writes a new base for the append-only file, and begins one where there is none; returns whether that could be done.
    @discardableResult
    func rewriteLog() -> Bool {
        let start = Clock.wallMilliseconds()
        do throws(PersistenceError) {
            try rewrite()
            let seconds = Int((Clock.wallMilliseconds() - start) / 1000)
            withState { state in
                state.lastRewriteFailed = false
                state.lastRewriteSeconds = seconds
                state.rewrites += 1
                state.consecutiveRewriteFailures = 0
            }
            server.log.notice("Background AOF rewrite finished successfully")
            updateRefusal()
            return true
        } catch {
            withState { state in
                state.lastError = error.description
                if state.isStopping { return state.wantsRewrite = true }
                state.lastRewriteFailed = true
                state.consecutiveRewriteFailures += 1
            }
            server.log.warning("Rewriting the append-only file failed: \(error)")
            return false
        }
    }

    private func rewrite() throws(PersistenceError) {
        let folder = try openFolder()
        let isFirst = !server.keyspace.isLogging
        let turnsOn = isFirst && server.settings.appendOnly
        var options = options(server.settings)
        options.isBase = true
        if !server.settings.startsLogWithSnapshot {
            options.format = .aof
            options.hasChecksum = false
            options.hasTimestamp = server.settings.stampsLog
        }
        // What comes behind the base; nothing where writes are not logged.
        var next: File?
        do throws(PersistenceError) {
            // Before the cut: nobody waits for the disk.
            if !isFirst {
                try log.settle()
                next = try folder.directory.startIncremental()
            } else if turnsOn {
                next = try folder.directory.startTemporaryIncremental()
            }
            try write(folder.directory.names.temporaryBase, options) { () throws(PersistenceError) in
                guard let next else { return }
                try log.open(next, fileSystem, isProvisional: isFirst)
                server.keyspace.isLogging = true
            }
            if isFirst, let failure = log.currentFailure {
                throw PersistenceError("What came after the base could not be kept: \(failure.reason)")
            }
            try folder.directory.installBase(
                options.format, followedBy: !isFirst ? .incremental : turnsOn ? .temporary : .none)
        } catch {
            // A full disk is not to stay full of it.
            try? fileSystem.remove(folder.directory.names.temporaryBase)
            // Nothing says of what was logged what it follows.
            if turnsOn { stopLogging { log.abandon() } }
            noteSizes(folder.directory)
            throw error
        }
        log.noteBase()
        try folder.directory.removeHistory()
        noteSizes(folder.directory, areRewritten: true)
    }

    /// Ends that writes are logged, as `appendonly no` says; the files stay.
    func endLogging() {
        stopLogging {
            do throws(PersistenceError) {
                try log.close()
            } catch {
                server.log.warning("The append-only file lacks its end: \(error)")
            }
        }
    }

    private func stopLogging(_ leave: () -> Void) {
        server.keyspace.lock(.all)
        server.keyspace.isLogging = false
        server.keyspace.unlock(.all)
        leave()
    }

    /// Notes how large the files are.
    ///
    /// - Parameter areRewritten: whether they are as small as they can be, so that the next rewrite is due when they have
    ///   grown.
    func noteSizes(_ folder: borrowing AppendOnlyDirectory, areRewritten: Bool = false) {
        let files = (try? folder.files()) ?? []
        let size = files.reduce(0) { $0 + Int($1.size ?? 0) }
        withState { state in
            if areRewritten { state.rewrittenSize = size }
            state.settledSize = max(0, size - log.fileSize)
        }
    }

    private func openFolder() throws(PersistenceError) -> Folder {
        if let folder { return folder }
        let opened = Folder(try AppendOnlyDirectory(folderNames, system: fileSystem))
        folder = opened
        return opened
    }

    /// Where the append-only files are.
    var folderNames: AppendOnlyDirectory.Names {
        let settings = server.settings
        return AppendOnlyDirectory.Names(
            parent: settings.directory, folder: settings.appendFolderName, stem: settings.appendFileName)
    }
}
