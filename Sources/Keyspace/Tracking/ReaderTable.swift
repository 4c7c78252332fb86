import Primitives
import Synchronization

/// Who has read which keys and wants to hear when they change.
///
/// It is split as the keyspace is, and each part has a lock, which is held for one look only: keys are usually looked up
/// under their shard's lock, where nobody else wants the part's, but what becomes of computed keys is told under other
/// keys' locks. The lock stands behind the dependency graph's in the lock order. A key with one reader takes its name, 24
/// bytes, and 11 to 21 bytes of the table.
public final class ReaderTable: @unchecked Sendable {
    private struct Part: ~Copyable {
        let lock = ShardLock()
        var keys = KeyReadersTable()
    }

    /// Distance of parts in memory: a cache line.
    private static let stride = 64
    private let parts: UnsafeMutableRawPointer
    private let keys = Atomic<Int>(0)
    private let items = Atomic<Int>(0)
    /// The part that is asked next for a key to forget.
    private let hand = Atomic<Int>(0)

    public init() {
        seedProcessHash()
        parts = .allocate(byteCount: ShardSet.shardCount * Self.stride, alignment: Self.stride)
        for index in 0..<ShardSet.shardCount { part(index).initialize(to: Part()) }
    }

    deinit {
        for index in 0..<ShardSet.shardCount {
            part(index).pointee.keys.destroy()
            part(index).deinitialize(count: 1)
        }
        parts.deallocate()
    }

    private func part(_ index: Int) -> UnsafeMutablePointer<Part> {
        (parts + index * Self.stride).assumingMemoryBound(to: Part.self)
    }

    @inline(__always)
    private func withPart<R>(_ index: Int, _ body: (inout KeyReadersTable) -> R) -> R {
        let part = part(index)
        part.pointee.lock.lock()
        defer { part.pointee.lock.unlock() }
        return body(&part.pointee.keys)
    }

    /// Number of keys, and of pairs of a key and a reader. O(1).
    public var keyCount: Int { keys.load(ordering: .relaxed) }
    public var itemCount: Int { items.load(ordering: .relaxed) }

    /// Remembers that `reader` has read a key.
    public func add(_ reader: UInt32, to key: Key, database: Int) {
        let added = withPart(Keyspace.shardIndex(key.hash)) { $0.add(reader, to: key, database: database) }
        if added.isNewKey { keys.wrappingAdd(1, ordering: .relaxed) }
        if added.isNewReader { items.wrappingAdd(1, ordering: .relaxed) }
    }

    /// Whether somebody has read a key.
    public func contains(_ key: Key, database: Int) -> Bool {
        guard keyCount > 0 else { return false }
        return withPart(Keyspace.shardIndex(key.hash)) { $0.find(key, database: database) != nil }
    }

    /// Forgets a key; returns its readers, which the caller frees.
    public func take(_ key: Key, database: Int) -> KeyReaders? {
        guard keyCount > 0 else { return nil }
        return counted(withPart(Keyspace.shardIndex(key.hash)) { $0.take(key, database: database) })
    }

    /// Forgets any key: those of one part after the other, in the order of the table.
    public func takeAny() -> KeyReaders? {
        for _ in 0..<ShardSet.shardCount where keyCount > 0 {
            let index = hand.wrappingAdd(1, ordering: .relaxed).newValue & (ShardSet.shardCount - 1)
            if let taken = counted(withPart(index) { $0.takeAny() }) { return taken }
        }
        return nil
    }

    private func counted(_ taken: KeyReaders?) -> KeyReaders? {
        guard let taken else { return nil }
        keys.wrappingSubtract(1, ordering: .relaxed)
        items.wrappingSubtract(taken.count, ordering: .relaxed)
        return taken
    }

    /// Forgets all keys. What it returns frees them when it goes, for which no lock is needed.
    public func removeAll() -> ForgottenKeys {
        var tables: [KeyReadersTable.Storage] = []
        for index in 0..<ShardSet.shardCount where keyCount > 0 {
            let (table, keys, items) = withPart(index) { $0.removeAll() }
            self.keys.wrappingSubtract(keys, ordering: .relaxed)
            self.items.wrappingSubtract(items, ordering: .relaxed)
            tables.append(table)
        }
        return ForgottenKeys(tables)
    }
}

/// What a table has forgotten, to be freed by whoever lets go of it.
public final class ForgottenKeys: @unchecked Sendable {
    private let tables: [KeyReadersTable.Storage]

    init(_ tables: [KeyReadersTable.Storage]) { self.tables = tables }

    deinit { for table in tables { table.destroy() } }
}
