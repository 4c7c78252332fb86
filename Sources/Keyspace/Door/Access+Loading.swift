import Primitives

extension Keyspace {
    /// Makes room in a database that is empty for about `keys` keys, so that it need not grow step by step.
    public func reserve(database: Int, keys: Int) {
        guard keys > 0, database < databaseCount else { return }
        let share = keys / ShardSet.shardCount
        // Shards differ by chance.
        let expected = share + 4 * Int(Double(share).squareRoot()) + 1
        for index in 0..<ShardSet.shardCount {
            lock(index)
            shard(index).pointee.databases[database].table.reserve(expected)
            unlock(index)
        }
    }
}

/// How values come in that were decoded elsewhere.
extension Access {
    /// Puts an entry that `Entry.loaded` made for `key` there, in place of what is there, and takes it over.
    ///
    /// - Parameters:
    ///   - isNew: whether a key that takes another's place is told as a new one.
    ///   - event: nil where nobody is to hear of it: a file is loaded.
    public mutating func adopt(_ key: Key, _ entry: Entry, isNew: Bool = false, event: KeyEvent?) {
        assert(entry.key == key.bytes)
        place(key, entry, isNew: isNew)
        if let event {
            changed(key, event)
        } else if untoldBytes.magnitude > UInt(MemoryBudget.grain) {
            tellBudget()
        }
    }

    /// Makes an entry look as if it was last used so many seconds ago, where that is what is noted.
    public func setIdle(_ entry: Entry, seconds: Int) {
        guard eviction.pointee.countsUses == false else { return }
        entry.touch((accessClock &- UInt32(truncatingIfNeeded: seconds)) & 0xFF_FFFF)
    }

    /// Makes an entry look as if it was used so often, where that is what is noted.
    public func setFrequency(_ entry: Entry, _ count: UInt8) {
        guard eviction.pointee.settings.policy.ranking == .frequency else { return }
        entry.touch(UseCounter(value: count, now: now).bits)
    }
}
