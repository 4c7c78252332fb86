import CLinux
import Primitives

extension ScoreTree {
    /// Takes out `block`, which is in the tree under its score. O(log n).
    mutating func remove(_ block: MemberBlock) {
        let score = block.score
        var path = ScorePath(root)
        let leaf = descend(score, block.bytes, &path)
        remove(leaf, Self.index(of: block, score, in: leaf), 1, &path)
    }

    /// Gives `block`, which is in the tree, another score. O(log n), in place where its neighbours allow it.
    mutating func update(_ block: MemberBlock, _ score: Double) {
        let oldScore = block.score
        let member = block.bytes
        var path = ScorePath(root)
        let leaf = descend(oldScore, member, &path)
        let index = Self.index(of: block, oldScore, in: leaf)
        block.score = score
        let fitsLeft = index > 0 ? leaf.scores[index &- 1] < score : leaf == first
        let fitsRight = index &+ 1 < leaf.count ? leaf.scores[index &+ 1] > score : leaf == last
        guard fitsLeft && fitsRight else {
            remove(leaf, index, 1, &path)
            insert(block)
            return
        }
        leaf.scores[index] = score
        if index > 0 { return }
        var level = height &- 1
        while level >= 0 {
            path.node(level).scores[path.indexes[level]] = score
            if path.indexes[level] > 0 { return }
            level &-= 1
        }
    }

    /// Takes out the entries of `ranks`, which are in 0..<count; each is handed to `release`, which owns it then.
    /// O(r log n / 64 + r) for r entries.
    ///
    /// - Parameter prepare: is given those of a leaf before, to fetch what releasing them needs.
    mutating func remove(
        _ ranks: Range<Int>, prepare: (MemberBlock) -> Void, _ release: (MemberBlock) -> Void
    ) {
        var left = ranks.count
        while left > 0 {
            var path = ScorePath(root)
            let (leaf, index) = descend(rank: ranks.lowerBound, &path)
            let length = min(left, leaf.count &- index)
            let part = index..<(index &+ length)
            if length > 4 {
                for entry in part { clinux_prefetch_read(leaf.members[entry]) }
                for entry in part { prepare(leaf.member(entry)) }
            }
            // Keys above may point to blocks that are released, but nothing compares them before they are replaced.
            for entry in part { release(leaf.member(entry)) }
            remove(leaf, index, length, &path)
            left &-= length
        }
    }

    /// Takes `length` entries out of a leaf and mends the way to the root.
    private mutating func remove(_ leaf: ScoreLeaf, _ index: Int, _ length: Int, _ path: inout ScorePath) {
        count &-= length
        leaf.remove(index, length)
        if height == 0 { return }
        // Nodes at these levels and above are on the left or right edge and may be small.
        var leftEdge = 0
        while leftEdge < height, path.indexes[leftEdge] == 0 { leftEdge &+= 1 }
        var rightEdge = 0
        while rightEdge < height, path.indexes[rightEdge] == path.node(rightEdge).count &- 1 { rightEdge &+= 1 }
        let edge = max(leftEdge, rightEdge)

        var isLeastChanged = index == 0
        var level = height &- 1
        while level >= 0 {
            let node = path.node(level)
            let child = path.indexes[level]
            let isLeaf = level == height &- 1
            let childNode = node.children[child]
            node.totals[child] &-= length
            // Leaves and inner nodes both begin with their count.
            let childCount = childNode.load(as: Int.self)
            if childCount == 0 {
                node.remove(child, 1)
                release(childNode, isLeaf)
                isLeastChanged = child == 0
            } else {
                if isLeastChanged {
                    let (score, member) = isLeaf ? Self.least(ScoreLeaf(childNode)) : Self.least(ScoreInner(childNode))
                    node.setKey(child, score, member)
                    isLeastChanged = child == 0
                }
                let minimum = isLeaf ? leafMinimum : innerMinimum
                if childCount < minimum, edge <= level, node.count > 1 { rebalance(node, child, isLeaf) }
            }
            level &-= 1
        }
        while height > 0, ScoreInner(root).count == 1 {
            let child = ScoreInner(root).children[0]
            release(root, false)
            root = child
            height &-= 1
        }
    }

    private static func least(_ leaf: ScoreLeaf) -> (Double, UnsafeMutableRawPointer) {
        (leaf.scores[0], leaf.members[0])
    }

    private static func least(_ inner: ScoreInner) -> (Double, UnsafeMutableRawPointer) {
        (inner.scores[0], inner.members[0])
    }

    /// Merges the child at `index` with a neighbour, or shares what they hold where that is too much for one.
    private mutating func rebalance(_ node: ScoreInner, _ index: Int, _ isLeaf: Bool) {
        let leftIndex = index &+ 1 < node.count ? index : index &- 1
        let left = node.children[leftIndex]
        let right = node.children[leftIndex &+ 1]
        let isMerged: Bool
        if isLeaf {
            isMerged = even(ScoreLeaf(left), ScoreLeaf(right))
        } else {
            isMerged = even(ScoreInner(left), ScoreInner(right))
        }
        if isMerged {
            node.totals[leftIndex] &+= node.totals[leftIndex &+ 1]
            node.remove(leftIndex &+ 1, 1)
            release(right, isLeaf)
            return
        }
        let subtree = isLeaf ? ScoreSubtree(ScoreLeaf(right)) : ScoreSubtree(ScoreInner(right))
        node.totals[leftIndex] &+= node.totals[leftIndex &+ 1] &- subtree.total
        node.totals[leftIndex &+ 1] = subtree.total
        node.setKey(leftIndex &+ 1, subtree.score, subtree.member)
    }

    /// Moves everything to `left` if it has room (true), otherwise makes both hold about the same (false).
    private func even(_ left: ScoreLeaf, _ right: ScoreLeaf) -> Bool {
        let sum = left.count &+ right.count
        let wanted = sum <= leafLimit ? sum : sum / 2
        if wanted >= left.count {
            right.moveHead(wanted &- left.count, to: left)
        } else {
            left.moveTail(left.count &- wanted, to: right)
        }
        return right.count == 0
    }

    private func even(_ left: ScoreInner, _ right: ScoreInner) -> Bool {
        let sum = left.count &+ right.count
        let wanted = sum <= innerLimit ? sum : sum / 2
        if wanted >= left.count {
            right.moveHead(wanted &- left.count, to: left)
        } else {
            left.moveTail(left.count &- wanted, to: right)
        }
        return right.count == 0
    }

    /// Frees a node that is out of the tree, a leaf also out of the chain.
    private mutating func release(_ node: UnsafeMutableRawPointer, _ isLeaf: Bool) {
        if isLeaf {
            let leaf = ScoreLeaf(node)
            if let previous = leaf.previous { previous.next = leaf.next } else if let next = leaf.next { first = next }
            if let next = leaf.next {
                next.previous = leaf.previous
            } else if let previous = leaf.previous {
                last = previous
            }
            leafNodes &-= 1
        } else {
            innerNodes &-= 1
        }
        Allocation.free(node)
    }
}
