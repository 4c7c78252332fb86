import Primitives

/// When tags were last invalidated: one word for each of 4,096 groups of them, chosen by hash. No false negatives.
struct TagChanges {
    private static let groups = 4096
    private var words = [UInt64](repeating: 0, count: groups)

    private static func index(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash >> 20) & (groups - 1) }

    mutating func note(_ hash: UInt64, revision: UInt64) { words[Self.index(hash)] = revision }

    func mayHaveChanged(_ hash: UInt64, after revision: UInt64) -> Bool { words[Self.index(hash)] > revision }
}
