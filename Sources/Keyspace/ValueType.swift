/// The types of values, with the names that TYPE answers.
@frozen
public enum ValueType: UInt8, Sendable {
    case string, list, set, sortedSet, hash, stream

    /// The name that TYPE answers.
    public var name: StaticString {
        switch self {
        case .string: "string"
        case .list: "list"
        case .set: "set"
        case .sortedSet: "zset"
        case .hash: "hash"
        case .stream: "stream"
        }
    }
}

/// How a value is laid out in memory, with the names that OBJECT ENCODING answers.
@frozen
public enum Encoding: UInt8, Sendable {
    /// A string that is a 64-bit integer, kept as such.
    case integer
    /// A short string, never changed in place.
    case embedded
    /// A string that is long or was changed in place.
    case raw
    /// One block of length-prefixed elements.
    case listpack
    /// A hash's listpack in which each field carries a time to live.
    case listpackExtended
    /// A table of elements.
    case hashTable
    /// A sorted set's ordered index and its table of members.
    case skipList
    /// A sorted array of the integers that a set consists of.
    case intset
    /// A list's sequence of listpacks.
    case quickList
    /// A stream's ordered blocks of entries and its consumer groups.
    case stream

    /// The name that OBJECT ENCODING answers.
    public var name: StaticString {
        switch self {
        case .integer: "int"
        case .embedded: "embstr"
        case .raw: "raw"
        case .listpack: "listpack"
        case .listpackExtended: "listpackex"
        case .hashTable: "hashtable"
        case .skipList: "skiplist"
        case .intset: "intset"
        case .quickList: "quicklist"
        case .stream: "stream"
        }
    }
}
