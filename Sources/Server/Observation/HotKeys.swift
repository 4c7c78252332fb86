import Commands
import Glibc
import Keyspace
import Primitives
import Synchronization

/// Which keys take most of the processor's time and of the network, while somebody has asked for it (HOTKEYS).
///
/// As with MONITOR, workers report every call then and only then. Each worker keeps its own sketches of the heaviest keys,
/// behind a lock that nobody else wants but who asks for the result, which adds them up.
final class HotKeys: Sendable {
    /// What is asked for.
    struct Request: Sendable {
        var tracksTime = false
        var tracksBytes = false
        /// How many keys are answered.
        var count = 10
        /// Milliseconds after which it ends by itself; 0 for never.
        var duration: Int64 = 0
        /// Of how many calls one is looked at, on average.
        var sampleRatio: UInt64 = 1
    }

    /// Processor time and bytes of the whole process, at one moment.
    struct Usage: Sendable {
        var userMilliseconds: Int64 = 0
        var systemMilliseconds: Int64 = 0
        var netBytes = 0

        init(_ server: Server) {
            var usage = rusage()
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
            userMilliseconds = Int64(usage.ru_utime.seconds * 1000)
            systemMilliseconds = Int64(usage.ru_stime.seconds * 1000)
            let totals = Totals(server)
            netBytes = totals.bytesIn + totals.bytesOut
        }
    }

    /// One collection, which goes on or has ended.
    struct Collection: Sendable {
        let request: Request
        /// Milliseconds since 1970.
        let startedAt: Int64
        var endedAt: Int64?
        let usageAtStart: Usage
        var usageAtEnd: Usage?

        var isActive: Bool { endedAt == nil }
    }

    /// What one worker has seen.
    private struct Part {
        var time = HeavyHitters(capacity: 1)
        var bytes = HeavyHitters(capacity: 1)
        var totalTicks: UInt64 = 0
        var totalBytes: UInt64 = 0
        var request = Request()
        var random = RandomGenerator()
    }

    /// The heaviest keys and the sums of all calls.
    struct Result {
        /// By ticks of the cycle clock.
        var time: [(name: [UInt8], weight: UInt64)]
        var bytes: [(name: [UInt8], weight: UInt64)]
        var totalTicks: UInt64 = 0
        var totalBytes: UInt64 = 0
    }

    /// Places of a sketch for each key that is to be answered.
    private static let placesPerKey = 10

    /// A lock needs a place of its own.
    private final class LockedPart: Sendable {
        let value = Mutex(Part())
    }

    private let isOn = Atomic<Bool>(false)
    private let collection = Mutex<Collection?>(nil)
    private let parts: [LockedPart]

    init(workers: Int) { parts = (0..<workers).map { _ in LockedPart() } }

    /// Whether calls are looked at. One load.
    var isActive: Bool { isOn.load(ordering: .relaxed) }

    /// The latest collection; nil where there was none since the last reset.
    var latest: Collection? { collection.withLock { $0 } }

    // MARK: Life

    /// Begins to collect; false where it is going on already.
    func start(_ request: Request, at now: Int64, _ usage: Usage) -> Bool {
        collection.withLock { collection in
            guard collection?.isActive != true else { return false }
            for part in parts {
                part.value.withLock {
                    $0 = Part()
                    $0.time = HeavyHitters(capacity: request.count * Self.placesPerKey)
                    $0.bytes = $0.time
                    $0.request = request
                }
            }
            collection = Collection(request: request, startedAt: now, usageAtStart: usage)
            isOn.store(true, ordering: .relaxed)
            return true
        }
    }

    /// Ends collecting and keeps what was found; false where nothing was going on.
    func stop(at now: Int64, _ usage: Usage) -> Bool {
        collection.withLock { collection in
            guard collection?.isActive == true else { return false }
            collection?.endedAt = now
            collection?.usageAtEnd = usage
            isOn.store(false, ordering: .relaxed)
            return true
        }
    }

    /// Whether it goes on for longer than it was asked to.
    func isOver(at now: Int64) -> Bool {
        guard isActive, let latest, latest.isActive, latest.request.duration > 0 else { return false }
        return now - latest.startedAt >= latest.request.duration
    }

    /// Forgets what was found; false where it is being collected.
    func reset() -> Bool {
        collection.withLock { collection in
            guard collection?.isActive != true else { return false }
            collection = nil
            for part in parts { part.value.withLock { $0 = Part() } }
            return true
        }
    }

    // MARK: Calls

    /// Notes a call.
    ///
    /// - Parameters:
    ///   - worker: the number of the worker that has executed it.
    ///   - replyBytes: what was answered.
    func note(_ call: borrowing Call, by worker: Int, ticks: UInt64, replyBytes: Int) {
        var requestBytes = 0
        for index in 0..<call.count { requestBytes += call[index].count }
        let bytes = UInt64(max(0, requestBytes + replyBytes))
        let (arguments, entry) = (call.arguments, call.entry)
        parts[worker].value.withLock { part in
            part.totalTicks &+= ticks
            part.totalBytes &+= bytes
            guard part.request.sampleRatio <= 1 || part.random.next() % part.request.sampleRatio == 0 else { return }
            var keys: UInt64 = 0
            entry.forEachKey(in: arguments) { _ in keys += 1 }
            entry.forEachKey(in: arguments) { key in
                let hash = processHash(key)
                if part.request.tracksTime { part.time.add(key, hash: hash, weight: ticks / keys) }
                if part.request.tracksBytes { part.bytes.add(key, hash: hash, weight: bytes / keys) }
            }
        }
    }

    /// What was found, up to now or to the end.
    func result(count: Int) -> Result {
        var time: [[UInt8]: UInt64] = [:]
        var bytes: [[UInt8]: UInt64] = [:]
        var result = Result(time: [], bytes: [])
        for part in parts {
            part.value.withLock { part in
                for item in part.time.all { time[item.name, default: 0] &+= item.certainWeight }
                for item in part.bytes.all { bytes[item.name, default: 0] &+= item.certainWeight }
                result.totalTicks &+= part.totalTicks
                result.totalBytes &+= part.totalBytes
            }
        }
        result.time = Self.heaviest(time, count)
        result.bytes = Self.heaviest(bytes, count)
        return result
    }

    private static func heaviest(_ weights: [[UInt8]: UInt64], _ count: Int) -> [(name: [UInt8], weight: UInt64)] {
        let sorted = weights.sorted {
            $0.value != $1.value ? $0.value > $1.value : $0.key.lexicographicallyPrecedes($1.key)
        }
        return sorted.prefix(count).map { (name: $0.key, weight: $0.value) }
    }
}
