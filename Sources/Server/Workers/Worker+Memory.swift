import Commands
import ComputedKeys
import Configuration
import EventLoop
import Keyspace
import Logging
import Primitives
import Synchronization

/// A worker's part in keeping `maxmemory` and `maxmemory-clients`.
extension Worker {
    /// Microseconds that one turn of the loop spends on making room, beside what its commands spend.
    private static let evictionBudget: Int64 = 500

    // MARK: Keys

    /// Goes on with making room where commands had no time for it; `now` in microseconds of the monotonic clock.
    func makeRoom(_ now: Int64) {
        pipeline.pointee.executor.beginTurn()
        guard server.keyspace.budget.isExceeded else {
            hasEvictionBacklog = false
            return server.keyspace.budget.noteKept()
        }
        let time = Clock.wallMilliseconds()
        guard pipeline.pointee.executor.call.access.evictionSettings.policy.ranking != nil,
            !server.pause.holds(writes: true, now: time)
        else { return hasEvictionBacklog = false }
        pipeline.pointee.executor.call.access.now = time
        hasEvictionBacklog = pipeline.pointee.executor.makeRoom(until: now + Self.evictionBudget) == .isBeingMade
        server.observations.latencyMonitor.record(
            "eviction-cycle", milliseconds: (Clock.monotonicMicroseconds() - now) / 1000)
    }

    /// Whether a connection whose next command is long had better send the rest of it later, of which `room` bytes come
    /// next: there is something to be evicted or freed first.
    func mustRest(_ connection: UnsafeMutablePointer<Connection>, for room: Int) -> Bool {
        guard connection.pointee.bookedBytes > 0 else { return false }
        let budget = server.keyspace.budget
        return budget.mustWait(for: room) && (hasEvictionBacklog || budget.waiting > Connection.longCommand)
    }

    /// Tells the budget what is not counted as it changes. The first worker does.
    func measureMemory() {
        let indexes = pipeline.pointee.executor.call.access.sampleIndexes(&shardIndexes)
        server.keyspace.budget.setMeasured(server.metrics.startMemory + indexes + server.otherMemory)
    }

    // MARK: Clients

    /// Counts what a connection takes.
    @inline(__always)
    func account(_ connection: UnsafeMutablePointer<Connection>) {
        let bytes = connection.pointee.memoryUsage
        if bytes != connection.pointee.accountedBytes, !connection.pointee.isClosed { account(connection, bytes) }
    }

    /// Makes room for what a connection is about to store, as far as that is known.
    func book(_ connection: UnsafeMutablePointer<Connection>) { book(connection, connection.pointee.bytesToStore) }

    private func book(_ connection: UnsafeMutablePointer<Connection>, _ bytes: Int) {
        guard bytes != connection.pointee.bookedBytes else { return }
        server.keyspace.budget.book(bytes - connection.pointee.bookedBytes)
        connection.pointee.bookedBytes = bytes
    }

    @inline(never)
    private func account(_ connection: UnsafeMutablePointer<Connection>, _ bytes: Int) {
        let change = bytes - connection.pointee.accountedBytes
        connection.pointee.accountedBytes = bytes
        connection.pointee.record.memory.set(bytes)
        server.keyspace.budget.add(change)
        server.clientBudget.add(change)
    }

    /// Counts a connection no more, which is being closed.
    func release(_ connection: UnsafeMutablePointer<Connection>) {
        account(connection, 0)
        book(connection, 0)
    }

    /// Closes the connections that take most, of whatever worker, until those that are left keep `maxmemory-clients`. No
    /// command may be being executed; returns whether the executor may have turned to others.
    @discardableResult
    func evictClients() -> Bool {
        guard server.clientBudget.isExceeded else { return false }
        server.clientEviction.withLock { _ in
            let records = server.clients.all().filter { !$0.isKilled }
            var excess = records.reduce(0) { $0 + $1.memory.current } - server.clientBudget.limit
            let evictable = records.filter { !ClientRecord.Flags(rawValue: $0.flags.current).contains(.noEvict) }
            for record in evictable.sorted(by: { $0.memory.current > $1.memory.current }) where excess >= 0 {
                guard record.requestKill() else { continue }
                excess -= record.memory.current
                server.statistics.clientsEvicted.wrappingAdd(1, ordering: .relaxed)
                server.log.notice("Evicting client: id=\(record.identifier) tot-mem=\(record.memory.current)")
                end(record)
            }
        }
        return true
    }

    private func end(_ record: ClientRecord) {
        guard record.worker == index else {
            return server.workers[record.worker].mailbox.send(.close(record.identifier))
        }
        if let connection = connections[record.identifier] { close(connection) }
    }
}

extension Server {
    /// Bytes of a key that is remembered for CLIENT TRACKING, and of each client that has read it; about.
    private static let trackedKeyBytes = 96
    private static let trackingReaderBytes = 4

    /// Bytes of what is neither keys nor connections: the dependency graph, what clients have read, evicted keys.
    var otherMemory: Int {
        graph.report.memory + keyspace.historyUsage
            + tracking.readers.keyCount * Self.trackedKeyBytes + tracking.readers.itemCount * Self.trackingReaderBytes
    }
}

extension EvictionSettings {
    /// Samples beyond which more of them change nothing but the time that they take.
    private static let mostSamples = 256

    init(_ settings: Settings) {
        self.init()
        policy = EvictionPolicy(settings.maxMemoryPolicy)
        samples = min(settings.maxMemorySamples, Self.mostSamples)
        logFactor = settings.lfuLogFactor
        decayMinutes = settings.lfuDecayTime
        slice = Self.slice(tenacity: settings.maxMemoryTenacity)
    }
}

extension EvictionPolicy {
    init(_ policy: Settings.MemoryPolicy) {
        switch policy {
        case .noEviction: self = .noEviction
        case .allRecency: self.init(.recency)
        case .allFrequency: self.init(.frequency)
        case .allRandom: self.init(.random)
        case .allAdmission: self.init(.admission)
        case .volatileRecency: self.init(.recency, isVolatile: true)
        case .volatileFrequency: self.init(.frequency, isVolatile: true)
        case .volatileRandom: self.init(.random, isVolatile: true)
        case .volatileDeadline: self.init(.deadline, isVolatile: true)
        case .volatileAdmission: self.init(.admission, isVolatile: true)
        }
    }
}
