import Glibc
import Primitives

extension HashValue {
    /// When `field` expires, in milliseconds since 1970, or `noExpiry`; nil where there is no such field.
    public func expiry(of field: ByteView, now: Int64) -> Int64? {
        let expiry: Int64
        switch encoding {
        case .hashTable:
            guard let entry = table.find(field) else { return nil }
            expiry = entry.expiry
        case .listpack:
            return pack.find(field, skip: 1) == nil ? nil : Self.noExpiry
        default:
            guard let offset = pack.find(field, skip: 2) else { return nil }
            expiry = triple(at: offset).expiry
        }
        return Self.isExpired(expiry, now: now) ? nil : expiry
    }

    /// Sets when `field` expires: a positive number of milliseconds since 1970, or `noExpiry` for never. Answers whether
    /// there is such a field. The first expiry of a hash turns its listpack into an extended one.
    public mutating func setExpiry(_ expiry: Int64, of field: ByteView, now: Int64) -> Bool {
        guard let old = self.expiry(of: field, now: now) else { return false }
        // 0 in a listpack is no expiry.
        let expiry = max(1, expiry)
        if old == expiry { return true }
        if encoding == .hashTable { return table.setExpiry(expiry, of: field) }
        if encoding == .listpack { convertToExtended() }
        guard encoding == .listpackExtended, let offset = pack.find(field, skip: 2) else {
            return table.setExpiry(expiry, of: field)
        }
        moveTriple(at: offset, expiry: expiry)
        return true
    }

    /// Takes the expiry of `field` away, and says whether it had one.
    public mutating func persist(_ field: ByteView, now: Int64) -> Bool {
        guard let expiry = expiry(of: field, now: now), expiry != Self.noExpiry else { return false }
        return setExpiry(Self.noExpiry, of: field, now: now)
    }

    /// The earliest expiry of any field, `noExpiry` where none has one. Exact. O(1).
    public var minimumExpiry: Int64 {
        switch encoding {
        case .hashTable: table.minimumExpiry
        case .listpack: Self.noExpiry
        default: pack.first.map { triple(at: $0).expiry } ?? Self.noExpiry
        }
    }

    /// Removes up to `limit` fields that are expired at `now`, the earliest first, after calling `body` with each.
    /// Answers how many. `body` must not change the hash.
    public mutating func removeExpired(now: Int64, limit: Int, _ body: (ListpackElement) -> Void) -> Int {
        if encoding == .listpack { return 0 }
        if encoding == .hashTable {
            return table.removeExpired(now: now, limit: limit) { body(.bytes($0.field)) }
        }
        var removed = 0
        var offset = pack.first
        while let current = offset, removed < limit {
            let triple = triple(at: current)
            guard Self.isExpired(triple.expiry, now: now) else { break }
            body(triple.field)
            removed += 1
            offset = pack.next(after: triple.expiryOffset)
        }
        if removed > 0 { pack.deleteRange(from: 0, count: removed * 3) }
        return removed
    }

    /// A field of an extended listpack.
    struct Triple {
        let field: ListpackElement
        let value: ListpackElement
        let expiry: Int64
        let valueOffset: Int
        let expiryOffset: Int
    }

    @inline(__always)
    func triple(at offset: Int) -> Triple {
        let valueOffset = offset &+ pack.entrySize(at: offset)
        let expiryOffset = valueOffset &+ pack.entrySize(at: valueOffset)
        // 0 in the block, as in RDB files, is no expiry.
        let expiry = pack.element(at: expiryOffset).integerValue ?? 0
        return Triple(
            field: pack.element(at: offset), value: pack.element(at: valueOffset),
            expiry: expiry == 0 ? Self.noExpiry : expiry, valueOffset: valueOffset, expiryOffset: expiryOffset)
    }

    /// Gives the triple at `offset` another expiry, and the place that belongs to it. O(n).
    mutating func moveTriple(at offset: Int, expiry: Int64) {
        let expiryOffset = triple(at: offset).expiryOffset
        pack.replace(at: expiryOffset, with: expiry == Self.noExpiry ? 0 : expiry)
        let end = expiryOffset + pack.entrySize(at: expiryOffset)
        // The first triple that expires later; those with the same expiry keep their order.
        var target = Listpack.headerCount
        while target != pack.endOffset {
            if target != offset, triple(at: target).expiry > expiry { break }
            let last = triple(at: target).expiryOffset
            target = last + pack.entrySize(at: last)
        }
        if target < offset {
            pack.rotate(target, offset, end)
        } else if target > end {
            pack.rotate(offset, end, target)
        }
    }
}

extension Listpack {
    /// Swaps the elements in `start..<middle` with those in `middle..<end`; all three are positions.
    mutating func rotate(_ start: Int, _ middle: Int, _ end: Int) {
        let base = block.assumingMemoryBound(to: UInt8.self)
        let reverse = { (from: Int, to: Int) in
            var low = from
            var high = to - 1
            while low < high {
                (base[low], base[high]) = (base[high], base[low])
                low += 1
                high -= 1
            }
        }
        reverse(start, middle)
        reverse(middle, end)
        reverse(start, end)
    }
}
