import HeapModule

/// When the keys (or hash fields) of one table expire, so that the active cycle finds what is due without sampling.
///
/// A heap of deadline and key hash, 16 bytes a key. An item is not removed when its key is deleted or gets another
/// deadline: it is dropped when it comes to the top and no longer matches. The owner rebuilds the index when stale items
/// outnumber the keys that expire.
struct ExpiryIndex {
    struct Item: Comparable {
        let deadline: Int64
        let hash: UInt64
        static func < (a: Item, b: Item) -> Bool { a.deadline < b.deadline }
    }

    private var heap = Heap<Item>()

    /// Items, stale ones included.
    var count: Int { heap.count }

    var memoryUsage: Int { heap.count * MemoryLayout<Item>.stride }

    /// O(log n), O(1) for deadlines in ascending order.
    mutating func insert(deadline: Int64, hash: UInt64) {
        heap.insert(Item(deadline: deadline, hash: hash))
    }

    /// The item with the earliest deadline, if that has passed. O(log n).
    mutating func popDue(now: Int64) -> Item? {
        guard let first = heap.min, first.deadline < now else { return nil }
        return heap.popMin()
    }

    /// All items in no order, stale ones included. O(1).
    var items: [Item] { heap.unordered }

    /// The earliest deadline. O(1).
    var earliest: Int64? { heap.min?.deadline }

    /// Replaces everything by `items`. O(n).
    mutating func rebuild(_ items: [Item]) { heap = Heap(items) }
}
