import CLinux
import Primitives

/// Fetching an element of an aggregate ahead of the command that looks for it.
extension Entry {
    /// Asks the processor for the block of a small aggregate, or for the slot of `element` in a large one; answers the
    /// element's hash where the slot leads to more.
    @inline(__always)
    func prefetchElement(_ element: ByteView) -> UInt64? {
        guard type == .hash || type == .sortedSet || type == .set else { return nil }
        switch encoding {
        case .listpack, .listpackExtended, .intset:
            let block = pointer
            // A search reads on from here, at the pace of the processor's own prefetching.
            clinux_prefetch_read(block)
            clinux_prefetch_read(block + 64)
            return nil
        default:
            if type == .set {
                let hash = SetElement(element).hash
                aggregate(SetValue.self).table.prefetchSlot(hash)
                return hash
            }
            let hash = processHash(element)
            if type == .hash {
                aggregate(HashValue.self).table.prefetchSlot(hash)
            } else {
                aggregate(SortedSetValue.self).large.state.pointee.table.prefetch(hash)
            }
            return hash
        }
    }

    /// Asks for the block of an element with `hash`, whose slot was prefetched.
    @inline(__always)
    func prefetchElementBlock(_ hash: UInt64) {
        switch (type, encoding) {
        case (.hash, .hashTable): aggregate(HashValue.self).table.prefetchEntry(hash)
        case (.set, .hashTable): aggregate(SetValue.self).table.prefetchEntry(hash)
        case (.sortedSet, .skipList): aggregate(SortedSetValue.self).large.state.pointee.table.prefetchBlock(hash)
        default: return
        }
    }
}
