import CLinux
import DequeModule
import Primitives

/// A key with its hash, as commands pass it around.
@frozen
public struct Key {
    /// The name. Good as long as the view.
    public let bytes: ByteView
    /// `processHash` of the name.
    public let hash: UInt64

    /// - Parameter hash: `processHash(bytes)`, computed before.
    @inlinable @inline(__always)
    public init(_ bytes: ByteView, hash: UInt64) {
        self.bytes = bytes
        self.hash = hash
    }

    /// Computes the hash. O(n).
    @inlinable @inline(__always)
    public init(_ bytes: ByteView) { self.init(bytes, hash: processHash(bytes)) }
}

/// What one worker's commands found and did, counted by that worker and read by INFO.
public struct AccessStatistics: ~Copyable, Sendable {
    /// Keys that reading commands found.
    public let hits = Counter()
    /// Keys that reading commands did not find.
    public let misses = Counter()
    /// Those of the misses whose key was there and had expired.
    public let expiredMisses = Counter()
    /// Those of the misses whose key was there until memory was short.
    public let evictedMisses = Counter()
    /// Those of the misses whose key is computed and was stale.
    public let staleMisses = Counter()
    /// Keys removed because their time had come.
    public let expired = Counter()
    /// Fields of hashes removed because their time had come.
    public let expiredFields = Counter()
    /// Keys removed because memory was short.
    public let evicted = Counter()
    /// Changes of keys.
    public let changes = Counter()

    public init() {}

    /// Forgets everything but `changes`; what the worker counts in the same instant may be lost.
    public func reset() {
        hits.set(0)
        misses.set(0)
        expiredMisses.set(0)
        evictedMisses.set(0)
        staleMisses.set(0)
        expired.set(0)
        expiredFields.set(0)
        evicted.set(0)
    }
}

/// The one door to the keyspace: every command reads and writes keys through it.
///
/// Reads remove what has expired, count hits and misses and note the time of use. Writes keep the accounts of memory and
/// deadlines and note the change; `commit`, called when the handler has returned and the locks are still held, gives the
/// changes to WATCH and to all observers as one step with one revision. There is no other way to change a key, so a
/// command cannot forget any of this.
///
/// Invariant: the shards of all keys that are named are locked by the caller (`held`). A worker has one `Access`, which
/// it reuses for all its commands.
///
/// What is called on the path of a command is `mutating`, whether or not it changes anything, or inlined: otherwise it would be
/// given a copy of the access, which is large.
public struct Access: ~Copyable {
    /// What this is the door to. Not retained: it must outlive the access.
    public unowned(unsafe) let keyspace: Keyspace
    /// The same, for calls on the path of every write: it is not retained for them.
    @usableFromInline let keyspaceReference: Unmanaged<Keyspace>
    /// The database that keys are looked up in.
    public var database = 0
    /// Milliseconds since 1970 at the start of the command: all of a command, and of a transaction, sees one time.
    public var now: Int64 = 0
    /// Whether reads leave the time of last use alone (`CLIENT NO-TOUCH`).
    public var leavesAccessClock = false { didSet { chooseNoting() } }
    /// What `now` stands for where it is not the time: seconds that are added to it when the use of a key is noted.
    public var accessClockStart: UInt32 = 0
    /// Whether the use of a key is noted as the time of it, as without a policy that counts uses.
    @usableFromInline var notesClock = true
    /// Bytes by which keys have grown, or shrunk, that the budget has not heard of.
    var untoldBytes = 0
    /// The shards that the caller has locked.
    public var held = ShardSet()
    /// Changes made since the last `commit`.
    public internal(set) var dirty = 0
    var changes: ChangeLog
    /// Whether the command has opened a key for writing that somebody wants to hear of, or has changed whole databases.
    var hasNoticed = false
    /// How many of `changes` the dependency graph has seen.
    var settledChanges = 0
    /// The position of the changes in the order of all writes; 0 until something needs it.
    var revision: UInt64 = 0
    /// Who wants to know what the connection reads, and which connection it is.
    public var recording: ReadRecording = []
    public var reader = 0
    /// Whether reads of keys that do not exist are told to the observers.
    public var tellsMisses = false
    /// Whether a computed value that is found not to be served is removed: a command that derives something from several keys
    /// is logged as it came, and when that is done again the value must not be there either.
    public var removesHidden = false
    /// How many of `dirty` are such reads.
    var toldMisses = 0
    /// What the commit log gets to hear. Empty where nothing is logged.
    public var effects = Effects()
    /// Position in the commit log behind the last effects.
    public var loggedPosition: UInt64 { effects.position }
    /// How many of `dirty` are logged already, or are none of a command's doing.
    var settledEffects = 0
    /// Keys that have changed since the last command and that commands wait for.
    var readyKeys: Deque<NamedKey> = []
    /// The same, to be found.
    var notedKeys: Set<NamedKey> = []
    /// Whether there are any.
    public internal(set) var hasReadyKeys = false
    /// The keyspace's, at hand.
    unowned(unsafe) let nodeStates: NodeStates
    let nodeGroups: NodeStates.Bytes
    /// Whether the state of a computed value has been looked at: where some are not fresh, that of the next may be as well.
    public var readsStates = false
    /// Where this worker counts.
    public let statistics: UnsafeMutablePointer<AccessStatistics>
    /// How this worker makes room.
    let eviction: UnsafeMutablePointer<EvictionState>

    /// - Parameters:
    ///   - statistics: must outlive the access.
    ///   - worker: number of the worker whose access it is; nil outside of workers.
    public init(keyspace: Keyspace, statistics: UnsafeMutablePointer<AccessStatistics>, worker: Int? = nil) {
        self.keyspace = keyspace
        keyspaceReference = .passUnretained(keyspace)
        nodeStates = keyspace.nodeStates
        nodeGroups = keyspace.nodeStates.groups
        self.statistics = statistics
        changes = ChangeLog(worker: worker)
        eviction = .allocate(capacity: 1)
        eviction.initialize(to: EvictionState())
    }

    deinit {
        eviction.deinitialize(count: 1)
        eviction.deallocate()
    }

    @inline(__always)
    func shard(_ key: Key) -> UnsafeMutablePointer<Shard> {
        assert(held.contains(Keyspace.shardIndex(key.hash)))
        return keyspace.shard(Keyspace.shardIndex(key.hash))
    }

    /// The selected database's part of the key's shard.
    @inline(__always)
    func place(_ key: Key) -> UnsafeMutablePointer<ShardDatabase> {
        shard(key).pointee.databases + database
    }

    @inline(__always) @usableFromInline
    var accessClock: UInt32 { (UInt32(truncatingIfNeeded: now / 1000) &+ accessClockStart) & 0xFF_FFFF }

    // MARK: Reading

    /// The entry of `key` for a command that only reads: counts a hit or a miss and notes the use.
    ///
    /// - Parameters:
    ///   - touches: false for what asks about the key rather than for its value, which is no use of it.
    ///   - tells: false for what looks at the server rather than at its keys: that it finds none is told to nobody.
    @inline(__always)
    public mutating func read(_ key: Key, touches: Bool = true, tells: Bool = true) -> Entry? {
        recordRead(key)
        guard let entry = present(key) else {
            missed(key, tells)
            return nil
        }
        if entry.isComputed {
            guard serves(entry) else {
                if tells, tellsMisses { tellMiss(key) }
                statistics.pointee.misses.add()
                statistics.pointee.staleMisses.add()
                if removesHidden { removeHidden(key) }
                return nil
            }
            if touches { countHit(entry) }
        }
        statistics.pointee.hits.add()
        if touches {
            if notesClock { entry.touch(accessClock) } else { noteUse(entry) }
        }
        return entry
    }

    /// The entry of `key`, if it has not expired, a computed value that is stale included. An expired key is removed on the
    /// way.
    @inline(__always)
    mutating func present(_ key: Key) -> Entry? {
        guard let slot = place(key).pointee.table.find(key.hash, key.bytes) else { return nil }
        let entry = Table.entry(slot.pointee)
        guard !entry.isExpired(at: now) else {
            expire(key, slot)
            return nil
        }
        return entry
    }

    @inline(__always)
    private mutating func missed(_ key: Key, _ tells: Bool) {
        statistics.pointee.misses.add()
        if tells, tellsMisses { tellMiss(key) }
        if shard(key).pointee.departed != nil { attributeMiss(key) }
    }

    @inline(never)
    private mutating func tellMiss(_ key: Key) {
        changes.append(key, database: database, event: .missed)
        // What lets `commit` look.
        dirty &+= 1
        toldMisses &+= 1
        settledEffects &+= 1
    }

    /// The entry of `key` for a command that may change it, if it exists and has not expired; counts nothing. What the
    /// command answers may tell of the value, so that a computation depends on it.
    @inline(__always)
    public mutating func find(_ key: Key) -> Entry? {
        if recording.contains(.computation) { noteRead(key) }
        guard let slot = slot(key) else { return nil }
        return Table.entry(slot.pointee)
    }

    /// The slot of a key that may be changed. An expired key, and a computed one that is stale, is removed on the way.
    @inline(__always)
    mutating func slot(_ key: Key) -> UnsafeMutablePointer<UInt64>? {
        let place = place(key)
        guard let slot = place.pointee.table.find(key.hash, key.bytes) else { return nil }
        let entry = Table.entry(slot.pointee)
        if entry.isExpired(at: now) {
            expire(key, slot)
            return nil
        }
        if concernsOthers(entry) { return notice(key, slot) }
        return slot
    }

    /// Whether somebody wants to hear of a change of the entry, or to have it as it is before.
    @inlinable @inline(__always)
    public func concernsOthers(_ entry: Entry) -> Bool { keyspace.concernsOthers(entry) }

    /// Removes a key whose time has come.
    @inline(never)
    mutating func expire(_ key: Key, _ slot: UnsafeMutablePointer<UInt64>) {
        statistics.pointee.expired.add()
        if Table.entry(slot.pointee).flags.contains(.marked) { hasNoticed = true }
        changed(key, .expired)
        if isLogging { logRemoval(key) }
        removeEntry(key, slot)
        noteDeparture(key.hash, .expired)
    }

    // MARK: Announcing

    /// Notes that `key` has changed, and how.
    @inline(__always)
    public mutating func changed(_ key: Key, _ event: KeyEvent) {
        dirty &+= 1
        if shard(key).pointee.listenedKeys != 0 || keyspace.isAttentive || hasNoticed { record(key, event) }
    }

    @inline(never)
    private mutating func record(_ key: Key, _ event: KeyEvent) {
        keyspace.changeSketch?.note(key.hash, revision: keyspace.revision + 1)
        if keyspace.isObserved || hasNoticed { changes.append(key, database: database, event: event) }
        if shard(key).pointee.listenedKeys != 0 {
            if event.effect != .readers { shard(key).pointee.notifyWatchers(key.bytes, database: database) }
            // Nobody waits for what is not even published.
            if !event.eventClass.isEmpty { noteReady(key) }
        }
    }

    /// Ends a command or a transaction: gives what it changed a place in the order of all writes and tells the dependency
    /// graph and the observers. Called under the locks.
    @inline(__always)
    public mutating func commit() {
        guard dirty != 0 else { return }
        if changes.isEmpty {
            keyspaceReference._withUnsafeGuaranteedRef { _ = $0.advanceRevision() }
        } else {
            deliver()
        }
        if !effects.isEmpty { logEffects() }
        statistics.pointee.changes.add(dirty)
        dirty = 0
        settledEffects = 0
        if untoldBytes.magnitude > UInt(MemoryBudget.grain) { tellBudget() }
    }

    /// Notes a change that no single key stands for; `count` says how many keys it was.
    mutating func changed(_ subject: ChangeLog.Subject, database: Int, keys count: Int, _ event: KeyEvent) {
        dirty &+= max(1, count)
        hasNoticed = true
        changes.append(subject, database: database, event: event)
        keyspace.changeSketch?.noteAll(revision: keyspace.revision + 1)
    }
}
