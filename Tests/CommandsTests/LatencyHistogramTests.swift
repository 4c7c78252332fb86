import Keyspace
import Testing

@testable import Commands

@Suite struct LatencyHistogramTests {
    @Test func everyDurationHasABucketThatBoundsIt() {
        var durations: [UInt64] = [0, 1, 2, 3, .max]
        for shift in 2..<64 {
            let power: UInt64 = 1 << shift
            durations += [power - 1, power, power + 1, power + power / 2]
        }
        for ticks in durations {
            let bucket = LatencyHistogram.bucket(ticks)
            #expect((0..<LatencyHistogram.bucketCount).contains(bucket), "\(ticks)")
            #expect(LatencyHistogram.upperBound(of: bucket) >= ticks, "\(ticks)")
            #expect(bucket == 0 || LatencyHistogram.upperBound(of: bucket - 1) < ticks, "\(ticks)")
        }
    }

    @Test func durationsAreCountedInTheirBuckets() {
        let buckets = LatencyHistogram.allocate(2)
        defer { Allocation.free(buckets) }
        let histogram = LatencyHistogram(buckets)
        #expect(histogram.count(in: 0) == 0)
        histogram.reset()
        for ticks in [5, 5, .max] as [UInt64] { histogram.record(ticks) }
        #expect(histogram.count(in: LatencyHistogram.bucket(5)) == 2)
        #expect(histogram.count(in: LatencyHistogram.bucketCount - 1) == 1)
        let next = LatencyHistogram(buckets + LatencyHistogram.bucketCount)
        #expect((0..<LatencyHistogram.bucketCount).allSatisfy { next.count(in: $0) == 0 })
        histogram.reset()
        #expect((0..<LatencyHistogram.bucketCount).allSatisfy { histogram.count(in: $0) == 0 })
    }
}
