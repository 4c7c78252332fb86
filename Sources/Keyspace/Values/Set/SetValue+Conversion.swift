import Primitives

extension SetValue {
    /// A table in the place of what the set is, with room for about `expected` members. O(n).
    mutating func convertToTable(expecting expected: Int = 0) {
        guard encoding != .hashTable else { return }
        let table = MemberSet.make(expecting: max(expected, count))
        forEach { table.addNew(SetElement($0)) }
        destroy()
        self = SetValue(table)
    }

    /// A listpack in the place of an intset that gets a member of `size` bytes that is no integer; a table where that does
    /// not fit. O(n).
    mutating func convertToListpack(adding size: Int, limits: SetLimits) {
        let count = integers.count
        // The longest text is that of the smallest or of the largest.
        let longest = count == 0 ? 0 : max(decimalLength(integers[0]), decimalLength(integers[count - 1]))
        guard count < limits.maxListpackEntries, max(size, longest) <= limits.maxListpackValue,
            size <= Listpack.maximumByteCount, 11 * count + size + 64 <= Listpack.maximumByteCount
        else { return convertToTable(expecting: count + 1) }
        var pack = Listpack.make()
        for index in 0..<count { pack.append(integers[index]) }
        destroy()
        self = SetValue(pack)
    }

    /// An intset in the place of a result whose members all spell integers, unless they are too many. O(n log n).
    public mutating func convertToIntegers(limits: SetLimits) {
        guard encoding != .intset, count <= min(limits.maxIntsetEntries, IntSet.maximumCount) else { return }
        var values: [Int64] = []
        values.reserveCapacity(count)
        forEach { if let value = $0.integerValue { values.append(value) } }
        guard values.count == count else { return }
        values.sort()
        var set = IntSet.make()
        for value in values { _ = set.add(value) }
        destroy()
        self = SetValue(encoding: .intset, storage: set.block)
    }

    /// The bytes of a set that is one block, as an RDB file holds them; nil for a table. Good until the set is changed.
    public var blockBytes: ByteView? {
        switch encoding {
        case .intset: integers.bytes
        case .listpack: pack.bytes
        default: nil
        }
    }

    /// A set from the bytes of an intset or a listpack that come from outside, in the encoding that `limits` ask for. Nil
    /// where they are damaged, empty or have a member twice. O(n).
    public static func load(_ bytes: ByteView, encoding: Encoding, limits: SetLimits) -> SetValue? {
        switch encoding {
        case .intset:
            guard IntSet.validate(bytes) else { return nil }
            var set = SetValue(encoding: .intset, storage: IntSet.make(copying: bytes).block)
            if set.count > limits.maxIntsetEntries { set.convertToTable() }
            return set
        case .listpack:
            guard Listpack.validate(bytes) else { return nil }
            var set = SetValue(Listpack.make(copying: bytes))
            guard !set.isEmpty, !set.pack.hasDuplicates(stride: 1) else {
                set.destroy()
                return nil
            }
            var fits = set.count <= limits.maxListpackEntries
            set.forEach { fits = fits && $0.count <= limits.maxListpackValue }
            if !fits { set.convertToTable() }
            return set
        default: return nil
        }
    }
}
