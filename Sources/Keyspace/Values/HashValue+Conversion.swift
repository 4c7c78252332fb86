import Primitives

extension HashValue {
    /// A table instead of a listpack, for more or longer fields. O(n).
    mutating func convertToTable() {
        guard encoding != .hashTable else { return }
        let table = FieldTable.make(expecting: count + 1)
        forEach(now: Self.always) { item in
            item.field.withBytes { field in
                _ = item.value.withBytes { table.set(field, $0) }
                if item.expiry != Self.noExpiry { _ = table.setExpiry(item.expiry, of: field) }
            }
        }
        destroy()
        self = HashValue(encoding: .hashTable, storage: table.storage)
    }

    /// Room for expiries in a listpack, or a table where that would make the listpack too large. O(n).
    mutating func convertToExtended() {
        guard encoding == .listpack else { return }
        guard pack.canHold(adding: 16 * count) else { return convertToTable() }
        var extended = Listpack.make()
        forEach(now: Self.always) {
            extended.append($0.field)
            extended.append($0.value)
            extended.append(0)
        }
        destroy()
        self = HashValue(encoding: .listpackExtended, storage: extended.block)
    }

    /// Brings a hash that was loaded as a listpack within `limits`. O(n).
    public mutating func enforce(_ limits: HashLimits) {
        guard encoding != .hashTable else { return }
        var fits = count <= limits.maxListpackEntries
        forEach(now: Self.always) {
            fits = fits && $0.field.count <= limits.maxListpackValue && $0.value.count <= limits.maxListpackValue
        }
        if !fits { convertToTable() }
    }

    /// The listpack of a hash that is kept as one, as an RDB file holds it; good until the hash is changed.
    public var listpackBytes: ByteView? { encoding == .hashTable ? nil : pack.bytes }

    /// A hash from the bytes of a listpack that come from outside, as an RDB file holds them: fields and values, with
    /// expiries where `encoding` is `.listpackExtended`. Nil where they are damaged, empty, have a field twice, or are not
    /// in the order of their expiries. O(n).
    public static func load(_ bytes: ByteView, encoding: Encoding) -> HashValue? {
        guard encoding == .listpack || encoding == .listpackExtended, Listpack.validate(bytes) else { return nil }
        let hash = HashValue(encoding: encoding, storage: Listpack.make(copying: bytes).block)
        guard hash.isConsistent else {
            hash.destroy()
            return nil
        }
        return hash
    }

    /// Whether a well-formed listpack is also that of a hash.
    private var isConsistent: Bool {
        let count = pack.count
        guard count > 0, count % stride == 0, !pack.hasDuplicates(stride: stride) else { return false }
        guard encoding == .listpackExtended else { return true }
        var previous = Int64.min
        var offset = pack.first
        while let current = offset {
            let expiryOffset = pack.skip(2, from: current)
            guard case .integer(let stored) = pack.element(at: expiryOffset), stored >= 0,
                stored <= Self.latestExpiry
            else { return false }
            let expiry = stored == 0 ? Self.noExpiry : stored
            guard expiry >= previous else { return false }
            previous = expiry
            offset = pack.next(after: expiryOffset)
        }
        return true
    }
}
