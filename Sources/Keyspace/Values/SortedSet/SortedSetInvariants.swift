import Primitives

extension LargeSortedSet {
    /// What is wrong with the set, for tests: its order, counts, fill, links, its table and its account. O(n).
    func brokenInvariant() -> String? {
        if let broken = state.pointee.tree.brokenInvariant() { return broken }
        let table = state.pointee.table
        if table.count != count { return "table holds \(table.count) of \(count)" }
        var bytes = 0
        var isFound = true
        _ = forEach(0..<count, reverse: false) { member, score in
            guard let block = find(member), block.score == score, block.bytes.start == member.start else {
                isFound = false
                return false
            }
            bytes += block.footprint
            return true
        }
        if !isFound { return "member is not found under its score" }
        return bytes == state.pointee.blockBytes ? nil : "blocks take \(bytes), not \(state.pointee.blockBytes)"
    }
}

extension ScoreTree {
    /// What is wrong with the tree, for tests. O(n).
    func brokenInvariant() -> String? {
        var checker = Checker(tree: self)
        let total = checker.check(root, height, isLeftEdge: true, isRightEdge: true, isRoot: true)
        if let broken = checker.broken { return broken }
        if total != count { return "holds \(total) entries, not \(count)" }
        if checker.leaves != leafNodes || checker.inners != innerNodes { return "node counts are off" }
        if checker.previousLeaf != last { return "last leaf is off" }
        return last.next == nil ? nil : "chain of leaves goes on"
    }

    private struct Checker {
        let tree: ScoreTree
        var broken: String?
        var leaves = 0
        var inners = 0
        var previousLeaf: ScoreLeaf?
        var previous: MemberBlock?

        init(tree: ScoreTree) { self.tree = tree }

        mutating func check(
            _ node: UnsafeMutableRawPointer, _ height: Int, isLeftEdge: Bool, isRightEdge: Bool, isRoot: Bool
        ) -> Int {
            let isFree = isLeftEdge || isRightEdge
            if height == 0 {
                let leaf = ScoreLeaf(node)
                let minimum = isRoot ? 0 : isFree ? 1 : tree.leafMinimum
                if leaf.count < minimum || leaf.count > tree.leafLimit { broken = "leaf holds \(leaf.count)" }
                checkEntries(leaf)
                return leaf.count
            }
            inners += 1
            let inner = ScoreInner(node)
            let minimum = isRoot ? 2 : isFree ? 1 : tree.innerMinimum
            if inner.count < minimum || inner.count > tree.innerLimit { broken = "inner node holds \(inner.count)" }
            var total = 0
            for index in 0..<inner.count {
                let before = previous
                let child = inner.children[index]
                let held = check(
                    child, height - 1, isLeftEdge: isLeftEdge && index == 0,
                    isRightEdge: isRightEdge && index == inner.count - 1, isRoot: false)
                if held != inner.totals[index] { broken = "child holds \(held), not \(inner.totals[index])" }
                let least = Self.least(child, height - 1)
                if least.base != inner.members[index] || least.score != inner.scores[index] {
                    broken = "key is not the least entry"
                }
                if let before, !Self.isOrdered(before, least) { broken = "children are out of order" }
                total += held
            }
            return total
        }

        private mutating func checkEntries(_ leaf: ScoreLeaf) {
            leaves += 1
            if leaf.previous != previousLeaf { broken = "leaf is linked to the wrong neighbour" }
            if let previousLeaf, previousLeaf.next != leaf { broken = "leaf is passed over" }
            if previousLeaf == nil, tree.first != leaf { broken = "first leaf is off" }
            previousLeaf = leaf
            for index in 0..<leaf.count {
                let block = leaf.member(index)
                if block.score != leaf.scores[index] { broken = "entry has another score than its block" }
                if let previous, !Self.isOrdered(previous, block) { broken = "entries are out of order" }
                previous = block
            }
        }

        private static func least(_ node: UnsafeMutableRawPointer, _ height: Int) -> MemberBlock {
            height == 0 ? ScoreLeaf(node).member(0) : ScoreInner(node).member(0)
        }

        private static func isOrdered(_ a: MemberBlock, _ b: MemberBlock) -> Bool {
            a.score < b.score || (a.score == b.score && a.bytes.compare(b.bytes) < 0)
        }
    }
}
