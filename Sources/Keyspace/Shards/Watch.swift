import Primitives
import Synchronization

/// A key that somebody watches or waits for, whether it exists or not.
public struct NamedKey: Hashable, Sendable {
    /// The number of its database.
    public let database: Int
    let bytes: [UInt8]

    init(database: Int, key: [UInt8]) {
        self.database = database
        bytes = key
    }

    /// `processHash` of the name.
    public var hash: UInt64 { bytes.withView { processHash($0) } }
}

/// What a connection's WATCH has seen: set by whoever changes a watched key, asked by EXEC.
public final class WatchState: Sendable {
    private let changed = Atomic<Bool>(false)

    public init() {}

    /// Whether a watched key has changed.
    public var isDirty: Bool { changed.load(ordering: .acquiring) }

    /// Lets what has changed so far not count. The shards of the watched keys must be held.
    public func clear() { changed.store(false, ordering: .releasing) }

    func markDirty() { changed.store(true, ordering: .releasing) }
}

extension Shard {
    /// Lets `state` hear of changes to `key`; returns false where it does already.
    mutating func watch(_ key: NamedKey, _ state: WatchState) -> Bool {
        if let states = watchers[key], states.contains(where: { $0 === state }) { return false }
        watchers[key, default: []].append(state)
        countListeners()
        return true
    }

    mutating func unwatch(_ key: NamedKey, _ state: WatchState) {
        guard var states = watchers.removeValue(forKey: key) else { return }
        states.removeAll { $0 === state }
        if !states.isEmpty { watchers[key] = states }
        countListeners()
    }

    mutating func countListeners() { listenedKeys = UInt32(clamping: watchers.count + waiters.count) }

    /// Tells those who watch `key` that it has changed.
    func notifyWatchers(_ key: ByteView, database: Int) {
        for state in watchers[NamedKey(database: database, key: key.array)] ?? [] { state.markDirty() }
    }

    /// Tells those who watch a key of `database` that exists, or that exists in `other`.
    func notifyAllWatchers(database: Int, other: Int?) {
        guard !watchers.isEmpty else { return }
        for (watched, states) in watchers where watched.database == database {
            let exists = watched.bytes.withView { key in
                let hash = processHash(key)
                return databases[database].table.find(hash, key) != nil
                    || other.map { databases[$0].table.find(hash, key) != nil } == true
            }
            if exists { for state in states { state.markDirty() } }
        }
    }
}
