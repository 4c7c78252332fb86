import Primitives

/// The ends of the list, which are its hot path: the first and the last block are changed where they are, a few bytes at a
/// time. At the head it is the listpack's header that moves, into the block's slack or out of it.
extension QuickList {
    /// Elements of more bytes are put in and taken out as between others.
    private static var largestStep: Int { 4096 }
    /// Slack of so many bytes is not given back however short the listpack behind it is.
    private static var keptSlack: Int { 256 }

    @inline(__always)
    private func block(at end: ListEnd) -> Int { end == .head ? 0 : chunkCount &- 1 }

    /// Puts an element at an end.
    @inline(__always)
    func push(_ encoded: Listpack.Encoded, at end: ListEnd, _ limits: ListLimits) {
        let size = encoded.totalSize
        if !fits(size, into: block(at: end), limits) { addEmpty(at: end) }
        state.pointee.count &+= 1
        guard size <= Self.largestStep else {
            return withPack(block(at: end), change: 1) { pack in
                pack.insert(encoded, at: end == .head ? Listpack.headerCount : pack.endOffset)
            }
        }
        encoded.write(to: end == .head ? openHead(size) : openTail(size))
    }

    @inline(never)
    private func addEmpty(at end: ListEnd) { add(Listpack.make(), at: end == .head ? 0 : chunkCount) }

    /// Room for an element of `size` bytes at the head, which is to be written.
    @inline(__always)
    private func openHead(_ size: Int) -> UnsafeMutableRawPointer {
        let chunk = state.pointee.directory.first
        if chunk.pointee.slack < size {
            move(chunk, slack: size &+ max(32, chunk.pointee.pack.byteCount / 8))
        }
        let byteCount = chunk.pointee.pack.byteCount &+ size
        chunk.pointee.slack &-= size
        chunk.pointee.count &+= 1
        chunk.pointee.writeHeader(byteCount)
        return chunk.pointee.pack.block + Listpack.headerCount
    }

    /// Room for an element of `size` bytes at the tail, which is to be written.
    @inline(__always)
    private func openTail(_ size: Int) -> UnsafeMutableRawPointer {
        let chunk = state.pointee.directory.first + (chunkCount &- 1)
        let extent = chunk.pointee.extent
        if extent &+ size > Listpack.capacity(for: extent) { resize(chunk, from: extent, to: extent &+ size) }
        let pack = chunk.pointee.pack
        let end = pack.endOffset
        pack.block.storeBytes(of: Listpack.end, toByteOffset: end &+ size, as: UInt8.self)
        chunk.pointee.count &+= 1
        chunk.pointee.writeHeader(end &+ size &+ 1)
        return pack.block + end
    }

    /// Changes what a block takes from the allocator to what another extent needs.
    @inline(never)
    private func resize(_ chunk: UnsafeMutablePointer<Chunk>, from old: Int, to new: Int) {
        let capacity = Listpack.capacity(for: new)
        chunk.pointee.base = Allocation.reallocate(chunk.pointee.base, capacity)
        state.pointee.blockBytes &+=
            Allocation.footprint(capacity) &- Allocation.footprint(Listpack.capacity(for: old))
    }

    /// The element at an end; nil where the list is empty.
    @inline(__always)
    func element(at end: ListEnd) -> ListpackElement? {
        guard count > 0 else { return nil }
        return chunk(block(at: end)).pack.element(at: end)
    }

    /// Removes the element at an end of a list that is not empty.
    @inline(__always)
    func removeElement(at end: ListEnd) {
        let chunk = state.pointee.directory.first + block(at: end)
        state.pointee.count &-= 1
        guard chunk.pointee.count > 1 else { return drop(block(at: end)..<block(at: end) &+ 1) }
        let pack = chunk.pointee.pack
        if end == .head {
            let size = pack.entrySize(at: Listpack.headerCount)
            guard size <= Self.largestStep else { return withPack(0, change: -1) { $0.removeElement(at: .head) } }
            let byteCount = pack.byteCount &- size
            chunk.pointee.slack &+= size
            chunk.pointee.count &-= 1
            chunk.pointee.writeHeader(byteCount)
            if chunk.pointee.slack > max(Self.keptSlack, byteCount / 4) { move(chunk, slack: 0) }
        } else if let last = pack.last {
            let extent = chunk.pointee.extent
            let newExtent = chunk.pointee.slack &+ last &+ 1
            pack.block.storeBytes(of: Listpack.end, toByteOffset: last, as: UInt8.self)
            chunk.pointee.count &-= 1
            chunk.pointee.writeHeader(last &+ 1)
            if Listpack.capacity(for: newExtent) < Listpack.capacity(for: extent) {
                resize(chunk, from: extent, to: newExtent)
            }
        }
    }
}
