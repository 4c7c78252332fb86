import Primitives

/// Different fields of a hash, or all where fewer are wanted, some hundreds at a time; each choice of fields has the same
/// probability, their order has not. The hash must not change meanwhile.
public struct HashSample {
    /// Fields that a call of `next` chooses one by one.
    private static let stretch = 512

    private let hash: HashValue
    private let now: Int64
    /// Number of fields that will be handed out.
    public let count: Int
    private var sample: SelectionSample
    private var position: UInt64 = 0
    /// What was chosen, where so few are wanted of a table that they are chosen one by one: there are few repeats.
    private var seen: Set<UnsafeMutableRawPointer>?

    public init(_ wanted: Int, of hash: HashValue, now: Int64, _ random: RandomGenerator) {
        self.hash = hash
        self.now = now
        let live = hash.liveCount(now: now)
        count = max(0, min(wanted, live))
        sample = SelectionSample(wanted, of: live, random)
        if hash.encoding == .hashTable, wanted > 1, wanted < live / 8, live == hash.count { seen = [] }
    }

    /// What is left of the random numbers.
    public var random: RandomGenerator { sample.random }

    /// Calls `body` with the next fields; returns whether there are more.
    public mutating func next(_ body: (HashField) -> Void) -> Bool {
        if let chosen = seen?.count { return choose(min(count, chosen + Self.stretch), body) }
        guard sample.needed > 0 else { return false }
        // In registers while fields are handed out.
        var sample = sample
        position = hash.forEach(at: position, now: now) { if sample.takesNext() { body($0) } }
        self.sample = sample
        return position != 0 && sample.needed > 0
    }

    /// Goes on until so many fields have been chosen.
    private mutating func choose(_ wanted: Int, _ body: (HashField) -> Void) -> Bool {
        var chosen = seen.take() ?? []
        while chosen.count < wanted, let entry = hash.table.random(using: &sample.random) {
            if chosen.insert(entry.block).inserted { body(HashField(entry)) }
        }
        seen = chosen
        return wanted < count
    }
}
