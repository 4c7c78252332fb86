import Keyspace
import Primitives

/// Makes entries of values in the format of RDB files: of every type and encoding that Redis 4 to 7.4 wrote.
///
/// What it reads may come from anybody: every length is checked against the bytes that are there, blocks are walked before
/// they are adopted, and what Redis never writes (a member twice, a score that is no number, an empty aggregate) is
/// refused. A value that is kept as one block is taken over as it is where the limits allow it.
///
/// A decoder keeps scratch memory and no other state; each thread has its own.
public struct RDBDecoder: ~Copyable {
    public var limits: ValueLimits
    /// Two strings at a time may be in use.
    var first = ByteBuffer()
    var second = ByteBuffer()
    /// The key of a record.
    var name = ByteBuffer()

    public init(limits: ValueLimits = ValueLimits()) { self.limits = limits }

    /// Decodes the value that begins where `reader` is, and leaves the reader behind it.
    ///
    /// - Parameters:
    ///   - key: the name that the entry gets; may lie in the same bytes.
    ///   - expiry: milliseconds since 1970.
    /// - Returns: an entry that is in no table: the caller's to adopt or to destroy.
    @inline(__always)
    public mutating func decode(
        _ type: RDBType, _ reader: inout RDBReader, key: ByteView, expiry: Int64?
    ) throws(PersistenceError) -> Entry {
        guard type == .string else { return try decodeAggregate(type, &reader, key, expiry) }
        return .loaded(key, string: try reader.readString(into: &first), expiry: expiry)
    }

    /// Decodes `bytes`, which are all of the value.
    public mutating func decode(
        _ type: RDBType, _ bytes: ByteView, key: ByteView, expiry: Int64?
    ) throws(PersistenceError) -> Entry {
        var reader = RDBReader(bytes)
        let entry = try decode(type, &reader, key: key, expiry: expiry)
        guard reader.isAtEnd else {
            entry.destroyLoaded()
            throw PersistenceError("there are bytes behind the value")
        }
        return entry
    }

    @inline(never)
    private mutating func decodeAggregate(
        _ type: RDBType, _ reader: inout RDBReader, _ key: ByteView, _ expiry: Int64?
    ) throws(PersistenceError) -> Entry {
        switch type {
        case .string: return .loaded(key, string: try reader.readString(into: &first), expiry: expiry)
        case .list, .listZiplist, .listOfZiplists, .listOfListpacks:
            return .loaded(key, try decodeList(type, &reader), expiry: expiry)
        case .set, .setIntegers, .setListpack: return .loaded(key, try decodeSet(type, &reader), expiry: expiry)
        case .sortedSet, .sortedSetOfTexts, .sortedSetZiplist, .sortedSetListpack:
            return .loaded(key, try decodeSortedSet(type, &reader), expiry: expiry)
        case .hash, .hashZipmap, .hashZiplist, .hashListpack, .hashWithExpiriesOfCandidate,
            .hashListpackWithExpiriesOfCandidate, .hashWithExpiries, .hashListpackWithExpiries:
            return .loaded(key, try decodeHash(type, &reader), expiry: expiry)
        case .stream, .stream2, .stream3: return .loaded(key, try decodeStream(type, &reader), expiry: expiry)
        case .module, .moduleOld: throw try reader.readModuleError(type)
        }
    }

    /// Calls `fill` with a new value and answers it; destroys it where `fill` throws or leaves it empty.
    @inline(__always)
    static func building<Value: AggregateValue>(
        _ initial: Value, _ fill: (inout Value) throws(PersistenceError) -> Void
    ) throws(PersistenceError) -> Value {
        var value = initial
        do throws(PersistenceError) {
            try fill(&value)
            if value.isVacant { throw PersistenceError("a \(Value.type.name) is empty") }
        } catch {
            value.destroy()
            throw error
        }
        return value
    }

    static func twice(_ what: StaticString) -> PersistenceError { PersistenceError("\(what) is there twice") }
    static func damaged(_ what: StaticString) -> PersistenceError { PersistenceError("\(what) is damaged") }
}
