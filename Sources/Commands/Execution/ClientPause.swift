import Synchronization

/// CLIENT PAUSE: until when which commands wait; and that writes wait since the process is about to end.
///
/// All of it is one word, so that workers that begin, end and outlive pauses at the same time never mix two of them.
public final class ClientPause: Sendable {
    /// The deadline shifted left by two, and the two bits below. 0 where nothing is held.
    private let word = Atomic<Int64>(0)
    /// Whether a pause holds all commands.
    private static let all: Int64 = 1
    /// Whether writes are held, whatever becomes of pauses.
    private static let end: Int64 = 2
    private static let shift: Int64 = 2
    /// The longest deadline that fits.
    private static let latest = Int64.max >> shift

    public init() {}

    /// Whether a pause was begun that nobody has found to be over, or writes are held for the end. One relaxed load: asked
    /// before every command.
    @inline(__always)
    public var isActive: Bool { word.load(ordering: .relaxed) != 0 }

    /// When commands need not wait any more, in milliseconds since 1970: `Int64.max` where they are held for the end; nil
    /// where none are.
    public var deadline: Int64? {
        let current = word.load(ordering: .relaxed)
        if current & Self.end != 0 { return .max }
        return current == 0 ? nil : current >> Self.shift
    }

    /// Holds commands until `deadline`, in milliseconds since 1970: all of them, or those that write.
    ///
    /// A pause in progress is only ever made longer and stricter.
    public func begin(until deadline: Int64, all: Bool, now: Int64) {
        guard deadline > now else { return }
        var current = word.load(ordering: .relaxed)
        while true {
            let inForce = current >> Self.shift > now ? current : current & Self.end
            let longest = max(min(deadline, Self.latest), inForce >> Self.shift)
            let next = longest << Self.shift | inForce & (Self.end | Self.all) | (all ? Self.all : 0)
            let (exchanged, original) = word.compareExchange(expected: current, desired: next, ordering: .relaxed)
            if exchanged { return }
            current = original
        }
    }

    /// Ends the pause.
    public func end() { word.bitwiseAnd(Self.end, ordering: .relaxed) }

    /// Holds writes until `endHold`. Workers see it with the next message that they get.
    public func holdForEnd() { word.bitwiseOr(Self.end, ordering: .relaxed) }

    /// Ends that writes are held for the end; a pause goes on.
    public func endHold() { word.bitwiseAnd(~Self.end, ordering: .relaxed) }

    /// Whether nothing but writes is held, and only since the process is about to end.
    public func holdsOnlyForEnd(now: Int64) -> Bool {
        let current = word.load(ordering: .relaxed)
        return current & Self.end != 0 && now >= current >> Self.shift
    }

    /// Whether a command waits at `now`.
    public func holds(writes: Bool, now: Int64) -> Bool {
        let current = word.load(ordering: .relaxed)
        guard current != 0 else { return false }
        let isHeldForEnd = writes && current & Self.end != 0
        if now < current >> Self.shift { return isHeldForEnd || writes || current & Self.all != 0 }
        if current & ~Self.end != 0 {
            _ = word.compareExchange(expected: current, desired: current & Self.end, ordering: .relaxed)
        }
        return isHeldForEnd
    }
}
