import Commands
import Primitives
import Synchronization

/// What was refused for want of permission or of the right password: ACL LOG, and the counters of INFO.
final class AccessLog: Sendable {
    enum Reason: String, Sendable, CaseIterable {
        case command, key, channel, auth

        init(_ denial: Denial) {
            switch denial {
            case .command: self = .command
            case .key: self = .key
            case .channel: self = .channel
            }
        }
    }

    /// A refusal, and those like it that came soon behind it.
    struct Entry: Sendable {
        let identifier: Int
        var count = 1
        let reason: Reason
        /// Whether the call was to be queued or executed in a transaction.
        let isInTransaction: Bool
        /// The command, key or channel that was refused.
        let object: [UInt8]
        let user: [UInt8]
        /// The line of CLIENT LIST of the connection that was the last.
        var client: String
        /// Milliseconds since 1970.
        let created: Int64
        var updated: Int64

        func isLike(_ other: Entry) -> Bool {
            reason == other.reason && isInTransaction == other.isInTransaction
                && abs(updated - other.updated) <= AccessLog.groupingTime && object == other.object
                && user == other.user
        }
    }

    private struct State {
        /// The newest first.
        var entries: [Entry] = []
        var next = 0
        var limit = 128
    }

    /// Milliseconds within which a refusal counts as the same again.
    private static let groupingTime: Int64 = 60_000
    /// Entries among which the same is looked for.
    private static let groupingDepth = 10
    /// Most bytes that are kept of what was refused, and of a user's name: a client must not fill memory with them.
    private static let keptBytes = 4096

    private let state = Mutex(State())
    private let counts = Counts()

    private struct Counts: ~Copyable {
        let command = Atomic<Int>(0)
        let key = Atomic<Int>(0)
        let channel = Atomic<Int>(0)
        let auth = Atomic<Int>(0)

        func withCount<R>(_ reason: Reason, _ body: (borrowing Atomic<Int>) -> R) -> R {
            switch reason {
            case .command: body(command)
            case .key: body(key)
            case .channel: body(channel)
            case .auth: body(auth)
            }
        }
    }

    /// Most entries that are kept.
    func setLimit(_ limit: Int) {
        state.withLock {
            $0.limit = limit
            if $0.entries.count > limit { $0.entries.removeLast($0.entries.count - limit) }
        }
    }

    func record(
        _ reason: Reason, _ object: ByteView, user: ByteView, isInTransaction: Bool, client: String, now: Int64
    ) {
        counts.withCount(reason) { _ = $0.wrappingAdd(1, ordering: .relaxed) }
        let object = object[0..<min(object.count, Self.keptBytes)].array
        let user = user[0..<min(user.count, Self.keptBytes)].array
        state.withLock { state in
            var entry = Entry(
                identifier: state.next, reason: reason, isInTransaction: isInTransaction, object: object, user: user,
                client: client, created: now, updated: now)
            if let index = state.entries.prefix(Self.groupingDepth).firstIndex(where: { $0.isLike(entry) }) {
                entry = state.entries.remove(at: index)
                entry.count += 1
                entry.client = client
                entry.updated = now
            } else {
                state.next += 1
            }
            state.entries.insert(entry, at: 0)
            if state.entries.count > state.limit { state.entries.removeLast(state.entries.count - state.limit) }
        }
    }

    /// The latest entries, the newest first.
    func entries(limit: Int) -> [Entry] { state.withLock { Array($0.entries.prefix(limit)) } }

    func clear() { state.withLock { $0.entries = [] } }

    /// How often something was refused since the start, or since the last reset.
    func count(_ reason: Reason) -> Int { counts.withCount(reason) { $0.load(ordering: .relaxed) } }

    func resetCounts() {
        for reason in Reason.allCases { counts.withCount(reason) { $0.store(0, ordering: .relaxed) } }
    }
}
