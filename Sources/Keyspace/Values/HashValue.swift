import Primitives

/// When a hash is no longer kept as a listpack.
@frozen
public struct HashLimits: Sendable {
    /// Fields (`hash-max-listpack-entries`).
    public var maxListpackEntries: Int
    /// Bytes of a field or value (`hash-max-listpack-value`).
    public var maxListpackValue: Int

    @inlinable
    public init(maxListpackEntries: Int = 128, maxListpackValue: Int = 64) {
        self.maxListpackEntries = maxListpackEntries
        self.maxListpackValue = maxListpackValue
    }
}

/// A field of a hash with what belongs to it, as iteration hands it out; good until the hash is changed.
@frozen
public struct HashField {
    public let field: ListpackElement
    public let value: ListpackElement
    /// In milliseconds since 1970; `HashValue.noExpiry` where the field does not expire.
    public let expiry: Int64
}

/// A hash: fields with values, of which each may have a time to live.
///
/// - `.listpack`: field, value, field, value, ... in one block; `storage` is the listpack's.
/// - `.listpackExtended`: field, value, expiry, ... in the order of their expiries, those without (0) last, so that the
///   first triple has the earliest one and the expired are a prefix; `storage` is the listpack's.
/// - `.hashTable`: a `FieldTable`; `storage` is the table's.
///
/// A hash changes its encoding only in this direction. The struct is a handle of two words: it is loaded from the key's
/// entry, changed, and stored back; one holder calls `destroy`, which any thread may do.
///
/// Expired fields: whatever reads or changes one field, or hands out fields, takes the time `now` and treats a field that
/// expired before it as absent; the field is gone for good when it is overwritten, removed or met by `removeExpired`.
/// Only `count` and `memoryUsage` include it until then. A `now` of `HashValue.always` lets nothing be expired.
///
/// A field or value that is passed in must not lie in the hash itself. A hash that became empty is the caller's to
/// remove.
@frozen
public struct HashValue {
    public internal(set) var encoding: Encoding
    /// What `encoding` says.
    public internal(set) var storage: UnsafeMutableRawPointer

    /// The expiry of a field that has none.
    @inlinable public static var noExpiry: Int64 { .max }

    /// The latest expiry that a field from outside may have: files have 48 bits for it.
    public static var latestExpiry: Int64 { 0xFFFF_FFFF_FFFE }

    /// A time before which nothing expires.
    @inlinable public static var always: Int64 { .min }

    /// Wraps what another handle left behind.
    public init(encoding: Encoding, storage: UnsafeMutableRawPointer) {
        self.encoding = encoding
        self.storage = storage
    }

    /// An empty hash, kept as a listpack.
    public static func make() -> HashValue { HashValue(encoding: .listpack, storage: Listpack.make().block) }

    /// An empty hash that is about to get `count` fields: a listpack where that may do.
    public static func make(expecting count: Int, limits: HashLimits) -> HashValue {
        if count <= limits.maxListpackEntries { return make() }
        return HashValue(encoding: .hashTable, storage: FieldTable.make(expecting: count).storage)
    }

    /// Whether a field with `expiry` is absent at `now`.
    @inlinable @inline(__always)
    public static func isExpired(_ expiry: Int64, now: Int64) -> Bool { expiry < now }

    /// Meaningful for both listpack encodings.
    @inline(__always)
    var pack: Listpack {
        get { Listpack(block: storage) }
        set { storage = newValue.block }
    }

    /// Meaningful for `.hashTable`.
    @inline(__always)
    var table: FieldTable { FieldTable(storage: storage) }

    /// Elements of the listpack that each field takes.
    @inline(__always)
    var stride: Int { encoding == .listpack ? 2 : 3 }

    /// Number of fields, those among them that are expired and not yet removed. O(1).
    public var count: Int { encoding == .hashTable ? table.count : pack.count / stride }

    public var isEmpty: Bool { encoding == .hashTable ? table.count == 0 : pack.isEmpty }

    /// Bytes of memory behind `storage`. O(1).
    public var memoryUsage: Int { encoding == .hashTable ? table.memoryUsage : pack.memoryUsage }

    /// A hash of its own with the same fields, values and expiries. O(n).
    public func copy() -> HashValue {
        HashValue(encoding: encoding, storage: encoding == .hashTable ? table.copy().storage : pack.copy().block)
    }

    /// Frees all memory. O(n) for a table; may run on any thread.
    public func destroy() {
        if encoding == .hashTable { table.destroy() } else { pack.destroy() }
    }
}
