import Primitives

/// Which of a shard's absent keys somebody wants to hear of, when they come into being: a key that exists has a mark in
/// its entry instead.
///
/// A Bloom filter with one hash function: a set of hashes that may say yes for others too, which costs the creation of
/// such a key a look at those who listen. 1 KB for each shard that needs it, whatever clients ask for.
struct AbsentMarks {
    private static let bits = 8192
    private let words: UnsafeMutablePointer<UInt64>

    init() {
        words = .allocate(capacity: Self.bits / 64)
        words.initialize(repeating: 0, count: Self.bits / 64)
    }

    func destroy() { words.deallocate() }

    /// The low bits of a hash have chosen the shard.
    @inline(__always)
    private func place(_ hash: UInt64) -> (word: Int, bit: UInt64) {
        let index = Int(truncatingIfNeeded: hash >> 20) & (Self.bits - 1)
        return (index >> 6, 1 << UInt64(index & 63))
    }

    func insert(_ hash: UInt64) {
        let (word, bit) = place(hash)
        words[word] |= bit
    }

    @inline(__always)
    func mayContain(_ hash: UInt64) -> Bool {
        let (word, bit) = place(hash)
        return words[word] & bit != 0
    }

    func removeAll() { words.update(repeating: 0, count: Self.bits / 64) }
}

extension Shard {
    /// Lets the creation of an absent key be noticed.
    mutating func markAbsent(_ hash: UInt64) {
        let marks = absentMarks ?? AbsentMarks()
        marks.insert(hash)
        absentMarks = marks
    }
}
