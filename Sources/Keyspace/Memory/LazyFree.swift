import Primitives
import Synchronization

/// Frees large values and whole databases on a thread of its own, so that DEL, expiry and FLUSHALL never make a client
/// wait for the allocator.
final class LazyFree: Sendable {
    enum Garbage {
        case entry(Entry)
        case database(UnsafeMutablePointer<ShardDatabase>)
        /// What frees memory when nobody refers to it any more.
        case object(any Sendable & AnyObject)
    }

    private struct State {
        var queue: [Garbage] = []
        var isStopping = false
    }

    /// What `Entry.freeingEffort` must exceed for a value to be worth another thread's time.
    static let threshold = 64

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
    var pendingCount: Int { waiting.load(ordering: .relaxed) }
    /// Objects freed since the start or the last reset.
    var freedCount: Int { freed.load(ordering: .relaxed) }

    func resetStatistics() { freed.store(0, ordering: .relaxed) }

    func enqueue(_ garbage: Garbage) {
        waiting.wrappingAdd(1, ordering: .relaxed)
        guard thread != nil else { return free(garbage) }
        let isFirst = condition.withLock {
            defer { state.pointee.queue.append(garbage) }
            return state.pointee.queue.isEmpty
        }
        // The thread takes all at once, and sleeps only when there is nothing.
        if isFirst { condition.signal() }
    }

    private func run() {
        while true {
            condition.lock()
            while state.pointee.queue.isEmpty, !state.pointee.isStopping { condition.wait() }
            let batch = state.pointee.queue
            state.pointee.queue = []
            condition.unlock()
            // Empty only at the end.
            if batch.isEmpty { return }
            reclaimer.synchronize()
            for garbage in batch { free(garbage) }
        }
    }

    private func free(_ garbage: Garbage) {
        switch garbage {
        case .entry(let entry): entry.destroy()
        case .database(let database):
            database.pointee.destroyEntries()
            database.deinitialize(count: 1)
            database.deallocate()
        case .object: break
        }
        waiting.wrappingSubtract(1, ordering: .relaxed)
        freed.wrappingAdd(1, ordering: .relaxed)
    }
}
