import Configuration
import Keyspace
import Persistence
import Primitives

/// When snapshots and rewrites begin by themselves.
extension Durability {
    /// Seconds between attempts of what failed.
    private static let retryDelay: Int64 = 5

    /// Seconds between attempts to rewrite, since each leaves a file behind: doubled with each failure, up to an hour, or to
    /// a minute where writes are refused, or not logged, until one succeeds.
    private static func delay(after failures: Int, isNeeded: Bool) -> Int64 {
        // A base that was written is of no use where the log behind it fails at once.
        guard failures > 0 else { return isNeeded ? retryDelay : -1 }
        return min(retryDelay << Int64(min(failures - 1, 10)), isNeeded ? 60 : 3600)
    }

    /// Changes of keys since the start.
    var changes: Int { server.workers.reduce(0) { $0 + $1.accessStatistics.pointee.changes.current } }

    /// Begins what is due by the rules of the configuration. Called by one worker, ten times a second.
    func tick(_ settings: Settings) {
        guard !loading.isLoading else { return }
        if isSnapshotDue(settings) { request(.snapshot) }
        if isRewriteDue(settings) { request(.rewrite) }
        // A rewrite that was going on when logging was turned off has turned it on at its cut.
        // The worker's own settings may be older than the log.
        if server.keyspace.isLogging, !server.settings.appendOnly { endLogging() }
        log.defersSyncs = settings.restsSyncWhileSaving && withState { $0.running != nil }
    }

    private func isSnapshotDue(_ settings: Settings) -> Bool {
        guard !settings.saveRules.isEmpty else { return false }
        let now = Clock.wallMilliseconds() / 1000
        let changes = changes
        return withState { state in
            guard state.running == nil, !state.wantsSnapshot,
                !state.lastSaveFailed || now - state.lastSaveAttempt > Self.retryDelay
            else { return false }
            return settings.saveRules.contains {
                changes - state.changesSaved >= $0.changes && now - state.lastSave > Int64($0.seconds)
            }
        }
    }

    private func isRewriteDue(_ settings: Settings) -> Bool {
        guard settings.appendOnly else { return false }
        let now = Clock.wallMilliseconds() / 1000
        let size = log.fileSize
        let isLogging = server.keyspace.isLogging
        let isBroken = if case .sync = log.currentFailure { true } else { false }
        // What is missing, or cannot be trusted, is written anew.
        let isNeeded = !isLogging || isBroken
        return withState { state in
            let delay = Self.delay(after: state.consecutiveRewriteFailures, isNeeded: isNeeded)
            guard state.running == nil, !state.wantsRewrite, now - state.lastRewriteAttempt > delay else {
                return false
            }
            if isNeeded { return true }
            let total = state.settledSize + size
            guard settings.autoRewritePercentage > 0, total > settings.autoRewriteMinimumSize else { return false }
            let base = Double(max(1, state.rewrittenSize))
            return (Double(total) - base) / base * 100 >= Double(settings.autoRewritePercentage)
        }
    }
}
