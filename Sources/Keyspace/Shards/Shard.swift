import Primitives

/// One database's keys in one shard.
struct ShardDatabase: ~Copyable {
    var table: Table
    /// Bytes that keys and values take, table and indexes excluded.
    var memory = 0
    /// Keys with a time to live.
    var expires = 0
    var expiry = ExpiryIndex()
    /// Hashes with fields that expire: how many, and when the first of each does.
    var fieldExpires = 0
    var fieldExpiry = ExpiryIndex()
    /// Where the walk of a snapshot goes on; `isSaved` where it has nothing to do here.
    var unsavedFrom = ShardDatabase.isSaved

    /// No position of a walk.
    static let isSaved = UInt64.max

    init(reclaimer: Reclaimer) { table = Table(reclaimer: reclaimer) }

    /// Frees all entries; the table is invalid afterwards.
    func destroyEntries() {
        table.forEach {
            $0.destroy()
            return true
        }
    }
}

/// A part of the keyspace that one lock guards.
///
/// Lock order: shards in ascending order → dependency graph → commit log → mailboxes. Whoever holds one of them takes
/// only what stands further right.
struct Shard: ~Copyable {
    let lock = ShardLock()
    /// Number of keys that connections WATCH or wait for here; the tables of them are only looked at when there are any.
    var listenedKeys: UInt32 = 0
    /// Commands that wait for keys here and need other shards as well.
    var wideWaiters: UInt32 = 0
    /// One for each database.
    var databases: UnsafeMutablePointer<ShardDatabase>
    var watchers: [NamedKey: [WatchState]] = [:]
    var waiters: [NamedKey: WaitQueue] = [:]
    /// Absent keys that somebody wants to hear of; nil until there was one.
    var absentMarks: AbsentMarks?
    /// Keys that have expired or were evicted; nil until there was one.
    var departed: DepartedKeys?

    init(databaseCount: Int, reclaimer: Reclaimer) {
        databases = .allocate(capacity: databaseCount)
        for index in 0..<databaseCount { (databases + index).initialize(to: ShardDatabase(reclaimer: reclaimer)) }
    }

    /// Frees all databases; the shard is invalid afterwards.
    func destroy(databaseCount: Int) {
        for index in 0..<databaseCount { databases[index].destroyEntries() }
        databases.deinitialize(count: databaseCount)
        databases.deallocate()
        absentMarks?.destroy()
        departed?.destroy()
    }

    /// Distance of shards in memory: two cache lines, so that neighbours do not share one.
    static let stride = 128
}
