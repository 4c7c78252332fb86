import Primitives

extension Listpack {
    /// Whether two elements are equal among the first and those `stride` apart from there: fields of a hash, members of a
    /// set. Expected O(n), in a table of hashes that is gone afterwards.
    func hasDuplicates(stride: Int) -> Bool {
        let total = count / stride
        guard total > 1 else { return false }
        seedProcessHash()
        var log = 3
        while 1 << log < total &* 2 { log += 1 }
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 1 << log) { slots in
            slots.initialize(repeating: 0)
            let mask = 1 << log - 1
            var offset = Self.headerCount
            for _ in 0..<total {
                // 0 says that a slot is free.
                let element = element(at: offset)
                let hash = max(1, element.withBytes { processHash($0) })
                var index = Int(truncatingIfNeeded: hash &>> UInt64(64 &- log))
                while slots[index] != 0 {
                    if slots[index] == hash, isFirst(offset, element, stride: stride) == false { return true }
                    index = (index &+ 1) & mask
                }
                slots[index] = hash
                for _ in 0..<stride { offset &+= entrySize(at: offset) }
            }
            return false
        }
    }

    /// Whether the element at `offset` is the first of its kind.
    private func isFirst(_ offset: Int, _ element: ListpackElement, stride: Int) -> Bool {
        element.withBytes { find($0, skip: stride &- 1) == offset }
    }
}
