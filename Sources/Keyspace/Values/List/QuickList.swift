import CLinux
import Primitives

/// A list of many elements: listpacks of limited size, and a directory of them.
///
/// Changes within one block cost at most the moving of its bytes; blocks are made and freed whole. A block that is full is
/// left alone when elements come beside it: a new one begins, or it is split where they belong between its own. Blocks are
/// joined only behind a split; a block that elements are taken from gives its memory back by itself.
///
/// The state is in one allocation, so that a value is one pointer. Invariants: no block is empty, each one's count is that
/// of its listpack, and the totals are those of the blocks.
struct QuickList {
    struct State {
        var directory: ChunkDirectory
        /// Elements.
        var count = 0
        /// Bytes that the blocks take from the allocator.
        var blockBytes = 0
    }

    let state: UnsafeMutablePointer<State>

    @inline(__always)
    init(_ storage: UnsafeMutableRawPointer) { state = storage.assumingMemoryBound(to: State.self) }

    @inline(__always)
    var storage: UnsafeMutableRawPointer { UnsafeMutableRawPointer(state) }

    /// A list without blocks.
    static func make(reserving chunks: Int = 0) -> QuickList {
        let list = QuickList(Allocation.allocate(MemoryLayout<State>.size))
        list.state.initialize(to: State(directory: ChunkDirectory(reserving: chunks)))
        return list
    }

    func destroy() {
        for index in 0..<chunkCount { chunk(index).pack.destroy() }
        abandon()
    }

    /// Frees everything but the blocks.
    func abandon() {
        state.pointee.directory.destroy()
        Allocation.free(storage)
    }

    func copy() -> QuickList {
        let copy = QuickList.make(reserving: chunkCount)
        for index in 0..<chunkCount { copy.add(chunk(index).pack.copy(), at: index) }
        copy.state.pointee.count = count
        return copy
    }

    @inline(__always)
    var count: Int { state.pointee.count }

    @inline(__always)
    var chunkCount: Int { state.pointee.directory.count }

    @inline(__always)
    var memoryUsage: Int {
        Allocation.footprint(MemoryLayout<State>.size) &+ state.pointee.blockBytes
            &+ state.pointee.directory.memoryUsage
    }

    @inline(__always)
    func chunk(_ index: Int) -> Chunk {
        assert(index >= 0 && index < chunkCount)
        return state.pointee.directory.first[index]
    }

    // MARK: Blocks

    /// Makes a listpack that is not empty the last block.
    func adopt(_ pack: Listpack) {
        add(pack, at: chunkCount)
        state.pointee.count &+= chunk(chunkCount &- 1).count
    }

    /// Makes `pack` the block at `index`. The number of elements stays as it is.
    func add(_ pack: Listpack, at index: Int) {
        state.pointee.directory.insert(Chunk(pack), at: index)
        state.pointee.blockBytes &+= pack.memoryUsage
    }

    /// Frees the blocks in `range`. The number of elements stays as it is.
    func drop(_ range: Range<Int>) {
        for index in range {
            let pack = chunk(index).pack
            state.pointee.blockBytes &-= pack.memoryUsage
            pack.destroy()
        }
        state.pointee.directory.remove(range)
    }

    /// Changes a block, by which it gets `change` elements more.
    @inline(__always)
    @discardableResult
    func withPack<R>(_ index: Int, change: Int, _ body: (inout Listpack) -> R) -> R {
        let chunk = state.pointee.directory.first + index
        var pack = chunk.pointee.pack
        let before = pack.memoryUsage
        let result = body(&pack)
        chunk.pointee.block = pack.block
        chunk.pointee.count &+= change
        state.pointee.blockBytes &+= pack.memoryUsage &- before
        return result
    }

    /// Whether a block takes an element of `size` encoded bytes more.
    @inline(__always)
    func fits(_ size: Int, into index: Int, _ limits: ListLimits) -> Bool {
        guard index >= 0, index < chunkCount else { return false }
        let chunk = chunk(index)
        return limits.admit(bytes: chunk.pack.byteCount &+ size, count: chunk.count &+ 1)
    }

    // MARK: Ends

    @inline(__always)
    func push(_ encoded: Listpack.Encoded, at end: ListEnd, _ limits: ListLimits) {
        if !fits(encoded.totalSize, into: end == .head ? 0 : chunkCount &- 1, limits) { addEmpty(at: end) }
        withPack(end == .head ? 0 : chunkCount &- 1, change: 1) { pack in
            pack.insert(encoded, at: end == .head ? Listpack.headerCount : pack.endOffset)
        }
        state.pointee.count &+= 1
    }

    @inline(never)
    private func addEmpty(at end: ListEnd) { add(Listpack.make(), at: end == .head ? 0 : chunkCount) }

    @inline(__always)
    func element(at end: ListEnd) -> ListpackElement? {
        guard count > 0 else { return nil }
        return chunk(end == .head ? 0 : chunkCount &- 1).pack.element(at: end)
    }

    @inline(__always)
    func removeElement(at end: ListEnd) {
        let index = end == .head ? 0 : chunkCount &- 1
        state.pointee.count &-= 1
        if chunk(index).count == 1 { return drop(index..<(index &+ 1)) }
        withPack(index, change: -1) { $0.removeElement(at: end) }
    }
}
