import Configuration
import Keyspace
import Persistence
import Primitives
import Synchronization

extension InfoReport {
    mutating func writePersistence() {
        let durability = server.durability
        let state = durability.withState { $0 }
        info.section("Persistence")
        info.field("loading", durability.loading.isLoading ? 1 : 0)
        info.zeros("async_loading", "current_cow_peak", "current_cow_size", "current_cow_size_age")
        writeProgress(state)
        writeSnapshots(state)
        writeLog(state)
        if durability.loading.isLoading { writeLoading() }
    }

    private mutating func writeProgress(_ state: Durability.State) {
        let progress = state.snapshot?.progress ?? (saved: 0, total: 0)
        let part = progress.total > 0 ? Double(progress.saved) / Double(progress.total) * 100 : 0
        info.field("current_fork_perc", fixedText(part, decimals: 2))
        info.field("current_save_keys_processed", progress.saved)
        info.field("current_save_keys_total", progress.total)
    }

    private mutating func writeSnapshots(_ state: Durability.State) {
        let isSaving = state.active == .snapshot
        info.field("rdb_changes_since_last_save", max(0, totals.changes - state.changesSaved))
        info.field("rdb_bgsave_in_progress", isSaving ? 1 : 0)
        info.field("rdb_last_save_time", state.lastSave)
        info.field("rdb_last_bgsave_status", state.lastSaveFailed ? "err" : "ok")
        info.field("rdb_last_bgsave_time_sec", state.lastSaveSeconds)
        info.field("rdb_current_bgsave_time_sec", isSaving ? state.runningSeconds : -1)
        info.field("rdb_saves", state.saves)
        info.zeros("rdb_last_cow_size")
        info.field("rdb_last_load_keys_expired", server.durability.loading.expired.load(ordering: .relaxed))
        info.field("rdb_last_load_keys_loaded", server.durability.loading.keys.load(ordering: .relaxed))
    }

    private mutating func writeLog(_ state: Durability.State) {
        let log = server.durability.log
        let isLogging = server.keyspace.isLogging
        let isRewriting = state.active == .rewrite
        info.field("aof_enabled", isLogging ? 1 : 0)
        info.field("aof_rewrite_in_progress", isRewriting ? 1 : 0)
        info.field("aof_rewrite_scheduled", state.wantsRewrite && state.running != nil ? 1 : 0)
        info.field("aof_last_rewrite_time_sec", state.lastRewriteSeconds)
        info.field("aof_current_rewrite_time_sec", isRewriting ? state.runningSeconds : -1)
        info.field("aof_last_bgrewrite_status", state.lastRewriteFailed ? "err" : "ok")
        info.field("aof_rewrites", state.rewrites)
        info.field("aof_rewrites_consecutive_failures", state.consecutiveRewriteFailures)
        info.field("aof_last_write_status", log.currentFailure == nil ? "ok" : "err")
        info.zeros("aof_last_cow_size", "module_fork_in_progress", "module_fork_last_cow_size")
        guard isLogging else { return }
        info.field("aof_current_size", state.settledSize + log.fileSize)
        info.field("aof_base_size", state.rewrittenSize)
        info.field("aof_pending_rewrite", state.wantsRewrite && state.running != nil ? 1 : 0)
        info.field("aof_buffer_length", log.bufferedBytes)
        info.field("aof_pending_bio_fsync", log.pendingSyncs)
        info.field("aof_delayed_fsync", log.delayedWrites)
    }

    private mutating func writeLoading() {
        let loading = server.durability.loading
        let estimate = loading.estimate
        info.field("loading_start_time", loading.startedAt)
        info.field("loading_total_bytes", loading.totalBytes.load(ordering: .relaxed))
        info.zeros("loading_rdb_used_mem")
        info.field("loading_loaded_bytes", loading.loadedBytes.load(ordering: .relaxed))
        info.field("loading_loaded_perc", fixedText(estimate.part * 100, decimals: 2))
        info.field("loading_eta_seconds", estimate.seconds)
    }
}
