import Commands
import Configuration
import EventLoop
import HeapModule
import Keyspace
import Logging
import Primitives
import Synchronization

extension Worker {
    /// Microseconds that one turn of the loop spends on keys that have expired: 1000, and 250 for each step of
    /// `active-expire-effort` beyond the first.
    private var expiryBudget: Int64 { 750 + 250 * Int64(settings.activeExpireEffort) }
    /// Keys that are expired under one hold of a shard's lock.
    private static let expirySlice = 64

    func millisecondsToWait() -> Int {
        if hasExpiryBacklog || hasEvictionBacklog || isGathering || !jobs.isEmpty || !valueTopics.isEmpty
            || !mailbox.isEmpty
        {
            return 0
        }
        var wait = Int(clamping: max(0, (nextTick - Clock.monotonicMicroseconds() + 999) / 1000))
        if let markingTime {
            // At its deadline at the latest, where it was marked ahead already.
            let now = Clock.wallMilliseconds()
            wait = min(wait, Int(clamping: max(1, markingTime - now)))
        }
        if let alarm = alarms.min {
            wait = min(wait, Int(clamping: max(0, alarm.time - Clock.wallMilliseconds())))
        }
        guard pausedConnections > 0 else { return wait }
        let pause = server.pause.deadline.map { Int(clamping: max(0, $0 - Clock.wallMilliseconds())) } ?? 0
        return min(wait, pause)
    }

    /// Does what is due: the active expiry `hz` times a second, clients that are silent or slow once a second.
    func tick() {
        let now = Clock.monotonicMicroseconds()
        makeRoom(now)
        if !server.durability.loading.isLoading, hasExpiryBacklog || now >= nextTick {
            let hasExpired = expireKeys(until: now + expiryBudget)
            let microseconds = Clock.monotonicMicroseconds() - now
            statistics.pointee.expiryMicroseconds.add(Int(microseconds))
            if hasExpired {
                server.observations.latencyMonitor.record("expire-cycle", milliseconds: microseconds / 1000)
            }
        }
        resumePaused()
        wakeDue()
        markAheadOfExpiry()
        guard now >= nextTick else { return }
        nextTick = now + 1_000_000 / Int64(max(1, settings.hz))
        resumeAccepting()
        if index == 0 {
            let now = Clock.wallMilliseconds()
            if server.observations.hotKeys.isOver(at: now) { _ = server.stopHotKeys(at: now) }
        }
        pipeline.pointee.executor.call.access.noteUses()
        if index == 0 { server.durability.tick(settings) }
        if index == 0, server.metrics.isDue(now) {
            measureMemory()
            server.metrics.sample(Totals(server), memory: server.keyspace.budget.used, now: now)
        }
        guard now >= nextSecond else { return }
        nextSecond = now + 1_000_000
        checkClients()
    }

    /// Expires keys in this worker's shards, going on where the last turn ended; returns whether there were any. While
    /// writes are paused so is this.
    private func expireKeys(until deadline: Int64) -> Bool {
        let now = Clock.wallMilliseconds()
        guard server.keyspace.activeExpiry.load(ordering: .relaxed), !server.pause.holds(writes: true, now: now) else {
            hasExpiryBacklog = false
            return false
        }
        var hasExpired = false
        pipeline.pointee.executor.call.access.now = now
        let wasBacklogged = hasExpiryBacklog
        hasExpiryBacklog = false
        let workers = server.workers.count
        for _ in stride(from: index, to: ShardSet.shardCount, by: workers) {
            let progress = pipeline.pointee.executor.call.access.expireDue(shard: expiryShard, limit: Self.expirySlice)
            pipeline.pointee.executor.serveReadyKeys()
            hasExpiryBacklog = hasExpiryBacklog || progress.hasMore
            hasExpired = hasExpired || progress.removed > 0
            expiryShard += workers
            if expiryShard >= ShardSet.shardCount { expiryShard = index }
            if progress.removed > 0 || progress.hasMore || wasBacklogged, Clock.monotonicMicroseconds() >= deadline {
                statistics.pointee.expiryCapsReached.add()
                hasExpiryBacklog = true
                break
            }
        }
        return hasExpired
    }

    /// Lets connections go on that a CLIENT PAUSE has held, when it is over.
    func resumePaused() {
        guard pausedConnections > 0 else { return }
        let now = Clock.wallMilliseconds()
        // What was held by a pause before writes were held for the end may be a read.
        guard !server.pause.holds(writes: true, now: now) || server.pause.holdsOnlyForEnd(now: now) else { return }
        for connection in Array(connections.values)
        where connection.pointee.isPaused && !connection.pointee.isClosed {
            connection.pointee.isPaused = false
            pausedConnections -= 1
            watch(connection)
            processInput(connection)
        }
    }

    private func checkClients() {
        let now = Clock.wallMilliseconds() / 1000
        for connection in Array(connections.values) {
            let idle = now - Int64(connection.pointee.record.lastInteraction.current)
            let mayIdle =
                connection.pointee.isHeld || connection.pointee.record.isSubscriber
                || connection.pointee.session.state.contains(.monitor)
            if settings.timeout > 0, !mayIdle, idle > Int64(settings.timeout) {
                server.log.debug("Closing idle client")
                close(connection)
            } else if !connection.pointee.pending.isEmpty {
                enforceOutputLimit(connection)
            }
        }
    }
}
