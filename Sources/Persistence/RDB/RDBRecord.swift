import Keyspace
import Primitives

/// A key of a file with all that belongs to it, found but not decoded yet. The views lie in the file's bytes.
public struct RDBRecord {
    public let database: Int
    /// Milliseconds since 1970.
    public let expiry: Int64?
    public let use: RDBUse?
    public let type: RDBType
    /// The key as it is written; `RDBDecoder.decode` reads it.
    public let key: ByteView
    /// The value as it is written.
    public let value: ByteView
    /// Where the record begins in the file.
    public let offset: Int
}

/// What stands in a file.
public enum RDBItem {
    case record(RDBRecord)
    /// A field about the file. The value is good until the next item is read.
    case auxiliary(name: ByteView, value: ByteView)
    /// How many keys the current database has, and how many of them expire: a hint, and no more to be trusted than one.
    case sizes(database: Int, keys: Int, expiring: Int)
    /// A library of functions; what runs them is not here.
    case function(ByteView)
}

extension RDBDecoder {
    /// Decodes a record. What is wrong with it is said with its place in the file.
    @inline(__always)
    public mutating func decode(_ record: RDBRecord) throws(PersistenceError) -> Entry {
        do throws(PersistenceError) {
            var keyReader = RDBReader(record.key)
            let key = try keyReader.readString(into: &name)
            return try decode(record.type, record.value, key: key, expiry: record.expiry)
        } catch {
            throw PersistenceError("\(error.description), in the record at offset \(record.offset)")
        }
    }
}
