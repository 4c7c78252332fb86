import Primitives

extension SetValue {
    /// A member, each with the same probability; nil where there is none. Expected O(1) in a table.
    public func random(using random: inout RandomGenerator) -> ListpackElement? {
        switch encoding {
        case .intset: return isEmpty ? nil : .integer(integers[random.next(below: integers.count)])
        case .listpack: return pack.seek(random.next(below: pack.count)).map { pack.element(at: $0) }
        default: return table.random(using: &random)?.value
        }
    }

    /// Calls `body` with `wanted` different members, or with all where there are fewer; each choice of members has the same
    /// probability, their order has not. O(n), or O(wanted) where that is far less.
    public func forEachRandom(_ wanted: Int, using random: inout RandomGenerator, _ body: (ListpackElement) -> Void) {
        guard wanted > 0 else { return }
        if encoding == .hashTable, wanted < table.count / 8 {
            // Few repeats in so many members.
            var seen: Set<UInt64> = []
            while seen.count < wanted, let member = table.random(using: &random) {
                if seen.insert(member.word).inserted { body(member.value) }
            }
            return
        }
        var sample = SelectionSample(wanted, of: count, random)
        forEach { if sample.takesNext() { body($0) } }
        random = sample.random
    }

    /// Calls `body` with `wanted` members, each chosen from all with the same probability and so perhaps more than once,
    /// until it returns false. Not for an empty set. O(wanted), in a listpack O(n + wanted).
    public func forEachRandomPick(
        _ wanted: Int, using random: inout RandomGenerator, _ body: (ListpackElement) -> Bool
    ) {
        var left = wanted
        guard encoding == .listpack else {
            while left > 0, let member = self.random(using: &random), body(member) { left -= 1 }
            return
        }
        var members: [ListpackElement] = []
        members.reserveCapacity(count)
        forEach { members.append($0) }
        while left > 0, !members.isEmpty, body(members[random.next(below: members.count)]) { left -= 1 }
    }

    /// Removes a member, each with the same probability, after calling `body` with it; false where there is none.
    public mutating func pop(using random: inout RandomGenerator, _ body: (ListpackElement) -> Void) -> Bool {
        guard !isEmpty else { return false }
        switch encoding {
        case .intset:
            let index = random.next(below: integers.count)
            body(.integer(integers[index]))
            integers.remove(at: index)
        case .listpack:
            guard let offset = pack.seek(random.next(below: pack.count)) else { return false }
            body(pack.element(at: offset))
            pack.delete(at: offset)
        default:
            guard let member = table.random(using: &random) else { return false }
            body(member.value)
            _ = table.remove(SetElement(member))
        }
        return true
    }

    /// Removes `wanted` different members, or all where there are fewer, after calling `body` with each; each choice has
    /// the same probability. O(n) in one block, expected O(wanted) in a table.
    public mutating func pop(_ wanted: Int, using random: inout RandomGenerator, _ body: (ListpackElement) -> Void) {
        if encoding == .hashTable {
            var left = wanted
            while left > 0, pop(using: &random, body) { left -= 1 }
            return
        }
        var rest = SetValue.make(encoding)
        var sample = SelectionSample(wanted, of: count, random)
        forEach { element in
            if sample.takesNext() { body(element) } else { rest.append(element) }
        }
        random = sample.random
        destroy()
        self = rest
    }

    /// Adds a member that comes from a set of the same encoding and in its order.
    private mutating func append(_ element: ListpackElement) {
        switch element {
        case .integer(let value) where encoding == .intset: _ = integers.add(value)
        default: pack.append(element)
        }
    }
}

/// Which of elements that come one after the other belong to a sample of them (Knuth, The Art of Computer Programming,
/// volume 2, algorithm 3.4.2 S).
private struct SelectionSample {
    private var needed: Int
    private var left: Int
    var random: RandomGenerator

    init(_ wanted: Int, of count: Int, _ random: RandomGenerator) {
        needed = min(wanted, count)
        left = count
        self.random = random
    }

    mutating func takesNext() -> Bool {
        defer { left -= 1 }
        guard needed > 0, random.next(below: left) < needed else { return false }
        needed -= 1
        return true
    }
}
