import Primitives

/// What one database holds.
public struct DatabaseStatistics: Sendable {
    public var keys = 0
    /// Keys with a time to live.
    public var expiring = 0
    /// Hashes with fields that have a time to live.
    public var fieldExpiring = 0
    /// Average of what is left of the time to live, in milliseconds; an estimate from samples. 0 where nothing expires.
    public var averageTimeToLive: Int64 = 0
    /// Bytes of the tables of keys.
    public var tableBytes = 0
    /// Bytes of the indexes of deadlines.
    public var expiryBytes = 0
    /// Bytes that keys and values take.
    public var valueBytes = 0
    /// Shards whose table of keys is being resized, and the bytes of the tables that go.
    public var resizing = 0
    public var resizingBytes = 0

    /// Time to live of the sampled keys, scaled to all of their shards.
    fileprivate var sampledTime = 0.0
    fileprivate var sampledKeys = 0.0
}

/// What INFO and MEMORY tell of the keyspace: shard by shard, each locked for a moment, so that nothing stops.
extension Access {
    /// Keys of one shard whose deadline is looked at for the average.
    private static let samples = 8

    /// Numbers of every database. O(shards * databases).
    public mutating func databaseStatistics() -> [DatabaseStatistics] {
        var all = [DatabaseStatistics](repeating: DatabaseStatistics(), count: keyspace.databaseCount)
        let now = now
        for index in 0..<ShardSet.shardCount {
            withShard(index) { _, shard in
                for database in all.indices { shard.pointee.databases[database].add(to: &all[database], now: now) }
            }
        }
        for index in all.indices where all[index].sampledKeys > 0 {
            all[index].averageTimeToLive = Int64(all[index].sampledTime / all[index].sampledKeys)
        }
        return all
    }

    /// Brings `known`, the bytes that the indexes of each shard take, up to date and returns their sum.
    ///
    /// Never waits: a shard that somebody works on keeps the number that is known of it. O(shards * databases).
    public func sampleIndexes(_ known: inout [Int]) -> Int {
        for index in known.indices where !held.contains(index) && keyspace.tryLock(index) {
            let shard = keyspace.shard(index)
            known[index] = (0..<keyspace.databaseCount).reduce(0) { $0 + shard.pointee.databases[$1].indexUsage }
            keyspace.unlock(index)
        }
        return known.reduce(0, +)
    }

    /// Number of keys that somebody watches.
    public mutating func watchedKeyCount() -> Int {
        var count = 0
        for index in 0..<ShardSet.shardCount {
            withShard(index) { _, shard in count += shard.pointee.watchers.count }
        }
        return count
    }

    /// Bytes that `entry` takes, with its share of the table and of the index of deadlines.
    public func memoryUsage(_ entry: Entry) -> Int {
        entry.memoryUsage + MemoryLayout<UInt64>.size
            + (entry.hasExpiry ? MemoryLayout<ExpiryIndex.Item>.stride : 0)
    }

    fileprivate static func averageTimeToLive(_ place: borrowing ShardDatabase, now: Int64) -> Double? {
        let items = place.expiry.items
        guard !items.isEmpty else { return nil }
        var total = 0.0
        var count = 0
        // The heap is in no order but that the earliest are in front: taken at even distances, all are as likely.
        for index in stride(from: 0, to: items.count, by: max(1, items.count / samples)) {
            guard let slot = place.table.find(hash: items[index].hash, where: { $0.hasExpiry }),
                let deadline = Table.entry(slot.pointee).expiry
            else { continue }
            total += Double(max(0, deadline &- now))
            count += 1
        }
        return count > 0 ? total / Double(count) : nil
    }
}

extension ShardDatabase {
    /// Bytes of the indexes of deadlines.
    var indexUsage: Int { expiry.memoryUsage + fieldExpiry.memoryUsage }

    fileprivate func add(to statistics: inout DatabaseStatistics, now: Int64) {
        guard table.capacity > 0 else { return }
        statistics.keys += table.count
        statistics.expiring += expires
        statistics.fieldExpiring += fieldExpires
        statistics.tableBytes += table.memoryUsage
        statistics.expiryBytes += indexUsage
        statistics.valueBytes += memory
        if let old = table.old {
            statistics.resizing += 1
            statistics.resizingBytes += old.capacity * MemoryLayout<UInt64>.size
        }
        guard expires > 0, let average = Access.averageTimeToLive(self, now: now) else { return }
        statistics.sampledTime += average * Double(expires)
        statistics.sampledKeys += Double(expires)
    }
}
