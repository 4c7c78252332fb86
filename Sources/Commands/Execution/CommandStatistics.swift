import Keyspace
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
    public let latency: LatencyHistogram

    init(latency: LatencyHistogram) { self.latency = latency }

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
/// One writer; readers see each bucket whole. The 2 KB of buckets lie with those of other commands in a block that is
/// never written where it need not be: the system gives memory to a page when something is first counted there, so that
/// commands that nobody calls take none, and counting need not ask whether there is any.
public struct LatencyHistogram: @unchecked Sendable {
    public static let bucketCount = 4 * 63
    private let buckets: UnsafeMutablePointer<Counter>

    /// - Parameter buckets: a part of `allocate`'s block, which outlives the histogram.
    init(_ buckets: UnsafeMutablePointer<Counter>) { self.buckets = buckets }

    /// The buckets of `count` histograms, one behind the other; `Allocation.free` frees them.
    static func allocate(_ count: Int) -> UnsafeMutablePointer<Counter> {
        let buckets = count * bucketCount
        // A counter is its integer.
        return Allocation.allocateZeroed(buckets * MemoryLayout<Counter>.stride)
            .bindMemory(to: Counter.self, capacity: buckets)
    }

    /// Less than `bucketCount` for any duration, that of a counter that has gone back included.
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
        // What is shifted out of the last bucket's bound leaves the largest number.
        return (UInt64(4 + bucket % 4 + 1) << (exponent - 2)) &- 1
    }

    @inline(__always)
    func record(_ ticks: UInt64) { buckets[Self.bucket(ticks)].add() }

    public func count(in bucket: Int) -> Int { buckets[bucket].current }

    public func reset() {
        for index in 0..<Self.bucketCount where buckets[index].current != 0 { buckets[index].set(0) }
    }
}
