import Keyspace
import Primitives

extension RDBDecoder {
    mutating func decodeList(_ type: RDBType, _ reader: inout RDBReader) throws(PersistenceError) -> ListValue {
        let limits = limits.list
        var value = ListValue.make()
        do throws(PersistenceError) {
            switch type {
            case .listZiplist: try Self.append(ziplist: try reader.readString(into: &first), to: &value, limits)
            case .list:
                for _ in 0..<(try reader.readCount(of: 1)) {
                    try Self.append(.bytes(try reader.readString(into: &first)), to: &value, limits)
                }
            case .listOfZiplists:
                for _ in 0..<(try reader.readCount(of: 1)) {
                    try Self.append(ziplist: try reader.readString(into: &first), to: &value, limits)
                }
            default:
                for _ in 0..<(try reader.readCount(of: 2)) { try appendNode(&reader, to: &value, limits) }
            }
            if value.isEmpty { throw PersistenceError("a list is empty") }
        } catch {
            value.destroy()
            throw error
        }
        value.shrink(limits)
        return value
    }

    private mutating func appendNode(
        _ reader: inout RDBReader, to list: inout ListValue, _ limits: ListLimits
    ) throws(PersistenceError) {
        let container = try reader.readNumber()
        let bytes = try reader.readString(into: &first)
        switch container {
        case UInt64(RDB.ListNode.plain): try Self.append(.bytes(bytes), to: &list, limits)
        case UInt64(RDB.ListNode.packed):
            guard Listpack.validate(bytes) else { throw Self.damaged("a listpack") }
            list.append(adopting: .make(copying: bytes), limits)
        default: throw PersistenceError("a node of a list is of the unknown kind \(container)")
        }
    }

    private static func append(
        ziplist bytes: ByteView, to list: inout ListValue, _ limits: ListLimits
    ) throws(PersistenceError) {
        _ = try Ziplist.forEach(bytes) { element throws(PersistenceError) in try append(element, to: &list, limits) }
    }

    private static func append(
        _ element: ListpackElement, to list: inout ListValue, _ limits: ListLimits
    ) throws(PersistenceError) {
        let count = element.count
        guard count <= ListValue.maximumElement else { throw PersistenceError("an element of a list is too long") }
        list.prepare(adding: count, count: 1, limits)
        list.push(element, at: .tail, limits)
    }
}
