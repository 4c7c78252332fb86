import Primitives
import Synchronization

/// What the door does for computed keys and for those who listen to single keys: both mark the keys that they want to hear
/// of, so that all other keys cost one bit.
extension Access {
    // MARK: Reading

    /// Lets those know who record what the connection reads, before the value is looked at: a change from here on finds
    /// them.
    @inline(never)
    mutating func noteRead(_ key: Key) {
        let entry = present(key)
        // What has happened before, the key's expiry just now included, is not a change of what is read.
        settle()
        var marks = false
        if recording.contains(.computation), let graph = keyspace.dependencies {
            marks = graph.willRead(key, database: database, reader: reader, deadline: entry?.firstDeadline)
        }
        if recording.contains(.tracking), let tracking = keyspace.readTracking {
            marks = tracking.willRead(key, database: database, reader: reader) || marks
            if let entry, entry.isComputed { keyspace.dependencies?.announce(entry.node) }
        }
        if marks { mark(key) }
    }

    /// Records that a command looks at a key without `read`.
    @inline(__always)
    public mutating func recordRead(_ key: Key) {
        if !recording.isEmpty { noteRead(key) }
    }

    /// Lets changes of a key be told from now on.
    public mutating func mark(_ key: Key) {
        // An expired key is absent.
        _ = present(key)
        let place = place(key)
        if let slot = place.pointee.table.find(key.hash, key.bytes) {
            place.pointee.table.mark(slot)
        } else {
            shard(key).pointee.markAbsent(key.hash)
        }
    }

    /// Whether a computed value may be served.
    @inline(__always)
    mutating func serves(_ entry: Entry) -> Bool {
        if NodeStates.isGroupFresh(entry.node, nodeGroups), dirty == 0,
            now <= nodeStates.nextDeadline.load(ordering: .relaxed)
        {
            return true
        }
        return servesAfterAll(entry)
    }

    /// Counts a use of a computed value.
    @inline(__always)
    public func countHit(_ entry: Entry) {
        entry.hits &+= 1
        if entry.hits == 0 { keyspace.dependencies?.carryHits(of: entry.node) }
    }

    @inline(never)
    private mutating func servesAfterAll(_ entry: Entry) -> Bool {
        readsStates = true
        // Most have nothing to settle.
        if dirty != 0 || now > nodeStates.nextDeadline.load(ordering: .relaxed) { settleAll() }
        return isServed(entry)
    }

    /// Lets all count that the command, or the transaction, has changed before, and all whose time has come.
    public mutating func settleAll() {
        settle()
        expireSources()
    }

    /// Whether a computed value may be served, after `settleAll`.
    func isServed(_ entry: Entry) -> Bool {
        let state = keyspace.nodeStates[entry.node]
        return state.condition == .fresh
            || state.contains(.hasGrace) && keyspace.dependencies?.isInGrace(entry.node, now: now) == true
    }

    /// Whether a key has a computed value that is not served.
    public mutating func isHidden(_ key: Key) -> Bool {
        guard let entry = present(key), entry.isComputed else { return false }
        return !serves(entry)
    }

    /// Whether a walk over all keys shows `entry`, after `settleAll`.
    @inline(__always)
    func isVisible(_ entry: Entry) -> Bool { !entry.isExpired(at: now) && (!entry.isComputed || isServed(entry)) }

    /// Makes stale what was derived from keys that have expired, whether or not they are still there.
    public mutating func expireSources() {
        guard now > keyspace.nodeStates.nextDeadline.load(ordering: .relaxed) else { return }
        let now = now
        announce { [keyspace] log in keyspace.dependencies?.expireSources(now: now, into: &log) }
    }

    /// Calls `body`, which may change the dependency graph, with the log of what is to be told of that. What the command
    /// has changed before is settled first.
    public mutating func announce<R>(_ body: (inout ChangeLog) -> R) -> R {
        settle()
        let result = body(&changes)
        noteAnnounced()
        return result
    }

    /// The same for a change of the graph that is logged: `body` adds it to what is logged, in the order of the graph's
    /// changes, and may hand that over at once.
    public mutating func announce<R>(_ body: (inout ChangeLog, inout Effects) -> R) -> R {
        settle()
        let result = body(&changes, &effects)
        noteAnnounced()
        return result
    }

    /// What becomes of computed keys follows from what is logged.
    private mutating func noteAnnounced() {
        dirty &+= changes.count - settledChanges
        settledEffects &+= changes.count - settledChanges
        settledChanges = changes.count
    }

    /// Calls `body` with the text of the string at a key, nil where there is none to serve. Not a use of the key, nor a read
    /// that is recorded.
    public mutating func withText<R>(of key: Key, _ body: (ByteView?) -> R) -> R {
        guard let entry = present(key), entry.type == .string, !entry.isComputed || serves(entry) else {
            return body(nil)
        }
        return entry.withText(body)
    }

    // MARK: Writing

    /// Whether somebody wants to hear of changes of the key; for a key that is absent it may be that of another.
    public func isMarked(_ key: Key) -> Bool {
        let place = place(key)
        // Mostly the tags of hashes say enough.
        if place.pointee.table.isMarked(key.hash) == false { return false }
        guard let slot = place.pointee.table.find(key.hash, key.bytes) else {
            return shard(key).pointee.absentMarks?.mayContain(key.hash) == true
        }
        return Table.entry(slot.pointee).flags.contains(.marked)
    }

    /// The slot of a key that somebody wants to hear of or that a snapshot has not got, for a command that may change it. A
    /// computed value that is not served is in nobody's way.
    @inline(never)
    mutating func notice(_ key: Key, _ slot: UnsafeMutablePointer<UInt64>) -> UnsafeMutablePointer<UInt64>? {
        let entry = Table.entry(slot.pointee)
        keyspace.saveBeforeChange(entry, database: database)
        guard entry.flags.contains(.marked) else { return slot }
        hasNoticed = true
        guard entry.isComputed, !serves(entry) else { return slot }
        removeHidden(key, slot)
        return nil
    }

    /// Removes a computed value that is not served, so that what follows finds none when it is done again.
    @inline(never)
    mutating func removeHidden(_ key: Key) {
        guard isLogging, let slot = place(key).pointee.table.find(key.hash, key.bytes) else { return }
        keyspace.saveBeforeChange(Table.entry(slot.pointee), database: database)
        removeHidden(key, slot)
    }

    private mutating func removeHidden(_ key: Key, _ slot: UnsafeMutablePointer<UInt64>) {
        let node = Table.entry(slot.pointee).node
        hasNoticed = true
        if isLogging {
            // It counts as a change only so that it is handed over.
            dirty &+= 1
            logRemoval(key)
        }
        removeEntry(key, slot)
        keyspace.dependencies?.droppedValue(of: node)
        noteInvalidation(key)
    }

    /// A key comes into being, and may be one that somebody waits for. Called before the table has it.
    @inline(never)
    mutating func noticeCreation(_ entry: Entry) {
        entry.flags.insert(.marked)
        hasNoticed = true
    }

    /// The entry of a key, if it has not expired, a stale computed one included; neither a use nor a dependency.
    public mutating func peek(_ key: Key) -> Entry? { present(key) }

    /// Makes `key` the computed string `value` of `node`.
    public mutating func storeComputed(_ key: Key, _ value: ByteView, node: UInt32, expiry: Int64?) {
        let slot = place(key).pointee.table.find(key.hash, key.bytes)
        let hits = slot.map { Table.entry($0.pointee) }.flatMap { $0.isComputed ? $0.hits : nil } ?? 0
        let entry = Entry.string(key: key.bytes, value: value, expiry: expiry).computed(node: node, hits: hits)
        entry.flags.insert(.marked)
        if let slot {
            keyspace.saveBeforeChange(Table.entry(slot.pointee), database: database)
            put(key, entry, in: slot)
        } else {
            insert(key, entry)
        }
        hasNoticed = true
        changed(key, .published)
    }

    /// Lets it be kept from now on when keys change, for callers that ask what has changed since a position. Stops
    /// everybody for a moment at the first time. All shards must be held, or none.
    public func observeChanges() {
        guard !keyspace.hasSketch else { return }
        let takesLocks = held.isEmpty
        assert(takesLocks || held == .all)
        if takesLocks { keyspace.lock(.all) }
        keyspace.beginSketch()
        if takesLocks { keyspace.unlock(.all) }
    }

    /// Lets a key count as changed for those who ask whether it has since a position.
    public func noteInvalidation(_ key: Key) {
        keyspace.changeSketch?.note(key.hash, revision: keyspace.revision + 1)
    }

    // MARK: Announcing

    /// The position that the changes of this command have in the order of all writes.
    public mutating func takeRevision() -> UInt64 {
        if revision == 0 { revision = keyspace.advanceRevision() }
        return revision
    }

    /// Makes stale what was derived from what has been changed so far.
    public mutating func settle() {
        guard settledChanges < changes.count else { return }
        let revision = takeRevision()
        // Observers hear of keys that nothing was derived from as well.
        if hasNoticed, keyspace.nodeStates.hasNodes.load(ordering: .relaxed), let graph = keyspace.dependencies {
            for index in settledChanges..<changes.count { tell(graph, of: index, revision) }
            graph.propagate(now: now, into: &changes)
        }
        settledChanges = changes.count
    }

    private func tell(_ graph: any DependencyTracking, of index: Int, _ revision: UInt64) {
        changes.with(index) { change, name in
            guard change.subject == .key else {
                return graph.changed(change.subject, database: change.database, revision: revision)
            }
            let key = Key(name, hash: change.hash)
            let entry = self.entry(key, in: change.database)
            graph.changed(
                key, database: change.database, event: change.event,
                node: entry.flatMap { $0.isComputed ? $0.node : nil }, deadline: entry?.firstDeadline,
                revision: revision)
        }
    }

    private func entry(_ key: Key, in database: Int) -> Entry? {
        let place = shard(key).pointee.databases + database
        return place.pointee.table.find(key.hash, key.bytes).map { Table.entry($0.pointee) }
    }

    /// Tells everybody of the changes, first the graph: who hears of a change of a source must not be served what was
    /// derived from it.
    @inline(never)
    mutating func deliver() {
        dirty &-= toldMisses
        toldMisses = 0
        // Reads that were in vain have no place in the order of writes.
        let revision = dirty == 0 ? keyspace.revision : takeRevision()
        if dirty != 0 { settle() }
        changes.session = reader
        keyspace.deliver(changes, revision: revision)
        if hasNoticed { removeMarks() }
        changes.removeAll()
        settledChanges = 0
        self.revision = 0
        hasNoticed = false
    }

    /// Takes the marks off changed keys that nobody wants to hear of any more.
    private func removeMarks() {
        changes.forEach { change, name in
            let key = Key(name, hash: change.hash)
            guard change.subject == .key, change.event.effect != .none, change.event.effect != .restoration,
                let entry = entry(key, in: change.database), entry.flags.contains(.marked), !entry.isComputed,
                keyspace.dependencies?.wants(key, database: change.database) != true,
                !keyspace.markHolders.contains(where: { $0.wants(key, database: change.database) })
            else { return }
            entry.flags.remove(.marked)
        }
    }
}

extension Keyspace {
    /// Calls `body` with the text of the string at a key of which a change is being told, so that its shard is held: nil
    /// where there is none, or a computed one that is stale already.
    public func withText<R>(ofChanged key: Key, database: Int, _ body: (ByteView?) -> R) -> R {
        let place = shard(Self.shardIndex(key.hash)).pointee.databases + database
        guard let slot = place.pointee.table.find(key.hash, key.bytes) else { return body(nil) }
        let entry = Table.entry(slot.pointee)
        guard entry.type == .string, !entry.isComputed || nodeStates[entry.node].condition == .fresh else {
            return body(nil)
        }
        return entry.withText(body)
    }
}

extension Entry {
    /// Calls `body` with the text of a string in either representation.
    fileprivate func withText<R>(_ body: (ByteView?) -> R) -> R {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { scratch in
            // The text of an integer has at most 20 bytes.
            body(scratch.baseAddress.map { text(scratch: $0) })
        }
    }

    /// When the key or, where that is earlier, the first field of its hash expires.
    public var firstDeadline: Int64? {
        guard let expiry else { return fieldExpiry }
        return fieldExpiry.map { min($0, expiry) } ?? expiry
    }
}
