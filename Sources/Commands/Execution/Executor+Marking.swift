import ComputedKeys
import Keyspace
import Primitives
import Synchronization

/// Marking what depends on a key before the key is written, where that may take long: the command waits meanwhile and
/// others are served. What is marked too early does no harm, and the command marks what is left when it writes.
extension Executor {
    /// Whether a call may change a key on which so much depends that marking it takes long.
    @inline(__always)
    func mayNeedMarking(_ entry: CommandEntry) -> Bool {
        entry.isWrite && keyspace.nodeStates.hasManyNodes.load(ordering: .relaxed) && !call.isReplaying
    }

    /// Begins to mark what depends on the call's keys; returns whether the call must wait for that. The keys' shards must
    /// be held.
    @inline(never)
    mutating func marksAhead(_ entry: CommandEntry, _ arguments: UnsafeBufferPointer<ByteView>) -> Bool {
        if resumes() { return false }
        return suspends(for: markAhead(entry, arguments))
    }

    /// Whether the call has waited, for its cascade or for a job that its handler will ask for.
    private mutating func resumes() -> Bool {
        guard let job = call.session.pointee.suspension?.job else { return false }
        if job is CascadeJob { _ = call.takeSuspension() }
        return true
    }

    private mutating func markAhead(
        _ entry: CommandEntry, _ arguments: UnsafeBufferPointer<ByteView>
    ) -> CascadeJob? {
        var job: CascadeJob?
        for specification in entry.command.keys where !specification.flags.contains(.readOnly) {
            specification.forEachKey(in: arguments) {
                if job == nil { job = markAhead(Key(arguments[$0])) }
            }
        }
        return job
    }

    /// The same for a transaction.
    mutating func marksAhead(_ queue: TransactionQueue) -> Bool {
        // What it has waited for is not one of its commands'.
        if resumes() { return false }
        guard keyspace.nodeStates.hasManyNodes.load(ordering: .relaxed), !call.isReplaying else { return false }
        var job: CascadeJob?
        for queued in queue.commands where job == nil {
            let entry = queued.entry.takeUnretainedValue()
            guard entry.isWrite else { continue }
            queued.arguments.withViews { job = markAhead(entry, $0) }
        }
        return suspends(for: job)
    }

    private mutating func suspends(for job: CascadeJob?) -> Bool {
        call.access.commit()
        guard let job else { return false }
        _ = call.suspend(Suspension(job: job))
        return true
    }

    private mutating func markAhead(_ key: Key) -> CascadeJob? {
        guard call.access.isMarked(key), let graph = call.graph else { return nil }
        let (database, now) = (call.access.database, call.access.now)
        return call.access.announce { graph.markAhead(key, database: database, now: now, into: &$0) }
    }
}

extension Call {
    /// The dependency graph; nil where the keyspace has none.
    var graph: DependencyGraph? { access.keyspace.dependencies as? DependencyGraph }
}
