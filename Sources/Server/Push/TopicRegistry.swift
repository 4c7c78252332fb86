import Primitives
import Synchronization

/// What all workers' connections subscribe to: how many there are, and which workers a message has to go to.
///
/// Workers keep the connections themselves; a worker enters its connection here after it has its own table ready, so that
/// a message never goes to a worker that does not know for whom. The lock is taken before mailboxes and after shards.
final class TopicRegistry: Sendable {
    /// Who wants a message.
    struct Interest {
        /// Number of subscriptions, each of which is a message to a connection.
        var subscriptions = 0
        var workers = WorkerSet()
    }

    private struct State: Sendable {
        /// By kind. The names' bytes are owned here.
        var tables = [[TopicName: Interest]](repeating: [:], count: Topic.Kind.allCases.count)
    }

    private let state = Mutex(State())
    private let names = Atomic<Int>(0)
    /// Those of the names whose subscribers may get messages of such channels.
    private let keyspaceNames = Atomic<Int>(0)
    private let keyeventNames = Atomic<Int>(0)

    /// Notes a subscription of a connection of `worker`.
    func add(_ name: ByteView, _ kind: Topic.Kind, worker: Int) {
        state.withLock { state in
            if state.tables[kind.rawValue][TopicName(name)] == nil {
                state.tables[kind.rawValue][TopicName.copy(name).name] = Interest()
                count(name, kind, by: 1)
            }
            state.tables[kind.rawValue][TopicName(name)]?.subscriptions += 1
            state.tables[kind.rawValue][TopicName(name)]?.workers.insert(worker)
        }
    }

    /// Forgets a subscription of a connection of `worker`.
    ///
    /// - Parameter isLast: whether no other connection of the worker has it.
    func remove(_ name: ByteView, _ kind: Topic.Kind, worker: Int, isLast: Bool) {
        state.withLock { state in
            guard let index = state.tables[kind.rawValue].index(forKey: TopicName(name)) else { return }
            state.tables[kind.rawValue].values[index].subscriptions -= 1
            if isLast { state.tables[kind.rawValue].values[index].workers.remove(worker) }
            guard state.tables[kind.rawValue].values[index].subscriptions == 0 else { return }
            let removed = state.tables[kind.rawValue].remove(at: index)
            count(name, kind, by: -1)
            UnsafeMutablePointer(mutating: removed.key.bytes.start).deallocate()
        }
    }

    private func count(_ name: ByteView, _ kind: Topic.Kind, by change: Int) {
        names.wrappingAdd(change, ordering: .relaxed)
        if KeyChannel.keyspace.mayMatch(name, kind) { keyspaceNames.wrappingAdd(change, ordering: .relaxed) }
        if KeyChannel.keyevent.mayMatch(name, kind) { keyeventNames.wrappingAdd(change, ordering: .relaxed) }
    }

    /// Whether somebody may hear what happens to keys on channels of this kind. One load.
    func mayHear(_ channel: KeyChannel) -> Bool {
        switch channel {
        case .keyspace: keyspaceNames.load(ordering: .relaxed) > 0
        case .keyevent: keyeventNames.load(ordering: .relaxed) > 0
        }
    }

    /// Who wants a message on a channel: its own subscribers and, unless it is a shard channel, those of patterns that it
    /// matches. O(patterns).
    func interest(in channel: ByteView, _ kind: Topic.Kind) -> Interest {
        guard names.load(ordering: .relaxed) > 0 else { return Interest() }
        return state.withLock { state in
            var interest = state.tables[kind.rawValue][TopicName(channel)] ?? Interest()
            guard kind == .channel else { return interest }
            for (pattern, found) in state.tables[Topic.Kind.pattern.rawValue]
            where Glob.matches(pattern.bytes, channel) {
                interest.subscriptions += found.subscriptions
                interest.workers.formUnion(found.workers)
            }
            return interest
        }
    }

    /// Number of connections that have subscribed to exactly this name.
    func subscribers(_ name: ByteView, _ kind: Topic.Kind) -> Int {
        state.withLock { $0.tables[kind.rawValue][TopicName(name)]?.subscriptions ?? 0 }
    }

    /// Number of names of a kind that have subscribers.
    func count(_ kind: Topic.Kind) -> Int { state.withLock { $0.tables[kind.rawValue].count } }

    /// The names of a kind that have subscribers and match `pattern`; all of them where it is nil.
    func names(_ kind: Topic.Kind, matching pattern: ByteView?) -> [[UInt8]] {
        state.withLock { state in
            state.tables[kind.rawValue].keys.compactMap { name in
                pattern.map { Glob.matches($0, name.bytes) } ?? true ? name.bytes.array : nil
            }
        }
    }
}

/// A set of workers' numbers, of which there are at most 128.
struct WorkerSet: Sendable {
    private var bits: UInt128 = 0

    var isEmpty: Bool { bits == 0 }

    mutating func insert(_ worker: Int) { bits |= 1 << UInt128(worker) }
    mutating func remove(_ worker: Int) { bits &= ~(1 << UInt128(worker)) }
    mutating func formUnion(_ other: WorkerSet) { bits |= other.bits }
    func contains(_ worker: Int) -> Bool { bits >> UInt128(worker) & 1 == 1 }

    /// Calls `body` with each, in ascending order.
    func forEach(_ body: (Int) -> Void) {
        var rest = bits
        while rest != 0 {
            body(rest.trailingZeroBitCount)
            rest &= rest - 1
        }
    }
}
