import Glibc
import Primitives

/// The entries of a table that expire, the earliest first: a heap of four children a node, which touches half the cache
/// lines of a binary one. Each entry knows its index, so that changing or removing an expiry is O(log n).
///
/// The table owns it and keeps it in its header; it holds 16 bytes for an expiring entry and nothing before the first.
struct ExpiryHeap {
    struct Item {
        var expiry: Int64
        var entry: FieldEntry
    }

    private var items: UnsafeMutablePointer<Item>?
    private(set) var count = 0
    private var capacity = 0

    /// Bytes of memory that the heap takes.
    var footprint: Int { capacity == 0 ? 0 : Allocation.footprint(capacity * MemoryLayout<Item>.stride) }

    /// The entry that expires first.
    var first: Item? { count == 0 ? nil : items?[0] }

    func destroy() {
        if let items { Allocation.free(items) }
    }

    func copy() -> ExpiryHeap {
        guard let items else { return self }
        var copy = self
        let size = capacity * MemoryLayout<Item>.stride
        let block = Allocation.allocate(size)
        memcpy(block, items, count * MemoryLayout<Item>.stride)
        copy.items = block.assumingMemoryBound(to: Item.self)
        return copy
    }

    /// The same entry in another block.
    func setEntry(_ entry: FieldEntry, at index: Int) { items?[index].entry = entry }

    mutating func push(_ item: Item) {
        if count == capacity { resize(max(4, capacity + capacity / 2)) }
        count += 1
        raise(item, from: count - 1)
    }

    mutating func remove(at index: Int) {
        guard let items else { return }
        count -= 1
        let moved = items[count]
        if index < count { settle(moved, at: index) }
        if count == 0 {
            Allocation.free(items)
            self.items = nil
            capacity = 0
        } else if count * 4 < capacity {
            resize(max(4, capacity / 2))
        }
    }

    func update(_ item: Item, at index: Int) { settle(item, at: index) }

    private func settle(_ item: Item, at index: Int) {
        guard let items else { return }
        if index > 0, item.expiry < items[(index - 1) / 4].expiry {
            raise(item, from: index)
        } else {
            lower(item, from: index)
        }
    }

    private func put(_ item: Item, at index: Int) {
        items?[index] = item
        item.entry.heapIndex = index
    }

    private func raise(_ item: Item, from start: Int) {
        guard let items else { return }
        var index = start
        while index > 0, item.expiry < items[(index - 1) / 4].expiry {
            put(items[(index - 1) / 4], at: index)
            index = (index - 1) / 4
        }
        put(item, at: index)
    }

    private func lower(_ item: Item, from start: Int) {
        guard let items else { return }
        var index = start
        while true {
            let firstChild = 4 * index + 1
            guard firstChild < count else { break }
            var least = firstChild
            for child in firstChild..<min(firstChild + 4, count) where items[child].expiry < items[least].expiry {
                least = child
            }
            guard items[least].expiry < item.expiry else { break }
            put(items[least], at: index)
            index = least
        }
        put(item, at: index)
    }

    private mutating func resize(_ newCapacity: Int) {
        let size = newCapacity * MemoryLayout<Item>.stride
        let block = items.map { Allocation.reallocate($0, size) } ?? Allocation.allocate(size)
        items = block.assumingMemoryBound(to: Item.self)
        capacity = newCapacity
    }
}
