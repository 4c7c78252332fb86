import Primitives

@testable import Keyspace

/// A door to a keyspace of its own, with keys given as texts and the changes written down.
final class Door: KeyspaceObserver, @unchecked Sendable {
    let keyspace = Keyspace(databases: 4, workers: 1)
    private let counters = UnsafeMutablePointer<AccessStatistics>.allocate(capacity: 1)
    var access: Access
    private(set) var events: [String] = []

    init(observed: Bool = false) {
        counters.initialize(to: AccessStatistics())
        access = Access(keyspace: keyspace, statistics: counters)
        access.now = 1_000_000
        access.held = .all
        if observed {
            keyspace.add(observer: self)
            keyspace.observeAll(true)
        }
    }

    deinit {
        counters.deinitialize(count: 1)
        counters.deallocate()
    }

    func keyspaceChanged(_ changes: borrowing ChangeLog, revision: UInt64) {
        changes.forEach { events.append("\($0.event.name) \($1.string)") }
    }

    func with<R>(_ key: String, _ body: (inout Access, Key) -> R) -> R {
        Array(key.utf8).withView { body(&access, Key($0)) }
    }

    func set(_ key: String, _ value: String, _ expiry: ExpiryUpdate = .clear) {
        Array(value.utf8).withView { value in with(key) { $0.setString($1, value, expiry: expiry) } }
    }

    func get(_ key: String) -> String? {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { scratch in
            with(key) { access, key in
                guard let entry = access.read(key), let base = scratch.baseAddress else { return nil }
                return entry.text(scratch: base).string
            }
        }
    }

    func remove(_ key: String) -> Bool { with(key) { $0.remove($1) } }

    func exists(_ key: String) -> Bool { with(key) { $0.find($1) != nil } }

    func resize(_ key: String, to count: Int) -> UnsafeMutablePointer<UInt8> {
        with(key) { $0.resizeString($1, to: count, event: .set) }
    }

    func storeHash(_ key: String, fields: Int, _ limits: HashLimits = HashLimits()) {
        var hash = HashValue.make()
        for field in 0..<fields {
            Array("field:\(field)".utf8).withView { _ = hash.set($0, $0, now: access.now, limits: limits) }
        }
        with(key) { $0.store($1, hash, event: .set) }
    }

    /// Runs the active cycle to its end; returns how many keys it removed.
    func expireActively() -> Int {
        var removed = 0
        for shard in 0..<ShardSet.shardCount {
            var progress: Access.ExpiryProgress
            repeat {
                progress = access.expireDue(shard: shard, limit: 16)
                removed += progress.removed
            } while progress.hasMore
        }
        return removed
    }
}

extension Door {
    /// Keys of the selected database.
    var keys: [String] {
        var keys: [String] = []
        access.forEachKey {
            keys.append($0.key.string)
            return true
        }
        return keys
    }

    func statistics(_ database: Int) -> DatabaseStatistics { access.databaseStatistics()[database] }

    /// What the accounts of all databases say that values take.
    var valueBytes: Int { access.databaseStatistics().reduce(0) { $0 + $1.valueBytes } }

    /// What the entries of all databases say they take, expired ones included.
    var entryUsage: Int {
        var usage = 0
        for shard in 0..<ShardSet.shardCount {
            for database in 0..<keyspace.databaseCount {
                keyspace.shard(shard).pointee.databases[database].table.forEach {
                    usage += $0.memoryUsage
                    return true
                }
            }
        }
        return usage
    }
}
