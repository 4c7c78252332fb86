import Keyspace
import Primitives

/// Saving a large value, where a snapshot is being taken, before a command changes it: the command waits meanwhile and others
/// are served.
extension Executor {
    /// Begins to save a value that the call may change; returns whether the call must wait for that. The keys' shards must be
    /// held.
    @inline(never)
    mutating func savesAhead(_ entry: CommandEntry, _ arguments: UnsafeBufferPointer<ByteView>) -> Bool {
        guard maySuspendForSaving() else { return false }
        return suspends(forSaving: keyToSave(entry, arguments))
    }

    /// The same for a transaction.
    mutating func savesAhead(_ queue: TransactionQueue) -> Bool {
        guard keyspace.isTakingSnapshot, maySuspendForSaving() else { return false }
        var key: [UInt8]?
        for queued in queue.commands where key == nil {
            let entry = queued.entry.takeUnretainedValue()
            guard entry.isWrite else { continue }
            queued.arguments.withViews { key = keyToSave(entry, $0) }
        }
        return suspends(forSaving: key)
    }

    /// A call that has waited for one value may have to for another, but one that has waited for something else goes on.
    private mutating func maySuspendForSaving() -> Bool {
        if call.session.pointee.suspension?.job is SavingJob { _ = call.takeSuspension() }
        return call.session.pointee.suspension == nil
    }

    private func keyToSave(_ entry: CommandEntry, _ arguments: UnsafeBufferPointer<ByteView>) -> [UInt8]? {
        var found: [UInt8]?
        for specification in entry.command.keys where !specification.flags.contains(.readOnly) {
            specification.forEachKey(in: arguments) {
                let key = arguments[$0]
                if found == nil, keyspace.isToBeSavedAhead(Key(key), database: call.access.database) {
                    found = key.array
                }
            }
        }
        return found
    }

    private mutating func suspends(forSaving key: [UInt8]?) -> Bool {
        guard let key else { return false }
        _ = call.suspend(Suspension(job: SavingJob(key, database: call.access.database)))
        return true
    }
}

/// Saves a large value that a command waits for, in turn with the snapshot's own thread.
final class SavingJob: SlicedJob {
    private let key: [UInt8]
    private let database: Int
    private(set) var isDone = false

    /// Microseconds that a slice takes.
    private let slice: Int64 = 500

    init(_ key: [UInt8], database: Int) {
        self.key = key
        self.database = database
    }

    func advance(_ access: inout Access) -> Bool {
        let deadline = Clock.monotonicMicroseconds() + slice
        key.withView { bytes in
            let key = Key(bytes)
            while !isDone, Clock.monotonicMicroseconds() < deadline {
                isDone = access.keyspace.saveAhead(key, database: database)
            }
        }
        return isDone
    }

    /// What has been begun is ended by the snapshot.
    func abandon(_ access: inout Access) {}
}
