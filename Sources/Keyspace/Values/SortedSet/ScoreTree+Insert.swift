import Primitives

extension ScoreTree {
    /// Puts in `block` with its score; its member is not in the tree. O(log n).
    mutating func insert(_ block: MemberBlock) {
        let score = block.score
        let member = block.bytes
        var path = ScorePath(root)
        if isBeyondLast(score, member) {
            let leaf = descendToLast(&path)
            insert(block, score, leaf, leaf.count, &path)
        } else {
            let leaf = descend(score, member, &path)
            let index = Self.countBelow(leaf.scores, leaf.members, leaf.count, score, member, orEqual: false)
            insert(block, score, leaf, index, &path)
        }
    }

    /// Puts in `block`, which comes after all others. O(log n), without a comparison.
    mutating func append(_ block: MemberBlock) {
        var path = ScorePath(root)
        let leaf = descendToLast(&path)
        insert(block, block.score, leaf, leaf.count, &path)
    }

    @inline(__always)
    private func isBeyondLast(_ score: Double, _ member: ByteView) -> Bool {
        let end = last.count &- 1
        if end < 0 { return true }
        if score != last.scores[end] { return score > last.scores[end] }
        return last.member(end).bytes.compare(member) < 0
    }

    @inline(__always)
    private mutating func insert(
        _ block: MemberBlock, _ score: Double, _ leaf: ScoreLeaf, _ index: Int, _ path: inout ScorePath
    ) {
        count &+= 1
        if leaf.count == leafLimit {
            split(leaf, index, block, score, &path)
            return
        }
        leaf.insert(score, block, at: index)
        var isLeast = index == 0
        var level = height &- 1
        while level >= 0 {
            let node = path.node(level)
            let child = path.indexes[level]
            node.totals[child] &+= 1
            if isLeast {
                node.setKey(child, score, block.base)
                isLeast = child == 0
            }
            level &-= 1
        }
    }

    /// Splits a full leaf, puts the entry into one half and tells the ancestors, which may split in turn.
    @inline(never)
    private mutating func split(
        _ leaf: ScoreLeaf, _ index: Int, _ block: MemberBlock, _ score: Double, _ path: inout ScorePath
    ) {
        let isAppend = leaf == last && index == leaf.count
        let isPrepend = leaf == first && index == 0 && !isAppend
        let right = ScoreLeaf.make()
        leafNodes &+= 1
        link(right, after: leaf)
        let middle = isAppend ? leaf.count : isPrepend ? 0 : leaf.count / 2
        leaf.moveTail(leaf.count &- middle, to: right)
        if isAppend || index > middle {
            right.insert(score, block, at: index &- middle)
        } else {
            leaf.insert(score, block, at: index)
        }

        var left = ScoreSubtree(leaf)
        var added: ScoreSubtree? = ScoreSubtree(right)
        var level = height &- 1
        while level >= 0 {
            let node = path.node(level)
            let child = path.indexes[level]
            node.setKey(child, left.score, left.member)
            if let subtree = added {
                node.totals[child] = left.total
                added = add(subtree, at: child &+ 1, to: node, isAppend, isPrepend)
                left = ScoreSubtree(node)
            } else {
                node.totals[child] &+= 1
                left = ScoreSubtree(node)
            }
            level &-= 1
        }
        guard let added else { return }
        let top = ScoreInner.make()
        innerNodes &+= 1
        top.insert(left, at: 0)
        top.insert(added, at: 1)
        root = top.base
        height &+= 1
    }

    /// Puts `subtree` at `index` of `node`; answers what was split off, where there was no room.
    private mutating func add(
        _ subtree: ScoreSubtree, at index: Int, to node: ScoreInner, _ isAppend: Bool, _ isPrepend: Bool
    ) -> ScoreSubtree? {
        if node.count < innerLimit {
            node.insert(subtree, at: index)
            return nil
        }
        let right = ScoreInner.make()
        innerNodes &+= 1
        let middle = isAppend ? node.count : isPrepend ? 1 : node.count / 2
        node.moveTail(node.count &- middle, to: right)
        if isAppend || isPrepend || index > middle {
            right.insert(subtree, at: index &- middle)
        } else {
            node.insert(subtree, at: index)
        }
        return ScoreSubtree(right)
    }

    private mutating func link(_ right: ScoreLeaf, after leaf: ScoreLeaf) {
        right.previous = leaf
        right.next = leaf.next
        if let next = leaf.next { next.previous = right } else { last = right }
        leaf.next = right
    }
}
