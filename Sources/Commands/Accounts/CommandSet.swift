/// A set of commands by their identifiers, one bit for each.
struct CommandSet: Sendable, Equatable {
    private var words: [UInt64]

    /// No command, of a table with `count` identifiers.
    init(count: Int) { words = Array(repeating: 0, count: (count + 63) / 64) }

    /// Identifiers beyond the table's are in no set.
    func contains(_ identifier: Int) -> Bool {
        let word = identifier >> 6
        guard words.indices.contains(word) else { return false }
        return words[word] >> UInt64(identifier & 63) & 1 == 1
    }

    mutating func set(_ identifier: Int, _ isMember: Bool) {
        let word = identifier >> 6
        guard words.indices.contains(word) else { return }
        let bit: UInt64 = 1 << UInt64(identifier & 63)
        if isMember { words[word] |= bit } else { words[word] &= ~bit }
    }
}
