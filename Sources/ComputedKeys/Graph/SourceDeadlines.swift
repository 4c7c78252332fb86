import HeapModule

/// When the sources expire that something was derived from: a computed key is stale from the earliest of them on, whether
/// or not somebody has looked at the source since.
///
/// A heap that holds for each source an item that is not later than its deadline. A deadline that is put off costs nothing:
/// its item comes up at the old time and is put back.
struct SourceDeadlines {
    private struct Item: Comparable {
        let deadline: Int64
        let node: UInt32
        static func < (a: Item, b: Item) -> Bool { a.deadline < b.deadline }
    }

    private var heap = Heap<Item>()
    private var deadlines: [UInt32: Int64] = [:]

    var memoryUsage: Int { heap.count * MemoryLayout<Item>.stride + deadlines.capacity * 16 }

    /// Not later than the earliest deadline, in milliseconds since 1970.
    var next: Int64 { heap.min?.deadline ?? .max }

    /// Notes when `node` expires; nil for never. O(log n).
    mutating func set(_ deadline: Int64?, for node: UInt32) {
        guard let deadline else { return remove(node) }
        let old = deadlines.updateValue(deadline, forKey: node)
        guard deadline < old ?? .max else { return }
        // Deadlines that move to and fro leave items behind.
        guard heap.count <= 2 * deadlines.count + 1024 else {
            heap = Heap(deadlines.map { Item(deadline: $0.value, node: $0.key) })
            return
        }
        heap.insert(Item(deadline: deadline, node: node))
    }

    mutating func remove(_ node: UInt32) {
        guard !deadlines.isEmpty else { return }
        deadlines[node] = nil
        if deadlines.isEmpty { heap = Heap() }
    }

    /// The node with the earliest deadline, if that is before `time`. O(log n) amortised.
    mutating func first(before time: Int64) -> (node: UInt32, deadline: Int64)? {
        while let item = heap.min, item.deadline < time {
            let deadline = deadlines[item.node]
            if deadline == item.deadline { return (item.node, item.deadline) }
            _ = heap.popMin()
            if let deadline { heap.insert(Item(deadline: deadline, node: item.node)) }
        }
        return nil
    }

    /// Takes out a node whose deadline is before `now`. O(log n) amortised.
    mutating func popDue(now: Int64) -> UInt32? {
        guard let due = first(before: now) else { return nil }
        _ = heap.popMin()
        deadlines[due.node] = nil
        return due.node
    }
}
