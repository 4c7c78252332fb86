import Primitives

/// What one worker has measured of one command.
public struct CommandStatistics: ~Copyable, Sendable {
    public let calls = Counter()
    /// Time spent, in ticks of the cycle clock.
    public let ticks = Counter()
    /// Calls refused before they ran: arity, authentication, a broken transaction.
    public let rejected = Counter()
    /// Calls that answered an error.
    public let failed = Counter()
    public let latency = LatencyHistogram()

    public init() {}

    /// Forgets everything; what the worker counts in the same instant may be lost.
    public func reset() {
        calls.set(0)
        ticks.set(0)
        rejected.set(0)
        failed.set(0)
        latency.reset()
    }
}

/// Durations in ticks, counted in buckets of which each power of two has four: at most 25 % wide.
///
/// One writer; readers see each bucket whole. 2 KB, allocated at the first measurement.
public struct LatencyHistogram: ~Copyable, @unchecked Sendable {
    public static let bucketCount = 4 * 62
    private let buckets: UnsafeMutablePointer<Counter>

    init() {
        buckets = .allocate(capacity: Self.bucketCount)
        for index in 0..<Self.bucketCount { (buckets + index).initialize(to: Counter()) }
    }

    deinit {
        buckets.deinitialize(count: Self.bucketCount)
        buckets.deallocate()
    }

    @inline(__always)
    static func bucket(_ ticks: UInt64) -> Int {
        guard ticks >= 4 else { return Int(truncatingIfNeeded: ticks) }
        let exponent = 63 &- ticks.leadingZeroBitCount
        return (exponent &- 1) &* 4 &+ Int(truncatingIfNeeded: ticks >> UInt64(exponent &- 2) & 3)
    }

    /// The largest duration, in ticks, that counts in `bucket`.
    public static func upperBound(of bucket: Int) -> UInt64 {
        guard bucket >= 4 else { return UInt64(bucket) }
        let exponent = UInt64(bucket / 4 + 1)
        return (UInt64(4 + bucket % 4 + 1) << (exponent - 2)) - 1
    }

    @inline(__always)
    func record(_ ticks: UInt64) { buckets[Self.bucket(ticks)].add() }

    public func count(in bucket: Int) -> Int { buckets[bucket].current }

    public func reset() {
        for index in 0..<Self.bucketCount { buckets[index].set(0) }
    }
}
