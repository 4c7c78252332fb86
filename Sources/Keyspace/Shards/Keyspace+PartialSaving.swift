import Primitives

/// Which entry is being saved in parts, if any is: one at a time, since a file has it in one piece. Who goes on with it holds
/// its shard; the lock here is for looking at who it is.
final class PartialSave: @unchecked Sendable {
    private let lock = ShardLock()
    private var base: UnsafeMutableRawPointer?
    private var shardIndex = 0

    /// Lets `entry`, whose shard is held, be the one; false where it is another.
    func claim(_ entry: Entry, shard: Int) -> Bool {
        lock.lock()
        defer { lock.unlock() }
        if let base { return base == entry.base }
        base = entry.base
        shardIndex = shard
        return true
    }

    func end() {
        lock.lock()
        base = nil
        lock.unlock()
    }

    /// The entry, good while its shard is held, and that shard.
    var current: (entry: Entry, shard: Int)? {
        lock.lock()
        defer { lock.unlock() }
        return base.map { (Entry(base: $0), shardIndex) }
    }
}

/// Saving large values in parts, so that nobody waits for their shard longer than a part takes. A command that is going to
/// change one waits until it is saved, and its worker helps meanwhile (`saveAhead`). What changes it without having waited
/// (eviction, for one) saves all that is left at once.
extension Keyspace {
    enum PartialOutcome {
        case done, more
        /// Another entry is being saved in parts.
        case busy
    }

    /// Whether a snapshot is being taken, for whoever holds a shard.
    @inline(__always)
    public var isTakingSnapshot: Bool { noticedFlags & Entry.Flags.epoch.rawValue != 0 }

    /// Whether a key, whose shard is held, has a large value that the snapshot has not got.
    public func isToBeSavedAhead(_ key: Key, database: Int) -> Bool {
        isTakingSnapshot && unsavedLarge(key, database: database) != nil
    }

    /// Goes on with saving a key's large value, or what must be saved before it; returns whether there is nothing left to do.
    /// No locks are held.
    public func saveAhead(_ key: Key, database: Int) -> Bool {
        let shard = Self.shardIndex(key.hash)
        lock(shard)
        let outcome =
            unsavedLarge(key, database: database).map { savePart($0, database: databasesAtCut[database]) } ?? .done
        unlock(shard)
        if outcome == .busy { saveNextPart() }
        return outcome == .done
    }

    /// Goes on with the entry that is being saved in parts; returns whether there is one. No locks are held.
    @discardableResult
    public func saveNextPart() -> Bool {
        guard let shard = partialSave.current?.shard else { return false }
        lock(shard)
        defer { unlock(shard) }
        // Another may be it by now. The database was told with the first part.
        if let current = partialSave.current, current.shard == shard { savePart(current.entry, database: 0) }
        return true
    }

    private func unsavedLarge(_ key: Key, database: Int) -> Entry? {
        let place = shard(Self.shardIndex(key.hash)).pointee.databases + database
        guard let slot = place.pointee.table.find(key.hash, key.bytes) else { return nil }
        let entry = Table.entry(slot.pointee)
        return isUnsaved(entry) && entry.isLarge ? entry : nil
    }

    /// Saves a part of a large entry that has not been saved. Its shard must be held.
    ///
    /// - Parameter database: the number of its database at the cut.
    @discardableResult
    func savePart(_ entry: Entry, database: Int) -> PartialOutcome {
        if let snapshot {
            guard partialSave.claim(entry, shard: Self.shardIndex(processHash(entry.key))) else { return .busy }
            guard snapshot.savePart(entry, database: database) else { return .more }
            partialSave.end()
        }
        noteSaved(entry)
        return .done
    }

    /// Saves a large entry of a database that was emptied. No locks are held.
    func saveFlushed(_ entry: Entry, database: Int) {
        let shard = Self.shardIndex(processHash(entry.key))
        while isUnsaved(entry) {
            lock(shard)
            let outcome = savePart(entry, database: database)
            unlock(shard)
            if outcome == .busy { saveNextPart() }
        }
    }

    /// Saves what is left of a large entry; false where another one is being saved. Its shard must be held.
    func saveInParts(_ entry: Entry, database: Int) -> Bool {
        while true {
            switch savePart(entry, database: database) {
            case .done: return true
            case .more: continue
            case .busy: return false
            }
        }
    }
}

extension Entry {
    /// Whether the value is saved in parts: one of many elements with more than a megabyte.
    @inline(__always)
    var isLarge: Bool { type != .string && memoryUsage > 1 << 20 }
}
