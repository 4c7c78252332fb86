import Primitives
import Synchronization

/// When keys were last changed, for callers that took a position before they read their sources: one word for each of
/// 65,536 groups of keys, chosen by hash, and no memory for a key.
///
/// It has no false negatives: a group's word is at least the position of the last change of any of its keys. Words are
/// written under the lock of the key's shard and read under it too.
final class ChangeSketch: Sendable {
    private static let groups = 256
    nonisolated(unsafe) private let words: UnsafeMutablePointer<Atomic<UInt64>>
    /// Everything may have changed up to here.
    private let floor: Atomic<UInt64>

    nonisolated(unsafe) private let memory: UnsafeMutableRawPointer

    /// - Parameter since: the position of the last write that it does not know.
    init(since: UInt64) {
        memory = Allocation.allocateZeroed(ShardSet.shardCount * Self.groups * MemoryLayout<UInt64>.stride)
        words = memory.bindMemory(to: Atomic<UInt64>.self, capacity: ShardSet.shardCount * Self.groups)
        floor = Atomic(since)
    }

    deinit { Allocation.free(memory) }

    private func word(_ hash: UInt64) -> UnsafeMutablePointer<Atomic<UInt64>> {
        words + Keyspace.shardIndex(hash) * Self.groups + Int(truncatingIfNeeded: hash >> 20) & (Self.groups - 1)
    }

    func note(_ hash: UInt64, revision: UInt64) { word(hash).pointee.store(revision, ordering: .relaxed) }

    func noteAll(revision: UInt64) { floor.store(revision, ordering: .relaxed) }

    func mayHaveChanged(_ hash: UInt64, after revision: UInt64) -> Bool {
        revision < floor.load(ordering: .relaxed) || word(hash).pointee.load(ordering: .relaxed) > revision
    }
}
