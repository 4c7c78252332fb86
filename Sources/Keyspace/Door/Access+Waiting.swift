import DequeModule
import Primitives
import Synchronization

/// Commands that wait for keys, and the keys that have changed while somebody waits for them.
extension Access {
    // MARK: Waiting. The shards of the waiter's keys must be held to begin.

    /// Lets a command wait for its keys, behind those that wait already.
    public mutating func beginWaiting(_ waiter: KeyWaiter) {
        for key in waiter.keys {
            keyspace.shard(Keyspace.shardIndex(key.hash)).pointee.beginWaiting(key, waiter)
        }
        if waiter.needsAll { keyspace.wideWaiters.wrappingAdd(1, ordering: .relaxed) }
    }

    /// Forgets a command that waits no more. Takes the locks of its keys one after the other; none may be held.
    public mutating func endWaiting(_ waiter: KeyWaiter) {
        assert(waiter.isDone)
        for key in waiter.keys {
            withShard(Keyspace.shardIndex(key.hash)) { _, shard in shard.pointee.endWaiting(key, waiter) }
        }
        if waiter.needsAll { keyspace.wideWaiters.wrappingSubtract(1, ordering: .relaxed) }
    }

    /// Number of keys that commands wait for, and of those whose absence is waited for, too.
    public mutating func awaitedKeyCount() -> (all: Int, heedingAbsence: Int) {
        var count = (all: 0, heedingAbsence: 0)
        for index in 0..<ShardSet.shardCount {
            withShard(index) { _, shard in
                count.all += shard.pointee.waiters.count
                count.heedingAbsence += shard.pointee.waiters.values.count { $0.heedsAbsence }
            }
        }
        return count
    }

    // MARK: Serving

    /// Takes the first of the keys that have changed and that commands wait for.
    public mutating func takeReadyKey() -> NamedKey? {
        hasReadyKeys = readyKeys.count > 1
        guard let key = readyKeys.popFirst() else { return nil }
        notedKeys.remove(key)
        return key
    }

    /// The command at a place in the queue of those who wait for a key that can go on; those at places before it are
    /// passed over. The key's shard must be held.
    ///
    /// - Parameter position: where to look first; moved behind what is returned.
    public mutating func nextWaiter(for key: NamedKey, from position: inout Int) -> KeyWaiter? {
        let shard = keyspace.shard(Keyspace.shardIndex(key.hash))
        if position == 0 { shard.pointee.waiters[key]?.dropEnded() }
        guard let queue = shard.pointee.waiters[key] else { return nil }
        let type = key.bytes.withView { name in
            inDatabase(key.database) { $0.present(Key(name, hash: key.hash))?.type }
        }
        guard type != nil || queue.heedsAbsence else { return nil }
        while position < queue.waiters.count {
            let waiter = queue.waiters[position]
            position += 1
            guard !waiter.isDone else { continue }
            switch waiter.condition {
            case .change: return waiter
            case .value(let wanted): if type == wanted { return waiter }
            }
        }
        return nil
    }

    /// Whether commands wait for a key of a shard whose execution needs other shards as well.
    @inline(never)
    public func hasWideWaiters(_ shards: ShardSet) -> Bool {
        var isFound = false
        shards.forEach { if keyspace.shard($0).pointee.wideWaiters > 0 { isFound = true } }
        return isFound
    }

    /// Notes that a key has changed that commands may wait for.
    mutating func noteReady(_ key: Key) {
        guard shard(key).pointee.waiters.count > 0 else { return }
        let named = NamedKey(database: database, key: key.bytes.array)
        guard shard(key).pointee.waiters[named] != nil else { return }
        noteReady(named)
    }

    private mutating func noteReady(_ key: NamedKey) {
        guard notedKeys.insert(key).inserted else { return }
        readyKeys.append(key)
        hasReadyKeys = true
    }

    /// The same for all keys of a database.
    mutating func noteReady(_ shard: UnsafeMutablePointer<Shard>, database: Int) {
        guard !shard.pointee.waiters.isEmpty else { return }
        for key in shard.pointee.awaitedKeys(database: database) { noteReady(key) }
    }
}
