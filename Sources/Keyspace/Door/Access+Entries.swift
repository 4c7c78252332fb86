import Primitives

/// What becomes of a key's time to live when its value is replaced.
@frozen
public enum ExpiryUpdate {
    case clear
    case keep
    /// Milliseconds since 1970.
    case at(Int64)
}

extension Access {
    // MARK: Slots

    /// Puts `entry` where the table has, or may get, an entry of the same key; keeps all accounts.
    ///
    /// - Parameter isNew: whether a key that takes another's place is told as a new one, as renaming and copying do.
    mutating func put(_ key: Key, _ entry: Entry, in slot: UnsafeMutablePointer<UInt64>?, isNew: Bool = false) {
        let place = place(key)
        if let slot {
            let old = Table.entry(slot.pointee)
            account(place, entry.memoryUsage - old.memoryUsage)
            place.pointee.fieldExpires += entry.fieldExpires - old.fieldExpires
            keyspace.stamp(entry)
            if old.flags.contains(.marked) { entry.flags.insert(.marked) }
            if notesClock { entry.touch(accessClock) } else { noteReplacement(entry, of: old) }
            place.pointee.table.replace(slot, with: entry)
            noteExpiry(key, old: old.expiry, new: entry.expiry)
            discard(old)
            if isNew, keyspace.isObserved { changes.append(key, database: database, event: .new) }
        } else {
            insert(key, entry)
        }
    }

    /// Adds an entry for a key that does not exist.
    @inline(__always)
    mutating func insert(_ key: Key, _ entry: Entry) {
        let place = place(key)
        account(place, entry.memoryUsage)
        place.pointee.fieldExpires += entry.fieldExpires
        keyspace.stamp(entry)
        if notesClock { entry.touch(accessClock) } else { noteCreation(key, entry) }
        if shard(key).pointee.absentMarks?.mayContain(key.hash) == true { noticeCreation(entry) }
        place.pointee.table.insert(key.hash, entry)
        noteExpiry(key, old: nil, new: entry.expiry)
        if keyspace.isObserved {
            changes.append(key, database: database, event: .new)
        }
    }

    /// Takes the entry out of the table without freeing it.
    mutating func detach(_ key: Key, _ slot: UnsafeMutablePointer<UInt64>) -> Entry {
        let place = place(key)
        let entry = Table.entry(slot.pointee)
        account(place, -entry.memoryUsage)
        place.pointee.fieldExpires -= entry.fieldExpires
        noteExpiry(key, old: entry.expiry, new: nil)
        place.pointee.table.remove(slot)
        if entry.flags.contains(.marked) { shard(key).pointee.markAbsent(key.hash) }
        shard(key).pointee.departed?.remove(key.hash)
        return entry
    }

    mutating func removeEntry(_ key: Key, _ slot: UnsafeMutablePointer<UInt64>) {
        discard(detach(key, slot))
    }

    /// Frees an entry that is in no table: here, or in the background where that takes long.
    mutating func discard(_ entry: Entry) {
        if entry.freeingEffort > LazyFree.threshold {
            // It has been accounted as gone.
            tellBudget()
            keyspace.lazyFree.enqueue(.entry(entry), bytes: entry.memoryUsage)
        } else {
            entry.destroy(keyspace.reclaimer)
        }
    }

    // MARK: Time to live

    /// Keeps the count and the index of keys that expire. Called when the table has the entry with its new deadline, since
    /// the index may be renewed from the table.
    @inline(__always)
    mutating func noteExpiry(_ key: Key, old: Int64?, new: Int64?) {
        if old == nil, new == nil { return }
        indexExpiry(key, old: old, new: new)
    }

    @inline(never)
    private mutating func indexExpiry(_ key: Key, old: Int64?, new: Int64?) {
        let table = place(key)
        table.pointee.expires += (new == nil ? 0 : 1) - (old == nil ? 0 : 1)
        // An item for an earlier time stands for the later one too.
        if let new, new < old ?? .max { table.pointee.indexExpiry(new, key.hash) }
    }

    /// Makes `key` expire at `milliseconds` since 1970; nothing where it does not exist.
    public mutating func setExpiry(_ key: Key, at milliseconds: Int64, event: KeyEvent = .expire) {
        guard let slot = slot(key) else { return }
        let entry = Table.entry(slot.pointee)
        if let old = entry.expiry {
            entry.moveExpiry(to: milliseconds)
            noteExpiry(key, old: old, new: milliseconds)
        } else {
            rebuild(key, slot, expiry: milliseconds)
        }
        changed(key, event)
    }

    /// Makes `key` stay; false where it does not exist or stays already.
    public mutating func clearExpiry(_ key: Key) -> Bool {
        guard let slot = slot(key), Table.entry(slot.pointee).hasExpiry else { return false }
        rebuild(key, slot, expiry: nil)
        changed(key, .persist)
        return true
    }

    private mutating func rebuild(_ key: Key, _ slot: UnsafeMutablePointer<UInt64>, expiry: Int64?) {
        let old = Table.entry(slot.pointee)
        let entry = old.moved(key: old.key, expiry: expiry, keeping: [.external, .computed, .marked])
        let place = place(key)
        keyspace.stamp(entry)
        account(place, entry.memoryUsage - old.memoryUsage)
        place.pointee.table.replace(slot, with: entry)
        noteExpiry(key, old: old.expiry, new: expiry)
        old.freeBlock(keyspace.reclaimer)
    }

    // MARK: Whole keys

    /// Removes `key`; false where it does not exist.
    public mutating func remove(_ key: Key, event: KeyEvent = .deleted) -> Bool {
        guard let slot = slot(key) else { return false }
        changed(key, event)
        removeEntry(key, slot)
        return true
    }

    /// Gives the value of `source`, which must exist, to `target`, in the database `targetDatabase`.
    public mutating func move(_ source: Key, to target: Key, database targetDatabase: Int? = nil) {
        guard let slot = slot(source) else { return }
        let old = detach(source, slot)
        let entry = old.moved(key: target.bytes, expiry: old.expiry)
        old.freeBlock(keyspace.reclaimer)
        inDatabase(targetDatabase) { $0.place(target, entry, isNew: true) }
        changed(source, KeyEvent(.generic, targetDatabase == nil ? "rename_from" : "move_from"))
        inDatabase(targetDatabase) { access in
            access.changed(target, KeyEvent(.generic, targetDatabase == nil ? "rename_to" : "move_to"))
        }
    }

    /// Gives a deep copy of `source`, which must exist, to `target`.
    public mutating func copy(_ source: Key, to target: Key, database targetDatabase: Int? = nil) {
        guard let original = present(source) else { return }
        let entry = original.duplicated(key: target.bytes, expiry: original.expiry)
        inDatabase(targetDatabase) { access in
            access.place(target, entry, isNew: true)
            access.changed(target, KeyEvent(.generic, "copy_to"))
        }
    }

    /// Puts an entry that came from elsewhere under `key`, in place of what is there.
    mutating func place(_ key: Key, _ entry: Entry, isNew: Bool = false) {
        put(key, entry, in: slot(key), isNew: isNew)
        if let deadline = entry.fieldExpiry { place(key).pointee.indexFieldExpiry(deadline, key.hash) }
    }

    /// Calls `body` with another database selected.
    public mutating func inDatabase<R>(_ other: Int?, _ body: (inout Access) -> R) -> R {
        let previous = database
        database = other ?? previous
        defer { database = previous }
        return body(&self)
    }

    // MARK: Aggregates

    /// Puts a new aggregate under `key`, in place of what is there. The value must not be vacant.
    public mutating func store<Value: AggregateValue>(
        _ key: Key, _ value: Value, expiry: Int64? = nil, event: KeyEvent
    ) {
        place(
            key,
            .aggregate(
                key: key.bytes, type: Value.type, encoding: value.encoding, storage: value.storage, expiry: expiry))
        changed(key, event)
    }

    /// Writes a changed aggregate back to the entry that it was read from; removes the key when it has become empty.
    ///
    /// - Parameters:
    ///   - before: `memoryUsage` and `minimumExpiry` before the change.
    ///   - event: what changed, nil for nothing.
    @inlinable
    public mutating func close<Value: AggregateValue>(
        _ key: Key, _ entry: Entry, _ value: Value, before: (usage: Int, expiry: Int64), event: KeyEvent?
    ) {
        entry.encoding = value.encoding
        entry.pointer = value.storage
        if notesClock { entry.touch(accessClock) } else { noteUse(entry) }
        account(key, value.memoryUsage - before.usage)
        if let event { changed(key, event) }
        if value.minimumExpiry != before.expiry {
            fieldExpiryChanged(key, from: before.expiry, to: value.minimumExpiry)
        }
        if value.isVacant { _ = remove(key) }
    }

    @usableFromInline
    mutating func account(_ key: Key, _ bytes: Int) { account(place(key), bytes) }

    /// Keeps the accounts of a database's part of a shard, and of all keys.
    @inline(__always)
    mutating func account(_ place: UnsafeMutablePointer<ShardDatabase>, _ bytes: Int) {
        place.pointee.memory += bytes
        untoldBytes &+= bytes
    }

    /// Keeps the count of hashes whose fields expire, and lets the active cycle look at this one when its first is due;
    /// `Int64.max` is no deadline.
    @usableFromInline
    mutating func fieldExpiryChanged(_ key: Key, from old: Int64, to new: Int64) {
        let place = place(key)
        place.pointee.fieldExpires += (new == .max ? 0 : 1) - (old == .max ? 0 : 1)
        if new < old { place.pointee.indexFieldExpiry(new, key.hash) }
    }
}
