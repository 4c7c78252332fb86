import CLinux
import Primitives

/// A sorted set of many members: blocks of members, the tree that orders them and the table that finds them.
///
/// Every block is in both structures exactly once. The three are in one allocated state, so that a value is one pointer.
struct LargeSortedSet {
    struct State {
        var tree: ScoreTree
        var table: MemberTable
        /// Bytes that the blocks take from the allocator.
        var blockBytes = 0
    }

    let state: UnsafeMutablePointer<State>

    @inline(__always)
    init(_ storage: UnsafeMutableRawPointer) { state = storage.assumingMemoryBound(to: State.self) }

    @inline(__always)
    var storage: UnsafeMutableRawPointer { UnsafeMutableRawPointer(state) }

    /// An empty set with room for `count` members in its table.
    static func make(
        reserving count: Int = 0, leafLimit: Int = ScoreLeaf.capacity, innerLimit: Int = ScoreInner.capacity
    ) -> LargeSortedSet {
        let set = LargeSortedSet(Allocation.allocate(MemoryLayout<State>.size))
        set.state.initialize(
            to: State(
                tree: ScoreTree(leafLimit: leafLimit, innerLimit: innerLimit), table: MemberTable(reserving: count)))
        return set
    }

    func destroy() {
        var leaf: ScoreLeaf? = state.pointee.tree.first
        while let current = leaf {
            for index in 0..<current.count { current.member(index).free() }
            leaf = current.next
        }
        state.pointee.tree.destroy()
        state.pointee.table.destroy()
        Allocation.free(storage)
    }

    @inline(__always)
    var count: Int { state.pointee.tree.count }

    var memoryUsage: Int {
        Allocation.footprint(MemoryLayout<State>.size) &+ state.pointee.blockBytes &+ state.pointee.tree.memoryUsage
            &+ state.pointee.table.memoryUsage
    }

    @inline(__always)
    func find(_ member: ByteView) -> MemberBlock? { state.pointee.table.find(member, processHash(member)) }

    /// Gives `member` the score that `decide` makes of its present one; nil leaves things as they are.
    @inline(__always)
    func update(_ member: ByteView, _ decide: (Double?) -> Double?) -> SortedSetChange {
        let hash = processHash(member)
        guard let block = state.pointee.table.find(member, hash) else {
            guard let score = decide(nil) else { return .unchanged }
            insert(MemberBlock.make(member, score), hash)
            return .added
        }
        guard let score = decide(block.score), score != block.score else { return .unchanged }
        state.pointee.tree.update(block, score)
        return .updated
    }

    @inline(__always)
    private func insert(_ block: MemberBlock, _ hash: UInt64) {
        state.pointee.tree.insert(block)
        state.pointee.table.insert(block, hash)
        state.pointee.blockBytes &+= block.footprint
    }

    /// Adds a member that comes after all others.
    func append(_ member: ByteView, _ score: Double) {
        let hash = processHash(member)
        state.pointee.table.prefetch(hash)
        let block = MemberBlock.make(member, score)
        state.pointee.tree.append(block)
        state.pointee.table.insert(block, hash)
        state.pointee.blockBytes &+= block.footprint
    }

    /// Removes `member`; answers its score.
    func remove(_ member: ByteView) -> Double? {
        let hash = processHash(member)
        guard let block = state.pointee.table.find(member, hash) else { return nil }
        let score = block.score
        state.pointee.tree.remove(block)
        release(block, hash)
        return score
    }

    /// Removes the entries of `ranks`, which are in 0..<count.
    func remove(_ ranks: Range<Int>) {
        state.pointee.tree.remove(ranks) { block in
            state.pointee.table.prefetch(processHash(block.bytes))
        } _: { block in
            release(block, processHash(block.bytes))
        }
    }

    @inline(__always)
    private func release(_ block: MemberBlock, _ hash: UInt64) {
        state.pointee.table.remove(block, hash)
        state.pointee.blockBytes &-= block.footprint
        block.free()
    }

    func copy() -> LargeSortedSet {
        let copy = LargeSortedSet.make(reserving: count)
        _ = forEach(0..<count, reverse: false) { member, score in
            copy.append(member, score)
            return true
        }
        return copy
    }

    /// Hands out the entries of `ranks`, which are in 0..<count, until `body` answers false; answers whether it never
    /// did. The blocks are scattered: each is asked for some entries before its turn.
    func forEach(_ ranks: Range<Int>, reverse: Bool, _ body: (ByteView, Double) -> Bool) -> Bool {
        if ranks.isEmpty { return true }
        return reverse ? backward(ranks, body) : forward(ranks, body)
    }

    private static let ahead = 8

    @inline(__always)
    private func forward(_ ranks: Range<Int>, _ body: (ByteView, Double) -> Bool) -> Bool {
        var left = ranks.count
        var (leaf, index) = state.pointee.tree.position(ranks.lowerBound)
        while true {
            let end = min(leaf.count, index &+ left)
            for entry in index..<min(index &+ Self.ahead, end) { clinux_prefetch_read(leaf.members[entry]) }
            for entry in index..<end {
                if entry &+ Self.ahead < end { clinux_prefetch_read(leaf.members[entry &+ Self.ahead]) }
                guard body(leaf.member(entry).bytes, leaf.scores[entry]) else { return false }
            }
            left &-= end &- index
            guard left > 0, let next = leaf.next else { return true }
            leaf = next
            index = 0
        }
    }

    @inline(__always)
    private func backward(_ ranks: Range<Int>, _ body: (ByteView, Double) -> Bool) -> Bool {
        var left = ranks.count
        var (leaf, index) = state.pointee.tree.position(ranks.upperBound &- 1)
        while true {
            let end = max(0, index &+ 1 &- left)
            for entry in max(end, index &- Self.ahead)...index { clinux_prefetch_read(leaf.members[entry]) }
            left &-= index &+ 1 &- end
            while index >= end {
                if index &- Self.ahead >= end { clinux_prefetch_read(leaf.members[index &- Self.ahead]) }
                guard body(leaf.member(index).bytes, leaf.scores[index]) else { return false }
                index &-= 1
            }
            guard left > 0, let previous = leaf.previous else { return true }
            leaf = previous
            index = leaf.count &- 1
        }
    }

    /// Ranks of the entries in `range`. O(log n).
    func ranks(in range: ScoreRange) -> Range<Int> {
        let lower = state.pointee.tree.rank(below: range.minimum, orEqual: range.excludesMinimum)
        let upper = state.pointee.tree.rank(below: range.maximum, orEqual: !range.excludesMaximum)
        return lower..<max(lower, upper)
    }

    /// Ranks of the entries in `range`, where all scores are equal. O(log n).
    func ranks(in range: LexRange) -> Range<Int> {
        let lower = state.pointee.tree.rank { !range.reaches($0) }
        let upper = state.pointee.tree.rank { range.admits($0) }
        return lower..<max(lower, upper)
    }
}
