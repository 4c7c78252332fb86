import Primitives
import Synchronization

/// How many bytes the server uses, and how many it may (`maxmemory`).
///
/// What keys take changes with nearly every write. Each worker therefore sums up its changes and adds them here in
/// steps of `grain` bytes; tables of keys, which grow seldom and by much, are added at once; what else there is
/// (indexes, clients' buffers, the dependency graph) is measured from time to time and told in `setMeasured`. Whether
/// the limit is exceeded is kept as a flag in a cache line of its own, which hardly ever changes: it is all that a
/// write looks at.
///
/// What waits to be freed in the background is in use until it is freed, but no key goes for it: it will be free in a
/// moment, and evicting long values would only add to it. Where too much is in use nevertheless, writes wait.
public final class MemoryBudget: Sendable {
    /// Bytes that a worker may not have told of yet.
    static let grain = 16 * 1024
    /// Bytes, beside a hundredth of the limit, by which it may be exceeded until commands wait.
    private static let tolerance = 14 << 20

    private let inUse = Atomic<Int>(0)
    private let garbage = Atomic<Int>(0)
    private let booked = Atomic<Int>(0)
    private let measured = Atomic<Int>(0)
    private let maximum = Atomic<Int>(0)
    private let peak = Atomic<Int>(0)
    /// Since when there was no room and none could be made, in microseconds of the monotonic clock; 0 while there is.
    private let exceededSince = Atomic<Int64>(0)
    private let exceededTime = Atomic<Int64>(0)
    private let longestWait = Atomic<Int64>(0)
    private let longestWork = Atomic<Int64>(0)
    private let heldCommands = Atomic<Int>(0)
    private let padding: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
    private let exceeded = Atomic<Bool>(false)

    public init() {}

    /// Bytes in use, what waits to be freed included.
    public var used: Int { inUse.load(ordering: .relaxed) }

    /// Bytes that wait to be freed in the background.
    public var waiting: Int { garbage.load(ordering: .relaxed) }

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

    /// Whether more is in use than may be: keys are to be evicted or writes to wait. One relaxed load.
    @inline(__always)
    public var isExceeded: Bool { exceeded.load(ordering: .relaxed) }

    /// Adds what is used more, or less.
    public func add(_ bytes: Int) { judge(inUse.wrappingAdd(bytes, ordering: .relaxed).newValue) }

    /// Replaces the part that is measured from time to time. One thread does.
    public func setMeasured(_ bytes: Int) {
        add(bytes - measured.exchange(bytes, ordering: .relaxed))
    }

    /// Makes room for what is about to be stored, or takes that back: it is not in use, but as much must be free.
    public func book(_ bytes: Int) {
        booked.wrappingAdd(bytes, ordering: .relaxed)
        judge(used)
    }

    /// Counts what is to be freed in the background, which `add` has been told of as gone, or what has been freed.
    func addGarbage(_ bytes: Int) {
        // In an order in which nobody takes it for keys.
        if bytes > 0 { garbage.wrappingAdd(bytes, ordering: .relaxed) }
        let used = inUse.wrappingAdd(bytes, ordering: .relaxed).newValue
        if bytes < 0 { garbage.wrappingAdd(bytes, ordering: .relaxed) }
        judge(used)
    }

    /// Keeps the flag. Two threads may do so in an order that leaves it as it was a moment ago: whoever acts on it
    /// looks at `overrun`, and whoever adds next puts it right.
    private func judge(_ used: Int) {
        let limit = limit
        let needed = used + booked.load(ordering: .relaxed)
        let isOver = limit > 0 && (needed - waiting > limit || needed - limit > Self.tolerated(limit))
        if exceeded.load(ordering: .relaxed) != isOver { exceeded.store(isOver, ordering: .relaxed) }
        if used > peak.load(ordering: .relaxed) { peak.store(used, ordering: .relaxed) }
    }

    private static func tolerated(_ limit: Int) -> Int { limit / 100 + tolerance }

    /// Bytes that have to be evicted; not positive where there are none. Puts the flag right.
    public var overrun: Int {
        let (used, limit) = (used, limit)
        judge(used)
        return limit > 0 ? used + booked.load(ordering: .relaxed) - waiting - limit : 0
    }

    /// Whether more is in use than may be, what is booked and what is about to be freed left out: writes are refused then
    /// where nothing can be evicted.
    public var isFull: Bool { limit > 0 && used - waiting > limit }

    /// Whether what takes `bytes` more had better wait until more has been evicted or freed: the limit would be exceeded
    /// by more than may be. Whatever it takes, it need not wait while the limit is kept.
    public func mustWait(for bytes: Int) -> Bool {
        let (needed, limit) = (used + booked.load(ordering: .relaxed), limit)
        // No sum: what a command takes may be anything.
        return limit > 0 && needed > limit && bytes > Self.tolerated(limit) - (needed - limit)
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

    /// The same in time of the processor, that in which the system has given it to others left out.
    public func noteWork(_ microseconds: Int64) {
        if microseconds > longestWork.load(ordering: .relaxed) { longestWork.store(microseconds, ordering: .relaxed) }
    }

    /// Microseconds of the longest making of room by a command, and of the processor's time in it.
    public var longestWaitMicroseconds: Int64 { longestWait.load(ordering: .relaxed) }
    public var longestWorkMicroseconds: Int64 { longestWork.load(ordering: .relaxed) }

    /// Notes that a command waits.
    public func noteHeld() { heldCommands.wrappingAdd(1, ordering: .relaxed) }

    /// How often a command had to wait.
    public var heldCount: Int { heldCommands.load(ordering: .relaxed) }

    /// Begins counting anew.
    public func resetStatistics() {
        exceededTime.store(0, ordering: .relaxed)
        longestWait.store(0, ordering: .relaxed)
        longestWork.store(0, ordering: .relaxed)
        heldCommands.store(0, ordering: .relaxed)
    }
}
