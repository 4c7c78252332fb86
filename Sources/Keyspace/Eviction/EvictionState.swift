import Primitives

/// What a worker needs to make room: nothing of it is shared, so that workers evict beside each other.
struct EvictionState: ~Copyable {
    var settings = EvictionSettings()
    var random = RandomGenerator()
    var pool = EvictionPool()
    var trial = TrialQueue()
    /// Numbers of the databases that had keys when they were last counted.
    var databases: [Int] = []
    /// How many keys each database had then.
    var counts: [Int] = []
    /// Evictions until keys are counted again.
    var untilCount = 0
    /// The position of the last write when no key was found that may go: there is none before the next write.
    var barrenRevision: UInt64?
    /// Hits that the history was told of.
    var toldHits = 0

    /// The part of all keys that are on trial.
    private static let trialShare = 100

    /// Whether the policy goes by how often keys are used.
    var countsUses: Bool { settings.policy.ranking == .frequency || settings.policy.ranking == .admission }

    /// How many of the keys that this worker has created are on trial.
    func trialLimit(of keys: Int, shares: Int) -> Int { max(1, keys / Self.trialShare / max(1, shares)) }

    /// Begins to count keys.
    mutating func resetCounts(databases count: Int) {
        if counts.count != count { counts = [Int](repeating: 0, count: count) }
        for index in counts.indices { counts[index] = 0 }
    }

    /// Takes over what was counted; returns the sum.
    mutating func noteCounts() -> Int {
        let total = counts.reduce(0, +)
        databases.removeAll(keepingCapacity: true)
        for index in counts.indices where counts[index] > 0 { databases.append(index) }
        untilCount = max(64, min(total / 16, 1 << 16))
        return total
    }

    mutating func countUse(_ entry: Entry, now: Int64) {
        var counter = UseCounter(bits: entry.accessClock)
        counter.note(now: now, decayMinutes: settings.decayMinutes, logFactor: settings.logFactor, &random)
        entry.touch(counter.bits)
    }

    func useCount(_ entry: Entry, now: Int64) -> Int {
        Int(UseCounter(bits: entry.accessClock).decayed(now: now, minutes: settings.decayMinutes))
    }
}

/// How much longer a computed value is kept because it is dear to compute: 0 for what takes less than a millisecond,
/// one more for each doubling from there, at most 15.
struct CostBonus {
    static func of(microseconds: UInt32) -> Int {
        let milliseconds = microseconds / 1000
        return min(15, UInt32.bitWidth - milliseconds.leadingZeroBitCount)
    }
}
