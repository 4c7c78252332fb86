import Synchronization

/// All connections, for commands that look at others than their own.
final class ClientRegistry: Sendable {
    private let records = Mutex<[Int: ClientRecord]>([:])
    private let nextIdentifier = Atomic<Int>(0)
    private let connected = Atomic<Int>(0)

    /// Number of connections. O(1).
    var count: Int { connected.load(ordering: .relaxed) }

    /// A number that no connection has had.
    func makeIdentifier() -> Int { nextIdentifier.wrappingAdd(1, ordering: .relaxed).newValue }

    /// Counts a connection, unless there are `limit` already.
    func reserve(limit: Int) -> Bool {
        if connected.wrappingAdd(1, ordering: .relaxed).newValue <= limit { return true }
        connected.wrappingSubtract(1, ordering: .relaxed)
        return false
    }

    func release() { connected.wrappingSubtract(1, ordering: .relaxed) }

    func add(_ record: ClientRecord) { records.withLock { $0[record.identifier] = record } }

    func remove(_ record: ClientRecord) {
        records.withLock { _ = $0.removeValue(forKey: record.identifier) }
        release()
    }

    /// The connection with a number.
    func find(_ identifier: Int) -> ClientRecord? { records.withLock { $0[identifier] } }

    /// All connections in the order in which they came.
    func all() -> [ClientRecord] {
        records.withLock { Array($0.values) }.sorted { $0.identifier < $1.identifier }
    }
}
