import CLinux
import Primitives

extension ScoreTree {
    /// How many of the ascending `scores` are below `score`, or not above it where `orEqual`.
    ///
    /// Counts the groups of eight whose last one is below, then within one group: no branch depends on the data, and no
    /// load waits for another, as each would in a binary search.
    @inline(__always)
    static func countBelow(
        _ scores: UnsafeMutablePointer<Double>, _ count: Int, _ score: Double, orEqual: Bool = false
    ) -> Int {
        var groups = 0
        var index = 7
        while index < count {
            let probe = scores[index]
            groups &+= (orEqual ? probe <= score : probe < score) ? 1 : 0
            index &+= 8
        }
        index = groups &* 8
        var below = index
        let end = min(index &+ 8, count)
        while index < end {
            let probe = scores[index]
            below &+= (orEqual ? probe <= score : probe < score) ? 1 : 0
            index &+= 1
        }
        return below
    }

    /// How many of `count` ascending entries are below (`score`, `member`), or not above it where `orEqual`.
    @inline(__always)
    static func countBelow(
        _ scores: UnsafeMutablePointer<Double>, _ members: UnsafeMutablePointer<UnsafeMutableRawPointer>, _ count: Int,
        _ score: Double, _ member: ByteView, orEqual: Bool
    ) -> Int {
        var low = countBelow(scores, count, score)
        if low == count || scores[low] != score { return low }
        var high = low &+ 1
        if high < count, scores[high] == score { high = countBelow(scores, count, score, orEqual: true) }
        while low < high {
            let middle = (low &+ high) >> 1
            prefetchProbes(members, low, middle, high)
            let order = MemberBlock(members[middle]).bytes.compare(member)
            if orEqual ? order <= 0 : order < 0 { low = middle &+ 1 } else { high = middle }
        }
        return low
    }

    /// Starts loading the scores of a node, all lines at once: the steps of the search would wait for them one by one.
    @inline(__always)
    private static func prefetchScores(_ node: UnsafeMutableRawPointer) {
        for line in 0..<5 { clinux_prefetch_read(node + line &* 64) }
    }

    /// Starts loading the blocks that a binary search may look at after the one in the middle.
    @inline(__always)
    private static func prefetchProbes(
        _ members: UnsafeMutablePointer<UnsafeMutableRawPointer>, _ low: Int, _ middle: Int, _ high: Int
    ) {
        clinux_prefetch_read(members[(low &+ middle) >> 1])
        clinux_prefetch_read(members[min((middle &+ 1 &+ high) >> 1, high &- 1)])
    }

    /// The leaf where (`score`, `member`) is or belongs, with the path to it.
    @inline(__always)
    func descend(_ score: Double, _ member: ByteView, _ path: inout ScorePath) -> ScoreLeaf {
        var node = root
        for level in 0..<height {
            let inner = ScoreInner(node)
            let index = max(
                0, Self.countBelow(inner.scores, inner.members, inner.count, score, member, orEqual: true) &- 1)
            path.nodes[level] = node
            path.indexes[level] = index
            node = inner.children[index]
            Self.prefetchScores(node)
        }
        return ScoreLeaf(node)
    }

    /// The rightmost leaf, with the path to it.
    @inline(__always)
    func descendToLast(_ path: inout ScorePath) -> ScoreLeaf {
        var node = root
        for level in 0..<height {
            let inner = ScoreInner(node)
            path.nodes[level] = node
            path.indexes[level] = inner.count &- 1
            node = inner.children[inner.count &- 1]
        }
        return ScoreLeaf(node)
    }

    /// The entry at `rank`, with the path to it; `rank` is in 0..<count.
    @inline(__always)
    func descend(rank: Int, _ path: inout ScorePath) -> (leaf: ScoreLeaf, index: Int) {
        var node = root
        var rank = rank
        for level in 0..<height {
            let inner = ScoreInner(node)
            var index = 0
            while rank >= inner.totals[index] {
                rank &-= inner.totals[index]
                index &+= 1
            }
            path.nodes[level] = node
            path.indexes[level] = index
            node = inner.children[index]
            Self.prefetchScores(node)
        }
        return (ScoreLeaf(node), rank)
    }

    /// The entry at `rank`, which is in 0..<count. O(log n).
    func position(_ rank: Int) -> (leaf: ScoreLeaf, index: Int) {
        var node = root
        var rank = rank
        for _ in 0..<height {
            let inner = ScoreInner(node)
            var index = 0
            while rank >= inner.totals[index] {
                rank &-= inner.totals[index]
                index &+= 1
            }
            node = inner.children[index]
            Self.prefetchScores(node)
        }
        return (ScoreLeaf(node), rank)
    }

    /// Where `block` is in the leaf that `descend` found for it.
    @inline(__always)
    static func index(of block: MemberBlock, _ score: Double, in leaf: ScoreLeaf) -> Int {
        var index = countBelow(leaf.scores, leaf.count, score)
        while index < leaf.count, leaf.members[index] != block.base { index &+= 1 }
        assert(index < leaf.count)
        return index
    }

    /// How many entries come before `block`. O(log n).
    func rank(of block: MemberBlock) -> Int {
        let score = block.score
        let member = block.bytes
        var node = root
        var rank = 0
        for _ in 0..<height {
            let inner = ScoreInner(node)
            let index = max(
                0, Self.countBelow(inner.scores, inner.members, inner.count, score, member, orEqual: true) &- 1)
            rank &+= inner.total(before: index)
            node = inner.children[index]
            Self.prefetchScores(node)
        }
        return rank &+ Self.index(of: block, score, in: ScoreLeaf(node))
    }

    /// How many entries have a score below `score`, or not above it where `orEqual`. O(log n).
    func rank(below score: Double, orEqual: Bool) -> Int {
        // Once for each, so that the choice is not made at every comparison.
        orEqual ? rank(score, orEqual: true) : rank(score, orEqual: false)
    }

    @inline(__always)
    private func rank(_ score: Double, orEqual: Bool) -> Int {
        var node = root
        var rank = 0
        for _ in 0..<height {
            let inner = ScoreInner(node)
            // The last child that begins below the bound holds it; all before it are below.
            let index = max(0, Self.countBelow(inner.scores, inner.count, score, orEqual: orEqual) &- 1)
            rank &+= inner.total(before: index)
            node = inner.children[index]
            Self.prefetchScores(node)
        }
        let leaf = ScoreLeaf(node)
        return rank &+ Self.countBelow(leaf.scores, leaf.count, score, orEqual: orEqual)
    }

    /// How many entries satisfy `isBelow`, which holds for the members of some prefix of the order only. O(log n).
    @inline(__always)
    func rank(where isBelow: (ByteView) -> Bool) -> Int {
        var node = root
        var rank = 0
        for _ in 0..<height {
            let inner = ScoreInner(node)
            let index = max(0, Self.countBelow(inner.members, inner.count, isBelow) &- 1)
            rank &+= inner.total(before: index)
            node = inner.children[index]
            Self.prefetchScores(node)
        }
        let leaf = ScoreLeaf(node)
        return rank &+ Self.countBelow(leaf.members, leaf.count, isBelow)
    }

    @inline(__always)
    private static func countBelow(
        _ members: UnsafeMutablePointer<UnsafeMutableRawPointer>, _ count: Int, _ isBelow: (ByteView) -> Bool
    ) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low &+ high) >> 1
            prefetchProbes(members, low, middle, high)
            if isBelow(MemberBlock(members[middle]).bytes) { low = middle &+ 1 } else { high = middle }
        }
        return low
    }
}
