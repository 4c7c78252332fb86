import Commands
import Configuration
import Glibc
import Keyspace
import Logging
import Persistence
import Primitives
import Synchronization

/// Reading the files when the server starts.
extension Durability {
    /// Brings the keyspace to where the files left it, and begins to log where that is asked for. Runs before commands on
    /// keys are executed.
    ///
    /// - Throws: where a file cannot be used; nothing is changed then.
    func load() throws(PersistenceError) {
        let settings = server.settings
        let start = Clock.monotonicMicroseconds()
        if settings.appendOnly {
            let folder = Folder(try AppendOnlyDirectory(folderNames, system: fileSystem))
            self.folder = folder
            if folder.directory.manifest.isEmpty {
                // Who turns the append-only file on for a server that had snapshots does not mean to lose its data.
                if try loadSnapshotIfPresent() { reportLoaded(from: "disk", since: start) }
                try folder.directory.removeLeftovers()
                return try beginLog()
            }
            try load(folder.directory)
            try folder.directory.removeLeftovers()
            try log.open(try folder.directory.openForAppending(), fileSystem)
            noteSizes(folder.directory, areRewritten: true)
            server.keyspace.isLogging = true
            reportLoaded(from: "append only file", since: start)
        } else if try loadSnapshotIfPresent() {
            reportLoaded(from: "disk", since: start)
        }
        withState { $0.changesSaved = changes }
    }

    private func reportLoaded(from source: String, since start: Int64) {
        let seconds = Double(Clock.monotonicMicroseconds() - start) / 1e6
        server.log.notice("DB loaded from \(source): \(fixedText(seconds, decimals: 3)) seconds")
    }

    /// Begins the append-only file with what is there.
    private func beginLog() throws(PersistenceError) {
        rewriteLog()
        guard server.keyspace.isLogging else {
            throw PersistenceError("Can't begin the append-only file: \(withState { $0.lastError })")
        }
    }

    // MARK: Snapshots

    private func loadSnapshotIfPresent() throws(PersistenceError) -> Bool {
        guard let status = try fileSystem.status(snapshotPath), !status.isFolder else { return false }
        loading.totalBytes.store(Int(status.size), ordering: .relaxed)
        let hasExpired = try loadSnapshot(snapshotPath, isWhole: true, keepsExpired: false).hasExpired
        if hasExpired { LogReplayer(server.keyspace, limits: CommandLimits(server.settings)).expire() }
        return true
    }

    /// Loads the snapshot that a file is, or begins with; returns where it ends, and whether what has expired is there, as
    /// it is also where something may depend on it.
    func loadSnapshot(
        _ path: String, isWhole: Bool, keepsExpired: Bool
    ) throws(PersistenceError) -> (end: Int64, hasExpired: Bool) {
        let settings = server.settings
        let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        let loader = SnapshotLoader(server.keyspace, limits: ValueLimits(settings), threads: cores > 1 ? cores : 0)
        var computed = SavedComputations()
        loader.onField = { computed.add($0, $1) }
        let checks = settings.checksSnapshots
        let loaded = try loader.load(path, checks: checks, isWhole: isWhole, keepsExpired: keepsExpired) { [loading] in
            loading.loadedBytes.store($0, ordering: .relaxed)
            loading.keys.store($1, ordering: .relaxed)
            loading.expired.store($2, ordering: .relaxed)
        }
        let replayer = LogReplayer(server.keyspace, limits: CommandLimits(settings))
        try computed.restore(replayer, databases: server.keyspace.databaseCount)
        return loaded
    }

    // MARK: The append-only file

    /// Loads all files.
    func load(_ folder: borrowing AppendOnlyDirectory) throws(PersistenceError) {
        let files = try folder.files()
        loading.totalBytes.store(files.reduce(0) { $0 + Int($1.size ?? 0) }, ordering: .relaxed)
        let replayer = LogReplayer(server.keyspace, limits: CommandLimits(server.settings))
        for file in files { try load(file, replayer) }
        if let first = replayer.errors.first {
            server.log.warning("\(replayer.errors.count) commands of the append-only file had no effect: \(first)")
        }
    }

    private func load(
        _ live: AppendOnlyDirectory.LiveFile, _ replayer: LogReplayer
    ) throws(PersistenceError) {
        let file = try fileSystem.open(live.path, .changing)
        guard try file.size() > 0 else { return }
        let startsWithSnapshot = try LogScanner.startsWithSnapshot(file)
        let start = startsWithSnapshot ? try loadSnapshot(live.path, isWhole: false, keepsExpired: true).end : 0
        let before = loading.loadedBytes.load(ordering: .relaxed)
        var scanner = try LogScanner(file, from: start)
        var fields = LogField.Reader()
        var computed = SavedComputations()
        replayer.begin()
        while true {
            switch try scanner.next() {
            case .commands(let commands, let offset):
                do throws(PersistenceError) {
                    try replayer.replay(commands)
                } catch {
                    throw PersistenceError("\(live.path), commands from offset \(offset) on: \(error)")
                }
                loading.loadedBytes.store(before + Int(offset - start) + commands.count, ordering: .relaxed)
            case .annotation(let line, _):
                if live.isBase { fields.read(line) { computed.add($0, $1) } }
            case .end:
                return try computed.restore(replayer, databases: server.keyspace.databaseCount)
            case .cut(let cut):
                try shorten(file, live, cut)
                return try computed.restore(replayer, databases: server.keyspace.databaseCount)
            case .damage(let damage):
                throw PersistenceError(
                    """
                    \(live.path) \(damage). Nothing was changed. Make a copy of the files, and let \
                    `freshet-check aof --fix \(folderNames.manifest)` cut off what cannot be read
                    """)
            }
        }
    }

    /// Cuts off what an interruption has left at the end.
    private func shorten(
        _ file: File, _ live: AppendOnlyDirectory.LiveFile, _ cut: LogScanner.Cut
    ) throws(PersistenceError) {
        guard live.isLast, server.settings.loadsTruncatedLog else {
            let reason = live.isLast ? "aof-load-truncated is no" : "it is not the last file"
            throw PersistenceError(
                """
                \(live.path) \(cut), and \(reason). Nothing was changed. Make a copy of the files, and let \
                `freshet-check aof --fix \(folderNames.manifest)` cut that off
                """)
        }
        server.log.warning("!!! \(live.path) \(cut): \(cut.size - cut.offset) bytes are cut off")
        try file.truncate(to: cut.offset)
        try file.syncData()
    }
}

extension ValueLimits {
    init(_ settings: Settings) {
        let limits = CommandLimits(settings)
        self.init(hash: limits.hash, list: limits.list, set: limits.set, sortedSet: limits.sortedSet)
    }
}
