import Primitives

/// What a worker has counted of its connections, read by INFO.
struct WorkerStatistics: ~Copyable, Sendable {
    let bytesIn = Counter()
    let bytesOut = Counter()
    let reads = Counter()
    let writes = Counter()
    let queryBufferKills = Counter()
    let outputBufferKills = Counter()
    /// Turns of the event loop, and the microseconds that they took.
    let turns = Counter()
    let turnMicroseconds = Counter()
}
