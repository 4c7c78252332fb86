import CLinux
import Primitives

/// The table of a large hash's fields.
typealias FieldTable = SegmentedTable<FieldEntry>

extension FieldEntry: TableElement {
    @inline(__always)
    init(word: UInt64) {
        // A word comes from a slot that is not free.
        block = UnsafeMutableRawPointer(bitPattern: UInt(word & FieldTable.Slot.addressMask)).unsafelyUnwrapped
    }

    @inline(__always)
    var word: UInt64 { UInt64(UInt(bitPattern: block)) }

    @inline(__always)
    var hash: UInt64 { processHash(field) }

    @inline(__always)
    func free() { Allocation.free(block) }

    @inline(__always)
    func prefetch() { clinux_prefetch_read(block) }

    var expiryIndex: Int? { isExpiring ? heapIndex : nil }
}

extension FieldTable {
    /// The slot of `field` in the segment where its hash belongs.
    @inline(__always)
    func slot(of field: ByteView, in segment: Segment, shifted: UInt64) -> Int? {
        slot(in: segment, shifted: shifted) { $0.isNamed(field) }
    }

    /// The entry of `field`, expired or not. Expected O(1).
    func find(_ field: ByteView) -> FieldEntry? {
        let (segment, shifted) = locate(processHash(field))
        guard let index = slot(of: field, in: segment, shifted: shifted) else { return nil }
        return Slot.entry(segment.slots[index])
    }

    /// Gives `field` the value `value` (none for a member of a set). An existing field's expiry is dropped unless
    /// `keepingExpiry`. The texts must not lie in the table. Answers the entry and whether it is new. Expected O(1).
    @discardableResult
    func set(
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
    func remove(_ field: ByteView) -> Bool {
        let hash = processHash(field)
        let (segment, shifted) = locate(hash)
        guard let index = slot(of: field, in: segment, shifted: shifted) else { return false }
        let entry = take(segment, index, hash: hash)
        if entry.isExpiring { forgetExpiry(of: entry) }
        entry.free()
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
}
