import Commands
import Configuration
import EventLoop
import Logging
import Primitives

/// Bringing everything to the disk before the process ends, so that it can go on serving where that fails.
///
/// First all writes are held, as CLIENT PAUSE does, then the log is synced and a snapshot saved while reads go on. Nothing
/// that was answered comes behind the snapshot's cut, and nothing has to be saved when the workers have ended.
extension Server {
    /// Waits until the process is to end and nothing is lost by that.
    func awaitEnd() {
        while true {
            let attempt = shutdown.awaitAttempt()
            if bringToDisk(attempt), shutdown.conclude(attempt.number) { return }
            if shutdown.isCurrent(attempt.number) {
                log.warning("Errors trying to shut down the server. Check the logs for more information.")
            }
            let waiters = shutdown.fail(attempt.number)
            durability.goOn()
            endHold()
            wake(waiters)
        }
    }

    /// Ends the attempt to end the process; false where none is made.
    func abortShutdown() -> Bool {
        let waiters = shutdown.abort {
            durability.cancelSnapshot()
            endHold()
        }
        guard let waiters else { return false }
        log.warning("Shutdown manually aborted.")
        wake(waiters)
        return true
    }

    private func wake(_ waiters: [Shutdown.Waiter]) {
        for waiter in waiters { workers[waiter.worker].mailbox.send(.wake(waiter.session)) }
    }

    /// Brings to the disk what is to be there at the end; returns whether the process may end.
    private func bringToDisk(_ attempt: Shutdown.Attempt) -> Bool {
        let (settings, options) = (settings, attempt.options)
        // What was read in part must not replace what it was read from.
        guard !durability.loading.isLoading else { return true }
        let saves = options.saves ?? !settings.saveRules.isEmpty
        // Without a snapshot the log is written as far as it can be, when the workers have ended.
        let needsLog = settings.appendOnly && options.saves != false
        guard saves || needsLog else { return true }
        if needsLog, !options.isForced, let reason = durability.logIsIncomplete {
            log.warning("\(reason), can't exit.")
            return false
        }
        durability.rest()
        guard holdWrites(for: attempt) else { return false }
        guard !needsLog || durability.syncLog() || options.isForced else {
            log.warning("The append-only file could not be synced, can't exit.")
            return false
        }
        guard saves, shutdown.isCurrent(attempt.number), !durability.saveAtEnd() else { return true }
        log.warning("Error trying to save the DB, \(options.isForced ? "exit anyway" : "can't exit").")
        return options.isForced
    }

    // MARK: Holding writes

    /// Holds all commands that write, and waits until none of them is being executed; false where the attempt has been
    /// aborted.
    private func holdWrites(for attempt: Shutdown.Attempt) -> Bool {
        pause.holdForEnd()
        // Who aborts it ends the hold afterwards.
        guard shutdown.isCurrent(attempt.number) else { return false }
        let turns = TurnCount()
        for worker in workers { worker.mailbox.send(.noteHold(turns)) }
        turns.wait(for: workers.count)
        return true
    }

    private func endHold() {
        pause.endHold()
        for worker in workers { worker.mailbox.send(.resume) }
    }
}

/// Counts the workers that have begun a turn.
final class TurnCount: @unchecked Sendable {
    private let condition = Condition()
    /// Guarded by `condition`.
    private var count = 0

    func add() {
        condition.withLock { count += 1 }
        condition.signal()
    }

    func wait(for goal: Int) {
        condition.lock()
        while count < goal { condition.wait() }
        condition.unlock()
    }
}
