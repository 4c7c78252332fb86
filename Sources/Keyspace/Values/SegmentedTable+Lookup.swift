import CLinux
import Primitives

extension SegmentedTable {
    /// The segment of `hash`, and the hash shifted by its prefix.
    @inline(__always)
    func locate(_ hash: UInt64) -> (segment: Segment, shifted: UInt64) {
        let depth = header.pointee.depth
        let index = depth == 0 ? 0 : Int(truncatingIfNeeded: hash &>> UInt64(64 &- depth))
        let word = header.pointee.directory[index]
        return (Segment(word), hash &<< UInt64(Segment.depth(word)))
    }

    /// The slot of the element that `matches`, in the segment where its hash belongs.
    @inline(__always)
    func slot(in segment: Segment, shifted: UInt64, where matches: (Element) -> Bool) -> Int? {
        let log = header.pointee.log
        let mask = 1 &<< log &- 1
        let tag = shifted &>> 48
        var index = Int(truncatingIfNeeded: shifted &>> UInt64(64 &- log))
        while true {
            let slot = segment.slots[index]
            if slot == 0 { return nil }
            if slot &>> 48 == tag, matches(Slot.entry(slot)) { return index }
            index = (index &+ 1) & mask
        }
    }

    /// Takes the element out of the slot at `index`, without freeing it.
    @inline(__always)
    func take(_ segment: Segment, _ index: Int, hash: UInt64) -> Element {
        let entry = Slot.entry(segment.slots[index])
        segment.clear(index, log: header.pointee.log)
        header.pointee.count &-= 1
        header.pointee.entryBytes &-= entry.footprint
        shrinkIfSparse(segment, hash: hash)
        return entry
    }

    /// Asks the processor for the slots where an element with `hash` will be looked for.
    func prefetchSlot(_ hash: UInt64) {
        let (segment, shifted) = locate(hash)
        clinux_prefetch_read(segment.slots + Int(truncatingIfNeeded: shifted &>> UInt64(64 &- header.pointee.log)))
    }

    /// Asks for what an element with `hash`, whose slots were prefetched, leads to.
    func prefetchEntry(_ hash: UInt64) {
        let (segment, shifted) = locate(hash)
        let log = header.pointee.log
        let mask = 1 &<< log &- 1
        var index = Int(truncatingIfNeeded: shifted &>> UInt64(64 &- log))
        while segment.slots[index] != 0 {
            if segment.slots[index] &>> 48 == shifted &>> 48 {
                return Slot.entry(segment.slots[index]).prefetch()
            }
            index = (index &+ 1) & mask
        }
    }
}
