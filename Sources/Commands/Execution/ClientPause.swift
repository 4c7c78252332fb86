import Synchronization

/// CLIENT PAUSE: until when which commands wait.
///
/// Both are one word, so that workers that begin, end and outlive pauses at the same time never mix two of them.
public final class ClientPause: Sendable {
    /// The deadline shifted left by one; the lowest bit says whether all commands are held. 0 where there is no pause.
    private let word = Atomic<Int64>(0)
    /// The longest deadline that fits.
    private static let latest = Int64.max >> 1

    public init() {}

    /// Whether a pause was begun that nobody has found to be over. One relaxed load: asked before every command.
    @inline(__always)
    public var isActive: Bool { word.load(ordering: .relaxed) != 0 }

    /// When the pause ends, in milliseconds since 1970; nil where there is none.
    public var deadline: Int64? {
        let current = word.load(ordering: .relaxed)
        return current == 0 ? nil : current >> 1
    }

    /// Holds commands until `deadline`, in milliseconds since 1970: all of them, or those that write.
    ///
    /// A pause in progress is only ever made longer and stricter.
    public func begin(until deadline: Int64, all: Bool, now: Int64) {
        guard deadline > now else { return }
        var current = word.load(ordering: .relaxed)
        while true {
            let inForce = current >> 1 > now ? current : 0
            let next = max(min(deadline, Self.latest), inForce >> 1) << 1 | (all ? 1 : inForce & 1)
            let (exchanged, original) = word.compareExchange(expected: current, desired: next, ordering: .relaxed)
            if exchanged { return }
            current = original
        }
    }

    public func end() { word.store(0, ordering: .relaxed) }

    /// Whether a command waits at `now`.
    public func holds(writes: Bool, now: Int64) -> Bool {
        let current = word.load(ordering: .relaxed)
        guard current != 0 else { return false }
        if now >= current >> 1 {
            _ = word.compareExchange(expected: current, desired: 0, ordering: .relaxed)
            return false
        }
        return writes || current & 1 == 1
    }
}
