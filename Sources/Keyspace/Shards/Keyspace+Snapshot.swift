import Primitives

/// Takes a snapshot of all keys as they are at one moment, the cut, without stopping anybody for longer than that.
public protocol SnapshotTaking: AnyObject, Sendable {
    /// Takes an entry as it is, once for each that was there at the cut. Called under its shard's lock by whoever is about
    /// to change it, or by the walk over all.
    func save(_ entry: Entry, database: Int)

    /// Called with every shard held when a database was emptied or has changed places: what is still to be saved is not
    /// where it was, and `save` is not called any more.
    func snapshotWasLost()
}

/// Snapshots without copies (the approach of Dragonfly, "Zero-copy snapshotting", with one bit for a version).
///
/// An entry has a bit that says whether it has been saved: it is equal to the keyspace's while it has. The cut turns the
/// keyspace's bit over, with every shard locked, and with that all entries into such that have not been saved. A walk in
/// slices saves them; whoever is about to change an entry that the walk has not come to saves it first; new entries have
/// the keyspace's bit from the beginning. When the walk is over all bits are equal again.
///
/// Invariant: without a snapshot every entry's bit is equal to the keyspace's.
extension Keyspace {
    /// Takes the cut: from here on `snapshot` is given every entry that is there now. All shards must be held, and no other
    /// snapshot be going on.
    public func beginSnapshot(_ snapshot: any SnapshotTaking) {
        precondition(self.snapshot == nil)
        self.snapshot = snapshot
        epoch ^= Entry.Flags.epoch.rawValue
        noticedFlags |= Entry.Flags.epoch.rawValue
    }

    /// Ends a snapshot whose walk is over. All shards must be held.
    public func endSnapshot() {
        snapshot = nil
        noticedFlags &= ~Entry.Flags.epoch.rawValue
    }

    /// Ends a snapshot of which no more is wanted, before its walk is over. All shards must be held. The walk must go on, so
    /// that all entries count as saved.
    public func abandonSnapshot() { if snapshot != nil { endSnapshot() } }

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
    /// - Parameters:
    ///   - position: 0 to begin with.
    ///   - limit: about how many entries to look at.
    /// - Returns: where to go on, nil behind the last.
    public func saveSlice(shard index: Int, database: Int, from position: UInt64, limit: Int) -> UInt64? {
        lock(index)
        defer { unlock(index) }
        return shard(index).pointee.databases[database].table.scan(from: position, limit: limit) { entry in
            saveBeforeChange(entry, database: database)
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
        snapshot?.save(entry, database: database)
        entry.flags.formSymmetricDifference(.epoch)
    }

    /// Gives a new entry, or a block that replaces another one, the bit of those that have been saved.
    @inline(__always)
    func stamp(_ entry: Entry) {
        entry.flags = Entry.Flags(
            rawValue: entry.flags.rawValue & ~Entry.Flags.epoch.rawValue | epoch & Entry.Flags.epoch.rawValue)
    }

    /// Notes that whole databases have changed. All shards are held.
    func loseSnapshot() {
        guard let lost = snapshot else { return }
        endSnapshot()
        lost.snapshotWasLost()
    }
}
