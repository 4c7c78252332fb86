import CLinux
import Primitives

/// Finding and handing out elements by index.
extension QuickList {
    /// Where an element is: its block, and its index there.
    struct Place {
        var chunk: Int
        var index: Int
    }

    /// The place of the element with `index`, which exists. O(number of blocks) from the nearer end.
    func place(_ index: Int) -> Place {
        assert(index >= 0 && index < count)
        let first = state.pointee.directory.first
        var chunk = 0
        if index <= count / 2 {
            var left = index
            while left >= first[chunk].count {
                left &-= first[chunk].count
                chunk &+= 1
            }
            return Place(chunk: chunk, index: left)
        }
        chunk = chunkCount &- 1
        var behind = count &- index
        while behind > first[chunk].count {
            behind &-= first[chunk].count
            chunk &-= 1
        }
        return Place(chunk: chunk, index: first[chunk].count &- behind)
    }

    func element(at index: Int) -> ListpackElement? {
        let place = place(index)
        let pack = chunk(place.chunk).pack
        return pack.seek(place.index).map(pack.element(at:))
    }

    /// Hands the elements with the indices in `range`, which exist, to `body` until it answers false; answers whether it
    /// never did. The next block is asked for while one is handed out.
    @inline(__always)
    func forEach(_ range: Range<Int>, reverse: Bool, _ body: (ListpackElement) -> Bool) -> Bool {
        var left = range.count
        guard left > 0 else { return true }
        let place = place(reverse ? range.upperBound &- 1 : range.lowerBound)
        var index = place.chunk
        // What the first block contributes at most; the others are handed out from their near end on.
        var part = reverse ? (0..<(place.index &+ 1)) : (place.index..<chunk(index).count)
        while true {
            if part.count > left {
                part =
                    reverse ? (part.upperBound &- left)..<part.upperBound : part.lowerBound..<(part.lowerBound &+ left)
            }
            left &-= part.count
            let next = reverse ? index &- 1 : index &+ 1
            if left > 0 { clinux_prefetch_read(chunk(next).base) }
            guard chunk(index).pack.forEach(part, reverse: reverse, body) else { return false }
            if left == 0 { return true }
            index = next
            part = 0..<chunk(index).count
        }
    }

    /// `ListValue.forEachIndex`.
    @inline(__always)
    func forEachIndex(of text: ByteView, in range: Range<Int>, reverse: Bool, _ body: (Int) -> Bool) -> Bool {
        guard !range.isEmpty else { return true }
        let near = reverse ? range.upperBound &- 1 : range.lowerBound
        let place = place(near)
        var index = place.chunk
        // That of the block's first element.
        var start = near &- place.index
        while true {
            let chunk = chunk(index)
            let part = range.clamped(to: start..<(start &+ chunk.count))
            let next = reverse ? index &- 1 : index &+ 1
            let goesOn = reverse ? part.lowerBound > range.lowerBound : part.upperBound < range.upperBound
            if goesOn { clinux_prefetch_read(self.chunk(next).base) }
            let local = (part.lowerBound &- start)..<(part.upperBound &- start)
            guard chunk.pack.forEachIndex(of: text, in: local, reverse: reverse, { body(start &+ $0) }) else {
                return false
            }
            guard goesOn else { return true }
            start = reverse ? start &- self.chunk(next).count : start &+ chunk.count
            index = next
        }
    }
}
