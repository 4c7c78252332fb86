import Commands
import Keyspace
import Primitives
import Synchronization

/// Which clients want to hear of every key whose name begins with certain bytes (`CLIENT TRACKING ON BCAST`).
///
/// A key's prefixes are looked up by their lengths, of which there are few, however many prefixes there are; a key that has
/// none of them costs nothing else. The lock is taken behind those of shards and of the dependency graph.
final class BroadcastTable: Sendable {
    /// What those who have named a prefix are told of one command or transaction.
    struct Broadcast {
        let receivers: [ClientRecord]
        /// All keys with the prefix, in their order.
        let keys: [[UInt8]]
        /// Those that have not just been written by the command.
        let foreignKeys: [[UInt8]]
    }

    private struct State: Sendable {
        /// Those who have named a prefix, by their number. The prefixes' bytes are owned here.
        var receivers: [TopicName: [Int: ClientRecord]] = [:]
        /// Number of prefixes by length.
        var lengths: [Int: Int] = [:]
        /// The prefixes of each client, by its number.
        var prefixes: [Int: [[UInt8]]] = [:]
    }

    private let state = Mutex(State())
    private let clients = Atomic<Int>(0)

    /// Whether there is no client. One load.
    var isEmpty: Bool { clients.load(ordering: .relaxed) == 0 }

    /// Number of prefixes that somebody has named.
    var prefixCount: Int { state.withLock { $0.receivers.count } }

    /// The prefixes of a client, in their order.
    func prefixes(of identifier: Int) -> [[UInt8]] {
        state.withLock { $0.prefixes[identifier] ?? [] }.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Adds prefixes for a client; returns whether it is the first client.
    func add(_ prefixes: [[UInt8]], for record: ClientRecord) -> Bool {
        state.withLock { state in
            for prefix in prefixes where Self.insert(prefix, record, &state) {
                state.prefixes[record.identifier, default: []].append(prefix)
            }
            return clients.exchange(state.prefixes.count, ordering: .relaxed) == 0
        }
    }

    /// Adds a receiver; returns false where it is one already.
    private static func insert(_ prefix: [UInt8], _ record: ClientRecord, _ state: inout State) -> Bool {
        prefix.withView { view in
            if state.receivers[TopicName(view)] == nil {
                state.receivers[TopicName.copy(view).name] = [:]
                state.lengths[view.count, default: 0] += 1
            }
            return state.receivers[TopicName(view)]?.updateValue(record, forKey: record.identifier) == nil
        }
    }

    /// Removes a client; returns whether it was the last.
    func remove(_ record: ClientRecord) -> Bool {
        state.withLock { state in
            for prefix in state.prefixes.removeValue(forKey: record.identifier) ?? [] {
                Self.remove(prefix, record, &state)
            }
            return clients.exchange(state.prefixes.count, ordering: .relaxed) == 1 && state.prefixes.isEmpty
        }
    }

    private static func remove(_ prefix: [UInt8], _ record: ClientRecord, _ state: inout State) {
        prefix.withView { view in
            guard let index = state.receivers.index(forKey: TopicName(view)) else { return }
            state.receivers.values[index][record.identifier] = nil
            guard state.receivers.values[index].isEmpty else { return }
            UnsafeMutablePointer(mutating: state.receivers.remove(at: index).key.bytes.start).deallocate()
            let others = (state.lengths[view.count] ?? 1) - 1
            state.lengths[view.count] = others > 0 ? others : nil
        }
    }

    /// What is to be told of changes, one for each prefix.
    func invalidations(for changes: borrowing ChangeLog) -> [Broadcast] {
        state.withLock { state in
            // By prefix: the keys, and whether each is to be told to the writer too.
            var found: [TopicName: [[UInt8]: Bool]] = [:]
            changes.forEach { change, name in
                guard change.subject == .key, change.event.isChange else { return }
                for length in state.lengths.keys where length <= name.count {
                    guard let index = state.receivers.index(forKey: TopicName(name[0..<length])) else { continue }
                    // Its own bytes: those of the change end with the call.
                    let prefix = state.receivers.keys[index]
                    found[prefix, default: [:]].merge([(name.array, !change.event.isOwn)]) { $0 || $1 }
                }
            }
            return found.map { prefix, keys in
                let sorted = keys.sorted { $0.key.lexicographicallyPrecedes($1.key) }
                return Broadcast(
                    receivers: state.receivers[prefix].map { Array($0.values) } ?? [], keys: sorted.map(\.key),
                    foreignKeys: sorted.filter(\.value).map(\.key))
            }
        }
    }
}
