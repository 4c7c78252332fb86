import Primitives

/// A glob for names of keys, and what may be done with those that match: `~a*`, `%R~a*`, `%W~a*`.
struct KeyPattern: Sendable, Equatable {
    /// What is done with a key, as far as permissions go.
    struct Use: OptionSet, Sendable {
        let rawValue: UInt8
        static let read = Use(rawValue: 1)
        static let write = Use(rawValue: 2)

        /// What a key specification says. Looking at what is about a key without its value is neither.
        init(_ flags: KeySpecification.Flags) {
            self = []
            if flags.contains(.access) { insert(.read) }
            if !flags.isDisjoint(with: [.insert, .delete, .update]) { insert(.write) }
        }

        init(rawValue: UInt8) { self.rawValue = rawValue }
    }

    let pattern: [UInt8]
    var uses: Use

    /// Whether the key, which has that name, may be used so.
    func permits(_ key: ByteView, _ use: Use) -> Bool {
        uses.isSuperset(of: use) && pattern.withView { Glob.matches($0, key) }
    }

    /// The rule that adds the pattern.
    var rule: [UInt8] {
        let prefix =
            switch uses {
            case [.read]: "%R~"
            case [.write]: "%W~"
            default: "~"
            }
        return Array(prefix.utf8) + pattern
    }
}
