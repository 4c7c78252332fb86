import Keyspace

/// What is in a snapshot, in numbers.
public struct SnapshotSummary: Sendable {
    /// Keys of one type, or of all.
    public struct Totals: Equatable, Sendable {
        public var keys = 0
        /// Elements of aggregates, one for a string.
        public var elements = 0
        /// Bytes of memory that a server needs for them, the tables that find them not counted.
        public var memory = 0
        /// Bytes in the file, names included.
        public var fileBytes = 0
        /// Keys with a time to live, and those of them whose time is over.
        public var expiring = 0
        public var expired = 0

        mutating func add(_ other: Totals) {
            keys += other.keys
            elements += other.elements
            memory += other.memory
            fileBytes += other.fileBytes
            expiring += other.expiring
            expired += other.expired
        }
    }

    /// One of the keys that need most memory.
    public struct Key: Sendable {
        public let database: Int
        public let name: [UInt8]
        public let type: ValueType
        public let elements: Int
        public let memory: Int
    }

    /// The version of the format.
    public internal(set) var version = 0
    /// The fields about the file, in their order.
    public internal(set) var fields: [(name: String, value: String)] = []
    /// Totals by the raw value of the type.
    var byType = [Totals](repeating: Totals(), count: Self.types.count)
    /// Keys by database.
    public internal(set) var databases: [Int: Int] = [:]
    public internal(set) var functions = 0
    /// The keys that need most memory, the largest first.
    public internal(set) var biggest: [Key] = []

    /// All types of values.
    public static let types: [ValueType] = [.string, .list, .set, .sortedSet, .hash, .stream]

    public func totals(_ type: ValueType) -> Totals { byType[Int(type.rawValue)] }

    /// All keys together.
    public var all: Totals { byType.reduce(into: Totals()) { $0.add($1) } }

    public var keys: Int { byType.reduce(0) { $0 + $1.keys } }

    /// Keeps a key where it is one of the `limit` biggest.
    mutating func rank(_ limit: Int, memory: Int, _ key: @autoclosure () -> Key) {
        if biggest.count == limit {
            guard let last = biggest.last, memory > last.memory else { return }
            biggest.removeLast()
        }
        let place = biggest.firstIndex { $0.memory < memory } ?? biggest.count
        biggest.insert(key(), at: place)
    }
}
