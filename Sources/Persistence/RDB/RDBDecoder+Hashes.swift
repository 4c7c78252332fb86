import Keyspace
import Primitives

extension RDBDecoder {
    private static let latestExpiry = UInt64(HashValue.latestExpiry)

    mutating func decodeHash(_ type: RDBType, _ reader: inout RDBReader) throws(PersistenceError) -> HashValue {
        switch type {
        case .hash: return try decodeFields(&reader)
        case .hashWithExpiries, .hashWithExpiriesOfCandidate: return try decodeExpiringFields(type, &reader)
        case .hashZipmap, .hashZiplist: return try decodeOld(type, &reader)
        case .hashListpackWithExpiries: _ = try reader.take(8)
        default: break
        }
        let bytes = try reader.readString(into: &first)
        guard var hash = HashValue.load(bytes, encoding: type == .hashListpack ? .listpack : .listpackExtended) else {
            throw Self.damaged("a hash")
        }
        hash.enforce(limits.hash)
        return hash
    }

    private mutating func decodeFields(_ reader: inout RDBReader) throws(PersistenceError) -> HashValue {
        let count = try reader.readCount(of: 2)
        return try Self.building(.make(expecting: count, limits: limits.hash)) { hash throws(PersistenceError) in
            for _ in 0..<count {
                let field = try reader.readString(into: &first)
                try add(field, try reader.readString(into: &second), to: &hash)
            }
        }
    }

    private mutating func decodeExpiringFields(
        _ type: RDBType, _ reader: inout RDBReader
    ) throws(PersistenceError) -> HashValue {
        // What expiries are relative to, one less, so that 0 is left for none.
        let base: UInt64 = type == .hashWithExpiries ? try reader.readInteger() : 1
        guard base <= Self.latestExpiry else { throw PersistenceError("a field expires too late") }
        let count = try reader.readCount(of: 3)
        return try Self.building(.make(expecting: count, limits: limits.hash)) { hash throws(PersistenceError) in
            for _ in 0..<count {
                let distance = try reader.readNumber()
                guard distance <= Self.latestExpiry, distance == 0 || distance - 1 + base <= Self.latestExpiry else {
                    throw PersistenceError("a field expires too late")
                }
                let field = try reader.readString(into: &first)
                try add(field, try reader.readString(into: &second), to: &hash)
                if distance > 0 { _ = hash.setExpiry(Int64(distance - 1 + base), of: field, now: HashValue.always) }
            }
        }
    }

    private mutating func decodeOld(_ type: RDBType, _ reader: inout RDBReader) throws(PersistenceError) -> HashValue {
        let bytes = try reader.readString(into: &first)
        return try Self.building(.make()) { hash throws(PersistenceError) in
            guard type == .hashZiplist else {
                return try Zipmap.forEach(bytes) { field, value throws(PersistenceError) in
                    try add(field, value, to: &hash)
                }
            }
            var field: ListpackElement?
            _ = try Ziplist.forEach(bytes) { element throws(PersistenceError) in
                guard let current = field else {
                    field = element
                    return
                }
                field = nil
                try current.withView { name throws(PersistenceError) in
                    try element.withView { value throws(PersistenceError) in try add(name, value, to: &hash) }
                }
            }
            if field != nil { throw Self.damaged("a ziplist") }
        }
    }

    private func add(_ field: ByteView, _ value: ByteView, to hash: inout HashValue) throws(PersistenceError) {
        guard max(field.count, value.count) <= Int(UInt32.max) else {
            throw PersistenceError("a field or value of a hash is too long")
        }
        guard hash.set(field, value, now: HashValue.always, limits: limits.hash) else {
            throw Self.twice("a field of a hash")
        }
    }
}

extension ListpackElement {
    /// Calls `body` with the element's bytes; the view must not leave it.
    func withView(_ body: (ByteView) throws(PersistenceError) -> Void) throws(PersistenceError) {
        var scratch: (UInt64, UInt64, UInt64) = (0, 0, 0)
        try withUnsafeMutableBytes(of: &scratch) { raw throws(PersistenceError) in
            // Three words always have an address, and room for the text of any integer.
            guard let base = raw.baseAddress else { return }
            try body(view(spelledInto: base.assumingMemoryBound(to: UInt8.self)))
        }
    }
}
