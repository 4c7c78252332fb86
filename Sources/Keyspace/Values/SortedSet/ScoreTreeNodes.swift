import Glibc

/// A leaf of the score tree: entries in order, scores apart from members so that a search by score reads scores only,
/// linked to both neighbours.
///
/// Invariant: `base` is a block of `size` bytes; `count` entries are valid and `count` is at most `capacity`.
struct ScoreLeaf: Equatable {
    let base: UnsafeMutableRawPointer

    /// With the header a little less than 1 KB, so that the allocator wastes nothing.
    static let capacity = 62
    static let size = 24 + capacity * 16

    @inline(__always)
    init(_ base: UnsafeMutableRawPointer) { self.base = base }

    static func make() -> ScoreLeaf {
        let leaf = ScoreLeaf(Allocation.allocate(size))
        leaf.count = 0
        leaf.next = nil
        leaf.previous = nil
        return leaf
    }

    @inline(__always)
    var count: Int {
        get { base.load(as: Int.self) }
        nonmutating set { base.storeBytes(of: newValue, as: Int.self) }
    }

    @inline(__always)
    var next: ScoreLeaf? {
        get { base.load(fromByteOffset: 8, as: UnsafeMutableRawPointer?.self).map(ScoreLeaf.init) }
        nonmutating set { base.storeBytes(of: newValue?.base, toByteOffset: 8, as: UnsafeMutableRawPointer?.self) }
    }

    @inline(__always)
    var previous: ScoreLeaf? {
        get { base.load(fromByteOffset: 16, as: UnsafeMutableRawPointer?.self).map(ScoreLeaf.init) }
        nonmutating set { base.storeBytes(of: newValue?.base, toByteOffset: 16, as: UnsafeMutableRawPointer?.self) }
    }

    @inline(__always)
    var scores: UnsafeMutablePointer<Double> { (base + 24).assumingMemoryBound(to: Double.self) }

    @inline(__always)
    var members: UnsafeMutablePointer<UnsafeMutableRawPointer> {
        (base + (24 + Self.capacity * 8)).assumingMemoryBound(to: UnsafeMutableRawPointer.self)
    }

    @inline(__always)
    func member(_ index: Int) -> MemberBlock { MemberBlock(members[index]) }

    /// Puts an entry at `index`, where there is room.
    @inline(__always)
    func insert(_ score: Double, _ block: MemberBlock, at index: Int) {
        let tail = count &- index
        (scores + index + 1).update(from: scores + index, count: tail)
        (members + index + 1).update(from: members + index, count: tail)
        scores[index] = score
        members[index] = block.base
        count &+= 1
    }

    /// Takes out `length` entries from `index` on.
    @inline(__always)
    func remove(_ index: Int, _ length: Int) {
        let tail = count &- index &- length
        (scores + index).update(from: scores + index + length, count: tail)
        (members + index).update(from: members + index + length, count: tail)
        count &-= length
    }

    /// Moves the last `length` entries to the front of `right`.
    func moveTail(_ length: Int, to right: ScoreLeaf) {
        (right.scores + length).update(from: right.scores, count: right.count)
        (right.members + length).update(from: right.members, count: right.count)
        right.scores.update(from: scores + (count - length), count: length)
        right.members.update(from: members + (count - length), count: length)
        right.count &+= length
        count &-= length
    }

    /// Moves the first `length` entries to the end of `left`.
    func moveHead(_ length: Int, to left: ScoreLeaf) {
        (left.scores + left.count).update(from: scores, count: length)
        (left.members + left.count).update(from: members, count: length)
        left.count &+= length
        remove(0, length)
    }
}

/// An inner node of the score tree: for each child the least entry under it, the child and how many entries it holds.
///
/// Invariant: `base` is a block of `size` bytes; `count` children are valid and `count` is at most `capacity`.
struct ScoreInner: Equatable {
    let base: UnsafeMutableRawPointer

    static let capacity = 31
    static let size = 8 + capacity * 32

    @inline(__always)
    init(_ base: UnsafeMutableRawPointer) { self.base = base }

    static func make() -> ScoreInner {
        let node = ScoreInner(Allocation.allocate(size))
        node.count = 0
        return node
    }

    @inline(__always)
    var count: Int {
        get { base.load(as: Int.self) }
        nonmutating set { base.storeBytes(of: newValue, as: Int.self) }
    }

    @inline(__always)
    var scores: UnsafeMutablePointer<Double> { (base + 8).assumingMemoryBound(to: Double.self) }

    @inline(__always)
    var members: UnsafeMutablePointer<UnsafeMutableRawPointer> {
        (base + (8 + Self.capacity * 8)).assumingMemoryBound(to: UnsafeMutableRawPointer.self)
    }

    @inline(__always)
    var children: UnsafeMutablePointer<UnsafeMutableRawPointer> {
        (base + (8 + Self.capacity * 16)).assumingMemoryBound(to: UnsafeMutableRawPointer.self)
    }

    /// Entries under each child.
    @inline(__always)
    var totals: UnsafeMutablePointer<Int> {
        (base + (8 + Self.capacity * 24)).assumingMemoryBound(to: Int.self)
    }

    @inline(__always)
    func member(_ index: Int) -> MemberBlock { MemberBlock(members[index]) }

    /// Entries under the children before `index`.
    @inline(__always)
    func total(before index: Int) -> Int {
        var sum = 0
        for child in 0..<index { sum &+= totals[child] }
        return sum
    }

    @inline(__always)
    func setKey(_ index: Int, _ score: Double, _ member: UnsafeMutableRawPointer) {
        scores[index] = score
        members[index] = member
    }

    /// Puts a child whose least entry is given at `index`, where there is room.
    func insert(_ child: ScoreSubtree, at index: Int) {
        let tail = count &- index
        (scores + index + 1).update(from: scores + index, count: tail)
        (members + index + 1).update(from: members + index, count: tail)
        (children + index + 1).update(from: children + index, count: tail)
        (totals + index + 1).update(from: totals + index, count: tail)
        setKey(index, child.score, child.member)
        children[index] = child.node
        totals[index] = child.total
        count &+= 1
    }

    func remove(_ index: Int, _ length: Int) {
        let tail = count &- index &- length
        (scores + index).update(from: scores + index + length, count: tail)
        (members + index).update(from: members + index + length, count: tail)
        (children + index).update(from: children + index + length, count: tail)
        (totals + index).update(from: totals + index + length, count: tail)
        count &-= length
    }

    /// Moves the last `length` children to the front of `right`.
    func moveTail(_ length: Int, to right: ScoreInner) {
        let from = count &- length
        (right.scores + length).update(from: right.scores, count: right.count)
        (right.members + length).update(from: right.members, count: right.count)
        (right.children + length).update(from: right.children, count: right.count)
        (right.totals + length).update(from: right.totals, count: right.count)
        right.scores.update(from: scores + from, count: length)
        right.members.update(from: members + from, count: length)
        right.children.update(from: children + from, count: length)
        right.totals.update(from: totals + from, count: length)
        right.count &+= length
        count = from
    }

    /// Moves the first `length` children to the end of `left`.
    func moveHead(_ length: Int, to left: ScoreInner) {
        let end = left.count
        (left.scores + end).update(from: scores, count: length)
        (left.members + end).update(from: members, count: length)
        (left.children + end).update(from: children, count: length)
        (left.totals + end).update(from: totals, count: length)
        left.count &+= length
        remove(0, length)
    }
}

/// What an inner node keeps of a child: its node, its least entry and how many entries it holds.
struct ScoreSubtree {
    let node: UnsafeMutableRawPointer
    let score: Double
    let member: UnsafeMutableRawPointer
    let total: Int

    @inline(__always)
    init(_ leaf: ScoreLeaf) {
        node = leaf.base
        score = leaf.scores[0]
        member = leaf.members[0]
        total = leaf.count
    }

    @inline(__always)
    init(_ inner: ScoreInner) {
        node = inner.base
        score = inner.scores[0]
        member = inner.members[0]
        total = inner.total(before: inner.count)
    }
}
