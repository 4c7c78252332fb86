import Glibc
import Keyspace
import Logging
import Persistence
import Primitives

/// What the end of the process needs of the files.
extension Durability {
    /// Lets the saver leave what it is doing and begin nothing until `goOn`; returns when it rests.
    func rest() {
        let isBusy = withState { state in
            state.isStopping = true
            state.snapshot?.cancel()
            return state.running != nil
        }
        if isBusy { server.log.notice("What is being written in the background is left for the end") }
        condition.lock()
        while guarded.running != nil { condition.wait() }
        condition.unlock()
    }

    /// Lets the saver go on.
    func goOn() {
        withState { $0.isStopping = false }
        condition.broadcast()
    }

    /// Whether what is written is logged, and will be found in the log.
    var hasLog: Bool { server.keyspace.isLogging && !log.isProvisional }

    /// What has to be written before the log holds everything; nil where it does.
    var logIsIncomplete: String? {
        if !hasLog { return "Writing initial AOF" }
        return if case .sync = log.currentFailure { "Writing the AOF anew" } else { nil }
    }

    /// Brings what was logged so far to the disk; returns whether that could be done.
    func syncLog() -> Bool {
        let position = log.appendedPosition
        // What could not be written may be written now.
        log.write()
        log.requestSync(position)
        while log.syncedPosition < position, hasLog, log.currentFailure == nil {
            condition.lock()
            condition.wait(milliseconds: 10)
            condition.unlock()
        }
        return log.syncedPosition >= position && log.currentFailure == nil
    }

    /// Saves the snapshot that the server ends with, while the saver rests; returns whether that could be done.
    func saveAtEnd() -> Bool {
        server.log.notice("Saving the final RDB snapshot before exiting.")
        _ = condition.withLock { begin(.snapshot) }
        defer { endTask { _ in false } }
        return saveSnapshot(atEnd: true)
    }

    /// Lets what is being saved end soon, in vain.
    func cancelSnapshot() { withState { $0.snapshot?.cancel() } }
}
