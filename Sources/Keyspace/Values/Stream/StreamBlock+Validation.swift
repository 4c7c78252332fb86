import Primitives

extension StreamBlock {
    /// What is in a block from outside.
    struct Contents {
        var live = 0
        /// The ID of the last entry that is not deleted; the block's own where all are.
        var last: StreamID
    }

    /// What a block holds, where a listpack that `Listpack.validate` accepted is one: its head and entries are as they
    /// should be, with IDs that ascend from the block's own on, but for deleted ones (XSETID can let an entry follow a
    /// deleted one with a greater ID). Nil where it is not. O(n).
    static func contents(of pack: Listpack, id: StreamID) -> Contents? {
        var walk = Walk(pack)
        guard let live = walk.integer(), let deleted = walk.integer(), let fieldCount = walk.integer(),
            live >= 0, deleted >= 0, fieldCount >= 0, walk.skip(fieldCount), walk.integer() == 0
        else { return nil }
        var contents = Contents(last: id)
        var found: Int64 = 0
        while !walk.isAtEnd {
            guard let flags = walk.integer(), flags >= 0, flags <= deletedFlag | sameFieldsFlag,
                let milliseconds = walk.integer(), let sequence = walk.integer()
            else { return nil }
            let entry = StreamID(
                id.milliseconds &+ UInt64(bitPattern: milliseconds), id.sequence &+ UInt64(bitPattern: sequence))
            let isLive = flags & deletedFlag == 0
            if isLive {
                guard contents.live == 0 ? entry >= id : entry > contents.last else { return nil }
                contents.live += 1
                contents.last = entry
            }
            var elements = 3 &+ fieldCount
            if flags & sameFieldsFlag != 0 {
                guard walk.skip(fieldCount) else { return nil }
            } else {
                // A count that the block cannot hold must not be doubled.
                guard let own = walk.integer(), own >= 0, own <= Int64(pack.byteCount), walk.skip(2 &* own) else {
                    return nil
                }
                elements = 4 &+ 2 &* own
            }
            guard walk.integer() == elements else { return nil }
            found += 1
        }
        guard found == live.adding(checked: deleted), contents.live == Int(live) else { return nil }
        return contents
    }

    /// Goes through elements, of which the listpack may have fewer than are asked for.
    private struct Walk {
        let pack: Listpack
        var offset = Listpack.headerCount

        init(_ pack: Listpack) { self.pack = pack }

        var isAtEnd: Bool { pack.tag(at: offset) == Listpack.end }

        /// The next element, where it is an integer.
        mutating func integer() -> Int64? {
            guard !isAtEnd, case .integer(let value) = pack.element(at: offset) else { return nil }
            offset &+= pack.entrySize(at: offset)
            return value
        }

        mutating func skip(_ count: Int64) -> Bool {
            var count = count
            while count > 0 {
                if isAtEnd { return false }
                offset &+= pack.entrySize(at: offset)
                count &-= 1
            }
            return true
        }
    }
}
