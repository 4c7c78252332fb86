import CLinux
import Glibc
import Keyspace
import Primitives
import Synchronization

/// Reads a file of all keys into the keyspace, on all cores: one thread cuts the file into records, which takes a look at
/// their lengths only, and several decode them and put them into their shards, whose locks keep them apart.
///
/// Records are handed over in batches, so that a thread can ask for the places of many keys before it waits for any of
/// them.
///
/// What has expired is left out, unless something depends on it: what follows a base may have put the expiry off, and what
/// was derived from a key must be told of its expiry.
public final class SnapshotLoader: @unchecked Sendable {
    /// Is told how far loading has come. Called by one thread at a time.
    public typealias Progress = @Sendable (_ bytes: Int, _ keys: Int, _ expired: Int) -> Void

    /// Is told the fields of the file, beside the usual ones. Called by the thread that loads.
    public var onField: (_ name: ByteView, _ value: ByteView) -> Void = { _, _ in }

    private struct Batch {
        var records: [RDBRecord] = []
        var bytes = 0
    }

    private let keyspace: Keyspace
    private let limits: ValueLimits
    private let threadCount: Int
    private let condition = Condition()
    /// Guarded by `condition`, as are those below.
    private var queue: [Batch] = []
    private var isComplete = false
    private var failure: PersistenceError?
    private let loaded = Atomic<Int>(0)
    private let expired = Atomic<Int>(0)
    private let keepsExpired = Atomic<Bool>(false)

    private static let batchRecords = 256
    private static let batchBytes = 1 << 20
    /// A type, a key and a value of one byte, each with its length.
    private static let smallestRecord = 4
    /// Batches that wait for each thread.
    private static let queueLength = 4

    /// - Parameters:
    ///   - limits: when values are kept in which encoding.
    ///   - threads: how many decode, beside the one that calls `load`; with none that does it itself.
    public init(_ keyspace: Keyspace, limits: ValueLimits, threads: Int) {
        self.keyspace = keyspace
        self.limits = limits
        threadCount = max(0, threads)
    }

    /// Loads the snapshot that the file at `path` is or begins with.
    ///
    /// - Parameters:
    ///   - checks: whether a checksum that is there must be right.
    ///   - isWhole: whether nothing may follow it.
    ///   - keepsExpired: whether what has expired is put into the keyspace too. It is in any case where something was derived
    ///     from others.
    /// - Returns: where in the file it ends, and whether what has expired is in the keyspace.
    /// - Throws: what is wrong with the file, and where. What was loaded until then is in the keyspace.
    public func load(
        _ path: String, checks: Bool, isWhole: Bool, keepsExpired keepsAll: Bool, progress: Progress
    ) throws(PersistenceError) -> (end: Int64, hasExpired: Bool) {
        let file = try MappedFile(path: path)
        keepsExpired.store(keepsAll, ordering: .relaxed)
        var threads: [Thread] = []
        for index in 0..<threadCount {
            guard let thread = Thread.start(name: "loader-\(index)", { [self] in work() }) else { break }
            threads.append(thread)
        }
        var end = 0
        var thrown: PersistenceError?
        do throws(PersistenceError) {
            end = try read(file, checks: checks, hasThreads: !threads.isEmpty, progress)
            if isWhole, end != file.bytes.count {
                throw PersistenceError("there are \(file.bytes.count - end) bytes behind the end")
            }
        } catch {
            thrown = error
        }
        condition.withLock { isComplete = true }
        condition.broadcast()
        for thread in threads { thread.join() }
        progress(end, loaded.load(ordering: .relaxed), expired.load(ordering: .relaxed))
        if let error = failure ?? thrown { throw PersistenceError("\(path): \(error)") }
        return (Int64(end), keepsExpired.load(ordering: .relaxed))
    }

    private func read(
        _ file: borrowing MappedFile, checks: Bool, hasThreads: Bool, _ progress: Progress
    ) throws(PersistenceError) -> Int {
        var reader = try RDBFileReader(file.bytes, checks: checks)
        var inserter = Inserter(keyspace, limits)
        var batch = Batch()
        var released = 0
        while let item = try reader.next() {
            switch item {
            case .record(let record):
                guard record.database < keyspace.databaseCount else {
                    throw PersistenceError(
                        "there are keys in database \(record.database), but `databases` is \(keyspace.databaseCount)")
                }
                batch.records.append(record)
                batch.bytes += record.value.count
            case .function:
                throw PersistenceError("there are libraries of functions, which this server does not have")
            case .auxiliary(let name, let value):
                if name == ByteView(RDB.graphField) { keepsExpired.store(true, ordering: .relaxed) }
                onField(name, value)
                continue
            case .sizes(let database, let keys, _):
                // A hint that lies is not followed further than the file's size lets it be true.
                keyspace.reserve(database: database, keys: min(keys, file.bytes.count / Self.smallestRecord))
                continue
            }
            guard batch.records.count == Self.batchRecords || batch.bytes > Self.batchBytes else { continue }
            try deliver(&batch, &inserter, hasThreads: hasThreads)
            progress(reader.offset, loaded.load(ordering: .relaxed), expired.load(ordering: .relaxed))
            // What all have surely done with need not stay in memory.
            if reader.offset - released > 256 << 20 {
                file.release(released..<released + (64 << 20))
                released += 64 << 20
            }
        }
        try deliver(&batch, &inserter, hasThreads: hasThreads)
        return reader.offset
    }

    private func deliver(
        _ batch: inout Batch, _ inserter: inout Inserter, hasThreads: Bool
    ) throws(PersistenceError) {
        defer { batch = Batch() }
        guard hasThreads else {
            return count(try insert(batch, &inserter))
        }
        condition.lock()
        while queue.count >= threadCount * Self.queueLength, failure == nil { condition.wait() }
        queue.append(batch)
        let failure = failure
        condition.unlock()
        condition.broadcast()
        if let failure { throw failure }
    }

    private func insert(_ batch: Batch, _ inserter: inout Inserter) throws(PersistenceError) -> (Int, Int) {
        try inserter.insert(batch.records, keepsExpired: keepsExpired.load(ordering: .relaxed))
    }

    private func count(_ counts: (loaded: Int, expired: Int)) {
        loaded.wrappingAdd(counts.loaded, ordering: .relaxed)
        expired.wrappingAdd(counts.expired, ordering: .relaxed)
    }

    /// Decodes batches until there are no more.
    private func work() {
        var inserter = Inserter(keyspace, limits)
        while let batch = nextBatch() {
            do throws(PersistenceError) {
                count(try insert(batch, &inserter))
            } catch {
                condition.withLock { failure = failure ?? error }
                condition.broadcast()
                return
            }
        }
    }

    private func nextBatch() -> Batch? {
        condition.lock()
        defer { condition.unlock() }
        while queue.isEmpty {
            if isComplete || failure != nil { return nil }
            condition.wait()
        }
        defer { condition.broadcast() }
        return queue.removeFirst()
    }
}

/// Puts records into the keyspace: what one thread needs for it.
private struct Inserter: ~Copyable {
    private let keyspace: Keyspace
    private var decoder: RDBDecoder
    private var access: Access
    private let statistics: UnsafeMutablePointer<AccessStatistics>
    /// What was decoded of a batch, and is not yet in its place.
    private var entries: [(entry: Entry, hash: UInt64, record: Int)] = []

    init(_ keyspace: Keyspace, _ limits: ValueLimits) {
        self.keyspace = keyspace
        decoder = RDBDecoder(limits: limits)
        statistics = .allocate(capacity: 1)
        statistics.initialize(to: AccessStatistics())
        access = Access(keyspace: keyspace, statistics: statistics)
    }

    deinit {
        statistics.deinitialize(count: 1)
        statistics.deallocate()
    }

    /// Returns how many keys were put in place, and how many had expired.
    mutating func insert(
        _ records: [RDBRecord], keepsExpired: Bool
    ) throws(PersistenceError) -> (loaded: Int, expired: Int) {
        access.now = Clock.wallMilliseconds()
        entries.removeAll(keepingCapacity: true)
        defer { access.tellBudget() }
        for index in records.indices {
            if !keepsExpired, let expiry = records[index].expiry, expiry < access.now { continue }
            do throws(PersistenceError) {
                let entry = try decoder.decode(records[index])
                let hash = processHash(entry.key)
                keyspace.prefetchSlot(hash, database: records[index].database)
                entries.append((entry, hash, index))
            } catch {
                for decoded in entries { decoded.entry.destroyLoaded() }
                throw error
            }
        }
        for decoded in entries { place(decoded.entry, decoded.hash, records[decoded.record]) }
        return (entries.count, records.count - entries.count)
    }

    private mutating func place(_ entry: Entry, _ hash: UInt64, _ record: RDBRecord) {
        let shard = Keyspace.shardIndex(hash)
        keyspace.lock(shard)
        access.held.insert(shard)
        access.database = record.database
        access.adopt(Key(entry.key, hash: hash), entry, event: nil)
        switch record.use {
        case .idle(let seconds): access.setIdle(entry, seconds: seconds)
        case .frequency(let count): access.setFrequency(entry, count)
        case nil: break
        }
        access.held = ShardSet()
        keyspace.unlock(shard)
    }
}
