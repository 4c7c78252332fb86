import Synchronization

/// A statistic that one thread counts and any thread reads: an ordinary addition, no locked instruction.
public struct Counter: ~Copyable, Sendable {
    private let value = Atomic<Int>(0)

    public init() {}

    /// Adds `amount`; only the owning thread may.
    @inline(__always)
    public func add(_ amount: Int = 1) {
        value.store(value.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }

    /// Replaces the value, with the owner's knowledge that a concurrent addition may be lost.
    public func set(_ newValue: Int) { value.store(newValue, ordering: .relaxed) }

    /// The value, as any thread sees it.
    @inline(__always)
    public var current: Int { value.load(ordering: .relaxed) }
}
