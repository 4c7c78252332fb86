import Primitives

/// What commands do to all keys of a database: shard by shard, each locked for a moment, so that nothing stops.
extension Access {
    /// Calls `body` under the lock of `shard`, taking it where the caller does not hold it already.
    mutating func withShard<R>(_ index: Int, _ body: (inout Access, UnsafeMutablePointer<Shard>) -> R) -> R {
        guard !held.contains(index) else { return body(&self, keyspace.shard(index)) }
        // Who holds some shards cannot take another one in their order.
        assert(held.isEmpty)
        keyspace.lock(index)
        held.insert(index)
        defer {
            held = ShardSet()
            keyspace.unlock(index)
        }
        return body(&self, keyspace.shard(index))
    }

    /// The same where nobody else holds the shard; nil where somebody does.
    mutating func withFreeShard<R>(_ index: Int, _ body: (inout Access, UnsafeMutablePointer<Shard>) -> R) -> R? {
        assert(held.isEmpty)
        guard keyspace.tryLock(index) else { return nil }
        held.insert(index)
        defer {
            held = ShardSet()
            keyspace.unlock(index)
        }
        return body(&self, keyspace.shard(index))
    }

    /// Number of keys in the database, expired ones that are still there included.
    public mutating func keyCount() -> Int {
        var count = 0
        for index in 0..<ShardSet.shardCount {
            withShard(index) { access, shard in count += shard.pointee.databases[access.database].table.count }
        }
        return count
    }

    /// Calls `body` with every key of the database that has not expired and whose value is served, until it returns false.
    public mutating func forEachKey(_ body: (Entry) -> Bool) {
        settleAll()
        var goesOn = true
        for index in 0..<ShardSet.shardCount where goesOn {
            withShard(index) { access, shard in
                shard.pointee.databases[access.database].table.forEach { entry in
                    if access.isVisible(entry) { goesOn = body(entry) }
                    return goesOn
                }
            }
        }
    }

    /// Continues a SCAN: visits about `limit` keys from `cursor` on and returns the next cursor, 0 at the end.
    ///
    /// A cursor is the shard's number above a prefix of the hash. A key that exists during the whole scan is visited at
    /// least once; expired keys, and computed ones whose value is not served, are not.
    public mutating func scan(_ cursor: UInt64, limit: Int, _ body: (Entry) -> Void) -> UInt64 {
        settleAll()
        let bits = UInt64(Table.scanBits)
        var shard = Int(truncatingIfNeeded: min(cursor >> bits, UInt64(ShardSet.shardCount)))
        var position = cursor & (1 << bits - 1)
        var seen = 0
        while shard < ShardSet.shardCount {
            let next = withShard(shard) { access, shard in
                shard.pointee.databases[access.database].table.scan(from: position, limit: max(1, limit - seen)) {
                    seen += 1
                    if access.isVisible($0) { body($0) }
                }
            }
            if let next {
                position = next
            } else {
                shard += 1
                position = 0
            }
            if seen >= limit { break }
        }
        return shard < ShardSet.shardCount ? UInt64(shard) << bits | position : 0
    }

    /// Continues a SCAN as `scan` does, and removes the keys that `isWanted` chooses. No shard is locked for more than 128
    /// keys at a time, and what was removed is announced before it is let go.
    ///
    /// - Parameter commits: false in a transaction, which announces all changes at its end.
    /// - Returns: the next cursor, 0 at the end, and how many keys were removed.
    public mutating func scanRemoving(
        _ cursor: UInt64, limit: Int, commits: Bool, _ isWanted: (Entry) -> Bool
    ) -> (cursor: UInt64, removed: Int) {
        let slice = 128
        var next = cursor
        var visited = 0
        var removed = 0
        repeat {
            var names: [[UInt8]] = []
            let before = next
            next = scan(before, limit: min(slice, limit - visited)) { entry in
                if isWanted(entry) { names.append(entry.key.array) }
            }
            visited += min(slice, limit - visited)
            for name in names {
                name.withView { bytes in
                    let key = Key(bytes)
                    withLock(of: key.hash, commits: commits) { access in
                        // Somebody may have been faster, and put something else there.
                        guard let entry = access.peek(key), access.isVisible(entry), isWanted(entry) else { return }
                        guard access.remove(key) else { return }
                        removed += 1
                        if access.isLogging { access.logRemoval(key) }
                    }
                }
            }
        } while next != 0 && visited < limit
        return (next, removed)
    }

    /// A key chosen at random; nil where none is found.
    ///
    /// - Parameters:
    ///   - next: a random number below its argument.
    ///   - body: called with the entry under its lock.
    public mutating func withRandomKey<R>(_ next: (Int) -> Int, _ body: (Entry) -> R) -> R? {
        settleAll()
        // Shards hold nearly the same number of keys where there are many. Where there are few, empty ones are skipped.
        let start = next(ShardSet.shardCount)
        for attempt in 0..<ShardSet.shardCount * 4 {
            let index = attempt < 8 ? next(ShardSet.shardCount) : (start + attempt) % ShardSet.shardCount
            let result: R? = withShard(index) { access, shard in
                guard let entry = shard.pointee.databases[access.database].table.random(next),
                    access.isVisible(entry)
                else { return nil }
                return body(entry)
            }
            if let result { return result }
        }
        return nil
    }

    /// Calls `body` under the lock of the shard of a key that is not among the command's arguments, taking it where the
    /// caller does not hold it already, and announces under it what `body` has changed.
    public mutating func withLock<R>(of hash: UInt64, commits: Bool, _ body: (inout Access) -> R) -> R {
        withShard(Keyspace.shardIndex(hash)) { access, _ in
            let result = body(&access)
            if commits { access.commit() }
            return result
        }
    }

    // MARK: Whole databases. Every shard must be held.

    /// Removes all keys of `database`, or of all databases; returns how many there were.
    @discardableResult
    public mutating func flush(database target: Int?) -> Int {
        assert(held == .all)
        var total = 0
        for database in target.map({ $0...$0 }) ?? 0...keyspace.databaseCount - 1 {
            var removed = 0
            for index in 0..<ShardSet.shardCount {
                let shard = keyspace.shard(index)
                shard.pointee.notifyAllWatchers(database: database, other: nil)
                noteReady(shard, database: database)
                removed += flush(shard, database)
            }
            changed(.wholeDatabase, database: database, keys: removed, .flushed)
            total += removed
        }
        return total
    }

    private mutating func flush(_ shard: UnsafeMutablePointer<Shard>, _ database: Int) -> Int {
        let place = shard.pointee.databases + database
        let count = place.pointee.table.count
        shard.pointee.departed?.removeAll()
        guard place.pointee.table.capacity > 0 else { return 0 }
        untoldBytes &-= place.pointee.memory
        let garbage = UnsafeMutablePointer<ShardDatabase>.allocate(capacity: 1)
        garbage.moveInitialize(from: place, count: 1)
        place.initialize(to: ShardDatabase(reclaimer: keyspace.reclaimer))
        tellBudget()
        keyspace.discard(garbage, of: database)
        return count
    }

    /// Exchanges the contents of two databases.
    public mutating func swap(_ a: Int, _ b: Int) {
        assert(held == .all)
        guard a != b else { return }
        keyspace.databasesAtCut.swapAt(a, b)
        for index in 0..<ShardSet.shardCount {
            let shard = keyspace.shard(index)
            shard.pointee.notifyAllWatchers(database: a, other: b)
            shard.pointee.notifyAllWatchers(database: b, other: a)
            noteReady(shard, database: a)
            noteReady(shard, database: b)
            let first = shard.pointee.databases + a
            let second = shard.pointee.databases + b
            let scratch = UnsafeMutablePointer<ShardDatabase>.allocate(capacity: 1)
            scratch.moveInitialize(from: first, count: 1)
            first.moveInitialize(from: second, count: 1)
            second.moveInitialize(from: scratch, count: 1)
            scratch.deallocate()
        }
        changed(.swappedDatabase(with: b), database: a, keys: 1, .swapped)
    }

    // MARK: WATCH

    /// Lets `state` hear of changes to `key`; returns false where it does already. The key's shard must be held.
    @discardableResult
    public mutating func watch(_ key: Key, _ state: WatchState) -> Bool {
        // What has expired already is gone now, and not a change that the watcher should hear of.
        _ = present(key)
        return shard(key).pointee.watch(NamedKey(database: database, key: key.bytes.array), state)
    }

    /// Ends what `watch` began. The key's shard must be held.
    public mutating func endWatch(_ key: Key, _ state: WatchState) {
        shard(key).pointee.unwatch(NamedKey(database: database, key: key.bytes.array), state)
    }

    /// Ends what `watch` began. Takes the key's lock where it is not held.
    public mutating func unwatch(_ key: Key, database: Int, _ state: WatchState) {
        withShard(Keyspace.shardIndex(key.hash)) { _, shard in
            shard.pointee.unwatch(NamedKey(database: database, key: key.bytes.array), state)
        }
    }
}
