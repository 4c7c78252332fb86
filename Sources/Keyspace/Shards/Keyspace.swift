import Primitives
import Synchronization

/// All keys of all databases, in shards that each have a lock.
///
/// Handlers never touch a shard themselves: they go through `Access`, the door by which every read is seen and every
/// write is announced.
public final class Keyspace: @unchecked Sendable {
    /// Databases are numbered from 0 to below this.
    public let databaseCount: Int
    /// Number of threads that execute commands.
    let workerCount: Int
    /// Guards slot arrays that workers peek at.
    public let reclaimer: Reclaimer
    let lazyFree: LazyFree
    /// How much memory is in use, and how much may be.
    public let budget = MemoryBudget()
    /// How often keys had been used that were evicted.
    let useHistory = UseHistory()
    /// The states of computed keys.
    public let nodeStates = NodeStates()
    /// What knows what computed keys were derived from; set before commands are executed.
    public nonisolated(unsafe) var dependencies: (any DependencyTracking)?
    /// What remembers for CLIENT TRACKING what was read; set before commands are executed.
    public nonisolated(unsafe) var readTracking: (any ReadTracking)?
    /// Others who want to hear of changes to keys that they marked; set before commands are executed.
    public nonisolated(unsafe) var markHolders: [any MarkHolder] = []
    /// Where effects go; set before they are logged for the first time.
    public nonisolated(unsafe) var commitLog: (any CommitLog)?
    private let logs = Atomic<Bool>(false)
    /// Whether effects go to the commit log. Changed only while every shard is locked.
    @inline(__always)
    public var isLogging: Bool {
        get { logs.load(ordering: .relaxed) }
        set { logs.store(newValue, ordering: .relaxed) }
    }
    /// What takes a snapshot at the moment, if anything does. This and the three below are changed only while every shard is
    /// locked.
    nonisolated(unsafe) var snapshot: (any SnapshotTaking)?
    /// The number that each database had at the cut.
    nonisolated(unsafe) var databasesAtCut: [Int]
    /// What was taken out of databases before the snapshot had it, and the numbers that those had at the cut. Added to while
    /// every shard is locked, taken from under the first one's lock.
    nonisolated(unsafe) var unsavedParts: [(part: UnsafeMutablePointer<ShardDatabase>, database: Int)] = []
    /// The large value that is being saved.
    let partialSave = PartialSave()
    /// The `epoch` bit of entries that have been saved.
    nonisolated(unsafe) var epoch: UInt8 = 0
    /// The flags that, where they differ from `epoch`, make an entry one that is not simply changed.
    nonisolated(unsafe) var noticedFlags = Entry.Flags.marked.rawValue
    /// When keys were last changed, from the first time on that somebody asks for it.
    private(set) var changeSketch: ChangeSketch?
    private let shards: UnsafeMutableRawPointer
    nonisolated(unsafe) let capacities = TableSizes.capacities
    /// Position of the last write in the one total order of all writes.
    private let revisionCounter = Atomic<UInt64>(0)
    /// What hears of every change, in the order of delivery. Changed only while every shard is locked.
    private var observers: [any KeyspaceObserver] = []
    private let attention = Atomic<Int>(0)
    /// What the sketch adds to the number of those who observe all.
    private static let sketchAttention = 1 << 32
    /// Commands that wait for keys and need other shards than those of the keys when they go on.
    public let wideWaiters = Atomic<Int>(0)
    /// Whether keys are removed at their deadline although nobody asks for them (`DEBUG SET-ACTIVE-EXPIRE`).
    public let activeExpiry = Atomic<Bool>(true)

    /// - Parameters:
    ///   - databases: number of databases, at least 1.
    ///   - workers: number of threads that execute commands, at least 1.
    public init(databases: Int, workers: Int) {
        precondition(databases > 0 && workers > 0)
        precondition(MemoryLayout<Shard>.size <= Shard.stride)
        databaseCount = databases
        databasesAtCut = Array(0..<databases)
        workerCount = workers
        reclaimer = Reclaimer(workers: workers, budget: budget)
        lazyFree = LazyFree(reclaimer: reclaimer)
        shards = .allocate(byteCount: ShardSet.shardCount * Shard.stride, alignment: Shard.stride)
        for index in 0..<ShardSet.shardCount {
            shard(index).initialize(to: Shard(databaseCount: databases, reclaimer: reclaimer))
        }
    }

    deinit {
        for (part, _) in unsavedParts { lazyFree.enqueue(.database(part), bytes: 0) }
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
    public func advanceRevision() -> UInt64 { revisionCounter.wrappingAdd(1, ordering: .relaxed).newValue }

    /// Adds an observer, behind those that are there. It hears of marked keys and whole databases, and of every key
    /// while `observeAll` is on.
    public func add(observer: any KeyspaceObserver) {
        lock(.all)
        observers.append(observer)
        unlock(.all)
    }

    /// Begins or ends that every change is told, on behalf of one who wants it.
    public func observeAll(_ isOn: Bool) { attention.wrappingAdd(isOn ? 1 : -1, ordering: .relaxed) }

    /// Whether every change is of interest, to those who observe all or to the sketch.
    @inline(__always)
    var isAttentive: Bool { attention.load(ordering: .relaxed) != 0 }

    /// Whether all changes need to be recorded.
    @inline(__always)
    var isObserved: Bool { attention.load(ordering: .relaxed) & (Self.sketchAttention - 1) != 0 }

    /// Whether what becomes of every computed key is to be told.
    public var announcesAll: Bool { isObserved }

    /// Begins to keep when keys change. Every shard must be held.
    func beginSketch() {
        guard changeSketch == nil else { return }
        // 0 is the position of callers who know none.
        if revision == 0 { _ = advanceRevision() }
        changeSketch = ChangeSketch(since: revision)
        attention.wrappingAdd(Self.sketchAttention, ordering: .relaxed)
    }

    /// Whether it is kept when keys change.
    var hasSketch: Bool { attention.load(ordering: .relaxed) >= Self.sketchAttention }

    /// Whether a key may have changed after `revision`; may be wrong in saying yes. The key's shard must be held.
    public func mayHaveChanged(_ hash: UInt64, after revision: UInt64) -> Bool {
        changeSketch?.mayHaveChanged(hash, after: revision) ?? true
    }

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

    /// Bytes that are kept about keys which were evicted.
    public var historyUsage: Int { useHistory.memoryUsage }

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

    /// Lets go of an object in the background, which the caller must not keep: for those whose end takes long.
    ///
    /// - Parameter bytes: what it takes, where that was counted until now.
    public func releaseInBackground(_ object: any Sendable & AnyObject, bytes: Int = 0) {
        lazyFree.enqueue(.object(object), bytes: bytes)
    }
    /// Objects that wait to be freed in the background, and those that were.
    public var lazyFreeCounts: (pending: Int, freed: Int) { (lazyFree.pendingCount, lazyFree.freedCount) }
    /// Begins counting what was freed in the background anew.
    public func resetLazyFreeStatistics() { lazyFree.resetStatistics() }
}
