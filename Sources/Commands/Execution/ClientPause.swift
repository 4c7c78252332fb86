import Synchronization

/// CLIENT PAUSE: until when which commands wait.
public final class ClientPause: Sendable {
    private let until = Atomic<Int64>(0)
    private let holdsAll = Atomic<Bool>(false)

    public init() {}

    /// Whether a pause was begun that nobody has found to be over. One relaxed load: asked before every command.
    @inline(__always)
    public var isActive: Bool { until.load(ordering: .relaxed) != 0 }

    /// Holds commands until `deadline`, in milliseconds since 1970: all of them, or those that write.
    ///
    /// A pause in progress is only ever made longer and stricter.
    public func begin(until deadline: Int64, all: Bool, now: Int64) {
        let current = until.load(ordering: .relaxed)
        holdsAll.store(all || current > now && holdsAll.load(ordering: .relaxed), ordering: .relaxed)
        until.store(max(deadline, current), ordering: .relaxed)
    }

    public func end() { until.store(0, ordering: .relaxed) }

    /// Whether a command waits at `now`.
    public func holds(writes: Bool, now: Int64) -> Bool {
        let deadline = until.load(ordering: .relaxed)
        guard deadline != 0 else { return false }
        if now >= deadline {
            end()
            return false
        }
        return writes || holdsAll.load(ordering: .relaxed)
    }
}
