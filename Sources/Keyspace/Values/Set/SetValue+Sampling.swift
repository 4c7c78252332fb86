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
        var sample = SetSample(wanted, of: self, random)
        while sample.next(body) {}
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
            // One by one they would be sought among ever fewer.
            if wanted > max(count / 8, 64) { return popMany(wanted, using: &random, body) }
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

    /// Lets those members that stay move to another table.
    private mutating func popMany(
        _ wanted: Int, using random: inout RandomGenerator, _ body: (ListpackElement) -> Void
    ) {
        var sample = SelectionSample(wanted, of: count, random)
        let rest = MemberSet.make(expecting: count - wanted)
        table.drain { member in
            if sample.takesNext() {
                body(member.value)
                member.free()
            } else {
                rest.header.pointee.entryBytes &+= member.footprint
                rest.insert(member, hash: member.hash)
            }
        }
        random = sample.random
        self = SetValue(rest)
    }

    /// Adds a member that comes from a set of the same encoding and in its order.
    private mutating func append(_ element: ListpackElement) {
        switch element {
        case .integer(let value) where encoding == .intset: _ = integers.add(value)
        default: pack.append(element)
        }
    }
}
