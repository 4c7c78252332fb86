import Primitives

/// Entries that are in no table yet: what a file or a payload is decoded to, away from the keyspace and its locks.
/// `Access.adopt` puts one under its key; until then it is its maker's to destroy.
extension Entry {
    /// A string, as an integer where it is the canonical text of one. O(n).
    @inline(__always)
    public static func loaded(_ key: ByteView, string: ByteView, expiry: Int64?) -> Entry {
        .string(key: key, value: string, expiry: expiry)
    }

    /// A string of an integer.
    public static func loaded(_ key: ByteView, integer: Int64, expiry: Int64?) -> Entry {
        .integer(key: key, value: integer, expiry: expiry)
    }

    /// An aggregate, which it takes over.
    public static func loaded<Value: AggregateValue>(_ key: ByteView, _ value: Value, expiry: Int64?) -> Entry {
        .aggregate(key: key, type: Value.type, encoding: value.encoding, storage: value.storage, expiry: expiry)
    }

    /// Frees an entry that is in no table, with its value.
    public func destroyLoaded() { destroy() }
}
