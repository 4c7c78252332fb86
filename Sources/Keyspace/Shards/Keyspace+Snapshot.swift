import Primitives

/// Takes a snapshot of all keys as they are at one moment, the cut, without stopping anybody for longer than that.
public protocol SnapshotTaking: AnyObject, Sendable {
    /// Takes an entry as it is, once for each that was there at the cut. Called under its shard's lock by whoever is about
    /// to change it, or by the walk over all.
    ///
    /// - Parameters:
    ///   - database: the number of its database at the cut.
    ///   - isFlushed: whether the database has been emptied since, and the key has gone with it.
    func save(_ entry: Entry, database: Int, isFlushed: Bool)

    /// Takes the next part of a large entry, which does not change between its parts; no other entry is given in parts
    /// before this one is done.
    ///
    /// - Returns: whether it was the last.
    func savePart(_ entry: Entry, database: Int) -> Bool
}

/// Snapshots without copies (the approach of Dragonfly, "Zero-copy snapshotting", with one bit for a version).
///
/// An entry has a bit that says whether it has been saved: it is equal to the keyspace's while it has. The cut turns the
/// keyspace's bit over, with every shard locked, and with that all entries into such that have not been saved. A walk in
/// slices saves them; whoever is about to change an entry that the walk has not come to saves it first; new entries have
/// the keyspace's bit from the beginning. When the walk is over all bits are equal again.
///
/// The walk's position is kept with each part of a database, and changes places with it: SWAPDB may put what is not saved
/// to where the walk has been. What FLUSHDB takes away is saved before it is freed.
///
/// A large value is saved in parts, between which its shard is free, by the walk and by those who wait to change it
/// (`Keyspace+PartialSaving`).
///
/// Invariant: without a walk every entry's bit is equal to the keyspace's.
extension Keyspace {
    /// Takes the cut: from here on `snapshot` is given every entry that is there now. All shards must be held, and no other
    /// snapshot's walk be going on.
    public func beginSnapshot(_ snapshot: any SnapshotTaking) {
        precondition(self.snapshot == nil && isWalkOver)
        self.snapshot = snapshot
        databasesAtCut = Array(0..<databaseCount)
        epoch ^= Entry.Flags.epoch.rawValue
        noticedFlags |= Entry.Flags.epoch.rawValue
        forEachPart { if $0.pointee.table.count > 0 { $0.pointee.unsavedFrom = 0 } }
    }

    /// Ends a snapshot of which no more is wanted. All shards must be held. Its walk must go on until it is over, so that all
    /// entries count as saved.
    public func abandonSnapshot() {
        snapshot = nil
        partialSave.end()
        noticedFlags &= ~Entry.Flags.epoch.rawValue
    }

    /// Ends the snapshot where its walk is over; returns whether it is. Takes all locks.
    public func endSnapshot() -> Bool {
        lock(.all)
        defer { unlock(.all) }
        guard isWalkOver else { return false }
        abandonSnapshot()
        return true
    }

    /// Whether every entry counts as saved. All shards must be held.
    private var isWalkOver: Bool {
        var isOver = unsavedParts.isEmpty
        forEachPart { isOver = isOver && $0.pointee.unsavedFrom == ShardDatabase.isSaved }
        return isOver
    }

    private func forEachPart(_ body: (UnsafeMutablePointer<ShardDatabase>) -> Void) {
        for index in 0..<ShardSet.shardCount {
            for database in 0..<databaseCount { body(shard(index).pointee.databases + database) }
        }
    }

    /// The number of keys of each database. All shards must be held.
    public func countsWhileLocked() -> [(keys: Int, expiring: Int, fieldExpiring: Int)] {
        (0..<databaseCount).map { database in
            var count = (keys: 0, expiring: 0, fieldExpiring: 0)
            for index in 0..<ShardSet.shardCount {
                let place = shard(index).pointee.databases + database
                count.keys += place.pointee.table.count
                count.expiring += place.pointee.expires
                count.fieldExpiring += place.pointee.fieldExpires
            }
            return count
        }
    }

    /// Gives a slice of the entries that have not been saved to the snapshot, or only makes them count as saved where
    /// there is none any more.
    ///
    /// - Parameter limit: about how many entries to look at.
    /// - Returns: whether there is more of this shard and database.
    public func saveSlice(shard index: Int, database: Int, limit: Int) -> Bool {
        lock(index)
        defer { unlock(index) }
        let part = shard(index).pointee.databases + database
        guard part.pointee.unsavedFrom != ShardDatabase.isSaved else { return false }
        var large: Entry?
        let next = part.pointee.table.scan(from: part.pointee.unsavedFrom, limit: limit) { entry in
            guard isUnsaved(entry) else { return }
            if entry.isLarge { large = entry } else { save(entry, database: database) }
        }
        if let large {
            savePart(large, database: databasesAtCut[database])
            // The slice is looked at until nothing is left of it.
            return true
        }
        part.pointee.unsavedFrom = next ?? ShardDatabase.isSaved
        return next != nil
    }

    /// Does the same with one of the parts that were taken out of their databases, and frees it; returns whether there was
    /// one. Called by the walk.
    public func saveUnsavedPart() -> Bool {
        // Any shard's lock is one that all changes need.
        lock(0)
        let taken = unsavedParts.popLast()
        let snapshot = snapshot
        unlock(0)
        guard let (part, database) = taken else { return false }
        part.pointee.table.forEach { entry in
            guard isUnsaved(entry) else { return true }
            if entry.isLarge {
                saveFlushed(entry, database: database)
            } else {
                snapshot?.save(entry, database: database, isFlushed: true)
            }
            return true
        }
        lazyFree.enqueue(.database(part), bytes: 0)
        return true
    }

    /// Takes over what was taken out of a database, to be freed when it is not needed any more. All shards are held.
    ///
    /// What a snapshot needs still does not count as memory in use: writes would be refused for as long as it is being saved.
    func discard(_ part: UnsafeMutablePointer<ShardDatabase>, of database: Int) {
        if snapshot != nil, part.pointee.unsavedFrom != ShardDatabase.isSaved {
            unsavedParts.append((part, databasesAtCut[database]))
        } else {
            lazyFree.enqueue(.database(part), bytes: part.pointee.memory)
        }
    }

    /// Lets an entry count as saved, and saves it where a snapshot has not got it. Its shard must be held.
    @inline(__always)
    func saveBeforeChange(_ entry: Entry, database: Int) {
        if isUnsaved(entry) { save(entry, database: database) }
    }

    /// Whether somebody wants to hear of a change of the entry, or to have it as it is before.
    @inline(__always)
    public func concernsOthers(_ entry: Entry) -> Bool { (entry.flags.rawValue ^ epoch) & noticedFlags != 0 }

    @inline(__always)
    func isUnsaved(_ entry: Entry) -> Bool {
        (entry.flags.rawValue ^ epoch) & Entry.Flags.epoch.rawValue != 0
    }

    @inline(never)
    private func save(_ entry: Entry, database: Int) {
        if entry.isLarge, saveInParts(entry, database: databasesAtCut[database]) { return }
        snapshot?.save(entry, database: databasesAtCut[database], isFlushed: false)
        noteSaved(entry)
    }

    @inline(__always)
    func noteSaved(_ entry: Entry) { entry.flags.formSymmetricDifference(.epoch) }

    /// Gives a new entry, or a block that replaces another one, the bit of those that have been saved.
    @inline(__always)
    func stamp(_ entry: Entry) {
        entry.flags = Entry.Flags(
            rawValue: entry.flags.rawValue & ~Entry.Flags.epoch.rawValue | epoch & Entry.Flags.epoch.rawValue)
    }
}
