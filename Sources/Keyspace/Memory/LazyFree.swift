import Primitives
import Synchronization

/// Frees large values and whole databases on a thread of its own, so that DEL, expiry and FLUSHALL never make a client
/// wait for the allocator. Until it is freed it counts as memory in use (`MemoryBudget`).
final class LazyFree: Sendable {
    enum Garbage {
        case entry(Entry)
        case database(UnsafeMutablePointer<ShardDatabase>)
        /// What frees memory when nobody refers to it any more.
        case object(any Sendable & AnyObject)
    }

    private struct Item {
        let garbage: Garbage
        let bytes: Int
    }

    private struct State {
        var queue: [Item] = []
        var isStopping = false
    }

    /// What `Entry.freeingEffort` must exceed for a value to be worth another thread's time.
    static let threshold = 64
    /// Bytes of a database after which the budget is told that they are free.
    private static let grain = 1 << 20

    private let reclaimer: Reclaimer
    nonisolated(unsafe) private let state: UnsafeMutablePointer<State>
    /// Guards `state`.
    private let condition = Condition()
    /// Nil where the system refuses a thread, and after `stop`: then everything is freed at once.
    nonisolated(unsafe) private var thread: Thread?
    private let waiting = Atomic<Int>(0)
    private let freed = Atomic<Int>(0)

    /// - Parameter reclaimer: knows who may still be looking at what is to be freed.
    init(reclaimer: Reclaimer) {
        self.reclaimer = reclaimer
        state = .allocate(capacity: 1)
        state.initialize(to: State())
        thread = Thread.start(name: "lazy-free") { [unowned(unsafe) self] in run() }
    }

    /// Frees what waits and ends the thread. Called when no other thread uses the keyspace any more.
    func stop() {
        guard let thread else { return }
        condition.withLock { state.pointee.isStopping = true }
        condition.signal()
        thread.join()
        self.thread = nil
    }

    deinit {
        stop()
        state.deinitialize(count: 1)
        state.deallocate()
    }

    /// Objects that wait to be freed.
    var pendingCount: Int { waiting.load(ordering: .acquiring) }
    /// Objects freed since the start or the last reset.
    var freedCount: Int { freed.load(ordering: .relaxed) }

    func resetStatistics() { freed.store(0, ordering: .relaxed) }

    /// Takes garbage over.
    ///
    /// - Parameter bytes: what it takes, of which the budget has been told that it is gone; 0 where it is not counted.
    func enqueue(_ garbage: Garbage, bytes: Int) {
        waiting.wrappingAdd(1, ordering: .relaxed)
        reclaimer.budget.addGarbage(bytes)
        let item = Item(garbage: garbage, bytes: bytes)
        guard thread != nil else { return reclaimer.budget.addGarbage(-free(item)) }
        let isFirst = condition.withLock {
            defer { state.pointee.queue.append(item) }
            return state.pointee.queue.isEmpty
        }
        // The thread takes all at once, and sleeps only when there is nothing.
        if isFirst { condition.signal() }
    }

    private func run() {
        while true {
            condition.lock()
            while state.pointee.queue.isEmpty, !state.pointee.isStopping { condition.wait() }
            var batch = state.pointee.queue
            state.pointee.queue = []
            condition.unlock()
            // Empty only at the end.
            if batch.isEmpty { return }
            reclaimer.synchronize()
            let ofObjects = batch.reduce(0) { $0 + free($1) }
            batch = []
            reclaimer.budget.addGarbage(-ofObjects)
        }
    }

    /// Frees what an item holds; returns the bytes that go with the item itself.
    private func free(_ item: Item) -> Int {
        var ofObject = 0
        switch item.garbage {
        case .entry(let entry):
            entry.destroy()
            reclaimer.budget.addGarbage(-item.bytes)
        case .database(let database):
            destroyEntries(of: database, counted: item.bytes)
            database.deinitialize(count: 1)
            database.deallocate()
        case .object: ofObject = item.bytes
        }
        freed.wrappingAdd(1, ordering: .relaxed)
        // Who sees that nothing waits sees the budget without it.
        waiting.wrappingSubtract(1, ordering: .releasing)
        return ofObject
    }

    /// Frees the entries of a database, and tells the budget as it goes on: at most of what is counted.
    private func destroyEntries(of database: UnsafeMutablePointer<ShardDatabase>, counted: Int) {
        var left = counted
        var freed = 0
        database.pointee.table.forEach { entry in
            freed += entry.memoryUsage
            entry.destroy()
            if freed >= Self.grain {
                reclaimer.budget.addGarbage(-min(freed, left))
                left -= min(freed, left)
                freed = 0
            }
            return true
        }
        reclaimer.budget.addGarbage(-left)
    }
}
