import Glibc
import Primitives

/// What lists do with several elements of a listpack at a time.
extension Listpack {
    /// Hands the elements with the indices in `range`, which exist, to `body`, the last first where `reverse`, until it
    /// answers false; answers whether it never did.
    @inline(__always)
    func forEach(_ range: Range<Int>, reverse: Bool, _ body: (ListpackElement) -> Bool) -> Bool {
        var left = range.count
        guard left > 0, var offset = seek(reverse ? range.upperBound &- 1 : range.lowerBound) else { return true }
        while true {
            guard body(element(at: offset)) else { return false }
            left &-= 1
            if left == 0 { return true }
            if reverse {
                guard let before = previous(before: offset) else { return true }
                offset = before
            } else {
                offset &+= entrySize(at: offset)
            }
        }
    }

    /// Hands the index of each element equal to `text` among those with the indices in `range`, which exist, to `body`, the
    /// last first where `reverse`, until it answers false; answers whether it never did.
    @inline(__always)
    func forEachIndex(of text: ByteView, in range: Range<Int>, reverse: Bool, _ body: (Int) -> Bool) -> Bool {
        // Most have none.
        guard find(text) != nil else { return true }
        let integer = parseInteger(text)
        var index = reverse ? range.upperBound : range.lowerBound &- 1
        return forEach(range, reverse: reverse) { element in
            index &+= reverse ? -1 : 1
            switch element {
            case .bytes(let bytes): guard bytes == text else { return true }
            case .integer(let value): guard value == integer else { return true }
            }
            return body(index)
        }
    }

    /// Removes up to `limit` elements equal to `text`, the first from `end` on; answers how many there were. One pass moves
    /// what stays; from the tail another one counts before.
    mutating func remove(_ text: ByteView, limit: Int, from end: ListEnd) -> Int {
        guard var match = find(text) else { return 0 }
        if end == .tail {
            for _ in 0..<max(0, matches(of: text, from: match) - limit) {
                guard let next = find(text, from: match &+ entrySize(at: match)) else { return 0 }
                match = next
            }
        }
        var target = match
        var removed = 0
        var source: Int?
        repeat {
            removed += 1
            let kept = match &+ entrySize(at: match)
            source = removed < limit ? find(text, from: kept) : nil
            let keptEnd = source ?? byteCount
            memmove(block + target, block + kept, keptEnd &- kept)
            target &+= keptEnd &- kept
            match = keptEnd
        } while source != nil
        truncate(to: target, removing: removed)
        return removed
    }

    /// How many elements are equal to `text` from the one at `offset` on.
    private func matches(of text: ByteView, from offset: Int) -> Int {
        var count = 0
        var match = find(text, from: offset)
        while let current = match {
            count += 1
            match = find(text, from: current &+ entrySize(at: current))
        }
        return count
    }

    /// Moves the elements from position `offset` on to a listpack of their own. O(n).
    mutating func split(at offset: Int) -> Listpack {
        let size = endOffset &- offset
        let total = Self.headerCount &+ size &+ 1
        let other = Listpack(block: Allocation.allocate(Self.capacity(for: total)))
        other.setByteCount(total)
        memcpy(other.block + Self.headerCount, block + offset, size &+ 1)
        other.setStoredCount(Self.uncounted)
        let moved = other.count
        // A new end mark.
        block.storeBytes(of: Self.end, toByteOffset: offset, as: UInt8.self)
        truncate(to: offset &+ 1, removing: moved)
        return other
    }

    /// Adds the elements of `other`, which stays as it is.
    mutating func append(contentsOf other: Listpack) {
        let size = other.endOffset &- Self.headerCount
        let added = other.count
        let end = endOffset
        open(at: end, size)
        memcpy(block + end, other.block + Self.headerCount, size)
        adjustCount(by: added)
    }
}
