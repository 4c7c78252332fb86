import Primitives

extension HashValue {
    /// The value of `field`, in place. Allocates nothing. O(n) in a listpack, expected O(1) in a table.
    public func get(_ field: ByteView, now: Int64) -> ListpackElement? {
        switch encoding {
        case .hashTable:
            guard let entry = table.find(field), !Self.isExpired(entry.expiry, now: now) else { return nil }
            return .bytes(entry.value)
        case .listpack:
            guard let offset = pack.find(field, skip: 1) else { return nil }
            return pack.element(at: offset &+ pack.entrySize(at: offset))
        default:
            guard let offset = pack.find(field, skip: 2) else { return nil }
            let triple = triple(at: offset)
            return Self.isExpired(triple.expiry, now: now) ? nil : triple.value
        }
    }

    /// Whether `field` is there.
    public func contains(_ field: ByteView, now: Int64) -> Bool { get(field, now: now) != nil }

    /// Gives `field` a value. Its expiry is dropped unless `keepingExpiry`; that of an expired field always is. Answers
    /// whether the field is new.
    public mutating func set(
        _ field: ByteView, _ value: ByteView, now: Int64, limits: HashLimits, keepingExpiry: Bool = false
    ) -> Bool {
        if encoding != .hashTable {
            let longest = max(field.count, value.count)
            // 48 bytes are more than what lengths and an expiry add to the texts.
            let fits = longest <= limits.maxListpackValue && pack.canHold(adding: 2 * longest + 48)
            if !fits { convertToTable() }
        }
        if encoding == .hashTable { return setInTable(field, value, now: now, keepingExpiry: keepingExpiry) }
        return setInListpack(field, value, now: now, limits: limits, keepingExpiry: keepingExpiry)
    }

    private mutating func setInTable(_ field: ByteView, _ value: ByteView, now: Int64, keepingExpiry: Bool) -> Bool {
        let table = table
        // Only where a field expires at all must its state be known first.
        guard Self.isExpired(table.minimumExpiry, now: now) else {
            return table.set(field, value, keepingExpiry: keepingExpiry).isNew
        }
        let wasExpired = table.find(field).map { Self.isExpired($0.expiry, now: now) } ?? false
        let isNew = table.set(field, value, keepingExpiry: keepingExpiry && !wasExpired).isNew
        return isNew || wasExpired
    }

    private mutating func setInListpack(
        _ field: ByteView, _ value: ByteView, now: Int64, limits: HashLimits, keepingExpiry: Bool
    ) -> Bool {
        guard let offset = pack.find(field, skip: stride &- 1) else {
            if count >= limits.maxListpackEntries {
                convertToTable()
                return table.set(field, value).isNew
            }
            pack.append(field)
            pack.append(value)
            if encoding == .listpackExtended { pack.append(0) }
            return true
        }
        if encoding == .listpack {
            pack.replace(at: offset &+ pack.entrySize(at: offset), with: value)
            return false
        }
        let old = triple(at: offset)
        let wasExpired = Self.isExpired(old.expiry, now: now)
        pack.replace(at: old.valueOffset, with: value)
        if old.expiry != Self.noExpiry, wasExpired || !keepingExpiry { moveTriple(at: offset, expiry: Self.noExpiry) }
        return wasExpired
    }

    /// Removes `field`, and says whether it was there and not expired.
    public mutating func remove(_ field: ByteView, now: Int64) -> Bool {
        if encoding == .hashTable {
            let wasLive = contains(field, now: now)
            return table.remove(field) && wasLive
        }
        guard let offset = pack.find(field, skip: stride &- 1) else { return false }
        let wasLive = encoding == .listpack || !Self.isExpired(triple(at: offset).expiry, now: now)
        pack.delete(at: offset, count: stride)
        return wasLive
    }
}
