import Glibc
import Primitives
import Synchronization

/// Frees slot arrays, and the blocks of computed values, once no worker can still be peeking at them.
///
/// Workers prefetch table slots without the shard's lock, so an array that a resize has replaced may be read for a
/// moment longer. Each worker announces when it starts and ends a batch; an array retired meanwhile is freed after every
/// worker has been between two batches (quiescent-state-based reclamation: McKenney and Slingwine, 1998).
public final class Reclaimer: Sendable {
    /// Odd while the worker is inside a batch. Padded so that workers do not share a cache line.
    struct Announcement: ~Copyable {
        let epoch = Atomic<UInt64>(0)
        let padding: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0)
    }

    private struct Retired {
        let block: UnsafeMutableRawPointer
        let epochs: [UInt64]
    }

    nonisolated(unsafe) private let announcements: UnsafeMutablePointer<Announcement>
    private let workers: Int
    /// Hears how large tables are.
    let budget: MemoryBudget
    nonisolated(unsafe) private var retired: [Retired] = []
    private let lock = Mutex(())
    /// Whether anything waits, so that workers need not take the lock to find out.
    private let pending = Atomic<Bool>(false)

    init(workers: Int, budget: MemoryBudget = MemoryBudget()) {
        self.workers = workers
        self.budget = budget
        announcements = .allocate(capacity: workers)
        for index in 0..<workers { (announcements + index).initialize(to: Announcement()) }
    }

    deinit {
        for item in retired { Allocation.free(item.block) }
        announcements.deinitialize(count: workers)
        announcements.deallocate()
    }

    /// The worker begins to read tables. Fully ordered before the reads that follow.
    @inline(__always)
    public func enter(_ worker: Int) {
        announcements[worker].epoch.wrappingAdd(1, ordering: .sequentiallyConsistent)
    }

    /// The worker holds no pointer into a table any more.
    @inline(__always)
    public func leave(_ worker: Int) {
        announcements[worker].epoch.store(
            announcements[worker].epoch.load(ordering: .relaxed) &+ 1, ordering: .releasing)
        if pending.load(ordering: .relaxed) { collect() }
    }

    /// Frees `block`, of which no table tells any more, when nobody can be reading it: at once where no worker is inside
    /// a batch, so that a server without clients keeps nothing.
    func retire(_ block: UnsafeMutableRawPointer) {
        // Whoever is not seen inside a batch will not see the block: the stores that hid it come before the loads below.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        let epochs = (0..<workers).map { announcements[$0].epoch.load(ordering: .sequentiallyConsistent) }
        guard epochs.contains(where: { $0 & 1 == 1 }) else { return Allocation.free(block) }
        lock.withLock { _ in retired.append(Retired(block: block, epochs: epochs)) }
        pending.store(true, ordering: .relaxed)
    }

    /// Waits until nobody can be reading what was hidden before the call. Not for workers.
    func synchronize() {
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        for worker in 0..<workers {
            let epoch = announcements[worker].epoch.load(ordering: .sequentiallyConsistent)
            guard epoch & 1 == 1 else { continue }
            while announcements[worker].epoch.load(ordering: .acquiring) == epoch { usleep(100) }
        }
    }

    private func collect() {
        lock.withLock { _ in
            retired.removeAll { item in
                for worker in 0..<workers where item.epochs[worker] & 1 == 1 {
                    if announcements[worker].epoch.load(ordering: .acquiring) == item.epochs[worker] { return false }
                }
                Allocation.free(item.block)
                return true
            }
            if retired.isEmpty { pending.store(false, ordering: .relaxed) }
        }
    }
}
