import Commands
import ComputedKeys
import Keyspace
import Primitives
import Synchronization

/// The statistics of all workers, added up.
struct Totals {
    var commands = 0
    var commandTicks: UInt64 = 0
    var bytesIn = 0
    var bytesOut = 0
    var reads = 0
    var writes = 0
    var queryBufferKills = 0
    var outputBufferKills = 0
    var turns = 0
    var turnMicroseconds = 0
    var expiryMicroseconds = 0
    var expiryCapsReached = 0
    var hits = 0
    var misses = 0
    var expiredMisses = 0
    var evictedMisses = 0
    var staleMisses = 0
    var expired = 0
    var expiredFields = 0
    var evicted = 0
    var changes = 0

    /// Misses of keys that never were there, or were removed on purpose.
    var absentMisses: Int { max(0, misses - expiredMisses - evictedMisses - staleMisses) }

    /// O(workers * commands).
    init(_ server: Server) {
        for worker in server.workers {
            bytesIn += worker.statistics.pointee.bytesIn.current
            bytesOut += worker.statistics.pointee.bytesOut.current
            reads += worker.statistics.pointee.reads.current
            writes += worker.statistics.pointee.writes.current
            queryBufferKills += worker.statistics.pointee.queryBufferKills.current
            outputBufferKills += worker.statistics.pointee.outputBufferKills.current
            turns += worker.statistics.pointee.turns.current
            turnMicroseconds += worker.statistics.pointee.turnMicroseconds.current
            expiryMicroseconds += worker.statistics.pointee.expiryMicroseconds.current
            expiryCapsReached += worker.statistics.pointee.expiryCapsReached.current
            hits += worker.accessStatistics.pointee.hits.current
            misses += worker.accessStatistics.pointee.misses.current
            expiredMisses += worker.accessStatistics.pointee.expiredMisses.current
            evictedMisses += worker.accessStatistics.pointee.evictedMisses.current
            staleMisses += worker.accessStatistics.pointee.staleMisses.current
            expired += worker.accessStatistics.pointee.expired.current
            expiredFields += worker.accessStatistics.pointee.expiredFields.current
            evicted += worker.accessStatistics.pointee.evicted.current
            changes += worker.accessStatistics.pointee.changes.current
            let statistics = worker.pipeline.pointee.executor.statistics
            for identifier in 0..<server.table.identifierCount {
                commands += statistics[identifier].calls.current
                commandTicks &+= UInt64(max(0, statistics[identifier].ticks.current))
            }
        }
    }
}

/// What was counted of one command, by all workers.
struct CommandTotals {
    var calls = 0
    var ticks = 0
    var rejected = 0
    var failed = 0

    init(_ server: Server, _ identifier: Int) {
        for worker in server.workers {
            let statistics = worker.pipeline.pointee.executor.statistics
            calls += statistics[identifier].calls.current
            ticks += statistics[identifier].ticks.current
            rejected += statistics[identifier].rejected.current
            failed += statistics[identifier].failed.current
        }
    }

    /// Whether there is anything to tell.
    var isEmpty: Bool { calls == 0 && rejected == 0 && failed == 0 }
}

extension Server {
    /// Calls `body` with every command, subcommands behind theirs.
    func forEachCommand(_ body: (CommandEntry) -> Void) {
        for entry in table.entries { Self.forEach(entry, body) }
    }

    /// Calls `body` with a command and its subcommands.
    static func forEach(_ entry: CommandEntry, _ body: (CommandEntry) -> Void) {
        body(entry)
        for name in entry.subcommands.keys.sorted() {
            if let subcommand = entry.subcommands[name] { forEach(subcommand, body) }
        }
    }

    /// The command, or subcommand as `client|kill`, of that name in any letter case.
    func command(named name: String) -> CommandEntry? {
        let parts = name.lowercased().split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first else { return nil }
        let found = Array(first.utf8).withView { table.find($0) }
        guard let entry = found?.takeUnretainedValue() else { return nil }
        return parts.count == 1 ? entry : entry.subcommands[String(parts[1])]
    }

    /// CONFIG RESETSTAT. What workers count in the same instant may be lost.
    func resetStatistics() {
        statistics.connectionsReceived.store(0, ordering: .relaxed)
        statistics.connectionsRejected.store(0, ordering: .relaxed)
        statistics.clientsEvicted.store(0, ordering: .relaxed)
        keyspace.budget.resetStatistics()
        observations.resetErrors()
        observations.accessLog.resetCounts()
        keyspace.resetLazyFreeStatistics()
        graph.resetStatistics()
        for worker in workers {
            worker.statistics.pointee.reset()
            worker.accessStatistics.pointee.reset()
            for identifier in 0..<table.identifierCount {
                worker.pipeline.pointee.executor.statistics[identifier].reset()
            }
        }
        metrics.reset()
    }
}
