import Primitives

/// The order of a large sorted set: a B+ tree of (score, member) with the number of entries under every child.
///
/// A skip list spends a node with several pointers on each member and a cache miss on each step. Here an entry costs 16
/// bytes in a leaf, a search reads a few dense nodes, and a rank is the sum of some counts on the way down. Ties of scores
/// are broken by the members' bytes, which alone are looked up outside of the nodes.
///
/// Departures from the textbook: an inner node keeps the exact least entry of each child, since a separator that was
/// removed from the set could not be compared any more. A leaf that overflows at the very end of the order stays full
/// and a new one is begun (and likewise at the front), so that ascending or descending insertion, which is how events
/// and loads arrive, fills every node. For this the nodes on the two edges may hold less than the minimum; all others
/// hold at least a third. Nodes below that are merged with a neighbour or share its entries.
///
/// Nothing here is locked or reference counted; blocks of members belong to the owner of the tree.
struct ScoreTree {
    /// A leaf where `height` is zero, otherwise an inner node.
    var root: UnsafeMutableRawPointer
    /// Levels of inner nodes.
    var height = 0
    var count = 0
    var first: ScoreLeaf
    var last: ScoreLeaf
    var leafNodes = 1
    var innerNodes = 0
    /// Entries in a full leaf; below the capacity only where tests want high trees of few entries.
    let leafLimit: Int
    let innerLimit: Int

    init(leafLimit: Int = ScoreLeaf.capacity, innerLimit: Int = ScoreInner.capacity) {
        assert(leafLimit >= 4 && leafLimit <= ScoreLeaf.capacity)
        assert(innerLimit >= 4 && innerLimit <= ScoreInner.capacity)
        self.leafLimit = leafLimit
        self.innerLimit = innerLimit
        let leaf = ScoreLeaf.make()
        root = leaf.base
        first = leaf
        last = leaf
    }

    var leafMinimum: Int { max(2, leafLimit / 3) }
    var innerMinimum: Int { max(2, innerLimit / 3) }

    /// Bytes that the nodes take from the allocator.
    var memoryUsage: Int {
        leafNodes &* Allocation.footprint(ScoreLeaf.size) &+ innerNodes &* Allocation.footprint(ScoreInner.size)
    }

    /// Frees the nodes, not the members.
    func destroy() { Self.free(root, height) }

    private static func free(_ node: UnsafeMutableRawPointer, _ height: Int) {
        if height > 0 {
            let inner = ScoreInner(node)
            for index in 0..<inner.count { free(inner.children[index], height &- 1) }
        }
        Allocation.free(node)
    }
}

/// The way from the root to a leaf: inner nodes and the child taken in each.
///
/// Sixteen levels are enough: an inner node that is not on an edge has at least ten children.
struct ScorePath {
    var nodes: InlineArray<16, UnsafeMutableRawPointer>
    var indexes: InlineArray<16, Int>

    @inline(__always)
    init(_ root: UnsafeMutableRawPointer) {
        nodes = InlineArray(repeating: root)
        indexes = InlineArray(repeating: 0)
    }

    @inline(__always)
    func node(_ level: Int) -> ScoreInner { ScoreInner(nodes[level]) }
}
