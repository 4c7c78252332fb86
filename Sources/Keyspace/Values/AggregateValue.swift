import Primitives

/// A value that consists of elements: a handle of encoding and storage that is read from its entry, changed, and written
/// back through the door. The handle owns nothing by itself; `destroy` frees what it refers to.
public protocol AggregateValue {
    static var type: ValueType { get }
    /// A new value without elements.
    static func make() -> Self
    /// The value that an entry refers to.
    init(encoding: Encoding, storage: UnsafeMutableRawPointer)
    var encoding: Encoding { get }
    var storage: UnsafeMutableRawPointer { get }
    /// Number of elements. O(1).
    var count: Int { get }
    /// Bytes taken from the allocator. O(1).
    var memoryUsage: Int { get }
    /// Frees the storage; the handle and its copies are dead afterwards.
    func destroy()
    /// A deep copy.
    func copy() -> Self
    /// Whether nothing is left for which to keep the key. O(1).
    var isVacant: Bool { get }
    /// The earliest time at which an element expires, in milliseconds since 1970; `Int64.max` where none does. O(1).
    var minimumExpiry: Int64 { get }
}

extension AggregateValue {
    @inlinable public var isVacant: Bool { count == 0 }
    @inlinable public var minimumExpiry: Int64 { .max }
}

extension HashValue: AggregateValue {
    @inlinable public static var type: ValueType { .hash }
}

extension SortedSetValue: AggregateValue {
    @inlinable public static var type: ValueType { .sortedSet }
}

extension ListValue: AggregateValue {
    @inlinable public static var type: ValueType { .list }
}

extension SetValue: AggregateValue {
    @inlinable public static var type: ValueType { .set }
}

extension Entry {
    /// The aggregate that this entry holds, which must be of that type.
    @inlinable @inline(__always)
    public func aggregate<Value: AggregateValue>(_: Value.Type = Value.self) -> Value {
        assert(type == Value.type)
        return Value(encoding: encoding, storage: pointer)
    }

    var aggregateUsage: Int {
        switch type {
        case .hash: aggregate(HashValue.self).memoryUsage
        case .sortedSet: aggregate(SortedSetValue.self).memoryUsage
        case .list: aggregate(ListValue.self).memoryUsage
        case .set: aggregate(SetValue.self).memoryUsage
        case .stream: aggregate(StreamValue.self).memoryUsage
        case .string: 0
        }
    }

    /// What freeing the entry costs, in blocks: one for each element that has its own. A long string, or list, counts as one
    /// for each 16 KB, since its pages go back to the system one by one.
    var freeingEffort: Int {
        switch encoding {
        case .integer, .embedded, .listpack, .listpackExtended, .intset: return 1
        case .raw: return flags.contains(.external) ? external.capacity >> 14 : 1
        case .quickList:
            let list = aggregate(ListValue.self)
            return max(list.blockCount, list.memoryUsage >> 14)
        case .stream: return aggregate(StreamValue.self).freeingEffort
        case .hashTable, .skipList:
            switch type {
            case .hash: return aggregate(HashValue.self).count
            case .set: return aggregate(SetValue.self).freeingEffort
            default: return aggregate(SortedSetValue.self).count
            }
        }
    }

    /// Frees the entry, which was in a table until now, and its value.
    @inline(__always)
    func destroy(_ reclaimer: Reclaimer) {
        destroyValue()
        freeBlock(reclaimer)
    }

    /// Frees the entry and its value when no worker can be looking at it.
    func destroy() {
        destroyValue()
        freeBlock()
    }

    private func destroyValue() {
        switch type {
        case .string:
            if flags.contains(.external) { Allocation.free(external.bytes) }
        case .hash: aggregate(HashValue.self).destroy()
        case .sortedSet: aggregate(SortedSetValue.self).destroy()
        case .list: aggregate(ListValue.self).destroy()
        case .set: aggregate(SetValue.self).destroy()
        case .stream: aggregate(StreamValue.self).destroy()
        }
    }

    /// A deep copy under another key.
    func duplicated(key newKey: ByteView, expiry: Int64?) -> Entry {
        switch type {
        case .string:
            if encoding == .integer { return .integer(key: newKey, value: integer, expiry: expiry) }
            return .string(key: newKey, value: bytes, expiry: expiry, encoding: encoding)
        case .hash: return duplicated(HashValue.self, newKey, expiry)
        case .list: return duplicated(ListValue.self, newKey, expiry)
        case .set: return duplicated(SetValue.self, newKey, expiry)
        case .stream: return duplicated(StreamValue.self, newKey, expiry)
        case .sortedSet: return duplicated(SortedSetValue.self, newKey, expiry)
        }
    }

    private func duplicated<Value: AggregateValue>(_: Value.Type, _ newKey: ByteView, _ expiry: Int64?) -> Entry {
        let copy = aggregate(Value.self).copy()
        return .aggregate(
            key: newKey, type: Value.type, encoding: copy.encoding, storage: copy.storage, expiry: expiry)
    }
}
