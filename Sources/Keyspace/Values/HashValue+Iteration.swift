import Primitives

extension HashValue {
    /// Calls `body` with each field. `body` must not change the hash. O(n).
    public func forEach(now: Int64, _ body: (HashField) -> Void) {
        if encoding == .hashTable {
            var position: UInt64 = 0
            repeat { position = forEach(at: position, now: now, body) } while position != 0
            return
        }
        var offset = pack.first
        while let current = offset {
            let (field, last) = packedField(at: current)
            if !Self.isExpired(field.expiry, now: now) { body(field) }
            offset = pack.next(after: last)
        }
    }

    /// Calls `body` with some hundreds of a table's fields, or with all where they are in one block, and answers where to go
    /// on; 0 begins, and 0 is answered at the end. The hash must not change between calls.
    @inline(__always)
    public func forEach(at position: UInt64, now: Int64, _ body: (HashField) -> Void) -> UInt64 {
        guard encoding == .hashTable else {
            forEach(now: now, body)
            return 0
        }
        return table.forEach(at: position) { entry in
            let field = HashField(entry)
            if !Self.isExpired(field.expiry, now: now) { body(field) }
        }
    }

    /// Calls `body` with some fields, about `count` of a table, all of a listpack, and answers the cursor that goes on
    /// from there; 0 begins and ends a scan. Fields that are there for the whole of a scan are seen at least once, also
    /// while the hash changes its size or encoding. `body` must not change the hash.
    public func scan(_ cursor: UInt64, count: Int, now: Int64, _ body: (HashField) -> Void) -> UInt64 {
        guard encoding == .hashTable else {
            forEach(now: now, body)
            return 0
        }
        return table.scan(cursor, count: count) { entry in
            let field = HashField(entry)
            if !Self.isExpired(field.expiry, now: now) { body(field) }
        }
    }

    /// The field at `offset` of a listpack, and the position of its last element.
    @inline(__always)
    private func packedField(at offset: Int) -> (HashField, last: Int) {
        if encoding == .listpack {
            let valueOffset = offset &+ pack.entrySize(at: offset)
            let field = HashField(
                field: pack.element(at: offset), value: pack.element(at: valueOffset), expiry: Self.noExpiry)
            return (field, valueOffset)
        }
        let triple = triple(at: offset)
        return (HashField(field: triple.field, value: triple.value, expiry: triple.expiry), triple.expiryOffset)
    }

    /// A field, each with the same probability; nil where there is none. Expected O(1) in a table, unless most of its
    /// fields are expired.
    public func random(now: Int64, using random: inout RandomGenerator) -> HashField? {
        if encoding == .hashTable {
            for _ in 0..<64 {
                guard let entry = table.random(using: &random) else { return nil }
                if !Self.isExpired(entry.expiry, now: now) { return HashField(entry) }
            }
            // Nearly all are expired: one of the rest, by walking.
            var chosen: HashField?
            forEachRandom(1, now: now, using: &random) { chosen = $0 }
            return chosen
        }
        let total = count
        var expired = 0
        var offset = pack.first
        while encoding == .listpackExtended, let current = offset {
            let triple = triple(at: current)
            guard Self.isExpired(triple.expiry, now: now) else { break }
            expired += 1
            offset = pack.next(after: triple.expiryOffset)
        }
        guard expired < total, let chosen = pack.seek((expired + random.next(below: total - expired)) * stride) else {
            return nil
        }
        return packedField(at: chosen).0
    }

    /// Calls `body` with `wanted` different fields, or with all where there are fewer; each set of fields has the same
    /// probability, their order has not. `body` must not change the hash. O(n), or O(wanted) where that is far less.
    public func forEachRandom(
        _ wanted: Int, now: Int64, using random: inout RandomGenerator, _ body: (HashField) -> Void
    ) {
        var sample = HashSample(wanted, of: self, now: now, random)
        while sample.next(body) {}
        random = sample.random
    }
}

extension HashField {
    @inline(__always)
    init(_ entry: FieldEntry) {
        self.init(field: .bytes(entry.field), value: .bytes(entry.value), expiry: entry.expiry)
    }
}
