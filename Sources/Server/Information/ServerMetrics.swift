import Glibc
import Primitives
import Synchronization

/// What only regular looks can tell: rates, the peak of memory, and the processor time of the first worker, which takes
/// the samples.
final class ServerMetrics: Sendable {
    /// Microseconds between two samples.
    private static let period: Int64 = 100_000
    /// `RUSAGE_THREAD`, which Glibc's overlay lacks.
    private static let callingThread: Int32 = 1

    /// Averages over the last 16 samples.
    struct Rates: Sendable {
        var commands = 0.0
        var bytesIn = 0.0
        var bytesOut = 0.0
        var turns = 0.0
        /// Microseconds that a turn of the event loop took.
        var turnMicroseconds = 0.0
    }

    private struct State {
        var peakMemory = 0
        var startMemory = 0
        var workerTime = (user: 0.0, system: 0.0)
        var commands = RateSampler()
        var bytesIn = RateSampler()
        var bytesOut = RateSampler()
        var turns = RateSampler()
        var turnMicroseconds = RateSampler()
    }

    private let state = Mutex(State())
    private let nextSample = Atomic<Int64>(0)

    /// Whether it is time for a sample; only the worker that takes them asks.
    func isDue(_ now: Int64) -> Bool {
        guard now >= nextSample.load(ordering: .relaxed) else { return false }
        nextSample.store(now + Self.period, ordering: .relaxed)
        return true
    }

    /// Adds a sample; `now` in microseconds of the monotonic clock. Called by the first worker.
    func sample(_ totals: Totals, memory: Int, now: Int64) {
        var usage = rusage()
        getrusage(__rusage_who_t(Self.callingThread), &usage)
        state.withLock {
            $0.peakMemory = max($0.peakMemory, memory)
            $0.workerTime = (usage.ru_utime.seconds, usage.ru_stime.seconds)
            $0.commands.sample(totals.commands, at: now)
            $0.bytesIn.sample(totals.bytesIn, at: now)
            $0.bytesOut.sample(totals.bytesOut, at: now)
            $0.turns.sample(totals.turns, at: now)
            $0.turnMicroseconds.sample(totals.turnMicroseconds, at: Int64(totals.turns))
        }
    }

    var rates: Rates {
        state.withLock {
            Rates(
                commands: $0.commands.average * 1e6, bytesIn: $0.bytesIn.average * 1e6,
                bytesOut: $0.bytesOut.average * 1e6, turns: $0.turns.average * 1e6,
                turnMicroseconds: $0.turnMicroseconds.average)
        }
    }

    /// Seconds of processor time of the first worker, which also accepts connections.
    var workerTime: (user: Double, system: Double) { state.withLock { $0.workerTime } }

    /// Notes how much is in use, and returns the most that ever was.
    func peakMemory(noting memory: Int) -> Int {
        state.withLock {
            $0.peakMemory = max($0.peakMemory, memory)
            return $0.peakMemory
        }
    }

    /// Bytes in use before the first connection.
    var startMemory: Int {
        get { state.withLock { $0.startMemory } }
        set { state.withLock { $0.startMemory = newValue } }
    }

    /// Forgets the rates.
    func reset() {
        state.withLock {
            $0 = State(peakMemory: $0.peakMemory, startMemory: $0.startMemory, workerTime: $0.workerTime)
        }
    }
}

/// The average growth of a counter over the last 16 samples, in units of whatever it is measured against.
struct RateSampler {
    private static let size = 16
    private var samples: [Double] = []
    private var next = 0
    private var last: (value: Int, base: Int64)?

    mutating func sample(_ value: Int, at base: Int64) {
        defer { last = (value, base) }
        guard let last, base > last.base else { return }
        let rate = Double(max(0, value - last.value)) / Double(base - last.base)
        if samples.count < Self.size {
            samples.append(rate)
        } else {
            samples[next] = rate
            next = (next + 1) % Self.size
        }
    }

    var average: Double { samples.isEmpty ? 0 : samples.reduce(0, +) / Double(Self.size) }
}

extension timeval {
    var seconds: Double { Double(tv_sec) + Double(tv_usec) / 1e6 }
}
