import Primitives

/// The changes of one command or transaction, in their order. Recorded only while somebody observes.
public struct ChangeLog: ~Copyable {
    /// What a change has changed.
    public enum Subject: Equatable, Sendable {
        /// One key.
        case key
        /// Every key of the database, which is empty now.
        case wholeDatabase
        /// Every key of both databases, which have changed places.
        case swappedDatabase(with: Int)
    }

    /// One change of one key, or of all keys of a database.
    public struct Change {
        public let subject: Subject
        /// The number of the database.
        public let database: Int
        /// The key's hash; 0 where it is not about a key.
        public let hash: UInt64
        /// What happened.
        public let event: KeyEvent
        let key: Range<Int>
    }

    /// Number of the worker that executes what changes; nil outside of workers.
    public let worker: Int?
    /// The number of the connection whose command has made the changes; 0 for none.
    public internal(set) var session = 0
    /// All changes, in the order in which they were made.
    public private(set) var changes: [Change] = []
    private var bytes: [UInt8] = []

    init(worker: Int?) { self.worker = worker }

    public var isEmpty: Bool { changes.isEmpty }
    /// Whether all keys of a database have changed.
    public private(set) var hasWholeDatabase = false
    var count: Int { changes.count }

    mutating func append(_ key: Key, database: Int, event: KeyEvent) {
        let start = bytes.count
        bytes.append(contentsOf: key.bytes.buffer)
        changes.append(
            Change(subject: .key, database: database, hash: key.hash, event: event, key: start..<bytes.count))
    }

    /// Adds that a computed key has turned stale, or another event that the dependency graph tells of.
    public mutating func append(_ key: ByteView, database: Int, event: KeyEvent) {
        append(Key(key), database: database, event: event)
    }

    mutating func append(_ subject: Subject, database: Int, event: KeyEvent) {
        hasWholeDatabase = true
        changes.append(Change(subject: subject, database: database, hash: 0, event: event, key: 0..<0))
    }

    mutating func removeAll() {
        hasWholeDatabase = false
        changes.removeAll(keepingCapacity: changes.count < 1024)
        bytes.removeAll(keepingCapacity: bytes.count < 65536)
    }

    /// Calls `body` with the change at `index` and its key.
    func with<R>(_ index: Int, _ body: (Change, ByteView) -> R) -> R {
        bytes.withView { body(changes[index], $0[changes[index].key]) }
    }

    /// Calls `body` with each change and its key, which is empty where the change is not about one.
    public func forEach(_ body: (Change, ByteView) -> Void) {
        bytes.withView { all in
            for change in changes { body(change, all[change.key]) }
        }
    }
}

/// Hears of every change to the keyspace.
public protocol KeyspaceObserver: AnyObject, Sendable {
    /// Called once for each command or transaction that changed something, or that has not found what it read where that
    /// is told (`Access.tellsMisses`), by the thread that executed it and under the locks of the keys: only locks that
    /// stand behind shards in the lock order may be taken.
    func keyspaceChanged(_ changes: borrowing ChangeLog, revision: UInt64)
}
