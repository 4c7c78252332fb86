import Primitives
import Synchronization

/// Spikes of latency by event, as LATENCY shows them: for each event the worst duration of each of the last 160 seconds in
/// which it was over the threshold.
final class LatencyMonitor: Sendable {
    struct Sample: Sendable {
        /// Seconds since 1970.
        var time: Int64
        var milliseconds: Int64
    }

    struct Event: Sendable {
        var samples: [Sample] = []
        var worst: Int64 = 0

        /// Average of the samples and their mean deviation from it, in milliseconds.
        var spread: (average: Double, deviation: Double) {
            let count = Double(max(1, samples.count))
            let average = samples.reduce(0) { $0 + Double($1.milliseconds) } / count
            return (average, samples.reduce(0) { $0 + (Double($1.milliseconds) - average).magnitude } / count)
        }

        /// Seconds from one sample to the next, on average; `now` in seconds since 1970.
        func period(now: Int64) -> Double {
            let span = max(1, now - (samples.first?.time ?? now))
            return Double(span) / Double(max(1, samples.count))
        }
    }

    private static let keptSamples = 160

    /// Milliseconds from which on a duration is recorded; 0 records none.
    let threshold = Atomic<Int>(0)
    private let events = Mutex<[String: Event]>([:])

    func record(_ name: String, milliseconds: Int64) {
        let limit = threshold.load(ordering: .relaxed)
        guard limit > 0, milliseconds >= Int64(limit) else { return }
        let now = Clock.wallMilliseconds() / 1000
        events.withLock { events in
            var event = events[name] ?? Event()
            event.worst = max(event.worst, milliseconds)
            if let last = event.samples.last, last.time == now {
                event.samples[event.samples.count - 1].milliseconds = max(last.milliseconds, milliseconds)
            } else {
                if event.samples.count == Self.keptSamples { event.samples.removeFirst() }
                event.samples.append(Sample(time: now, milliseconds: milliseconds))
            }
            events[name] = event
        }
    }

    /// All events by name.
    var all: [(name: String, event: Event)] {
        events.withLock { $0.sorted { $0.key < $1.key }.map { (name: $0.key, event: $0.value) } }
    }

    func event(_ name: String) -> Event? { events.withLock { $0[name] } }

    /// Forgets the events named, or all where none is; returns how many were forgotten.
    func reset(_ names: [String]) -> Int {
        events.withLock { events in
            let chosen = names.isEmpty ? Array(events.keys) : names
            return chosen.reduce(0) { $0 + (events.removeValue(forKey: $1) == nil ? 0 : 1) }
        }
    }
}
