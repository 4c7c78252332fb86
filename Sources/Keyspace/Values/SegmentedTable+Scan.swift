import Primitives

extension SegmentedTable {
    /// Calls `body` with some entries, about `count` of them, and answers the cursor that goes on from there; 0 begins
    /// and ends a scan. Entries that are in the table for the whole of a scan are seen at least once, however the table
    /// grows and shrinks meanwhile. `body` must not change the table.
    ///
    /// The cursor is the first 48 bits of a hash: what has a lower one was seen. Any number is safe to pass.
    func scan(_ cursor: UInt64, count: Int, _ body: (Element) -> Void) -> UInt64 {
        guard cursor < 1 << 48 else { return 0 }
        let log = header.pointee.log
        let mask = 1 << log - 1
        var position = cursor << 16
        var seen = 0
        // Free slots cost little, but a sparse table must not be walked whole for a few entries.
        var budget = max(1, min(count, 1 << 40)) * 10
        repeat {
            let (segment, shifted) = locate(position)
            let home = Int(truncatingIfNeeded: shifted >> UInt64(64 - log))
            var index = home
            while segment.slots[index] != 0 {
                let slot = segment.slots[index]
                if Int(truncatingIfNeeded: slot >> UInt64(64 - log)) == home {
                    body(Slot.entry(slot))
                    seen += 1
                }
                index = (index + 1) & mask
            }
            // The next home's lowest hash; the carry leads into the next segment, and to 0 after the last.
            let step = UInt64(64 - log - depth(at: position))
            position = ((position >> step) &+ 1) << step
            budget -= 1
        } while position != 0 && seen < count && budget > 0
        return position >> 16
    }

    /// Calls `body` with the entries of the segment where the hash `position` belongs, and answers the next segment's
    /// lowest hash, 0 after the last. `body` must not change the table.
    @inline(__always)
    func forEach(at position: UInt64, _ body: (Element) -> Void) -> UInt64 {
        let depth = header.pointee.depth
        let index = depth == 0 ? 0 : Int(truncatingIfNeeded: position &>> UInt64(64 &- depth))
        let word = header.pointee.directory[index]
        Segment(word).forEachAhead(log: header.pointee.log, body)
        let segmentDepth = UInt64(Segment.depth(word))
        if segmentDepth == 0 { return 0 }
        let step = 64 &- segmentDepth
        return ((position &>> step) &+ 1) &<< step
    }

    private func depth(at hash: UInt64) -> Int {
        let depth = header.pointee.depth
        let index = depth == 0 ? 0 : Int(truncatingIfNeeded: hash >> UInt64(64 - depth))
        return Segment.depth(header.pointee.directory[index])
    }

    /// An entry, each with the same probability, expired or not. Expected O(1): random slots until one is taken.
    func random(using random: inout RandomGenerator) -> Element? {
        guard count > 0 else { return nil }
        let depth = header.pointee.depth
        let mask = 1 << header.pointee.log - 1
        while true {
            let bits = random.next()
            let word = header.pointee.directory[depth == 0 ? 0 : Int(truncatingIfNeeded: bits >> UInt64(64 - depth))]
            // A segment with several words in the directory must not be taken more often for that.
            let surplus = UInt64(1) << UInt64(depth - Segment.depth(word)) - 1
            if (bits >> UInt64(Self.maximumLog)) & surplus != 0 { continue }
            let slot = Segment(word).slots[Int(truncatingIfNeeded: bits) & mask]
            if slot != 0 { return Slot.entry(slot) }
        }
    }
}
