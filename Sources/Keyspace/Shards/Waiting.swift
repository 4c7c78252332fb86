import DequeModule
import Glibc
import Synchronization

/// A command that waits until keys change, as its shards see it.
///
/// Whoever changes one of the keys executes the command in the place of the one who waits, under the locks that it holds
/// for the change: nobody comes between. A command that waits for several keys may be found through two of them at a time;
/// who claims it first executes it.
open class KeyWaiter: @unchecked Sendable {
    private enum State: UInt8, AtomicRepresentable {
        case waiting, claimed, done
    }

    /// What must be there for the command to go on.
    public enum Condition: Sendable {
        /// A value of that type.
        case value(ValueType)
        /// Any change, the end of the key included.
        case change
    }

    let keys: [NamedKey]
    let condition: Condition
    /// Whether the command needs other shards than that of the key that has changed.
    let needsAll: Bool
    private let state = Atomic<State>(.waiting)

    /// - Parameters:
    ///   - keys: what it waits for, in any order; one that is named twice counts once.
    ///   - database: the number of their database.
    ///   - needsAll: whether executing it touches keys in other shards than that of the key that has changed.
    public init(keys: [[UInt8]], database: Int, condition: Condition, needsAll: Bool) {
        var names = Set<[UInt8]>()
        self.keys = keys.compactMap { names.insert($0).inserted ? NamedKey(database: database, key: $0) : nil }
        self.condition = condition
        self.needsAll = needsAll
    }

    /// Whether it waits no more.
    public var isDone: Bool { state.load(ordering: .acquiring) == .done }

    /// Takes the right to answer; false where somebody else has it, or the command was answered.
    public func claim() -> Bool {
        state.compareExchange(expected: .waiting, desired: .claimed, ordering: .acquiringAndReleasing).exchanged
    }

    /// The same, waiting where somebody else has the right and may give it back; false where the command was answered.
    /// Who has the right executes the command and waits for no lock meanwhile, so that this may be called with locks held.
    public func claimOrWait() -> Bool {
        while !isDone {
            if claim() { return true }
            sched_yield()
        }
        return false
    }

    /// Gives the right back: the command has found nothing.
    public func unclaim() { state.store(.waiting, ordering: .releasing) }

    /// Ends the waiting, by who has claimed it.
    public func finish() { state.store(.done, ordering: .releasing) }

    /// Lets nobody execute the command anymore; false where it was answered.
    @discardableResult
    public func cancel() -> Bool {
        guard claimOrWait() else { return false }
        finish()
        return true
    }
}

/// Those who wait for one key, first come first served.
struct WaitQueue {
    private(set) var waiters: Deque<KeyWaiter> = []
    /// Whether one of them heeds the absence of the key, too.
    private(set) var heedsAbsence = false
    /// How many have ended since the queue was last swept: they stay in it, so that leaving from the middle is cheap.
    private var ended = 0

    mutating func append(_ waiter: KeyWaiter) {
        waiters.append(waiter)
        if case .change = waiter.condition { heedsAbsence = true }
    }

    /// Lets go of those at the front that wait no more.
    mutating func dropEnded() {
        while let first = waiters.first, first.isDone { waiters.removeFirst() }
    }

    /// Notes that somebody waits no more; all such leave when they may be the half.
    mutating func noteEnd() {
        dropEnded()
        ended += 1
        guard ended > waiters.count / 2 else { return }
        waiters.removeAll { $0.isDone }
        ended = 0
    }
}

extension Shard {
    mutating func beginWaiting(_ key: NamedKey, _ waiter: KeyWaiter) {
        waiters[key, default: WaitQueue()].append(waiter)
        if waiter.needsAll { wideWaiters += 1 }
        countListeners()
    }

    /// Takes a waiter that is done off the queue of one of its keys.
    mutating func endWaiting(_ key: NamedKey, _ waiter: KeyWaiter) {
        if waiter.needsAll { wideWaiters -= 1 }
        // Another one's end may have swept it off already, and the queue with it.
        guard let index = waiters.index(forKey: key) else { return }
        waiters.values[index].noteEnd()
        if waiters.values[index].waiters.isEmpty { waiters.remove(at: index) }
        countListeners()
    }

    /// The keys of a database that somebody waits for.
    func awaitedKeys(database: Int) -> [NamedKey] { waiters.keys.filter { $0.database == database } }
}
