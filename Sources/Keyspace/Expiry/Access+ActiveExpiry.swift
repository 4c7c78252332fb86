import Primitives

extension ShardDatabase {
    /// Rebuilds the index when most of it belongs to deadlines that are no more.
    mutating func rebuildExpiryIfStale() {
        guard expiry.count > 64, expiry.count > expires * 2 + expires / 2 else { return }
        var items: [ExpiryIndex.Item] = []
        items.reserveCapacity(expires)
        table.forEach {
            if let deadline = $0.expiry { items.append(.init(deadline: deadline, hash: processHash($0.key))) }
            return true
        }
        expiry.rebuild(items)
    }

    /// The same for the hashes whose fields expire.
    mutating func rebuildFieldExpiryIfStale() {
        guard fieldExpiry.count > 64, fieldExpiry.count > fieldExpires * 2 + fieldExpires / 2 else { return }
        var items: [ExpiryIndex.Item] = []
        items.reserveCapacity(fieldExpires)
        table.forEach {
            if $0.fieldExpires > 0 {
                let deadline = $0.aggregate(HashValue.self).minimumExpiry
                items.append(.init(deadline: deadline, hash: processHash($0.key)))
            }
            return true
        }
        fieldExpiry.rebuild(items)
    }
}

extension Entry {
    /// 1 for a hash with a field that expires, else 0.
    @inline(__always)
    var fieldExpires: Int {
        guard type == .hash else { return 0 }
        return aggregate(HashValue.self).minimumExpiry == HashValue.noExpiry ? 0 : 1
    }
}

extension Table {
    /// The slot of an entry with this very hash for which `isWanted` holds.
    func find(hash: UInt64, where isWanted: (Entry) -> Bool) -> UnsafeMutablePointer<UInt64>? {
        for array in arrays {
            var index = Self.home(hash, array.capacity)
            while array.slots[index] != Self.empty {
                let slot = array.slots[index]
                if slot != Self.tombstone, slot >> 48 == Self.tag(hash), case let entry = Self.entry(slot),
                    isWanted(entry), processHash(entry.key) == hash
                {
                    return array.slots + index
                }
                index = index + 1 == array.capacity ? 0 : index + 1
            }
        }
        return nil
    }
}

extension Access {
    /// What one turn of the active cycle did.
    public struct ExpiryProgress {
        /// Keys and fields removed.
        public var removed = 0
        /// Whether more is due.
        public var hasMore = false
    }

    /// Removes up to `limit` keys of `shard` that have expired, in all databases, and moves resizing tables on.
    ///
    /// Takes the shard's lock for a slice of that many keys; call it again while `hasMore`.
    /// - Complexity: O(limit log n).
    public mutating func expireDue(shard index: Int, limit: Int) -> ExpiryProgress {
        var progress = ExpiryProgress()
        let outer = database
        withShard(index) { access, shard in
            for database in 0..<access.keyspace.databaseCount {
                let place = shard.pointee.databases + database
                if place.pointee.table.isResizing {
                    let more = place.pointee.table.migrate(slots: 1024)
                    progress.hasMore = progress.hasMore || more
                }
                access.database = database
                access.expireKeys(place, limit: limit, &progress)
                access.expireFields(place, limit: limit, &progress)
            }
            access.commit()
        }
        database = outer
        return progress
    }

    private mutating func expireKeys(
        _ place: UnsafeMutablePointer<ShardDatabase>, limit: Int, _ progress: inout ExpiryProgress
    ) {
        while let deadline = place.pointee.expiry.earliest, deadline < now {
            guard progress.removed < limit else { return progress.hasMore = true }
            guard let item = place.pointee.expiry.popDue(now: now) else { return }
            guard
                let slot = place.pointee.table.find(hash: item.hash, where: { $0.expiry == item.deadline })
            else { continue }
            let entry = Table.entry(slot.pointee)
            expire(Key(entry.key, hash: item.hash), slot)
            progress.removed += 1
        }
    }

    private mutating func expireFields(
        _ place: UnsafeMutablePointer<ShardDatabase>, limit: Int, _ progress: inout ExpiryProgress
    ) {
        while let deadline = place.pointee.fieldExpiry.earliest, deadline < now {
            guard progress.removed < limit else { return progress.hasMore = true }
            guard let item = place.pointee.fieldExpiry.popDue(now: now) else { return }
            let slot = place.pointee.table.find(hash: item.hash) {
                $0.type == .hash && $0.aggregate(HashValue.self).minimumExpiry < now
            }
            guard let slot else { continue }
            let entry = Table.entry(slot.pointee)
            let removed = expireFields(Key(entry.key, hash: item.hash), entry, limit: limit)
            progress.removed += removed
            // The rest may have the same deadline, of which no change would tell.
            if removed >= limit { place.pointee.fieldExpiry.insert(deadline: item.deadline, hash: item.hash) }
        }
    }

    /// Removes up to `limit` expired fields of a hash, and the hash when none is left; returns how many were removed.
    @discardableResult
    public mutating func expireFields(_ key: Key, _ entry: Entry, limit: Int) -> Int {
        var hash = entry.aggregate(HashValue.self)
        let before = (usage: hash.memoryUsage, expiry: hash.minimumExpiry)
        let removed = hash.removeExpired(now: now, limit: limit) { _ in }
        statistics.pointee.expiredFields.add(removed)
        close(key, entry, hash, before: before, event: removed > 0 ? KeyEvent(.hash, "hexpired") : nil)
        return removed
    }
}
