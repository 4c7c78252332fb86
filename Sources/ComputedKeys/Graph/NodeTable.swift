import Keyspace
import Primitives

/// Finds nodes by the hash of their names: 256 tables of node numbers with open addressing, so that one of them grows while
/// a caller waits and not all.
///
/// Slots hold nothing but the number, 4 bytes: what a slot is compared with is the node's name. Removal shifts what follows
/// back (Knuth, The Art of Computer Programming, 6.4, algorithm R), so that there are no tombstones.
struct NodeTable: ~Copyable {
    private struct Part {
        var slots: UnsafeMutablePointer<UInt32>?
        var capacity = 0
        var count = 0
    }

    private static let partCount = 256
    private let parts: UnsafeMutablePointer<Part>

    init() {
        // Names must not be hashed otherwise later on.
        seedProcessHash()
        parts = .allocate(capacity: Self.partCount)
        parts.initialize(repeating: Part(), count: Self.partCount)
    }

    deinit {
        for index in 0..<Self.partCount { parts[index].slots?.deallocate() }
        parts.deallocate()
    }

    var memoryUsage: Int {
        (0..<Self.partCount).reduce(0) { $0 + parts[$1].capacity * MemoryLayout<UInt32>.stride }
    }

    private static func part(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (partCount - 1) }

    private static func home(_ hash: UInt64, _ capacity: Int) -> Int {
        Int(truncatingIfNeeded: ((hash >> 32) &* UInt64(capacity)) >> 32)
    }

    /// The node with `hash` that `matches`; 0 where there is none. Expected O(1).
    func find(_ hash: UInt64, _ matches: (UInt32) -> Bool) -> UInt32 {
        let part = parts[Self.part(hash)]
        guard let slots = part.slots else { return 0 }
        var index = Self.home(hash, part.capacity)
        while slots[index] != 0 {
            if matches(slots[index]) { return slots[index] }
            index = index + 1 == part.capacity ? 0 : index + 1
        }
        return 0
    }

    /// Adds a node that is not in the table.
    ///
    /// - Parameter hashOf: the hash of a node, for those that move when the table grows.
    func insert(_ node: UInt32, _ hash: UInt64, hashOf: (UInt32) -> UInt64) {
        let part = parts + Self.part(hash)
        if (part.pointee.count + 1) * 8 > part.pointee.capacity * 7 { grow(part, hashOf) }
        part.pointee.count += 1
        Self.place(node, hash, part.pointee)
    }

    private static func place(_ node: UInt32, _ hash: UInt64, _ part: Part) {
        guard let slots = part.slots else { return }
        var index = home(hash, part.capacity)
        while slots[index] != 0 { index = index + 1 == part.capacity ? 0 : index + 1 }
        slots[index] = node
    }

    private func grow(_ part: UnsafeMutablePointer<Part>, _ hashOf: (UInt32) -> UInt64) {
        let old = part.pointee
        let capacity = max(16, old.capacity + old.capacity / 2)
        let slots = UnsafeMutablePointer<UInt32>.allocate(capacity: capacity)
        slots.initialize(repeating: 0, count: capacity)
        part.pointee = Part(slots: slots, capacity: capacity, count: old.count)
        guard let moved = old.slots else { return }
        for index in 0..<old.capacity where moved[index] != 0 {
            Self.place(moved[index], hashOf(moved[index]), part.pointee)
        }
        moved.deallocate()
    }

    /// Takes out a node that is in the table.
    func remove(_ node: UInt32, _ hash: UInt64, hashOf: (UInt32) -> UInt64) {
        let part = parts + Self.part(hash)
        guard let slots = part.pointee.slots else { return }
        let capacity = part.pointee.capacity
        var hole = Self.home(hash, capacity)
        while slots[hole] != node { hole = hole + 1 == capacity ? 0 : hole + 1 }
        part.pointee.count -= 1
        var index = hole
        while true {
            index = index + 1 == capacity ? 0 : index + 1
            if slots[index] == 0 { break }
            // What has its home behind the hole, going round, stays.
            let home = Self.home(hashOf(slots[index]), capacity)
            if hole <= index ? home > hole && home <= index : home > hole || home <= index { continue }
            slots[hole] = slots[index]
            hole = index
        }
        slots[hole] = 0
    }

    /// Calls `body` with every node.
    func forEach(_ body: (UInt32) -> Void) {
        for part in 0..<Self.partCount {
            guard let slots = parts[part].slots else { continue }
            for index in 0..<parts[part].capacity where slots[index] != 0 { body(slots[index]) }
        }
    }
}
