import Commands
import Primitives

/// How long the calls of one command took, from the histograms of all workers.
struct LatencyDistribution {
    private var counts = [Int](repeating: 0, count: LatencyHistogram.bucketCount)
    private(set) var total = 0
    private let clock: CycleClock

    init(_ server: Server, _ identifier: Int) {
        clock = server.cycleClock
        for worker in server.workers {
            for bucket in counts.indices {
                let count = worker.pipeline.pointee.executor.statistics[identifier].latency.count(in: bucket)
                counts[bucket] += count
                total += count
            }
        }
    }

    /// Microseconds that `percentile` percent of the calls did not exceed. Within a bucket calls count as evenly spread.
    func microseconds(percentile: Double) -> Double {
        let wanted = max(1, (Double(total) * percentile / 100).rounded(.up))
        var seen = 0.0
        for bucket in counts.indices where counts[bucket] > 0 {
            let count = Double(counts[bucket])
            if seen + count >= wanted {
                let low = bucket > 0 ? Double(LatencyHistogram.upperBound(of: bucket - 1)) : 0
                let high = Double(LatencyHistogram.upperBound(of: bucket))
                return (low + (high - low) * (wanted - seen) / count) / clock.ticksPerMicrosecond
            }
            seen += count
        }
        return 0
    }

    /// Upper bounds in microseconds, each about twice the one before from one microsecond on, and how many calls took at
    /// most so long; only where that number grows.
    var cumulative: [(microseconds: Int, count: Int)] {
        var steps: [(microseconds: Int, count: Int)] = []
        var bound = 1024.0
        var seen = 0
        for bucket in counts.indices where counts[bucket] > 0 {
            let nanoseconds = Double(LatencyHistogram.upperBound(of: bucket)) / clock.ticksPerMicrosecond * 1000
            while bound < nanoseconds { bound *= 2 }
            seen += counts[bucket]
            let microseconds = Int(clamping: Int64(min(bound, 0x1p62) / 1000))
            if steps.last?.microseconds == microseconds { steps.removeLast() }
            steps.append((microseconds, seen))
        }
        return steps
    }
}
