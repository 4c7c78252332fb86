/// What a value that is being computed was derived from so far: the node, and what a reader saw of it.
struct Dependency {
    let node: UInt32
    /// Whether it was a computed key without a value to serve.
    var isStale: Bool
    /// Position of its last change before it was read. With `isStale` it tells whether it has changed since.
    var revision: UInt64
}

/// The right, and the duty, to compute a key's value. There is at most one for a key.
///
/// It remembers what its connection reads. A source that was read is pinned and its key is marked before its value is
/// looked at, so that any change from then on leaves a newer revision in its node: that is how `COMPUTE.END` finds out that
/// the value was derived from something that is no more.
final class Lease {
    /// Dependencies up to here are searched one by one.
    private static let indexThreshold = 16

    let node: UInt32
    /// What only the holder knows.
    let secret: UInt64
    /// The connection that began it; it ends with that.
    let session: Int
    /// When it ends by itself, in milliseconds since 1970.
    let deadline: Int64
    /// Microseconds of the monotonic clock.
    let startedAt: Int64
    /// Everything that was read, each once.
    private(set) var dependencies: [Dependency] = []
    private var index: [UInt32: Int] = [:]
    /// Whether the value will be derived from something whose changes nobody would notice.
    var isTainted = false
    /// The key that its connection last found to be computed by another; 0 for none.
    var wanted: UInt32 = 0

    init(node: UInt32, secret: UInt64, session: Int, deadline: Int64, startedAt: Int64) {
        self.node = node
        self.secret = secret
        self.session = session
        self.deadline = deadline
        self.startedAt = startedAt
    }

    private func position(of node: UInt32) -> Int? {
        if dependencies.count > Self.indexThreshold { return index[node] }
        return dependencies.firstIndex { $0.node == node }
    }

    /// Adds a dependency; false where it is there already: what was read first is what counts.
    func add(_ dependency: Dependency) -> Bool {
        guard position(of: dependency.node) == nil else { return false }
        dependencies.append(dependency)
        if dependencies.count == Self.indexThreshold + 1 {
            for (position, dependency) in dependencies.enumerated() { index[dependency.node] = position }
        } else if dependencies.count > Self.indexThreshold {
            index[dependency.node] = dependencies.count - 1
        }
        return true
    }

    /// Takes a change of a dependency for known, if it is the only one since it was read.
    func accept(_ change: Dependency, from old: Dependency) {
        guard let position = position(of: change.node), dependencies[position].revision == old.revision,
            dependencies[position].isStale == old.isStale
        else { return }
        dependencies[position] = change
    }
}

/// Who is to be woken when a key's computation ends or its value changes.
public struct Waiter: Hashable, Sendable {
    public let worker: Int
    /// The connection's number, which is nobody else's.
    public let session: Int

    public init(worker: Int, session: Int) {
        self.worker = worker
        self.session = session
    }

    public static func == (a: Waiter, b: Waiter) -> Bool { a.session == b.session }
    public func hash(into hasher: inout Hasher) { hasher.combine(session) }
}

/// All that ends with connections and time: who computes what, who waits for it, and what could not be computed.
struct Leases {
    struct Failure {
        let message: [UInt8]
        /// Milliseconds since 1970.
        let until: Int64
    }

    /// By node.
    var leases: [UInt32: Lease] = [:]
    /// The leases of each connection, the innermost last.
    var frames: [Int: [Lease]] = [:]
    /// Who waits for which node.
    var waiters: [UInt32: Set<Waiter>] = [:]
    /// The nodes that a connection waits for.
    var awaited: [Int: [UInt32]] = [:]
    private(set) var failures: [UInt32: Failure] = [:]
    /// Bytes of their messages.
    private var failureBytes = 0
    /// How many failures there must be for those to be looked for that are over.
    var failureSweep = 1024
    /// Dependencies of all leases.
    var dependencyCount = 0

    /// Bytes that leases take, roughly.
    var memoryUsage: Int {
        leases.count * 256 + dependencyCount * 48 + failures.count * 64 + failureBytes
    }

    /// Puts a failure in the place of the one that there was, or nothing; returns that one.
    @discardableResult
    mutating func setFailure(_ failure: Failure?, of node: UInt32) -> Failure? {
        let old = failures[node]
        failures[node] = failure
        failureBytes += (failure?.message.count ?? 0) - (old?.message.count ?? 0)
        return old
    }
}
