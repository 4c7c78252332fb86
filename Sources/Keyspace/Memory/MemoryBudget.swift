import Primitives
import Synchronization

/// How many bytes the server uses, and how many it may (`maxmemory`).
///
/// What keys take changes with nearly every write. Each worker therefore sums up its changes and adds them here in
/// steps of `grain` bytes; tables of keys, which grow seldom and by much, are added at once; what else there is
/// (indexes, clients' buffers, the dependency graph) is measured from time to time and told in `setMeasured`. Whether
/// the limit is exceeded is kept as a flag in a cache line of its own, which hardly ever changes: it is all that a
/// write looks at.
public final class MemoryBudget: Sendable {
    /// Bytes that a worker may not have told of yet.
    static let grain = 16 * 1024

    private let inUse = Atomic<Int>(0)
    private let measured = Atomic<Int>(0)
    private let maximum = Atomic<Int>(0)
    private let peak = Atomic<Int>(0)
    /// Since when there was no room and none could be made, in microseconds of the monotonic clock; 0 while there is.
    private let exceededSince = Atomic<Int64>(0)
    private let exceededTime = Atomic<Int64>(0)
    private let longestWait = Atomic<Int64>(0)
    private let padding: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
    private let exceeded = Atomic<Bool>(false)

    public init() {}

    /// Bytes in use.
    public var used: Int { inUse.load(ordering: .relaxed) }

    /// The most bytes that were ever in use.
    public var highest: Int { max(peak.load(ordering: .relaxed), used) }

    /// Bytes that may be in use; 0 for no limit.
    public var limit: Int {
        get { maximum.load(ordering: .relaxed) }
        set {
            maximum.store(newValue, ordering: .relaxed)
            judge(used)
        }
    }

    /// Whether more is in use than may be. One relaxed load.
    @inline(__always)
    public var isExceeded: Bool { exceeded.load(ordering: .relaxed) }

    /// Adds what is used more, or less.
    public func add(_ bytes: Int) { judge(inUse.wrappingAdd(bytes, ordering: .relaxed).newValue) }

    /// Replaces the part that is measured from time to time. One thread does.
    public func setMeasured(_ bytes: Int) {
        add(bytes - measured.exchange(bytes, ordering: .relaxed))
    }

    /// Keeps the flag. Two threads may do so in an order that leaves it as it was a moment ago: whoever acts on it
    /// looks at `overrun`, and whoever adds next puts it right.
    private func judge(_ used: Int) {
        let limit = maximum.load(ordering: .relaxed)
        let isOver = limit > 0 && used > limit
        if exceeded.load(ordering: .relaxed) != isOver { exceeded.store(isOver, ordering: .relaxed) }
        if used > peak.load(ordering: .relaxed) { peak.store(used, ordering: .relaxed) }
    }

    /// Bytes in use beyond the limit; not positive where that is kept or there is none. Puts the flag right.
    public var overrun: Int {
        let (used, limit) = (used, limit)
        judge(used)
        return limit > 0 ? used - limit : 0
    }

    // MARK: Times

    /// Notes that the limit is exceeded for longer than a command may wait.
    public func noteExceeded() {
        guard exceededSince.load(ordering: .relaxed) == 0 else { return }
        exceededSince.store(Clock.monotonicMicroseconds(), ordering: .relaxed)
    }

    /// Notes that the limit is kept again.
    public func noteKept() {
        guard exceededSince.load(ordering: .relaxed) != 0 else { return }
        let start = exceededSince.exchange(0, ordering: .relaxed)
        if start != 0 { exceededTime.wrappingAdd(Clock.monotonicMicroseconds() - start, ordering: .relaxed) }
    }

    /// Microseconds for which the limit was exceeded: in all, and since it has been without a break.
    public var exceededMicroseconds: (total: Int64, current: Int64) {
        let start = exceededSince.load(ordering: .relaxed)
        let current = start == 0 ? 0 : max(0, Clock.monotonicMicroseconds() - start)
        return (exceededTime.load(ordering: .relaxed) + current, current)
    }

    /// Notes for how many microseconds a command has made room.
    public func noteWait(_ microseconds: Int64) {
        if microseconds > longestWait.load(ordering: .relaxed) { longestWait.store(microseconds, ordering: .relaxed) }
    }

    /// Microseconds of the longest making of room by a command.
    public var longestWaitMicroseconds: Int64 { longestWait.load(ordering: .relaxed) }

    /// Begins counting anew.
    public func resetStatistics() {
        exceededTime.store(0, ordering: .relaxed)
        longestWait.store(0, ordering: .relaxed)
    }
}
