import CLinux
import Primitives

/// Making room, one key at a time. Nothing may be locked: shards are locked for a moment each. Those that others hold are
/// passed over as long as there are others: a command may be about to store a long value under that lock.
///
/// Samples come from one shard at a time, neighbours in its table, whose order is that of hashes and so no order at
/// all; the worst of them stay in the worker's pool for the next evictions. There is no list of keys by use: it would
/// cost every key two pointers and every read a write to three entries.
///
/// The policy of admission is a sampled W-TinyLFU (Einziger, Friedman and Manes, TinyLFU: A Highly Efficient Cache
/// Admission Policy, 2017): newcomers are on trial, first in first out; whoever comes to the end of the queue stays if
/// it was used more often than the worst of the samples, and goes if it was not. Those who go are remembered with their
/// counts. A loop over more keys than there is room for keeps what is there, and a scan passes through the queue
/// without touching the rest, where an LRU would lose all.
extension Access {
    /// Settings of eviction, as this worker uses them.
    public var evictionSettings: EvictionSettings {
        get { eviction.pointee.settings }
        set {
            if newValue.policy != eviction.pointee.settings.policy {
                eviction.pointee.pool.removeAll()
                eviction.pointee.barrenRevision = nil
            }
            if newValue.policy.ranking == .admission { keyspace.useHistory.prepare() }
            eviction.pointee.settings = newValue
            chooseNoting()
        }
    }

    /// Tells the budget by how much keys have grown since it was last told. Not inlined: `commit` would retain the budget for
    /// every write.
    @inline(never)
    public mutating func tellBudget() {
        guard untoldBytes != 0 else { return }
        keyspace.budget.add(untoldBytes)
        untoldBytes = 0
    }

    /// Removes one key, and tells of it as of a command of its own; false where the policy has none to remove.
    public mutating func evict() -> Bool {
        assert(held.isEmpty)
        guard let ranking = eviction.pointee.settings.policy.ranking else { return false }
        // What is refused where nothing may go must not cost a search each time.
        let revision = keyspace.revision
        guard eviction.pointee.barrenRevision != revision else { return false }
        let outer = (database: database, reader: reader)
        // It is nobody's command.
        reader = 0
        defer {
            database = outer.database
            reader = outer.reader
        }
        if eviction.pointee.untilCount == 0 || eviction.pointee.databases.isEmpty { countKeys() }
        eviction.pointee.untilCount -= 1
        if ranking == .admission {
            noteUses(beside: 1)
            keyspace.useHistory.sweep()
            if evictByAdmission() { return true }
        } else if ranking != .random, evictSampled() {
            return true
        }
        if evictAny(waits: false) { return true }
        // Keys may have come into other databases meanwhile, or what others hold be all that there is.
        countKeys()
        if evictAny(waits: true) { return true }
        eviction.pointee.barrenRevision = revision
        return false
    }

    /// Tells the history how many uses of keys this worker has seen.
    public mutating func noteUses(beside others: Int = 0) {
        guard eviction.pointee.settings.policy.ranking == .admission else { return }
        let hits = statistics.pointee.hits.current
        // The count may have been reset.
        let new = max(0, hits - eviction.pointee.toldHits) + others
        eviction.pointee.toldHits = hits
        if new > 0 { keyspace.useHistory.note(uses: new) }
    }

    /// Finds out which databases have keys, and how many there are.
    private mutating func countKeys() {
        // Without an allocation: after many evictions the allocator may have much to sort at the next one.
        let state = eviction
        state.pointee.resetCounts(databases: keyspace.databaseCount)
        for index in 0..<ShardSet.shardCount {
            withShard(index) { _, shard in
                for database in state.pointee.counts.indices {
                    state.pointee.counts[database] += shard.pointee.databases[database].table.count
                }
            }
        }
        let total = state.pointee.noteCounts()
        keyspace.useHistory.setKeyCount(total)
    }

    // MARK: Choosing

    private mutating func evictSampled() -> Bool {
        sample()
        while let candidate = eviction.pointee.pool.popWorst() {
            if evict(candidate.hash, database: candidate.database) { return true }
        }
        return false
    }

    private mutating func evictByAdmission() -> Bool {
        sample()
        let newcomer = nextNewcomer()
        while let victim = eviction.pointee.pool.popWorst() {
            if let newcomer, newcomer.badness >= victim.badness {
                eviction.pointee.pool.insert(victim)
                break
            }
            if evict(victim.hash, database: victim.database) { return true }
        }
        guard let newcomer else { return false }
        return evict(newcomer.hash, database: newcomer.database)
    }

    /// Ends the trial of the key that has been longest on it, where there are enough behind it; nil where there are
    /// not.
    private mutating func nextNewcomer() -> EvictionPool.Candidate? {
        let limit = eviction.pointee.trialLimit(of: keyspace.useHistory.keyCount, shares: keyspace.workerCount)
        while eviction.pointee.trial.count >= limit, let member = eviction.pointee.trial.popFirst() {
            let candidate: EvictionPool.Candidate? = withShard(Keyspace.shardIndex(member.hash)) { access, shard in
                let place = shard.pointee.databases + member.database
                guard let slot = place.pointee.table.find(hash: member.hash, where: { access.mayGo($0) }) else {
                    return nil
                }
                let entry = Table.entry(slot.pointee)
                var counter = AdmissionCounter(bits: entry.accessClock)
                // Gone and come again: that one is further behind in the queue.
                guard counter.isOnTrial else { return nil }
                counter.isOnTrial = false
                entry.touch(counter.bits)
                return EvictionPool.Candidate(
                    hash: member.hash, database: member.database, badness: access.badness(entry))
            }
            if let candidate { return candidate }
        }
        return nil
    }

    /// Puts the worst of some keys into the pool: as many as `maxmemory-samples` says, of every database that has keys.
    private mutating func sample() {
        let start = eviction.pointee.random.next(below: ShardSet.shardCount)
        for database in eviction.pointee.databases {
            var missing = eviction.pointee.settings.samples
            // Where keys are few, many shards have none.
            for offset in 0..<ShardSet.shardCount where missing > 0 {
                _ = withFreeShard((start + offset) % ShardSet.shardCount) { access, shard in
                    let place = shard.pointee.databases + database
                    guard place.pointee.table.count > 0 else { return }
                    if access.eviction.pointee.settings.policy.isVolatile {
                        access.sampleVolatile(place, database, &missing)
                    } else {
                        access.sampleAll(place, database, &missing)
                    }
                }
            }
        }
    }

    private mutating func sampleAll(_ place: UnsafeMutablePointer<ShardDatabase>, _ database: Int, _ missing: inout Int)
    {
        let start = eviction.pointee.random.next(below: place.pointee.table.positions)
        place.pointee.table.forEach(from: start, limit: missing) { entry in
            missing -= 1
            propose(entry, hash: processHash(entry.key), database)
        }
    }

    /// The index of deadlines knows the keys that expire. Its first is the one that expires first in the shard.
    private mutating func sampleVolatile(
        _ place: UnsafeMutablePointer<ShardDatabase>, _ database: Int, _ missing: inout Int
    ) {
        guard place.pointee.expires > 0 else { return }
        let items = place.pointee.expiry.items
        guard !items.isEmpty else { return }
        let isByDeadline = eviction.pointee.settings.policy.ranking == .deadline
        // Where there are few, each of them once; otherwise some at random, of which at most three in four are of no use.
        let takesAll = items.count <= missing
        for attempt in 0..<(takesAll ? items.count : missing * 4) where missing > 0 {
            let isGiven = takesAll || isByDeadline && attempt == 0
            let index = isGiven ? attempt : eviction.pointee.random.next(below: items.count)
            let hash = items[index].hash
            guard let slot = place.pointee.table.find(hash: hash, where: { $0.hasExpiry }) else { continue }
            missing -= 1
            propose(Table.entry(slot.pointee), hash: hash, database)
        }
    }

    private mutating func propose(_ entry: Entry, hash: UInt64, _ database: Int) {
        if eviction.pointee.settings.policy.ranking == .admission {
            // Whoever is on trial is judged at its end. One that was forgotten there is not protected for long.
            let counter = AdmissionCounter(bits: entry.accessClock)
            if counter.isOnTrial, counter.isRecent(in: keyspace.useHistory.era) { return }
        }
        eviction.pointee.pool.insert(
            EvictionPool.Candidate(hash: hash, database: database, badness: badness(entry)))
    }

    /// How much better the server can do without an entry than without others.
    private func badness(_ entry: Entry) -> Int64 {
        var bonus = 0
        if entry.isComputed, let graph = keyspace.dependencies {
            bonus = CostBonus.of(microseconds: graph.cost(of: entry.node))
        }
        switch eviction.pointee.settings.policy.ranking {
        case .recency: return Int64(idleSeconds(entry)) / Int64(1 + bonus)
        case .frequency: return Int64(255 - min(255, useCount(entry) + 4 * bonus))
        case .admission: return -Int64(useCount(entry) + bonus)
        case .deadline: return .max - (entry.expiry ?? .max)
        case .random, nil: return 0
        }
    }

    /// Whether the policy may remove an entry.
    private func mayGo(_ entry: Entry) -> Bool { !eviction.pointee.settings.policy.isVolatile || entry.hasExpiry }

    // MARK: Removing

    /// Removes any key that may go: the policy of random victims, and what is left to the others where they find none.
    ///
    /// - Parameter waits: for shards that others hold.
    private mutating func evictAny(waits: Bool) -> Bool {
        let start = eviction.pointee.random.next(below: ShardSet.shardCount)
        let databases = eviction.pointee.databases
        guard !databases.isEmpty else { return false }
        let firstDatabase = eviction.pointee.random.next(below: databases.count)
        for offset in 0..<ShardSet.shardCount * databases.count {
            let database = databases[(firstDatabase + offset / ShardSet.shardCount) % databases.count]
            let index = (start + offset) % ShardSet.shardCount
            let evict = { (access: inout Access, shard: UnsafeMutablePointer<Shard>) -> Bool in
                access.evictAny(shard.pointee.databases + database, database)
            }
            if waits ? withShard(index, evict) : withFreeShard(index, evict) == true { return true }
        }
        return false
    }

    private mutating func evictAny(_ place: UnsafeMutablePointer<ShardDatabase>, _ number: Int) -> Bool {
        let table = UnsafePointer(place)
        guard table.pointee.table.count > 0 else { return false }
        if !eviction.pointee.settings.policy.isVolatile {
            let state = eviction
            guard let entry = table.pointee.table.random({ state.pointee.random.next(below: $0) }) else { return false }
            return evict(processHash(entry.key), in: place, number)
        }
        guard table.pointee.expires > 0 else { return false }
        let items = table.pointee.expiry.items
        let start = eviction.pointee.random.next(below: items.count)
        for offset in items.indices {
            let hash = items[(start + offset) % items.count].hash
            if evict(hash, in: place, number) { return true }
        }
        return false
    }

    /// Removes a key that was chosen, if it is still there and may go, and nobody holds its shard.
    private mutating func evict(_ hash: UInt64, database: Int) -> Bool {
        let isEvicted = withFreeShard(Keyspace.shardIndex(hash)) { access, shard in
            access.evict(hash, in: shard.pointee.databases + database, database)
        }
        return isEvicted == true
    }

    /// Removes a key of a shard that is held.
    private mutating func evict(
        _ hash: UInt64, in place: UnsafeMutablePointer<ShardDatabase>, _ number: Int
    ) -> Bool {
        guard let slot = place.pointee.table.find(hash: hash, where: { mayGo($0) }) else { return false }
        database = number
        let entry = Table.entry(slot.pointee)
        let key = Key(entry.key, hash: hash)
        if entry.isExpired(at: now) {
            expire(key, slot)
        } else {
            if eviction.pointee.settings.policy.ranking == .admission {
                keyspace.useHistory.remember(hash, count: useCount(entry))
            }
            if entry.flags.contains(.marked) { hasNoticed = true }
            statistics.pointee.evicted.add()
            keyspace.saveBeforeChange(entry, database: number)
            if isLogging { logRemoval(key) }
            changed(key, .evicted)
            removeEntry(key, slot)
            noteDeparture(hash, .evicted)
        }
        commit()
        tellBudget()
        return true
    }
}
