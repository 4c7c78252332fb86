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
    /// Microseconds that went into finding expired keys, and how often there was no time left for the rest.
    let expiryMicroseconds = Counter()
    let expiryCapsReached = Counter()

    func reset() {
        bytesIn.set(0)
        bytesOut.set(0)
        reads.set(0)
        writes.set(0)
        queryBufferKills.set(0)
        outputBufferKills.set(0)
        turns.set(0)
        turnMicroseconds.set(0)
        expiryMicroseconds.set(0)
        expiryCapsReached.set(0)
    }
}
