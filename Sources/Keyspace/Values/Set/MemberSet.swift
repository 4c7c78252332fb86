import Primitives

/// The table of a large set's members. (A sorted set's members, which a tree refers to as well, are in a `MemberTable`.)
typealias MemberSet = SegmentedTable<SetMember>

extension MemberSet {
    @inline(__always)
    func contains(_ element: SetElement) -> Bool {
        let (segment, shifted) = locate(element.hash)
        return slot(in: segment, shifted: shifted) { element.names($0) } != nil
    }

    /// Adds a member, and says whether it is new. Expected O(1).
    @inline(__always)
    func add(_ element: SetElement) -> Bool {
        if contains(element) { return false }
        addNew(element)
        return true
    }

    /// Adds a member that is not there.
    func addNew(_ element: SetElement) {
        let member: SetMember
        if element.word != 0 {
            member = SetMember(word: element.word)
        } else {
            member = element.value.withBytes { SetMember(FieldEntry.make(field: $0, value: nil, expiring: false)) }
            header.pointee.entryBytes &+= member.footprint
        }
        insert(member, hash: element.hash)
    }

    /// Removes a member, and says whether it was there. Expected O(1).
    func remove(_ element: SetElement) -> Bool {
        let (segment, shifted) = locate(element.hash)
        guard let index = slot(in: segment, shifted: shifted, where: { element.names($0) }) else { return false }
        take(segment, index, hash: element.hash).free()
        return true
    }
}
