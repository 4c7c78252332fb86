import Commands
import Keyspace
import Primitives
import Synchronization

/// CLIENT TRACKING: remembers for clients what they have read, or by which prefixes they want to be told, and tells them
/// what has changed.
///
/// A key is remembered under its shard's lock before it is read, so that every change of what was read finds it. It is
/// forgotten with the change that is told. Who has read it stands in the table as a number: a client that is gone needs
/// not be taken out, it is not found when it is to be told. Locks that are taken here stand between the dependency graph
/// and the mailboxes in the lock order, and none is taken while another is held but those of the registry of clients and of
/// mailboxes.
final class ClientTracking: @unchecked Sendable {
    /// Set before commands are executed.
    nonisolated(unsafe) unowned(unsafe) var server: Server?
    let readers = ReaderTable()
    let broadcasts = BroadcastTable()
    /// All who track, by number.
    private let trackers = Mutex<[UInt32: ClientRecord]>([:])
    /// Most keys in the table; 0 for no limit.
    let limit = Atomic<Int>(0)
    /// Keys that one read makes the table forget at most.
    private static let evictionLimit = 32

    /// What stands in the table for a connection.
    private static func number(_ session: Int) -> UInt32 { UInt32(truncatingIfNeeded: session) }

    /// Number of clients that track.
    var clientCount: Int { trackers.withLock { $0.count } }

    /// Begins to tell a client, or changes how.
    ///
    /// - Returns: false where another client, four thousand million connections older, has its number.
    func enable(_ record: ClientRecord) -> Bool {
        trackers.withLock { trackers in
            let number = Self.number(record.identifier)
            if let other = trackers[number], other !== record { return false }
            trackers[number] = record
            return true
        }
    }

    /// Ends that a client is told anything.
    func disable(_ record: ClientRecord) {
        guard record.trackingOptions.contains(.on) else { return }
        trackers.withLock { _ = $0.removeValue(forKey: Self.number(record.identifier)) }
        if record.trackingOptions.contains(.broadcast), broadcasts.remove(record) {
            server?.keyspace.observeAll(false)
        }
        record.tracking.set(0)
        record.redirection.set(0)
        record.isRedirectionBroken.store(false, ordering: .relaxed)
    }

    // MARK: Telling

    /// Those of `numbers` who still remember what they read.
    private func found(_ numbers: UnsafeBufferPointer<UInt32>) -> [ClientRecord] {
        trackers.withLock { trackers in
            numbers.compactMap { number in
                trackers[number].flatMap { $0.trackingOptions.contains(.broadcast) ? nil : $0 }
            }
        }
    }

    /// Tells those who have read a key, except one.
    private func tell(_ key: KeyReaders, except hidden: ClientRecord? = nil, from worker: Int?) {
        guard let server else { return }
        var records = found(key.readers)
        if let hidden { records.removeAll { $0 === hidden } }
        guard !records.isEmpty else { return }
        let invalidation = Invalidation(.key(key.name))
        server.tell(records, invalidation, from: worker)
    }

    private func tellEverybody(from worker: Int?) {
        guard let server else { return }
        let records = trackers.withLock { Array($0.values) }
        server.tell(records, Invalidation(.everything), from: worker)
    }

    private func invalidate(_ key: Key, database: Int, hiding writer: ClientRecord?, from worker: Int?) {
        guard let taken = readers.take(key, database: database) else { return }
        tell(taken, except: writer, from: worker)
        // It has not been told, so what it has read since, in the same transaction, must stay known.
        if let writer, taken.contains(Self.number(writer.identifier)) {
            readers.add(Self.number(writer.identifier), to: key, database: database)
        }
        taken.free()
    }
}

extension ClientTracking: ReadTracking {
    func willRead(_ key: Key, database: Int, reader: Int) -> Bool {
        readers.add(Self.number(reader), to: key, database: database)
        let limit = limit.load(ordering: .relaxed)
        if limit > 0, readers.keyCount > limit { evict(to: limit, reader) }
        return true
    }

    /// Forgets keys that are too many; those who have read them are told as if they had changed.
    private func evict(to limit: Int, _ reader: Int) {
        let worker = trackers.withLock { $0[Self.number(reader)]?.worker }
        for _ in 0..<Self.evictionLimit {
            guard readers.keyCount > limit, let taken = readers.takeAny() else { return }
            tell(taken, from: worker)
            taken.free()
        }
    }
}

extension ClientTracking: MarkHolder {
    func wants(_ key: Key, database: Int) -> Bool { readers.contains(key, database: database) }
}

extension ClientTracking: KeyspaceObserver {
    func keyspaceChanged(_ changes: borrowing ChangeLog, revision: UInt64) {
        if readers.keyCount > 0 || !broadcasts.isEmpty || changes.hasWholeDatabase { tell(changes) }
    }

    private func tell(_ changes: borrowing ChangeLog) {
        let writer = changes.session == 0 ? nil : trackers.withLock { $0[Self.number(changes.session)] }
        let quiet = writer.flatMap { $0.trackingOptions.contains(.noLoop) ? $0 : nil }
        var forgotten: ForgottenKeys?
        changes.forEach { change, name in
            guard change.subject == .key else {
                if forgotten == nil {
                    forgotten = readers.removeAll()
                    tellEverybody(from: changes.worker)
                }
                return
            }
            guard change.event.isChange else { return }
            invalidate(
                Key(name, hash: change.hash), database: change.database,
                hiding: change.event.isOwn ? quiet : nil, from: changes.worker)
        }
        if let forgotten { server?.keyspace.releaseInBackground(forgotten) }
        guard let server, !broadcasts.isEmpty else { return }
        for broadcast in broadcasts.invalidations(for: changes) {
            let others = quiet.map { quiet in broadcast.receivers.filter { $0 !== quiet } } ?? broadcast.receivers
            server.tell(others, Invalidation(.keys(broadcast.keys)), from: changes.worker)
            guard others.count < broadcast.receivers.count, let quiet, !broadcast.foreignKeys.isEmpty else { continue }
            server.tell([quiet], Invalidation(.keys(broadcast.foreignKeys)), from: changes.worker)
        }
    }
}

extension KeyEvent {
    /// Whether what a client has read before is not what it would read now.
    var isChange: Bool { effect != .none && effect != .readers || eventClass == .computed }
    /// Whether it is what the writer has done, and not what followed from it or has happened by itself.
    var isOwn: Bool { eventClass != .computed && eventClass != .expired && eventClass != .evicted }
}

extension ClientRecord {
    /// What the client has asked for.
    var trackingOptions: TrackingOptions { TrackingOptions(rawValue: UInt8(truncatingIfNeeded: tracking.current)) }
}
