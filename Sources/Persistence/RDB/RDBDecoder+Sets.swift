import Keyspace
import Primitives

extension RDBDecoder {
    mutating func decodeSet(_ type: RDBType, _ reader: inout RDBReader) throws(PersistenceError) -> SetValue {
        let limits = limits.set
        if type == .set { return try decodeMembers(&reader) }
        let bytes = try reader.readString(into: &first)
        guard let set = SetValue.load(bytes, encoding: type == .setIntegers ? .intset : .listpack, limits: limits)
        else { throw Self.damaged("a set") }
        return set
    }

    private mutating func decodeMembers(_ reader: inout RDBReader) throws(PersistenceError) -> SetValue {
        let limits = limits.set
        let count = try reader.readCount(of: 1)
        return try Self.building(SetValue.make()) { set throws(PersistenceError) in
            for index in 0..<count {
                let member = try reader.readString(into: &first)
                guard member.count <= Int(UInt32.max) else { throw PersistenceError("a member of a set is too long") }
                if index == 0 { set.prepare(toAdd: count, first: member, limits: limits) }
                guard set.add(member, limits: limits) else { throw Self.twice("a member of a set") }
            }
        }
    }
}
