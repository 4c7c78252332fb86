import CLinux
import Primitives

extension FieldTable {
    /// The segment of `hash`, and the hash shifted by its prefix.
    @inline(__always)
    func locate(_ hash: UInt64) -> (segment: Segment, shifted: UInt64) {
        let depth = header.pointee.depth
        let index = depth == 0 ? 0 : Int(truncatingIfNeeded: hash &>> UInt64(64 &- depth))
        let word = header.pointee.directory[index]
        return (Segment(word), hash &<< UInt64(Segment.depth(word)))
    }

    /// The slot of `field` in the segment where its hash belongs.
    @inline(__always)
    func slot(of field: ByteView, in segment: Segment, shifted: UInt64) -> Int? {
        let log = header.pointee.log
        let mask = 1 &<< log &- 1
        let tag = shifted &>> 48
        var index = Int(truncatingIfNeeded: shifted &>> UInt64(64 &- log))
        while true {
            let slot = segment.slots[index]
            if slot == 0 { return nil }
            if slot &>> 48 == tag, Slot.entry(slot).isNamed(field) { return index }
            index = (index &+ 1) & mask
        }
    }

    /// The entry of `field`, expired or not. Expected O(1).
    public func find(_ field: ByteView) -> FieldEntry? {
        let (segment, shifted) = locate(processHash(field))
        guard let index = slot(of: field, in: segment, shifted: shifted) else { return nil }
        return Slot.entry(segment.slots[index])
    }

    /// Gives `field` the value `value` (none for a member of a set). An existing field's expiry is dropped unless
    /// `keepingExpiry`. The texts must not lie in the table. Answers the entry and whether it is new. Expected O(1).
    @discardableResult
    public func set(
        _ field: ByteView, _ value: ByteView?, keepingExpiry: Bool = false
    ) -> (entry: FieldEntry, isNew: Bool) {
        let hash = processHash(field)
        let (segment, shifted) = locate(hash)
        if let index = slot(of: field, in: segment, shifted: shifted) {
            let entry = Slot.entry(segment.slots[index])
            guard let value else { return (entry, false) }
            if keepingExpiry || !entry.isExpiring, entry.replaceValueInPlace(value) { return (entry, false) }
            let expiry = keepingExpiry ? entry.expiry : HashValue.noExpiry
            return (rebuild(segment, index, value: value, expiry: expiry), false)
        }
        let entry = FieldEntry.make(field: field, value: value, expiring: false)
        header.pointee.entryBytes &+= entry.footprint
        insert(entry, hash: hash)
        return (entry, true)
    }

    /// Removes `field` and says whether it was there. Expected O(1).
    @discardableResult
    public func remove(_ field: ByteView) -> Bool {
        let hash = processHash(field)
        let (segment, shifted) = locate(hash)
        guard let index = slot(of: field, in: segment, shifted: shifted) else { return false }
        let entry = Slot.entry(segment.slots[index])
        segment.clear(index, log: header.pointee.log)
        header.pointee.count &-= 1
        header.pointee.entryBytes &-= entry.footprint
        if entry.isExpiring { forgetExpiry(of: entry) }
        Allocation.free(entry.block)
        shrinkIfSparse(segment, hash: hash)
        return true
    }

    /// Puts a block with another value or expiry in the place of the entry in a slot.
    func rebuild(_ segment: Segment, _ index: Int, value: ByteView?, expiry: Int64) -> FieldEntry {
        let old = Slot.entry(segment.slots[index])
        let expiring = expiry != HashValue.noExpiry
        let entry = FieldEntry.make(field: old.field, value: value, expiring: expiring)
        header.pointee.entryBytes &+= entry.footprint &- old.footprint
        segment.slots[index] = Slot.make(entry, tagOf: segment.slots[index])
        moveExpiry(from: old, to: entry, expiry: expiry)
        Allocation.free(old.block)
        return entry
    }

    /// Asks the processor for the slots where a field with `hash` will be looked for.
    func prefetchSlot(_ hash: UInt64) {
        let (segment, shifted) = locate(hash)
        clinux_prefetch_read(segment.slots + Int(truncatingIfNeeded: shifted &>> UInt64(64 &- header.pointee.log)))
    }

    /// Asks for the entry of a field with `hash`, whose slots were prefetched.
    func prefetchEntry(_ hash: UInt64) {
        let (segment, shifted) = locate(hash)
        let log = header.pointee.log
        let mask = 1 &<< log &- 1
        var index = Int(truncatingIfNeeded: shifted &>> UInt64(64 &- log))
        while segment.slots[index] != 0 {
            if segment.slots[index] &>> 48 == shifted &>> 48 {
                return clinux_prefetch_read(Slot.entry(segment.slots[index]).block)
            }
            index = (index &+ 1) & mask
        }
    }
}
