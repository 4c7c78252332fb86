import Glibc
import Keyspace
import Primitives
import Synchronization

/// What `COMPUTE.BEGIN` asks for.
public struct BeginRequest {
    public var waiter: Waiter
    /// Milliseconds since 1970.
    public var now: Int64
    /// How long the lease lasts, in milliseconds.
    public var lease: Int64
    /// Until when to wait for another's computation, in milliseconds since 1970; nil not to wait.
    public var waitsUntil: Int64?
    /// Whether an old value is welcome while another computes.
    public var allowsStale: Bool
    /// Whether there is an old value, and when it expires.
    public var hasValue: Bool
    public var deadline: Int64?
    public var dependencies: [ExplicitDependency]

    public init(waiter: Waiter, now: Int64, lease: Int64, waitsUntil: Int64?, allowsStale: Bool) {
        self.waiter = waiter
        self.now = now
        self.lease = lease
        self.waitsUntil = waitsUntil
        self.allowsStale = allowsStale
        hasValue = false
        dependencies = []
    }
}

/// A dependency that a caller names.
public enum ExplicitDependency {
    /// - Parameter deadline: when the key, or its first element, expires.
    case key(Key, database: Int, deadline: Int64?)
    case tag(ByteView)

    var name: NodeName {
        switch self {
        case .key(let key, let database, _): NodeName(key, database: database)
        case .tag(let tag): NodeName(tag: tag)
        }
    }
}

/// How `COMPUTE.BEGIN` goes on.
public enum BeginOutcome {
    /// The value is what it would be computed to; with the position of its publication.
    case fresh(UInt64)
    /// The caller computes.
    case lease(token: String, UInt64)
    /// Another computes, and the old value is welcome.
    case stale(UInt64)
    /// Another computes, for so many milliseconds at most.
    case busy(Int64)
    /// The caller waits, at most until then.
    case waits(until: Int64)
    /// The last computation failed with this message and is not to be tried again yet.
    case failed([UInt8])
    /// The value would be derived from itself, by this way.
    case cycle(String)
    /// The connection has begun too much, or there is no memory.
    case refused(LeaseRefusal)
}

public enum LeaseRefusal { case tooMany, outOfMemory }

extension DependencyGraph {
    /// Computations that a connection may have begun at the same time.
    public static let maximumLeases = 1024

    /// Begins a computation, or finds that none is needed or another's is on its way. The key's shard must be held.
    public func begin(_ key: Key, database: Int, _ request: BeginRequest) -> BeginOutcome {
        withContent { content in
            let name = NodeName(key, database: database)
            let node = content.graph.find(name)
            let outer = content.leases.frames[request.waiter.session]?.last
            outer?.wanted = 0
            endWaits(of: request.waiter.session, &content)
            guard node != 0 else { return grant(name, request, outer, &content) }
            if content.graph.states[node].condition == .fresh {
                if let outer {
                    remember(node, in: outer, &content)
                    content.graph.deadlines.set(request.deadline, for: node)
                    publishDeadline(content)
                }
                return .fresh(content.graph.nodes[node].revision)
            }
            if let failure = content.leases.failures[node] {
                if request.now < failure.until { return .failed(failure.message) }
                endFailure(of: node, &content)
            }
            if let other = content.leases.leases[node] {
                if other.deadline > request.now { return share(other, request, outer, &content) }
                lose(other, &content)
            }
            // What was lost may have been the caller's own.
            return grant(name, request, content.leases.frames[request.waiter.session]?.last, &content)
        }
    }

    /// What becomes of a request for what another computes.
    private func share(
        _ other: Lease, _ request: BeginRequest, _ outer: Lease?, _ content: inout Content
    ) -> BeginOutcome {
        if let cycle = waitingCycle(to: other, session: request.waiter.session, content) { return .cycle(cycle) }
        outer?.wanted = other.node
        if request.allowsStale, request.hasValue {
            // Nobody would tell the outer computation that this value is replaced.
            outer?.isTainted = true
            return .stale(content.graph.nodes[other.node].revision)
        }
        guard let until = request.waitsUntil, until > request.now else {
            content.statistics.busy += 1
            return .busy(other.deadline - request.now)
        }
        content.statistics.waits += 1
        enroll(request.waiter, for: other.node, &content)
        return .waits(until: min(until, other.deadline + 1))
    }

    private func grant(
        _ name: NodeName, _ request: BeginRequest, _ outer: Lease?, _ content: inout Content
    ) -> BeginOutcome {
        let session = request.waiter.session
        guard content.leases.frames[session]?.count ?? 0 < Self.maximumLeases else { return .refused(.tooMany) }
        guard hasMemory(content), let node = content.graph.findOrMake(name) else { return .refused(.outOfMemory) }
        var generator = SystemRandomNumberGenerator()
        let lease = Lease(
            node: node, secret: generator.next(), session: session,
            deadline: request.now.addingReportingOverflow(request.lease).partialValue,
            startedAt: Clock.monotonicMicroseconds())
        content.graph.pin(node)
        if let outer { remember(node, in: outer, &content) }
        content.leases.leases[node] = lease
        content.leases.frames[session, default: []].append(lease)
        content.statistics.leasesGranted += 1
        for dependency in request.dependencies { add(dependency, to: lease, &content) }
        return .lease(token: token(of: lease), keyspace.revision)
    }

    /// Whether the graph may grow.
    func hasMemory(_ content: borrowing Content) -> Bool {
        let limit = memoryLimit.load(ordering: .relaxed)
        return limit == 0 || content.graph.memoryUsage + content.leases.memoryUsage < limit
    }

    // MARK: Explicit dependencies

    private func add(_ dependency: ExplicitDependency, to lease: Lease, _ content: inout Content) {
        guard let node = content.graph.findOrMake(dependency.name) else {
            lease.isTainted = true
            return
        }
        remember(node, in: lease, &content)
        if case .key(_, _, let deadline) = dependency {
            content.graph.deadlines.set(deadline, for: node)
            publishDeadline(content)
        }
    }

    /// Adds dependencies to the computation of `token`; false where that is over. The keys' shards must be held.
    public func depend(token: ByteView, on dependencies: [ExplicitDependency], now: Int64) -> Bool {
        withContent { content in
            guard let lease = lease(of: token, now: now, &content) else { return false }
            for dependency in dependencies { add(dependency, to: lease, &content) }
            return true
        }
    }

    // MARK: Tokens

    /// The node in 8 hexadecimal digits, and the secret in 16.
    private func token(of lease: Lease) -> String {
        Self.hexadecimal(UInt64(lease.node), 8) + Self.hexadecimal(lease.secret, 16)
    }

    private static func hexadecimal(_ value: UInt64, _ digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: digits - text.utf8.count) + text
    }

    /// The computation that a token stands for, if that still goes on.
    func lease(of token: ByteView, now: Int64, _ content: inout Content) -> Lease? {
        guard token.count == 24, let node = UInt32(token[0..<8].string, radix: 16),
            let lease = content.leases.leases[node], token.buffer.elementsEqual(self.token(of: lease).utf8)
        else { return nil }
        guard lease.deadline > now else {
            lose(lease, &content)
            return nil
        }
        return lease
    }

    /// The key that a token's computation is for: its name and its database; nil where that is over.
    public func target(of token: ByteView, now: Int64) -> (key: [UInt8], database: Int)? {
        withContent { content in
            lease(of: token, now: now, &content).map {
                (content.graph.name($0.node).array, Int(content.graph.nodes[$0.node].database))
            }
        }
    }

    // MARK: Ends

    /// Ends a computation without a value. What it has read counts for the one around it, which may have used it.
    func lose(_ lease: Lease, _ content: inout Content) {
        content.statistics.leasesLost += 1
        end(lease, &content) { outer, content in
            for dependency in lease.dependencies where outer.add(dependency) {
                content.graph.pin(dependency.node)
                content.leases.dependencyCount += 1
            }
            outer.isTainted = outer.isTainted || lease.isTainted
        }
        wakeWaiters(of: lease.node, &content)
        content.graph.unpin(lease.node)
    }

    /// Ends a computation: afterwards its token is worth nothing. The lease's own pin stays.
    ///
    /// - Parameter inherit: told the computation around it, if there is one.
    func end(_ lease: Lease, _ content: inout Content, inherit: (Lease, inout Content) -> Void) {
        content.leases.leases[lease.node] = nil
        if var frames = content.leases.frames[lease.session] {
            if let position = frames.firstIndex(where: { $0 === lease }) {
                if position > 0 { inherit(frames[position - 1], &content) }
                frames.remove(at: position)
            }
            content.leases.frames[lease.session] = frames.isEmpty ? nil : frames
        }
        content.leases.dependencyCount -= lease.dependencies.count
        for dependency in lease.dependencies { content.graph.unpin(dependency.node) }
    }

    /// Ends a computation that has failed; false where it was over.
    ///
    /// - Parameter retry: until when nobody is to try again, in milliseconds since 1970.
    public func fail(token: ByteView, message: ByteView, retry: Int64, now: Int64) -> Bool {
        withContent { content in
            guard let lease = lease(of: token, now: now, &content) else { return false }
            content.statistics.failed += 1
            sweepFailures(now, &content)
            if retry > now || content.leases.waiters[lease.node] != nil {
                let failure = Leases.Failure(
                    message: message[0..<min(message.count, Self.longestMessage)].array,
                    until: max(retry, now + Self.failureSeenByWaiters))
                if content.leases.setFailure(failure, of: lease.node) == nil { content.graph.pin(lease.node) }
            }
            lose(lease, &content)
            return true
        }
    }

    /// Bytes of a failure's message that are kept.
    private static let longestMessage = 512

    /// Milliseconds for which those who waited for a failed computation are told so instead of trying themselves.
    private static let failureSeenByWaiters: Int64 = 10

    /// Forgets failures that are over and that nobody has asked for since. Amortised O(1).
    private func sweepFailures(_ now: Int64, _ content: inout Content) {
        guard content.leases.failures.count >= content.leases.failureSweep else { return }
        for (node, failure) in content.leases.failures where failure.until <= now { endFailure(of: node, &content) }
        content.leases.failureSweep = max(1024, content.leases.failures.count * 2)
    }

    func endFailure(of node: UInt32, _ content: inout Content) {
        guard content.leases.setFailure(nil, of: node) != nil else { return }
        content.graph.unpin(node)
    }

    /// Ends what a connection computes and waits for: it has gone, or was reset.
    public func sessionEnded(_ session: Int) {
        withContent { content in
            for lease in (content.leases.frames[session] ?? []).reversed() { lose(lease, &content) }
            endWaits(of: session, &content)
        }
    }

    /// Whether a connection computes something.
    public func isComputing(_ session: Int) -> Bool { withContent { $0.leases.frames[session] != nil } }

    /// Ends a wait that has been answered otherwise.
    public func endWait(of session: Int) { withContent { endWaits(of: session, &$0) } }
}
