import Primitives

extension FieldTable {
    /// The earliest expiry of any entry; `HashValue.noExpiry` where none has one. O(1).
    var minimumExpiry: Int64 { header.pointee.expiries.first?.expiry ?? HashValue.noExpiry }

    /// Sets when `field` expires, or that it does not with `HashValue.noExpiry`, and says whether it is there. O(log n).
    func setExpiry(_ expiry: Int64, of field: ByteView) -> Bool {
        let (segment, shifted) = locate(processHash(field))
        guard let index = slot(of: field, in: segment, shifted: shifted) else { return false }
        let entry = Slot.entry(segment.slots[index])
        let expiring = expiry != HashValue.noExpiry
        if entry.isExpiring == expiring {
            if expiring { moveExpiry(from: entry, to: entry, expiry: expiry) }
        } else {
            _ = rebuild(segment, index, value: entry.valueWidth == 0 ? nil : entry.value, expiry: expiry)
        }
        return true
    }

    /// Tells the heap that `old` is now in the block of `new`, which may be the same, and expires at `expiry`.
    func moveExpiry(from old: FieldEntry, to new: FieldEntry, expiry: Int64) {
        guard new.isExpiring else {
            if old.isExpiring { forgetExpiry(of: old) }
            return
        }
        new.setExpiry(expiry)
        let item = ExpiryHeap.Item(expiry: expiry, entry: new)
        if old.isExpiring {
            header.pointee.expiries.update(item, at: old.heapIndex)
        } else {
            adjustExpiries { $0.push(item) }
        }
    }

    func forgetExpiry(of entry: FieldEntry) {
        let index = entry.heapIndex
        adjustExpiries { $0.remove(at: index) }
    }

    private func adjustExpiries(_ change: (inout ExpiryHeap) -> Void) {
        let before = header.pointee.expiries.footprint
        change(&header.pointee.expiries)
        header.pointee.tableBytes += header.pointee.expiries.footprint - before
    }

    /// Removes up to `limit` entries that are expired at `now`, the earliest first, after calling `body` with each.
    /// Answers how many. O(log n) each. `body` must not change the table.
    func removeExpired(now: Int64, limit: Int, _ body: (FieldEntry) -> Void) -> Int {
        var removed = 0
        while removed < limit, let first = header.pointee.expiries.first,
            HashValue.isExpired(first.expiry, now: now)
        {
            body(first.entry)
            remove(first.entry.field)
            removed += 1
        }
        return removed
    }
}
