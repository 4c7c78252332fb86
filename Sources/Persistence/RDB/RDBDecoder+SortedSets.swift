import Keyspace
import Primitives

extension RDBDecoder {
    mutating func decodeSortedSet(
        _ type: RDBType, _ reader: inout RDBReader
    ) throws(PersistenceError) -> SortedSetValue {
        switch type {
        case .sortedSetListpack: return try Self.adoptSorted(try reader.readString(into: &first), limits.sortedSet)
        case .sortedSetZiplist: return try Self.decodePairs(try reader.readString(into: &first), limits.sortedSet)
        default: return try decodeScored(type, &reader)
        }
    }

    private static func adoptSorted(
        _ bytes: ByteView, _ limits: SortedSetLimits
    ) throws(PersistenceError) -> SortedSetValue {
        guard Listpack.validate(bytes) else { throw damaged("a listpack") }
        let pack = Listpack.make(copying: bytes)
        guard let set = SortedSetValue.adopt(pack, limits: limits) else {
            pack.destroy()
            throw damaged("a sorted set")
        }
        return set
    }

    /// Members and scores of a ziplist, which are in order.
    private static func decodePairs(
        _ bytes: ByteView, _ limits: SortedSetLimits
    ) throws(PersistenceError) -> SortedSetValue {
        var member: ListpackElement?
        return try building(SortedSetValue.make()) { set throws(PersistenceError) in
            _ = try Ziplist.forEach(bytes) { element throws(PersistenceError) in
                guard let current = member else {
                    member = element
                    return
                }
                member = nil
                let score =
                    switch element {
                    case .integer(let value): Double(value) as Double?
                    case .bytes(let text): parseDouble(text)
                    }
                guard let score else { throw PersistenceError("a score is not a number") }
                try current.withView { view throws(PersistenceError) in try add(view, score, to: &set, limits) }
            }
            if member != nil { throw damaged("a ziplist") }
        }
    }

    private static func add(
        _ member: ByteView, _ score: Double, to set: inout SortedSetValue, _ limits: SortedSetLimits
    ) throws(PersistenceError) {
        guard set.score(of: member) == nil else { throw twice("a member of a sorted set") }
        set.insert(member, score, limits: limits)
    }

    // MARK: One by one

    /// Members with scores that stand one behind the other.
    private mutating func decodeScored(
        _ type: RDBType, _ reader: inout RDBReader
    ) throws(PersistenceError) -> SortedSetValue {
        let start = reader
        let count = try reader.readCount(of: type == .sortedSet ? 9 : 2)
        if type == .sortedSet, count > limits.sortedSet.maxListpackEntries,
            let set = try decodeDescending(count, &reader)
        {
            return set
        }
        reader = start
        _ = try reader.readNumber()
        var limits = limits.sortedSet
        limits.expected = count
        return try Self.building(SortedSetValue.make()) { set throws(PersistenceError) in
            for _ in 0..<count {
                let member = try reader.readString(into: &first)
                let score = type == .sortedSet ? try reader.readDouble() : try reader.readDoubleText()
                guard !score.isNaN else { throw PersistenceError("a score is not a number") }
                try Self.add(member, score, to: &set, limits)
            }
        }
    }

    /// Large sorted sets are written from the highest member down, by Redis and by us: where each stands is noted, and the
    /// set is built from the lowest up without a search. Nil, and nothing is made, where they are in another order.
    private mutating func decodeDescending(
        _ count: Int, _ reader: inout RDBReader
    ) throws(PersistenceError) -> SortedSetValue? {
        var places: [Int] = []
        places.reserveCapacity(count)
        var previous = Double.infinity
        for _ in 0..<count {
            places.append(reader.offset)
            try reader.skipString()
            let score = try reader.readDouble()
            guard !score.isNaN else { throw PersistenceError("a score is not a number") }
            if score > previous { return nil }
            previous = score
        }
        var builder = SortedSetBuilder(expected: count, limits: limits.sortedSet)
        var failure: PersistenceError?
        do throws(PersistenceError) {
            try appendAscending(places, reader.bytes, to: &builder)
        } catch {
            failure = error
        }
        let set = builder.finish()
        guard let failure else {
            if set.count == count { return set }
            set.destroy()
            return nil
        }
        set.destroy()
        throw failure
    }

    /// Adds the members at `places`, the last first, as long as they are in order.
    private mutating func appendAscending(
        _ places: [Int], _ bytes: ByteView, to builder: inout SortedSetBuilder
    ) throws(PersistenceError) {
        var previous = ByteView.empty
        var previousScore = -Double.infinity
        for index in stride(from: places.count - 1, through: 0, by: -1) {
            var reader = RDBReader(bytes, from: places[index])
            let member = try reader.readString(into: &first)
            let score = try reader.readDouble()
            if index < places.count - 1, score == previousScore, member.compare(previous) <= 0 { return }
            guard builder.appendIfNew(member, score) else { throw Self.twice("a member of a sorted set") }
            swap(&first, &second)
            previous = member
            previousScore = score
        }
    }
}
