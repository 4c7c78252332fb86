import Keyspace
import Primitives

/// The keys that patterns stand for with some elements: where the next one lies nobody can guess, so those of many are asked
/// for together before the first is read.
struct SortLookup: ~Copyable {
    private struct Name {
        let start: Int
        let count: Int
        let hash: UInt64
    }

    /// Elements whose keys are asked for together.
    static let batch = 32

    private var text = ByteBuffer()
    private var names: [Name] = []

    /// Asks for the keys of the elements with the positions `range`, in the order of the elements and then of the patterns.
    mutating func fetch(
        _ range: Range<Int>, of elements: borrowing SortElements, _ patterns: [SortPattern],
        _ access: borrowing Access
    ) {
        text.clear(keeping: .max)
        names.removeAll(keepingCapacity: true)
        for index in range {
            for pattern in patterns {
                let start = text.count
                if !pattern.isConstant { pattern.appendName(for: elements.text(elements.items[index]), to: &text) }
                let hash = processHash(text.view[start..<text.count])
                if !pattern.isConstant { access.keyspace.prefetchSlot(hash, database: access.database) }
                names.append(Name(start: start, count: text.count - start, hash: hash))
            }
        }
        for name in names where name.count > 0 {
            _ = access.keyspace.prefetchEntry(name.hash, database: access.database)
        }
    }

    /// The key with a position among those that were asked for last; good until others are.
    @inline(__always)
    func key(_ index: Int) -> Key {
        let name = names[index]
        return Key(text.view[name.start..<name.start + name.count], hash: name.hash)
    }
}
