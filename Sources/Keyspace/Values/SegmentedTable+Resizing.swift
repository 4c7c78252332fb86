import Glibc
import Primitives

/// Growing and shrinking, one segment at a time.
extension SegmentedTable {
    /// Adds an entry whose field is not in the table.
    func insert(_ entry: Element, hash: UInt64) {
        header.pointee.count &+= 1
        while true {
            let (segment, shifted) = locate(hash)
            if segment.count < Segment.limit(log: header.pointee.log) {
                segment.place(entry, shifted: shifted, log: header.pointee.log)
                return
            }
            if header.pointee.log < Self.maximumLog {
                resizeSingle(segment, log: header.pointee.log + 1)
            } else {
                split(segment, hash: hash)
            }
        }
    }

    /// Gives the one segment of a small table another number of slots.
    private func resizeSingle(_ segment: Segment, log: Int) {
        let oldLog = header.pointee.log
        let resized = Segment.make(log: log)
        segment.forEachHashed(log: oldLog) { resized.place($0, shifted: $1, log: log) }
        Allocation.free(segment.block)
        header.pointee.log = log
        header.pointee.single = resized.word(depth: 0)
        header.pointee.tableBytes += Segment.footprint(log: log) - Segment.footprint(log: oldLog)
    }

    /// Makes two segments of the full one at `hash`, by the next bit of the hash.
    private func split(_ segment: Segment, hash: UInt64) {
        let log = header.pointee.log
        let depth = Segment.depth(directoryWord(hash))
        // 800 hashes that share 38 bits do not occur: nobody outside knows the seed.
        precondition(depth < Self.maximumDepth)
        if depth == header.pointee.depth { doubleDirectory() }
        let low = Segment.make(log: log)
        let high = Segment.make(log: log)
        segment.forEachHashed(log: log) { entry, hash in
            let shifted = hash &<< UInt64(depth)
            let half = shifted &>> 63 == 0 ? low : high
            half.place(entry, shifted: shifted &<< 1, log: log)
        }
        Allocation.free(segment.block)
        let span = 1 << (header.pointee.depth - depth - 1)
        let start = firstIndex(hash, depth: depth)
        for index in 0..<span {
            header.pointee.directory[start + index] = low.word(depth: depth + 1)
            header.pointee.directory[start + span + index] = high.word(depth: depth + 1)
        }
        if depth + 1 == header.pointee.depth { header.pointee.deepest += 2 }
        header.pointee.tableBytes += Segment.footprint(log: log)
    }

    /// After a removal: halves a small table's one segment, or joins the segment with its neighbour, when there is so
    /// much room that adding entries again would not soon undo it.
    func shrinkIfSparse(_ segment: Segment, hash: UInt64) {
        let log = header.pointee.log
        if header.pointee.depth == 0 {
            if segment.count * 6 < 1 << log, log > Self.minimumLog { resizeSingle(segment, log: log - 1) }
            return
        }
        guard segment.count * 5 < 1 << log else { return }
        let depth = Segment.depth(directoryWord(hash))
        guard depth > 0 else { return }
        let neighbourHash = hash ^ 1 << UInt64(64 - depth)
        let word = directoryWord(neighbourHash)
        let neighbour = Segment(word)
        guard Segment.depth(word) == depth, (segment.count + neighbour.count) * 8 < 3 << log else { return }
        let joined = Segment.make(log: log)
        for half in [segment, neighbour] {
            half.forEachHashed(log: log) { joined.place($0, shifted: $1 &<< UInt64(depth - 1), log: log) }
            Allocation.free(half.block)
        }
        let span = 1 << (header.pointee.depth - depth + 1)
        let start = firstIndex(hash, depth: depth - 1)
        for index in start..<(start + span) { header.pointee.directory[index] = joined.word(depth: depth - 1) }
        header.pointee.tableBytes -= Segment.footprint(log: log)
        if depth == header.pointee.depth {
            header.pointee.deepest -= 2
            while header.pointee.deepest == 0 { halveDirectory() }
        }
    }

    private func directoryWord(_ hash: UInt64) -> UInt64 {
        let depth = header.pointee.depth
        return header.pointee.directory[depth == 0 ? 0 : Int(truncatingIfNeeded: hash >> UInt64(64 - depth))]
    }

    /// Index of the first word of the segment that has the first `depth` bits of `hash` as its prefix.
    private func firstIndex(_ hash: UInt64, depth: Int) -> Int {
        depth == 0 ? 0 : Int(truncatingIfNeeded: hash >> UInt64(64 - depth)) << (header.pointee.depth - depth)
    }

    private func doubleDirectory() {
        let old = header.pointee.directory
        let count = 1 << header.pointee.depth
        let new = allocateDirectory(count * 2)
        for index in 0..<count {
            new[2 * index] = old[index]
            new[2 * index + 1] = old[index]
        }
        replaceDirectory(new, depth: header.pointee.depth + 1)
        header.pointee.deepest = 0
    }

    private func halveDirectory() {
        let old = header.pointee.directory
        let depth = header.pointee.depth - 1
        let single = withUnsafeMutablePointer(to: &header.pointee.single) { $0 }
        let new = depth == 0 ? single : allocateDirectory(1 << depth)
        var deepest = 0
        for index in 0..<(1 << depth) {
            new[index] = old[2 * index]
            if Segment.depth(new[index]) == depth { deepest += 1 }
        }
        replaceDirectory(new, depth: depth)
        header.pointee.deepest = deepest
    }

    private func allocateDirectory(_ count: Int) -> UnsafeMutablePointer<UInt64> {
        Allocation.allocate(count * 8).assumingMemoryBound(to: UInt64.self)
    }

    private func replaceDirectory(_ new: UnsafeMutablePointer<UInt64>, depth: Int) {
        if header.pointee.depth > 0 {
            Allocation.free(header.pointee.directory)
            header.pointee.tableBytes -= Allocation.footprint(8 << header.pointee.depth)
        }
        if depth > 0 { header.pointee.tableBytes += Allocation.footprint(8 << depth) }
        header.pointee.directory = new
        header.pointee.depth = depth
    }
}
