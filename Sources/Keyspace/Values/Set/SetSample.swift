import Primitives

/// Different members of a set, or all where fewer are wanted, some hundreds at a time; each choice of members has the same
/// probability, their order has not. The set must not change meanwhile.
public struct SetSample {
    /// Members that a call of `next` chooses one by one.
    private static let stretch = 512

    private let set: SetValue
    private let wanted: Int
    private var sample: SelectionSample
    private var position: UInt64 = 0
    /// What was chosen, where so few are wanted of a table that they are chosen one by one: there are few repeats.
    private var seen: Set<UInt64>?

    public init(_ wanted: Int, of set: SetValue, _ random: RandomGenerator) {
        self.set = set
        self.wanted = max(0, min(wanted, set.count))
        sample = SelectionSample(wanted, of: set.count, random)
        if set.encoding == .hashTable, wanted < set.count / 8 { seen = [] }
    }

    /// What is left of the random numbers.
    public var random: RandomGenerator { sample.random }

    /// Calls `body` with the next members; returns whether there are more.
    public mutating func next(_ body: (ListpackElement) -> Void) -> Bool {
        if let count = seen?.count { return choose(min(wanted, count + Self.stretch), body) }
        guard sample.needed > 0 else { return false }
        // In registers while members are handed out.
        var sample = sample
        position = set.forEach(at: position) { if sample.takesNext() { body($0.value) } }
        self.sample = sample
        return position != 0 && sample.needed > 0
    }

    /// Goes on until `count` members have been chosen.
    private mutating func choose(_ count: Int, _ body: (ListpackElement) -> Void) -> Bool {
        var chosen = seen.take() ?? []
        while chosen.count < count, let member = set.table.random(using: &sample.random) {
            if chosen.insert(member.word).inserted { body(member.value) }
        }
        seen = chosen
        return count < wanted
    }
}
