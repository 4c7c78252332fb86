import Glibc
import Keyspace
import Primitives
import Synchronization

/// Writes all keys as they are at one moment to a file in one of Redis's formats, while commands go on being executed.
///
/// One thread runs it: it takes the cut, for which everybody is stopped as long as it takes to lock all shards, and walks
/// over all keys, one shard at a time and a few entries under each lock. Workers that are about to change an entry that the
/// walk has not come to put it here first. So the file has each key once, in no order, and memory grows by a buffer.
///
/// Large values come in parts, from the walk and from workers. Since the file has a value in one piece, other entries are
/// collected meanwhile.
///
/// Lock order: shards → `fileLock` → `bufferLock` → dependency graph, which describes computed values.
public final class Snapshot: SnapshotTaking, @unchecked Sendable {
    /// How a file is written.
    public struct Options: Sendable {
        /// What the file is written in.
        public var format = Manifest.BaseFormat.rdb
        /// Whether long strings are compressed.
        public var compresses = true
        /// Whether an RDB file ends with a checksum; otherwise with a zero in its place.
        public var hasChecksum = true
        /// Whether commands begin with the time (`aof-timestamp-enabled`).
        public var hasTimestamp = false
        /// Whether the file is the base of an append-only file.
        public var isBase = false
        /// The version of the server, as the file tells it.
        public var version: StaticString = ""
        /// Called with each computed value, its database, and whether that was emptied meanwhile; under its lock otherwise. Calls
        /// what it is given with the name and the value of a field that the file gets, and returns whether the value itself is
        /// written.
        public var describe: @Sendable (Entry, Int, Bool, (StaticString, ByteView) -> Void) -> Bool = { _, _, _, _ in
            true
        }
        public init() {}
    }

    private let keyspace: Keyspace
    private let file: SnapshotFile
    private let options: Options

    private let bufferLock = ShardLock()
    /// What is to be written first: parts of a large value, and what came before it. Guarded by `bufferLock`, as are those
    /// below.
    private var front = ByteBuffer()
    /// How far the large value is that comes in parts; nil where none does.
    private var partial: EncodingProgress?
    /// What is to be written behind `front`, when the large value is complete.
    private var buffer = ByteBuffer()
    private var encoder: SnapshotEncoder
    private let fileLock = ShardLock()
    /// Taken from the buffers, on its way to the file. Guarded by `fileLock`.
    private var outgoing = ByteBuffer()
    private var failure: PersistenceError?
    /// When the walk went on after its last rest. The walk's own.
    private var burstStart: Int64 = 0
    /// Whether no more entries are wanted. The walk's own.
    private var hasGivenUp = false

    private let hasFailed = Atomic<Bool>(false)
    private let isCancelled = Atomic<Bool>(false)
    private let saved = Atomic<Int>(0)
    private let total = Atomic<Int>(0)

    /// Entries looked at under one lock of a shard.
    private static let slice = 64
    /// Microseconds that the walk works before it rests as long: whoever shares its core with it waits no longer than that.
    private static let burst: Int64 = 250
    /// Bytes of a part of a large value.
    private static let partSize = 64 << 10
    /// Bytes in the buffers from which on the walk writes them, and from which on whoever comes does.
    private static let writeThreshold = 256 << 10
    private static let limit = 16 << 20
    private static let keptBytes = 1 << 20

    /// - Parameter file: empty; is not closed.
    public init(_ keyspace: Keyspace, to file: SnapshotFile, options: Options) {
        self.keyspace = keyspace
        self.file = file
        self.options = options
        encoder = SnapshotEncoder(options)
    }

    /// Keys written so far, and how many there are at all.
    public var progress: (saved: Int, total: Int) {
        (saved.load(ordering: .relaxed), total.load(ordering: .relaxed))
    }

    /// Lets the run end soon, with an error.
    public func cancel() { isCancelled.store(true, ordering: .relaxed) }

    /// Takes the cut and writes the file to its end.
    ///
    /// - Parameter onCut: called once, with every shard held.
    /// - Throws: where the file cannot be written, or the run was cancelled. The keyspace is in order then.
    public func run(onCut: () throws(PersistenceError) -> Void) throws(PersistenceError) {
        try takeCut(onCut)
        repeat {
            for database in 0..<keyspace.databaseCount { walk(database) }
            while keyspace.saveUnsavedPart() { writeWhatIsCollected() }
            // A database that has changed places may have been passed by.
        } while !keyspace.endSnapshot()
        if isCancelled.load(ordering: .relaxed) { throw PersistenceError("The snapshot was cancelled") }
        fileLock.lock()
        defer { fileLock.unlock() }
        writeOut()
        writeEnd()
        if let failure { throw failure }
    }

    // MARK: The cut

    private func takeCut(_ onCut: () throws(PersistenceError) -> Void) throws(PersistenceError) {
        keyspace.lock(.all)
        defer { keyspace.unlock(.all) }
        let counts = keyspace.countsWhileLocked()
        total.store(counts.reduce(0) { $0 + $1.keys }, ordering: .relaxed)
        try onCut()
        encoder.appendHead(
            counts, memory: keyspace.budget.used,
            describesValues: keyspace.nodeStates.hasNodes.load(ordering: .relaxed), to: &buffer)
        keyspace.beginSnapshot(self)
    }

    // MARK: Entries

    /// Goes over all entries of a database, also where nothing of them is wanted any more: each of them counts as saved
    /// afterwards, as the next snapshot needs it.
    private func walk(_ database: Int) {
        for shard in 0..<ShardSet.shardCount {
            while keyspace.saveSlice(shard: shard, database: database, limit: Self.slice) {
                // Whoever waits for another large value may have gone.
                keyspace.saveNextPart()
                writeWhatIsCollected()
                rest()
            }
            writeWhatIsCollected()
            rest()
            if isUnwanted { giveUp() }
        }
    }

    /// Whether nothing more of the file is wanted.
    private var isUnwanted: Bool { isCancelled.load(ordering: .relaxed) || hasFailed.load(ordering: .relaxed) }

    private func writeWhatIsCollected() {
        guard buffered > Self.writeThreshold else { return }
        flush()
        syncInSteps()
    }

    /// Leaves the core to others for as long as the walk has used it since the last time, unless much is waiting for it.
    private func rest() {
        guard buffered < Self.limit else { return }
        let now = Clock.monotonicMicroseconds()
        guard now - burstStart >= Self.burst else { return }
        usleep(useconds_t(min(now - burstStart, 10 * Self.burst)))
        burstStart = Clock.monotonicMicroseconds()
    }

    /// Wants no more entries.
    private func giveUp() {
        guard !hasGivenUp else { return }
        hasGivenUp = true
        keyspace.lock(.all)
        keyspace.abandonSnapshot()
        keyspace.unlock(.all)
    }

    private var buffered: Int {
        bufferLock.lock()
        defer { bufferLock.unlock() }
        return front.count + buffer.count
    }

    public func save(_ entry: Entry, database: Int, isFlushed: Bool) {
        bufferLock.lock()
        encoder.select(database, to: &buffer)
        let isWritten =
            !entry.isComputed
            || options.describe(entry, database, isFlushed) {
                encoder.appendField($0, $1, to: &buffer)
            }
        // A value that is not served is no loss.
        if isWritten { encoder.append(entry, to: &buffer) }
        let isFull = buffer.count > Self.limit && partial == nil
        bufferLock.unlock()
        saved.wrappingAdd(1, ordering: .relaxed)
        if isFull { flush() }
    }

    public func savePart(_ entry: Entry, database: Int) -> Bool {
        bufferLock.lock()
        var progress = partial ?? beginParts(database)
        let isDone =
            isUnwanted || encoder.appendPart(of: entry, &progress, to: &front, limit: front.count + Self.partSize)
        partial = isDone ? nil : progress
        let isFull = front.count > Self.limit
        bufferLock.unlock()
        if isDone { saved.wrappingAdd(1, ordering: .relaxed) }
        if isFull { flush() }
        return isDone
    }

    /// Lets all that is collected go before the large value that begins. `bufferLock` is held.
    private func beginParts(_ database: Int) -> EncodingProgress {
        front.append(buffer.view)
        buffer.clear(keeping: Self.keptBytes)
        encoder.beginParts(of: database, to: &front)
        return EncodingProgress()
    }

    // MARK: The file

    private func flush() {
        fileLock.lock()
        writeOut()
        fileLock.unlock()
    }

    /// Leaves little to do for the sync at the end. Without locks: workers may write meanwhile.
    private func syncInSteps() {
        do throws(PersistenceError) {
            try file.syncInSteps()
        } catch {
            fileLock.lock()
            failure = failure ?? error
            fileLock.unlock()
            hasFailed.store(true, ordering: .relaxed)
        }
    }

    /// Writes what is in the buffers. `fileLock` is held.
    private func writeOut() {
        bufferLock.lock()
        swap(&front, &outgoing)
        bufferLock.unlock()
        write(&outgoing)
        bufferLock.lock()
        // A large value may have begun, with what was to follow it before.
        if partial == nil, front.isEmpty { swap(&buffer, &outgoing) }
        bufferLock.unlock()
        write(&outgoing)
    }

    /// Writes `bytes` and empties them. `fileLock` is held.
    private func write(_ bytes: inout ByteBuffer) {
        if failure == nil {
            do throws(PersistenceError) {
                try file.append(bytes.view)
            } catch {
                failure = error
                hasFailed.store(true, ordering: .relaxed)
            }
        }
        bytes.clear(keeping: Self.keptBytes)
    }

    /// Ends the file. `fileLock` is held.
    private func writeEnd() {
        encoder.appendEnd(to: &outgoing)
        write(&outgoing)
        encoder.appendChecksum(file.checksum, to: &outgoing)
        write(&outgoing)
    }
}
