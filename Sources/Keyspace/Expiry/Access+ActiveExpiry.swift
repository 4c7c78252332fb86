import Primitives

extension ShardDatabase {
    /// Entries that a renewal of an index looks at with each insertion, and with each turn of the active cycle.
    private static let renewalStep = 16
    private static let renewalSlice = 256

    /// Notes that a key with `hash` expires at `deadline`; the table has it with that deadline.
    mutating func indexExpiry(_ deadline: Int64, _ hash: UInt64) {
        expiry.insert(deadline: deadline, hash: hash)
        renewExpiry(limit: Self.renewalStep)
    }

    /// The same for a hash whose first field expires at `deadline`.
    mutating func indexFieldExpiry(_ deadline: Int64, _ hash: UInt64) {
        fieldExpiry.insert(deadline: deadline, hash: hash)
        renewFieldExpiry(limit: Self.renewalStep)
    }

    private mutating func renewExpiry(limit: Int) {
        expiry.renew(from: table, live: expires, limit: limit) { $0.expiry }
    }

    private mutating func renewFieldExpiry(limit: Int) {
        fieldExpiry.renew(from: table, live: fieldExpires, limit: limit) { $0.fieldExpiry }
    }

    /// The hash with fields that expire whose key has this hash value.
    fileprivate func expiringHash(_ hash: UInt64) -> Entry? {
        table.find(hash: hash) { $0.fieldExpires > 0 }.map { Table.entry($0.pointee) }
    }

    /// What is done for the table and its indexes while nobody waits for it; returns whether more is to do.
    fileprivate mutating func maintain() -> Bool {
        let isResizing = table.migrate(slots: 1024)
        renewExpiry(limit: Self.renewalSlice)
        renewFieldExpiry(limit: Self.renewalSlice)
        return isResizing || expiry.isBeingRenewed || fieldExpiry.isBeingRenewed
    }
}

extension Entry {
    /// When the first field of a hash expires; nil where none does, and for other types.
    @inline(__always)
    var fieldExpiry: Int64? {
        guard type == .hash else { return nil }
        let expiry = aggregate(HashValue.self).minimumExpiry
        return expiry == HashValue.noExpiry ? nil : expiry
    }

    /// 1 for a hash with a field that expires, else 0.
    @inline(__always)
    var fieldExpires: Int { fieldExpiry == nil ? 0 : 1 }
}

extension Access {
    /// What one turn of the active cycle did.
    public struct ExpiryProgress {
        /// Keys and fields removed.
        public var removed = 0
        /// Whether more is due, or a table or an index is being rebuilt.
        public var hasMore = false
    }

    /// Removes keys and fields of `shard` that have expired, in all databases, and moves resizing tables on.
    ///
    /// Takes the shard's lock for a slice in which up to `limit` deadlines are looked at; call it again while `hasMore`.
    /// - Complexity: O(limit log n).
    public mutating func expireDue(shard index: Int, limit: Int) -> ExpiryProgress {
        var progress = ExpiryProgress()
        var left = limit
        let outer = (database: database, reader: reader)
        // It is nobody's command.
        reader = 0
        withShard(index) { access, shard in
            for database in 0..<access.keyspace.databaseCount {
                let place = shard.pointee.databases + database
                guard place.pointee.table.capacity > 0 else { continue }
                access.database = database
                access.expireKeys(place, &left, &progress)
                access.expireFields(place, &left, &progress)
                let hasWork = place.pointee.maintain()
                progress.hasMore = progress.hasMore || hasWork
            }
            access.commit()
        }
        database = outer.database
        reader = outer.reader
        return progress
    }

    private mutating func expireKeys(
        _ place: UnsafeMutablePointer<ShardDatabase>, _ left: inout Int, _ progress: inout ExpiryProgress
    ) {
        while left > 0, let item = place.pointee.expiry.popDue(now: now) {
            left -= 1
            guard let slot = place.pointee.table.find(hash: item.hash, where: { $0.hasExpiry }) else { continue }
            let entry = Table.entry(slot.pointee)
            if entry.isExpired(at: now) {
                expire(Key(entry.key, hash: item.hash), slot)
                progress.removed += 1
            } else if let deadline = entry.expiry {
                place.pointee.expiry.insert(deadline: deadline, hash: item.hash)
            }
        }
        if place.pointee.expiry.isDue(now: now) { progress.hasMore = true }
    }

    private mutating func expireFields(
        _ place: UnsafeMutablePointer<ShardDatabase>, _ left: inout Int, _ progress: inout ExpiryProgress
    ) {
        while left > 0, let item = place.pointee.fieldExpiry.popDue(now: now) {
            left -= 1
            if let entry = place.pointee.expiringHash(item.hash), let deadline = entry.fieldExpiry, deadline < now {
                let removed = expireFields(Key(entry.key, hash: item.hash), entry, limit: left + 1)
                left -= max(0, removed - 1)
                progress.removed += removed
            }
            // What is there, or left, of the hash needs an item again.
            if let deadline = place.pointee.expiringHash(item.hash)?.fieldExpiry {
                place.pointee.fieldExpiry.insert(deadline: deadline, hash: item.hash)
            }
        }
        if place.pointee.fieldExpiry.isDue(now: now) { progress.hasMore = true }
    }

    /// Removes up to `limit` expired fields of a hash, and the hash when none is left; returns how many were removed.
    @discardableResult
    public mutating func expireFields(_ key: Key, _ entry: Entry, limit: Int) -> Int {
        var hash = entry.aggregate(HashValue.self)
        let before = (usage: hash.memoryUsage, expiry: hash.minimumExpiry)
        let isLogging = isLogging
        let removed = hash.removeExpired(now: now, limit: limit) { if isLogging { logRemoval(of: $0, from: key) } }
        statistics.pointee.expiredFields.add(removed)
        close(key, entry, hash, before: before, event: removed > 0 ? KeyEvent(.hash, "hexpired") : nil)
        return removed
    }
}
