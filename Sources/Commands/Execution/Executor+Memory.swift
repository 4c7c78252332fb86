import Keyspace
import Primitives

/// Commands when more memory is in use than may be: keys are evicted first, and what may need more memory is refused
/// where there are none to evict.
///
/// A command that adds a key makes room for about one, a microsecond's work. There is more to do when the limit was
/// lowered or a table has grown. A command makes room for half a millisecond at most (`maxmemory-eviction-tenacity`),
/// and all that a worker executes in one turn of its loop for a millisecond: what is left is done between the turns,
/// and by the commands that follow, which remove a few keys each so that memory does not grow meanwhile.
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

    /// Microseconds that a worker spends on making room for the commands of one turn.
    private static let turnBudget: Int64 = 1000
    /// Keys that a command evicts when no time is left.
    private static let leastEvictions = 8

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

    /// Makes room for a command; false where it must be refused.
    @inline(never)
    mutating func makesRoom() -> Bool {
        call.access.tellBudget()
        guard budget.overrun > 0, !call.isReplaying else { return true }
        let start = Clock.monotonicMicroseconds()
        var deadline = Int64.max
        if let slice = call.access.evictionSettings.slice {
            if evictionDeadline == .max { evictionDeadline = start + max(slice, Self.turnBudget) }
            deadline = min(evictionDeadline, start + slice)
        }
        let room = makeRoom(until: deadline)
        budget.noteWait(Clock.monotonicMicroseconds() - start)
        return room != .none
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
