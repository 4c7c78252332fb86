import ComputedKeys
import Keyspace
import Primitives
import RESP
import Synchronization

/// A computed value on its way into the keyspace: what COMPUTE.END and COMPUTE.SET have in common.
struct Publication {
    enum Result {
        case ended(PublishOutcome)
        /// So much is to be marked before that the command must wait.
        case waits(CascadeJob)
    }

    let graph: DependencyGraph
    let key: Key
    let value: ByteView
    let options: PublishOptions
    /// Whether the command is one of several that are logged as a unit.
    let isInTransaction: Bool

    /// Publishes the value under the key, whose shard must be held.
    ///
    /// - Parameters:
    ///   - slices: whether the command may wait.
    ///   - publish: enters the value into the graph, and tells what was published.
    func run(
        _ access: inout Access, slices: Bool,
        _ publish: (PublishOptions, inout ChangeLog, (PublicationRecord) -> Void) -> PublishOutcome
    ) -> Result {
        access.settle()
        access.expireSources()
        var choice = options
        let old = access.peek(key)
        choice.isEqual = isEqual(old)
        choice.replacesOrdinary = old?.isComputed == false
        choice.isRecorded = access.isLogging
        let (database, now, keyspace) = (access.database, access.now, access.keyspace)
        if slices, !choice.isEqual, keyspace.nodeStates.hasManyNodes.load(ordering: .relaxed),
            let job = access.announce({ graph.markAhead(key, database: database, now: now, into: &$0) })
        {
            return .waits(job)
        }
        let outcome = access.announce { log, effects in
            publish(choice, &log) { record in
                effects.append(record, key, value, database: database)
                // Before others find the value in the graph, so that what they do to it is logged behind this. Whoever
                // executes a transaction holds all shards.
                if !isInTransaction { effects.handOver(to: keyspace) }
            }
        }
        if case .stored(let node, _) = outcome {
            access.storeComputed(key, value, node: node, expiry: options.deadline)
        }
        return .ended(outcome)
    }

    private func isEqual(_ entry: Entry?) -> Bool {
        guard let entry, entry.isComputed else { return false }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { scratch in
            // The text of an integer has at most 20 bytes.
            scratch.baseAddress.map { entry.text(scratch: $0) == value } ?? false
        }
    }
}

extension Call {
    /// Answers how a publication ended, or lets the command wait.
    mutating func reply(_ result: Publication.Result) throws(CommandError) {
        switch result {
        case .waits(let job): throw suspend(Suspension(job: job))
        case .ended(.stored(_, let revision)): answer("stored", revision)
        case .ended(.superseded(let revision)): answer("superseded", revision)
        case .ended(.lost): throw .leaseLost
        case .ended(.cycle(let way)): throw computeCycle(way)
        case .ended(.outdated(let name)): throw .staleDependency(name)
        case .ended(.outOfMemory): throw .graphOutOfMemory
        }
    }

    private func answer(_ state: StaticString, _ revision: UInt64) {
        reply.array(2)
        reply.bulk(state)
        reply.bulk(text(revision))
    }
}
