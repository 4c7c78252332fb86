import HeapModule
import Primitives

/// When the keys of one table expire, or its hashes' first fields, so that the active cycle finds what is due without
/// sampling.
///
/// A heap of deadlines and hashes of keys, 16 bytes an item. All it promises is that whatever expires has an item that is
/// not later than its deadline. So a deadline that is put off, as sessions and caches do with every use, costs nothing:
/// the item comes to the top at the old time and is put back for the new one. An item whose key was deleted, or has an
/// earlier one, is dropped there.
///
/// Where items of no use are too many the index is built anew from the table, a few entries with each insertion and each
/// turn of the active cycle, so that no command waits for a walk. Meanwhile both heaps count.
struct ExpiryIndex {
    struct Item: Comparable {
        let deadline: Int64
        let hash: UInt64
        static func < (a: Item, b: Item) -> Bool { a.deadline < b.deadline }
    }

    private var heap = Heap<Item>()
    /// What is being replaced. Empty while `position` is nil.
    private var outgoing = Heap<Item>()
    /// How far the walk that builds the index anew has come: a position of `Table.scan`.
    private var position: UInt64?
    /// The most items that `heap` had since it was allocated: a heap keeps its memory.
    private var peak = 0

    /// Items, those of no use included.
    var count: Int { heap.count + outgoing.count }

    var isBeingRenewed: Bool { position != nil }

    var memoryUsage: Int { (peak + outgoing.count) * MemoryLayout<Item>.stride }

    /// All items in no order, but for those that replace them. O(1).
    var items: [Item] { isBeingRenewed ? outgoing.unordered : heap.unordered }

    /// O(log n), O(1) for deadlines in ascending order.
    mutating func insert(deadline: Int64, hash: UInt64) {
        heap.insert(Item(deadline: deadline, hash: hash))
        peak = max(peak, heap.count)
    }

    private var first: Item? {
        guard let old = outgoing.min else { return heap.min }
        return heap.min.map { min($0, old) } ?? old
    }

    /// Whether an item's deadline has passed. O(1).
    func isDue(now: Int64) -> Bool { first.map { $0.deadline < now } ?? false }

    /// Takes out the item with the earliest deadline, if that has passed. What it stands for and is still to expire needs
    /// another one. O(log n) amortised.
    mutating func popDue(now: Int64) -> Item? {
        guard let item = first, item.deadline < now else { return nil }
        guard heap.min == item else { return outgoing.popMin() }
        _ = heap.popMin()
        if heap.count < peak / 8, peak > 1024 {
            heap = Heap(heap.unordered)
            peak = heap.count
        }
        return item
    }

    /// Goes on with building the index anew, or begins with it where too many items are of no use.
    ///
    /// - Parameters:
    ///   - live: how many entries of the table expire.
    ///   - limit: about how many entries to look at.
    ///   - deadline: when an entry expires.
    mutating func renew(from table: borrowing Table, live: Int, limit: Int, deadline: (Entry) -> Int64?) {
        if position == nil {
            // In proportion to what the walk costs, also where few of many keys expire.
            guard count > 64 + live * 2 + live / 2 + table.count / 4 else { return }
            swap(&heap, &outgoing)
            position = 0
            peak = 0
        }
        guard let start = position else { return }
        position = table.scan(from: start, limit: limit) { entry in
            if let deadline = deadline(entry) { insert(deadline: deadline, hash: processHash(entry.key)) }
        }
        if position == nil { outgoing = Heap() }
    }
}
