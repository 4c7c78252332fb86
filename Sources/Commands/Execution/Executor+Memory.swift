import Keyspace
import Primitives

/// Commands when more memory is in use than may be: keys are evicted first, and what may need more memory is refused
/// where there are none to evict.
///
/// A command that adds a key makes room for about one, a microsecond's work. There is more to do when the limit was
/// lowered, a table has grown or a long value comes where short ones are. All that a worker executes in one turn of its loop
/// makes room for half a millisecond (`maxmemory-eviction-tenacity`), and a command that comes later than that for a pair of
/// keys, so that memory shrinks while it is written to. What is left is done between the turns.
///
/// Where more is written than can be evicted in that time, commands that may need memory wait while the limit is exceeded
/// by more than a hundredth and 14 MB (`MemoryBudget.mustWait`): their connections do, not the worker.
extension Executor {
    /// How making room has ended.
    public enum Room {
        /// No more is in use than may be.
        case made
        /// There was no time for the rest.
        case isBeingMade
        /// No key is left that may be evicted.
        case none
    }

    /// Keys that a command evicts when no time is left.
    private static let leastEvictions = 2
    /// Microseconds for which what is known of the thread's share of the processor's time will do.
    private static let workGrain: Int64 = 50

    /// Begins a turn of the worker.
    public mutating func beginTurn() { evictionDeadline = .max }

    /// Whether a call is refused when there is no room: it may need memory itself, or be kept until EXEC.
    func refusesWhenFull(_ entry: CommandEntry) -> Bool {
        if call.session.pointee.state.contains(.transaction) {
            return entry.fullName == "exec"
                ? call.session.pointee.queue.commands.contains { $0.entry.takeUnretainedValue().needsMemory }
                : !entry.flags.contains(.immediate)
        }
        return entry.needsMemory
    }

    /// Makes room for a call; where it returns false the call is refused, or suspended until there is more room.
    @inline(never)
    mutating func makesRoom(for entry: CommandEntry) -> Bool {
        call.access.tellBudget()
        guard budget.overrun > 0 || budget.isExceeded, !call.isReplaying else { return true }
        let start = Clock.monotonicMicroseconds()
        if start - lastWork.time > Self.workGrain { lastWork = (start, Clock.threadMicroseconds()) }
        var deadline = Int64.max
        if let slice = call.access.evictionSettings.slice {
            if evictionDeadline == .max { evictionDeadline = start + slice }
            deadline = evictionDeadline
        }
        let room = makeRoom(until: deadline)
        noteWait(since: start)
        if room == .none {
            // Nothing is refused for what is only booked.
            guard budget.isFull else { return true }
            reject(entry, .outOfMemory)
            return false
        }
        // What has waited for something else must not lose that.
        guard budget.mustWait(for: 0), call.mayWait, call.session.pointee.suspension == nil else { return true }
        budget.noteHeld()
        _ = call.suspend(Suspension(forRoomUntil: Clock.wallMilliseconds() + 1))
        return false
    }

    private mutating func noteWait(since start: Int64) {
        let wait = Clock.monotonicMicroseconds() - start
        budget.noteWait(wait)
        // It is never longer than the wait, so that it need not be looked at for each command.
        if wait > budget.longestWorkMicroseconds {
            budget.noteWork(min(wait, Clock.threadMicroseconds() - lastWork.work))
        }
    }

    /// Evicts keys until no more is in use than may be, or until `deadline` in microseconds of the monotonic clock, and
    /// a few in any case. No locks may be held.
    public mutating func makeRoom(until deadline: Int64) -> Room {
        call.access.tellBudget()
        var evicted = 0
        defer { if evicted > 0 { serveReadyKeys() } }
        while budget.overrun > 0 {
            guard call.access.evict() else {
                budget.noteExceeded()
                return .none
            }
            evicted += 1
            // Reading the clock costs about a tenth of an eviction.
            if evicted >= Self.leastEvictions, deadline < .max, Clock.monotonicMicroseconds() >= deadline {
                budget.noteExceeded()
                return .isBeingMade
            }
        }
        budget.noteKept()
        return .made
    }
}
