import Commands
import Keyspace
import Primitives
import Synchronization

/// Which clients want to hear of every key whose name begins with certain bytes (`CLIENT TRACKING ON BCAST`).
///
/// A key's prefixes are looked up by their lengths, of which there are few, however many prefixes there are.
final class BroadcastTable: Sendable {
    /// What those who have named a prefix are told of one command or transaction.
    struct Broadcast {
        let receivers: [ClientRecord]
        /// All keys with the prefix, in their order.
        let keys: [[UInt8]]
        /// Those that have not just been written by the command.
        let foreignKeys: [[UInt8]]
    }

    private struct State {
        /// Those who have named a prefix, by their number.
        var receivers: [[UInt8]: [Int: ClientRecord]] = [:]
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
            for prefix in prefixes {
                if state.receivers[prefix] == nil { state.lengths[prefix.count, default: 0] += 1 }
                guard state.receivers[prefix, default: [:]].updateValue(record, forKey: record.identifier) == nil else {
                    continue
                }
                state.prefixes[record.identifier, default: []].append(prefix)
            }
            return clients.exchange(state.prefixes.count, ordering: .relaxed) == 0
        }
    }

    /// Removes a client; returns whether it was the last.
    func remove(_ record: ClientRecord) -> Bool {
        state.withLock { state in
            for prefix in state.prefixes.removeValue(forKey: record.identifier) ?? [] {
                state.receivers[prefix]?[record.identifier] = nil
                guard state.receivers[prefix]?.isEmpty == true else { continue }
                state.receivers[prefix] = nil
                state.lengths[prefix.count, default: 1] -= 1
                if state.lengths[prefix.count] == 0 { state.lengths[prefix.count] = nil }
            }
            return clients.exchange(state.prefixes.count, ordering: .relaxed) == 1 && state.prefixes.isEmpty
        }
    }

    /// What is to be told of changes, one for each prefix.
    func invalidations(for changes: borrowing ChangeLog) -> [Broadcast] {
        state.withLock { state in
            // By prefix: the keys, and whether each is to be told to the writer too.
            var found: [[UInt8]: [[UInt8]: Bool]] = [:]
            changes.forEach { change, name in
                guard change.subject == .key, change.event.isChange else { return }
                for length in state.lengths.keys where length <= name.count {
                    let prefix = name[0..<length].array
                    guard state.receivers[prefix] != nil else { continue }
                    found[prefix, default: [:]][name.array, default: false] =
                        found[prefix]?[name.array] == true || !change.event.isOwn
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
