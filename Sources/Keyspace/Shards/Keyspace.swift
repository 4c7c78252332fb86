import Primitives
import Synchronization

/// All keys of all databases, in shards that each have a lock.
///
/// Handlers never touch a shard themselves: they go through `Access`, the door by which every read is seen and every
/// write is announced.
public final class Keyspace: @unchecked Sendable {
    /// Databases are numbered from 0 to below this.
    public let databaseCount: Int
    /// Guards slot arrays that workers peek at.
    public let reclaimer: Reclaimer
    let lazyFree = LazyFree()
    private let shards: UnsafeMutableRawPointer
    nonisolated(unsafe) let capacities = TableSizes.capacities
    /// Position of the last write in the one total order of all writes.
    private let revisionCounter = Atomic<UInt64>(0)
    /// What hears of every change, in the order of delivery. Changed only while every shard is locked.
    private var observers: [any KeyspaceObserver] = []
    private let observerCount = Atomic<Int>(0)
    /// Whether keys are removed at their deadline although nobody asks for them (`DEBUG SET-ACTIVE-EXPIRE`).
    public let activeExpiry = Atomic<Bool>(true)

    /// - Parameters:
    ///   - databases: number of databases, at least 1.
    ///   - workers: number of threads that execute commands, at least 1.
    public init(databases: Int, workers: Int) {
        precondition(databases > 0 && workers > 0)
        precondition(MemoryLayout<Shard>.size <= Shard.stride)
        databaseCount = databases
        reclaimer = Reclaimer(workers: workers)
        shards = .allocate(byteCount: ShardSet.shardCount * Shard.stride, alignment: Shard.stride)
        for index in 0..<ShardSet.shardCount {
            shard(index).initialize(to: Shard(databaseCount: databases, reclaimer: reclaimer))
        }
    }

    deinit {
        // What waits to be freed needs the reclaimer.
        lazyFree.stop()
        for index in 0..<ShardSet.shardCount {
            shard(index).pointee.destroy(databaseCount: databaseCount)
            shard(index).deinitialize(count: 1)
        }
        shards.deallocate()
    }

    /// The shard's address, which is stable. What is behind it may be used under its lock only.
    @inline(__always)
    func shard(_ index: Int) -> UnsafeMutablePointer<Shard> {
        (shards + index &* Shard.stride).assumingMemoryBound(to: Shard.self)
    }

    /// The shard of a key with `hash`.
    @inline(__always)
    public static func shardIndex(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash & 255) }

    // MARK: Locks

    /// Waits for a shard's lock and takes it. Only the first of a command's locks, or one above all that it holds.
    @inline(__always)
    public func lock(_ index: Int) { shard(index).pointee.lock.lock() }

    /// Takes a shard's lock if nobody holds it.
    func tryLock(_ index: Int) -> Bool { shard(index).pointee.lock.tryLock() }

    /// Gives a shard's lock back.
    @inline(__always)
    public func unlock(_ index: Int) { shard(index).pointee.lock.unlock() }

    /// Locks all shards of `set`, in ascending order.
    public func lock(_ set: ShardSet) { set.forEach { lock($0) } }

    /// Gives the locks of all shards of `set` back.
    public func unlock(_ set: ShardSet) { set.forEach { unlock($0) } }

    // MARK: Revisions and observers

    /// Position of the last write.
    public var revision: UInt64 { revisionCounter.load(ordering: .relaxed) }

    @inline(__always)
    func advanceRevision() -> UInt64 { revisionCounter.wrappingAdd(1, ordering: .relaxed).newValue }

    /// Adds an observer, behind those that are there.
    public func add(observer: any KeyspaceObserver) {
        lock(.all)
        observers.append(observer)
        observerCount.store(observers.count, ordering: .relaxed)
        unlock(.all)
    }

    /// Whether changes need to be recorded.
    @inline(__always)
    var isObserved: Bool { observerCount.load(ordering: .relaxed) != 0 }

    func deliver(_ changes: borrowing ChangeLog, revision: UInt64) {
        for observer in observers { observer.keyspaceChanged(changes, revision: revision) }
    }

    // MARK: Sums over shards

    /// Keys in `database`, without stopping anybody.
    public func count(database: Int) -> Int {
        sum { $0.databases[database].table.count }
    }

    /// Keys with a time to live in `database`.
    public func expiringCount(database: Int) -> Int {
        sum { $0.databases[database].expires }
    }

    /// Bytes that keys and values take.
    public var memoryUsage: Int {
        sum { shard in (0..<databaseCount).reduce(0) { $0 + shard.databases[$1].memory } }
    }

    /// Bytes of the tables, indexes included, of all databases.
    public var overhead: Int {
        sum { shard in
            (0..<databaseCount).reduce(0) { total, index in
                total + shard.databases[index].table.memoryUsage + shard.databases[index].expiry.memoryUsage
                    + shard.databases[index].fieldExpiry.memoryUsage
            }
        }
    }

    private func sum(_ value: (borrowing Shard) -> Int) -> Int {
        var total = 0
        for index in 0..<ShardSet.shardCount {
            lock(index)
            total += value(shard(index).pointee)
            unlock(index)
        }
        return total
    }

    /// Objects that wait to be freed in the background, and those that were.
    public var lazyFreeCounts: (pending: Int, freed: Int) { (lazyFree.pendingCount, lazyFree.freedCount) }
    /// Begins counting what was freed in the background anew.
    public func resetLazyFreeStatistics() { lazyFree.resetStatistics() }
}
