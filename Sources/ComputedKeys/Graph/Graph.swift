import Keyspace
import Primitives
import Synchronization

/// The name of a node: a key of a database, or a tag.
struct NodeName {
    let bytes: ByteView
    /// `processHash` of the name.
    let hash: UInt64
    /// The number of the database; `Node.tags` for a tag.
    let database: UInt16

    init(_ key: Key, database: Int) {
        bytes = key.bytes
        hash = key.hash
        self.database = UInt16(truncatingIfNeeded: database)
    }

    init(tag: ByteView) {
        bytes = tag
        hash = processHash(tag)
        database = Node.tags
    }
}

/// Nodes, edges and states: what was derived from what. Everything happens under the lock of `DependencyGraph`.
///
/// Invariants: a published node has edges to all that it was derived from. What depends on a node that is stale, or maybe
/// stale, is so itself, except where it was derived from that node's having no value (`NodeState.sawStale`). A node lives
/// as long as it has a computed value, something depends on it, or it is pinned.
struct Graph: ~Copyable {
    unowned(unsafe) let states: NodeStates
    var nodes = Pool<Node>(chunkBits: 16)
    var edges = EdgePool()
    var names = NameArena()
    var table = NodeTable()
    private var firstFree: UInt32 = 0
    /// Nodes that there are.
    private(set) var nodeCount = 0
    /// The same by database.
    var nodeCounts: [UInt16: Int] = [:]
    /// Nodes with a computed value.
    var computedCount = 0
    /// Of those, the ones that were derived from a stale key's having no value.
    var sawStaleCount = 0
    var deadlines = SourceDeadlines()
    /// How long stale values are served, for nodes with `NodeState.hasGrace`.
    var graces: [UInt32: Grace] = [:]
    /// Reads of values that were read more often than their entries can count.
    var carriedHits: [UInt32: Int] = [:]
    /// Names of what happened to sources.
    private(set) var events: [StaticString] = []
    /// Cascades that go on later, whose positions must not be left behind.
    var suspended: [Unmanaged<Cascade>] = []

    struct Grace {
        /// Milliseconds.
        var duration: Int64
        /// Since when the value is stale, in milliseconds since 1970.
        var since: Int64 = 0
    }

    init(states: NodeStates) { self.states = states }

    /// Bytes that nodes, edges and names take.
    var memoryUsage: Int {
        nodes.memoryUsage + Int(nodes.end) + edges.memoryUsage + names.memoryUsage + table.memoryUsage
            + graces.count * 48 + carriedHits.count * 32 + deadlines.memoryUsage
    }

    // MARK: Nodes

    /// The node of a name; 0 where there is none.
    func find(_ name: NodeName) -> UInt32 {
        table.find(name.hash) {
            let node = nodes.pointer($0)
            return node.pointee.database == name.database && names.view(node.pointee.name) == name.bytes
        }
    }

    /// The node of a name, made where there is none; nil where no numbers are left. Whoever calls this must depend on it,
    /// give it a value or pin it before something is released.
    mutating func findOrMake(_ name: NodeName) -> UInt32? {
        let found = find(name)
        if found != 0 { return found }
        guard let node = makeNode() else { return nil }
        if nodeCount == 0 { states.hasNodes.store(true, ordering: .relaxed) }
        nodes[node] = Node(name: names.insert(name.bytes), database: name.database)
        states[node] = []
        table.insert(node, name.hash, hashOf: { hash($0) })
        nodeCount += 1
        nodeCounts[name.database, default: 0] += 1
        return node
    }

    private mutating func makeNode() -> UInt32? {
        if firstFree != 0 {
            defer { firstFree = nodes[firstFree].name }
            return firstFree
        }
        guard let node = nodes.take(1) else { return nil }
        states.makeRoom(for: node)
        return node
    }

    func name(_ node: UInt32) -> ByteView { names.view(nodes[node].name) }

    /// What the table finds a node by. The database has no part in it: SWAPDB then leaves the table as it is.
    func hash(_ node: UInt32) -> UInt64 { processHash(name(node)) }

    /// Ends a node that nobody needs any more.
    mutating func release(_ node: UInt32) {
        let pointer = nodes.pointer(node)
        guard pointer.pointee.firstDependent == 0, pointer.pointee.pins == 0, states[node].condition == .absent,
            pointer.pointee.revision != Node.unused
        else { return }
        assert(pointer.pointee.dependencies == 0)
        table.remove(node, hash(node), hashOf: { hash($0) })
        names.remove(pointer.pointee.name)
        nodeCounts[pointer.pointee.database, default: 0] -= 1
        deadlines.remove(node)
        carriedHits[node] = nil
        pointer.pointee = Node(revision: Node.unused, name: firstFree)
        states[node] = []
        firstFree = node
        nodeCount -= 1
        if nodeCount == 0 { states.hasNodes.store(false, ordering: .relaxed) }
    }

    mutating func pin(_ node: UInt32) {
        if nodes[node].pins < .max { nodes.pointer(node).pointee.pins += 1 }
    }

    /// Ends a pin, and the node where nobody else needs it.
    mutating func unpin(_ node: UInt32) {
        if nodes[node].pins < .max { nodes.pointer(node).pointee.pins -= 1 }
        release(node)
    }

    /// The number under which `Cause` has an event.
    mutating func number(of event: StaticString) -> Int {
        if let index = events.firstIndex(where: { $0.utf8Start == event.utf8Start }) { return index }
        events.append(event)
        return events.count - 1
    }

    // MARK: Values

    /// Takes a node's computed value away, with what it was derived from. Not the node.
    mutating func removeValue(of node: UInt32) {
        guard states[node].condition != .absent else { return }
        unlinkDependencies(of: node)
        if states[node].contains(.hasGrace) { graces[node] = nil }
        if states[node].contains(.sawStale) { sawStaleCount -= 1 }
        states[node] = states[node].with(.absent).subtracting([.hasGrace, .sawStale])
        computedCount -= 1
    }

    /// Gives a node back its value after `removeValue`, as a stale one that was derived from nothing that is known.
    mutating func keepStaleValue(of node: UInt32) {
        states[node] = states[node].with(.stale)
        computedCount += 1
    }

    /// Notes that something has happened to a node, so that what was derived from it is out of date.
    mutating func noteChange(of node: UInt32, _ event: StaticString, revision: UInt64) {
        nodes.pointer(node).pointee.cause = Cause.make(event: number(of: event))
        nodes.pointer(node).pointee.revision = revision
    }
}
