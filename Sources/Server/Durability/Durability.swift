import Commands
import Configuration
import EventLoop
import Glibc
import Keyspace
import Logging
import Persistence
import Primitives
import Synchronization

/// The files of the server: when they are written, by whom, and what has become of it.
///
/// One thread, the saver, writes snapshots and rewrites the append-only file, one at a time; it takes requests from
/// commands, from rules and from itself. The log is written by workers and synced by its own threads.
final class Durability: @unchecked Sendable {
    /// What the saver does.
    enum Task: Sendable {
        case snapshot, rewrite
        /// A snapshot for a client.
        case copy
        /// Reading the files again.
        case reload
    }

    /// What the saver is doing, is to do, and has done.
    struct State {
        var running: Task?
        /// When it began, in milliseconds since 1970.
        var runningSince: Int64 = 0
        var wantsSnapshot = false
        var wantsRewrite = false
        /// Whether the saver leaves what it is doing and begins nothing; and whether it is over.
        var isStopping = false
        var isOver = false
        /// Seconds since 1970.
        var lastSave: Int64
        var lastSaveAttempt: Int64 = 0
        var lastSaveFailed = false
        var lastSaveSeconds = -1
        var saves = 0
        /// Snapshots that have ended, well or not.
        var attempts = 0
        var lastRewriteFailed = false
        var lastRewriteAttempt: Int64 = 0
        var lastRewriteSeconds = -1
        var rewrites = 0
        var consecutiveRewriteFailures = 0
        /// Changes of keys before the last snapshot's cut.
        var changesSaved = 0
        /// Connections that wait for the end of what they have asked for.
        var waiters: [Waiter] = []
        /// Those that want a snapshot for themselves, and what there is for them.
        var wantsCopies: Set<Int> = []
        var copies: [Int: File] = [:]
        /// Those that want files to be read again, and what has become of that.
        var wantsReloads: [(session: Int, reload: Reload)] = []
        var reloads: [Int: CommandError?] = [:]
        /// What is being written.
        var snapshot: Snapshot?
        /// Bytes of the append-only files after the last rewrite, and of those before the one that is appended to.
        var rewrittenSize = 0
        var settledSize = 0
        /// For how long it has been running.
        var runningSeconds: Int { running == nil ? 0 : Int((Clock.wallMilliseconds() - runningSince) / 1000) }
        /// What is running, or will be as soon as the saver has woken: who has asked for it takes it for begun.
        var active: Task? { running ?? (wantsRewrite ? .rewrite : wantsSnapshot ? .snapshot : nil) }
        /// What went wrong last, for SAVE and for the log.
        var lastError = ""
    }

    /// The folder of the append-only files, to be shared by steps that follow each other.
    final class Folder {
        var directory: AppendOnlyDirectory
        init(_ directory: consuming AppendOnlyDirectory) { self.directory = directory }
    }

    /// A connection that waits for a task's end.
    struct Waiter {
        let task: Task
        let worker: Int
        let session: Int
    }

    unowned(unsafe) let server: Server
    let log = AppendOnlyLog()
    let condition = Condition()
    let fileSystem = FileSystem()
    /// Guarded by `condition`.
    var guarded: State
    /// The append-only files. Used by the thread that loads and, from then on, by the saver.
    var folder: Folder?
    private var thread: Thread?
    /// What has been read of the files.
    let loading = LoadingProgress()
    /// Why writes are refused, if they are.
    private let refusal = Mutex<String?>(nil)

    init(server: Server) {
        self.server = server
        guarded = State(lastSave: Clock.wallMilliseconds() / 1000)
        log.onSync = { [unowned self] in for worker in self.server.workers { worker.logWasSynced() } }
        log.onFailure = { [unowned self] in logHasFailed($0) }
    }

    /// Reads or changes the state.
    func withState<R>(_ body: (inout State) -> R) -> R {
        condition.lock()
        defer { condition.unlock() }
        return body(&guarded)
    }

    /// Takes over the settings that concern the files.
    ///
    /// - Parameter holdsShards: whether the caller holds locks of shards, so that the end of logging is left to `tick`.
    func configure(_ settings: Settings, holdsShards: Bool) {
        log.policy = SyncPolicy(rawValue: settings.appendSync.rawValue) ?? .everysec
        log.addsTimestamps = settings.stampsLog
        guard !loading.isLoading, thread != nil else { return }
        updateRefusal()
        if settings.appendOnly, !server.keyspace.isLogging {
            request(.rewrite)
        } else if !settings.appendOnly, !holdsShards,
            server.keyspace.isLogging || log.syncedPosition < log.appendedPosition
        {
            endLogging()
        }
    }

    // MARK: Life

    /// Starts the threads.
    func start() throws(StartError) {
        do throws(PersistenceError) {
            try log.start()
        } catch {
            throw StartError(error.description)
        }
        thread = Thread.start(name: "saver") { [unowned self] in run() }
        guard thread != nil else { throw StartError("Could not start a thread: \(String(cString: strerror(errno)))") }
    }

    /// Ends the threads; what is being written is left.
    func stop() {
        withState { state in
            state.isStopping = true
            state.isOver = true
            state.snapshot?.cancel()
        }
        condition.broadcast()
        thread?.join()
        thread = nil
    }

    /// Writes what is left to write, when no command is executed any more.
    func finish() {
        log.stop()
        do throws(PersistenceError) {
            try log.close()
        } catch {
            server.log.critical("The append-only file lacks its end: \(error)")
        }
    }

    private func run() {
        // Of the thread: where cores are short those who serve clients come first.
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
        while let task = nextTask() {
            switch task {
            case .snapshot:
                saveSnapshot()
                endTask { $0.task == .snapshot }
            case .rewrite:
                rewriteLog()
                endTask { $0.task == .rewrite }
            case .copy:
                let clients = copySnapshot()
                endTask { $0.task == .copy && clients.contains($0.session) }
            case .reload:
                let clients = reload()
                endTask { $0.task == .reload && clients.contains($0.session) }
            }
        }
    }

    private func nextTask() -> Task? {
        condition.lock()
        defer { condition.unlock() }
        while !guarded.isOver {
            guard !guarded.isStopping else {
                condition.wait()
                continue
            }
            if guarded.wantsRewrite {
                guarded.wantsRewrite = false
                return begin(.rewrite)
            }
            if guarded.wantsSnapshot {
                guarded.wantsSnapshot = false
                return begin(.snapshot)
            }
            if !guarded.wantsCopies.isEmpty { return begin(.copy) }
            if !guarded.wantsReloads.isEmpty { return begin(.reload) }
            condition.wait()
        }
        return nil
    }

    /// Notes that a task begins. `condition` is locked.
    func begin(_ task: Task) -> Task {
        guarded.running = task
        guarded.runningSince = Clock.wallMilliseconds()
        switch task {
        case .snapshot: guarded.lastSaveAttempt = guarded.runningSince / 1000
        case .rewrite: guarded.lastRewriteAttempt = guarded.runningSince / 1000
        case .copy, .reload: break
        }
        return task
    }

    /// Notes that what was running is over, and wakes the connections that have waited for that.
    func endTask(_ isWaiting: (Waiter) -> Bool) {
        let waiters = withState { state in
            // Who is woken finds it over.
            state.running = nil
            state.snapshot = nil
            defer { state.waiters.removeAll(where: isWaiting) }
            return state.waiters.filter(isWaiting)
        }
        condition.broadcast()
        for waiter in waiters { server.workers[waiter.worker].mailbox.send(.wake(waiter.session)) }
    }

    /// Asks for a task; where one is running, it comes after that.
    func request(_ task: Task, for waiter: Waiter? = nil) {
        withState { state in
            switch task {
            case .snapshot: state.wantsSnapshot = true
            case .rewrite: state.wantsRewrite = true
            case .copy: if let waiter { state.wantsCopies.insert(waiter.session) }
            case .reload: break
            }
            if let waiter { state.waiters.append(waiter) }
        }
        condition.broadcast()
    }

    /// Asks for files to be read again.
    func request(_ reload: Reload, for waiter: Waiter) {
        withState { $0.wantsReloads.append((waiter.session, reload)) }
        request(.reload, for: waiter)
    }

    /// Forgets what a connection that has gone had asked for.
    func abandon(session: Int) {
        withState { state in
            state.wantsCopies.remove(session)
            state.copies[session] = nil
            state.wantsReloads.removeAll { $0.session == session }
            state.reloads[session] = nil
        }
    }

    // MARK: Failures

    /// Whether and why writes are refused.
    var writeRefusal: String? { refusal.withLock { $0 } }

    /// Notes why writes are refused; nil where they are not.
    private func setWriteRefusal(_ reason: String?) {
        let isNew = refusal.withLock { old in
            defer { old = reason }
            return old != reason
        }
        if isNew { server.settingsDidChange() }
    }

    private func logHasFailed(_ failure: AppendOnlyLog.Failure?) {
        switch failure {
        case nil:
            server.log.notice("The append-only file is in order again")
            updateRefusal()
        case .some(let failure):
            let isSync = if case .sync = failure { true } else { false }
            server.log.critical("\(isSync ? "Syncing" : "Writing") the append-only file failed: \(failure.reason)")
            if log.policy == .always, !log.isProvisional {
                // What was answered before is on the disk. What would be answered now may not be.
                server.log.critical("With appendfsync always that cannot be made up for: exiting")
                exit(1)
            }
            updateRefusal()
        }
    }

    /// Takes over whether writes are to be refused because the log or a snapshot has failed.
    func updateRefusal() {
        if let failure = log.currentFailure {
            return setWriteRefusal("MISCONF Errors writing to the AOF file: \(failure.reason)")
        }
        let settings = server.settings
        let isRefused =
            settings.stopsWritesOnSaveError && !settings.saveRules.isEmpty && withState { $0.lastSaveFailed }
        setWriteRefusal(isRefused ? Self.snapshotRefusal : nil)
    }

    private static let snapshotRefusal = """
        MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that \
        may modify the data set are disabled, because this instance is configured to report errors during writes if RDB \
        snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB \
        error.
        """
}
