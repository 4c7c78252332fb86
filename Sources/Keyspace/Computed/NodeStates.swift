import CLinux
import Primitives
import Synchronization

/// What a reader must know of a node of the dependency graph, in one byte.
@frozen
public struct NodeState: OptionSet, Sendable {
    public let rawValue: UInt8
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Whether the value may be served.
    @frozen
    public enum Condition: UInt8, Sendable {
        /// There is no computed value.
        case absent
        /// Nothing that it was derived from has changed.
        case fresh
        /// A computed key that it was derived from is not fresh; it may be published again with the value that it had.
        case maybeStale
        /// Something that it was derived from has changed.
        case stale
    }

    @inlinable @inline(__always)
    public var condition: Condition {
        // Two bits have four values, and all of them are conditions.
        unsafeBitCast(rawValue & 3, to: Condition.self)
    }

    /// Whether there is a value that is not fresh.
    @inlinable @inline(__always)
    var isOutdated: Bool { rawValue & 2 != 0 }

    /// The same flags with another condition.
    @inlinable @inline(__always)
    public func with(_ condition: Condition) -> NodeState { NodeState(rawValue: rawValue & ~3 | condition.rawValue) }

    /// Somebody wants to hear when it turns stale.
    @inlinable public static var announced: NodeState { NodeState(rawValue: 4) }
    /// A stale value is served for a while.
    @inlinable public static var hasGrace: NodeState { NodeState(rawValue: 8) }
    /// The value was derived from a computed key's being absent or stale, so that its coming back is a change.
    @inlinable public static var sawStale: NodeState { NodeState(rawValue: 16) }
    /// Something was derived from it.
    @inlinable public static var hasDependents: NodeState { NodeState(rawValue: 32) }
}

/// The states of all nodes, apart from the nodes: what a GET of a computed key looks at is one byte of a dense array.
///
/// Not even that as a rule: nodes stand in groups of 64, each with the number of its nodes whose value is not fresh. Those
/// numbers, 16 KB in four pages for a million nodes, stay in the cache where the states of many nodes do not, and where one is
/// zero the group's values can be served.
///
/// States are changed under the graph's lock. They are read without it, under the lock of the key whose value is read: a
/// reader sees a state from before a change or from after it, and one from before only as long as the change has not
/// been answered.
public final class NodeStates: @unchecked Sendable {
    private static let chunkBits = 16
    private static let chunkSize = 1 << chunkBits
    private static let groupBits = 6
    private static let groupCount = 1 << (32 - groupBits)
    private static let directorySize = 1 << (32 - chunkBits)

    typealias Bytes = UnsafeMutablePointer<Atomic<UInt8>>
    /// Where chunks of states are. Pages of it, and of the numbers of groups, that are not used are not there.
    private let directory: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    /// The number of outdated nodes of each group, for `isGroupFresh`.
    let groups: Bytes
    /// Earliest time at which a source expires that something was derived from, in milliseconds since 1970.
    public let nextDeadline = Atomic<Int64>(.max)
    /// Whether there is a node at all. What is made under a key's lock is seen by whoever takes that afterwards.
    public let hasNodes = Atomic<Bool>(false)
    /// Whether there are so many nodes that marking what depends on one of them may take long.
    public let hasManyNodes = Atomic<Bool>(false)

    init() {
        directory = Allocation.allocateZeroed(Self.directorySize * MemoryLayout<UnsafeMutableRawPointer?>.stride)
            .bindMemory(to: UnsafeMutableRawPointer?.self, capacity: Self.directorySize)
        groups = Allocation.reserve(Self.groupCount).bindMemory(to: Atomic<UInt8>.self, capacity: Self.groupCount)
    }

    deinit {
        for index in 0..<Self.directorySize {
            guard let chunk = directory[index] else { break }
            Allocation.free(chunk)
        }
        Allocation.free(directory)
        Allocation.unreserve(groups, Self.groupCount)
    }

    @inline(__always)
    private func byte(_ node: UInt32) -> Bytes {
        // Whoever has a node's number had it from the graph, which called `makeRoom` before.
        directory[Int(truncatingIfNeeded: node >> UInt32(Self.chunkBits))].unsafelyUnwrapped
            .assumingMemoryBound(to: Atomic<UInt8>.self) + Int(truncatingIfNeeded: node & UInt32(Self.chunkSize - 1))
    }

    /// Whether the values of all nodes in a node's group are fresh, where there are any; for whoever keeps `groups` at hand.
    @inline(__always)
    static func isGroupFresh(_ node: UInt32, _ groups: Bytes) -> Bool {
        groups[Int(truncatingIfNeeded: node >> UInt32(groupBits))].load(ordering: .relaxed) == 0
    }

    /// The state of a node that the graph has made.
    public subscript(node: UInt32) -> NodeState {
        @inline(__always) get { NodeState(rawValue: byte(node).pointee.load(ordering: .relaxed)) }
        @inline(__always) set {
            let byte = byte(node)
            let old = NodeState(rawValue: byte.pointee.load(ordering: .relaxed))
            byte.pointee.store(newValue.rawValue, ordering: .relaxed)
            guard old.isOutdated != newValue.isOutdated else { return }
            let group = groups + Int(truncatingIfNeeded: node >> UInt32(Self.groupBits))
            let count = group.pointee.load(ordering: .relaxed)
            group.pointee.store(newValue.isOutdated ? count + 1 : count - 1, ordering: .relaxed)
        }
    }

    /// Asks the processor for the state of a node, where a reader is going to look at it.
    func prefetch(_ node: UInt32) {
        if !Self.isGroupFresh(node, groups) { clinux_prefetch_read(byte(node)) }
    }

    /// Makes room for the nodes up to `node`. Chunks are made in ascending order and stay.
    public func makeRoom(for node: UInt32) {
        let index = Int(node >> Self.chunkBits)
        if directory[index] == nil { directory[index] = Allocation.allocateZeroed(Self.chunkSize) }
    }

    /// Makes the nodes below `end` new ones.
    public func reset(below end: UInt32) {
        for node in 1..<max(1, end) { self[node] = [] }
    }
}
