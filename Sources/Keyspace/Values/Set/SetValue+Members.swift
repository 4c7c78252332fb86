import Primitives

extension SetValue {
    /// Whether the member that `text` names is in the set. O(1) in a table, O(log n) in an intset, O(n) in a listpack.
    public func contains(_ text: ByteView) -> Bool {
        switch encoding {
        case .hashTable: return table.contains(SetElement(text))
        case .listpack: return pack.find(text) != nil
        default:
            guard let integer = Listpack.integer(text) else { return false }
            return integers.index(of: integer) != nil
        }
    }

    /// Whether a member of another set is in this one.
    @inline(__always)
    public func contains(_ element: SetElement) -> Bool {
        switch encoding {
        case .hashTable: return table.contains(element)
        case .listpack: return element.value.withBytes { pack.find($0) != nil }
        default:
            guard let integer = element.integer else { return false }
            return integers.index(of: integer) != nil
        }
    }

    /// Readies a set for `count` members that are about to be added, `first` before others; some of them may be there.
    /// Only how it is kept changes, as it does in Redis.
    public mutating func prepare(toAdd count: Int, first: ByteView, limits: SetLimits) {
        if isEmpty, encoding == .intset {
            if count > limits.maxIntsetEntries || Listpack.integer(first) == nil {
                destroy()
                self = .make(count > limits.maxListpackEntries ? .hashTable : .listpack, expecting: count)
            }
        } else if encoding == .listpack && count > limits.maxListpackEntries
            || encoding == .intset && count > limits.maxIntsetEntries
        {
            convertToTable(expecting: count)
        }
    }

    /// Adds a member, and says whether it is new.
    @inline(__always)
    public mutating func add(_ text: ByteView, limits: SetLimits) -> Bool {
        if encoding == .hashTable { return table.add(SetElement(text)) }
        return addToSmall(.bytes(text), limits: limits)
    }

    /// Adds a member of another set, and says whether it is new.
    @inline(__always)
    public mutating func add(_ element: SetElement, limits: SetLimits) -> Bool {
        if encoding == .hashTable { return table.add(element) }
        return addToSmall(element.value, limits: limits)
    }

    /// Adds a member that is not in the set.
    @inline(__always)
    public mutating func addNew(_ element: SetElement, limits: SetLimits) {
        if encoding == .hashTable { return table.addNew(element) }
        _ = addToSmall(element.value, limits: limits)
    }

    @inline(never)
    private mutating func addToSmall(_ element: ListpackElement, limits: SetLimits) -> Bool {
        if encoding == .listpack { return addToListpack(element, limits: limits) }
        let integer =
            switch element {
            case .integer(let integer): integer as Int64?
            case .bytes(let text): Listpack.integer(text)
            }
        if let integer {
            guard integers.add(integer) else { return false }
            if integers.count > min(limits.maxIntsetEntries, IntSet.maximumCount) { convertToTable() }
            return true
        }
        convertToListpack(adding: element.count, limits: limits)
        if encoding == .listpack { return addToListpack(element, limits: limits) }
        return table.add(SetElement(element))
    }

    private mutating func addToListpack(_ element: ListpackElement, limits: SetLimits) -> Bool {
        if element.withBytes({ pack.find($0) }) != nil { return false }
        guard pack.count < limits.maxListpackEntries, element.count <= limits.maxListpackValue,
            // 16 bytes are more than what a head and a length add to a text.
            pack.canHold(adding: element.count + 16)
        else {
            convertToTable(expecting: pack.count + 1)
            table.addNew(SetElement(element))
            return true
        }
        pack.append(element)
        return true
    }

    /// Removes a member, and says whether it was there.
    public mutating func remove(_ text: ByteView) -> Bool {
        switch encoding {
        case .hashTable: return table.remove(SetElement(text))
        case .listpack:
            guard let offset = pack.find(text) else { return false }
            pack.delete(at: offset)
        default:
            guard let integer = Listpack.integer(text), let index = integers.index(of: integer) else { return false }
            integers.remove(at: index)
        }
        return true
    }
}
