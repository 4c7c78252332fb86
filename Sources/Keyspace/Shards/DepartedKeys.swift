import Primitives

/// Keys of a shard that nobody has removed and that are not there any more: why a read that misses one has missed.
///
/// A table of the hashes of those that went last, each in the one place that its hash gives it, where a later one takes
/// over: 4 KB for each shard that needs it, some 260,000 keys in all. A hash says nothing of the database, and 30 of its
/// bits are compared: now and then another key's miss is put down to the wrong cause, which a count can bear.
struct DepartedKeys {
    /// Why a key is not there.
    enum Cause: UInt32 {
        /// Its time had come.
        case expired = 1
        /// Memory was short.
        case evicted = 2
    }

    private static let count = 1024
    /// The high bits of a hash with the cause in the lowest two; 0 where there is nothing.
    private let words: UnsafeMutablePointer<UInt32>

    init() {
        words = .allocate(capacity: Self.count)
        words.initialize(repeating: 0, count: Self.count)
    }

    func destroy() { words.deallocate() }

    /// The low bits of a hash have chosen the shard.
    private func place(_ hash: UInt64) -> UnsafeMutablePointer<UInt32> {
        words + (Int(truncatingIfNeeded: hash >> 20) & (Self.count - 1))
    }

    private func tag(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash >> 32) & ~3 }

    func insert(_ hash: UInt64, _ cause: Cause) { place(hash).pointee = tag(hash) | cause.rawValue }

    /// Why the key with a hash has gone; nil where nothing is known of it.
    func cause(of hash: UInt64) -> Cause? {
        let word = place(hash).pointee
        return word & ~3 == tag(hash) ? Cause(rawValue: word & 3) : nil
    }

    /// Forgets a key that has been removed on purpose.
    func remove(_ hash: UInt64) {
        if cause(of: hash) != nil { place(hash).pointee = 0 }
    }

    func removeAll() { words.update(repeating: 0, count: Self.count) }
}

extension Access {
    /// Notes that a key has gone that nobody has asked to remove. Called when it is out of the table.
    func noteDeparture(_ hash: UInt64, _ cause: DepartedKeys.Cause) {
        let shard = keyspace.shard(Keyspace.shardIndex(hash))
        let departed = shard.pointee.departed ?? DepartedKeys()
        departed.insert(hash, cause)
        shard.pointee.departed = departed
    }

    /// Counts a miss of a key among those with the same cause.
    @inline(never)
    func attributeMiss(_ key: Key) {
        switch shard(key).pointee.departed?.cause(of: key.hash) {
        case .expired: statistics.pointee.expiredMisses.add()
        case .evicted: statistics.pointee.evictedMisses.add()
        case nil: break
        }
    }
}
