import Primitives

/// What is noted of the use of a key, in 24 bits of its entry: the time of the last one, or under policies that go by
/// frequency how often there was one.
extension Access {
    /// Decides whether `read` and the writes note uses themselves.
    mutating func chooseNoting() {
        notesClock = !leavesAccessClock && eviction.pointee.countsUses == false
    }

    /// Notes a use otherwise than as its time.
    @inline(never) @usableFromInline
    mutating func noteUse(_ entry: Entry) {
        guard !leavesAccessClock else { return }
        switch eviction.pointee.settings.policy.ranking {
        case .frequency: eviction.pointee.countUse(entry, now: now)
        case .admission:
            var counter = AdmissionCounter(bits: entry.accessClock)
            counter.note(era: keyspace.useHistory.era)
            entry.touch(counter.bits)
        default: entry.touch(accessClock)
        }
    }

    /// Notes that a value was overwritten where it is.
    @inline(__always)
    mutating func noteWrite(_ entry: Entry) {
        if notesClock { entry.touch(accessClock) } else { noteUse(entry) }
    }

    /// Notes that the block of a key was replaced by another one.
    @inline(never)
    mutating func noteReplacement(_ entry: Entry, of old: Entry) {
        entry.touch(old.accessClock)
        noteUse(entry)
    }

    /// Notes that a key has come into being.
    @inline(never)
    mutating func noteCreation(_ key: Key, _ entry: Entry) {
        switch eviction.pointee.settings.policy.ranking {
        case .frequency: entry.touch(UseCounter(now: now).bits)
        case .admission:
            let history = keyspace.useHistory
            let limit = eviction.pointee.trialLimit(of: history.keyCount, shares: keyspace.workerCount) * 2
            let isOnTrial = eviction.pointee.trial.append(
                TrialQueue.Member(hash: key.hash, database: database), limit: limit)
            let counter = AdmissionCounter(count: history.take(key.hash) + 1, isOnTrial: isOnTrial, era: history.era)
            entry.touch(counter.bits)
        default: entry.touch(accessClock)
        }
    }

    // MARK: What is known of uses

    /// Whether how often keys are used is what is noted, rather than when.
    public var countsUses: Bool { eviction.pointee.countsUses }

    /// For how many seconds an entry has not been used, where that is noted.
    public func idleSeconds(_ entry: Entry) -> Int { Int((accessClock &- entry.accessClock) & 0xFF_FFFF) }

    /// How often an entry is used, where that is noted: 0...255 on a logarithmic scale, or 0...15 under the policy of
    /// admission.
    public func useCount(_ entry: Entry) -> Int {
        if eviction.pointee.settings.policy.ranking == .admission {
            return AdmissionCounter(bits: entry.accessClock).count(in: keyspace.useHistory.era)
        }
        return eviction.pointee.useCount(entry, now: now)
    }
}
