import CLinux
import Glibc
import Primitives

/// A list of many elements: listpacks of limited size, and a directory of them.
///
/// Changes within one block cost at most the moving of its bytes; blocks are made and freed whole. A block that is full is
/// left alone when elements come beside it: a new one begins, or it is split where they belong between its own. Blocks are
/// joined only behind a split; a block that elements are taken from gives its memory back by itself.
///
/// The state is in one allocation, so that a value is one pointer. Invariants: no block is empty, each one's count is that
/// of its listpack, the totals are those of the blocks, and no block but the first has slack.
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
        for index in 0..<chunkCount { Allocation.free(chunk(index).base) }
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
        if index == 0, chunkCount > 0 { settle(0) }
        state.pointee.directory.insert(Chunk(pack), at: index)
        state.pointee.blockBytes &+= pack.memoryUsage
    }

    /// Frees the blocks in `range`. The number of elements stays as it is.
    func drop(_ range: Range<Int>) {
        for index in range {
            let chunk = chunk(index)
            state.pointee.blockBytes &-= chunk.memoryUsage
            Allocation.free(chunk.base)
        }
        state.pointee.directory.remove(range)
    }

    /// Gives back the slack of a block.
    func settle(_ index: Int) {
        if chunk(index).slack > 0 { move(state.pointee.directory.first + index, slack: 0) }
    }

    /// Moves a block's listpack to a block with `slack` free bytes before it.
    @inline(never)
    func move(_ chunk: UnsafeMutablePointer<Chunk>, slack: Int) {
        let old = chunk.pointee
        let count = old.pack.byteCount
        chunk.pointee.slack = slack
        chunk.pointee.base = Allocation.allocate(Listpack.capacity(for: slack &+ count))
        memcpy(chunk.pointee.pack.block, old.pack.block, count)
        state.pointee.blockBytes &+= chunk.pointee.memoryUsage &- old.memoryUsage
        Allocation.free(old.base)
    }

    /// Changes a block, by which it gets `change` elements more.
    @inline(__always)
    @discardableResult
    func withPack<R>(_ index: Int, change: Int, _ body: (inout Listpack) -> R) -> R {
        settle(index)
        let chunk = state.pointee.directory.first + index
        var pack = chunk.pointee.pack
        let before = pack.memoryUsage
        let result = body(&pack)
        chunk.pointee.base = pack.block
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
}
