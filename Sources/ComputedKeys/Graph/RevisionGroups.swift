import Primitives

/// Positions of the last changes of what has no node to keep them, tags and computed keys that are gone: one word for each of
/// 16,384 groups of names, chosen by hash. No false negatives.
struct RevisionGroups {
    private static let groups = 1 << 14
    private var words: [UInt64]

    /// - Parameter revision: everything may have changed up to here.
    init(since revision: UInt64 = 0) { words = [UInt64](repeating: revision, count: Self.groups) }

    private static func index(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash >> 20) & (groups - 1) }

    mutating func note(_ hash: UInt64, revision: UInt64) { words[Self.index(hash)] = revision }

    /// The last change of anything in the group of a name.
    subscript(hash: UInt64) -> UInt64 { words[Self.index(hash)] }

    func mayHaveChanged(_ hash: UInt64, after revision: UInt64) -> Bool { self[hash] > revision }
}
