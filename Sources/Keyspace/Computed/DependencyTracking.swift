import Primitives

/// Who wants to know which keys a connection reads.
public struct ReadRecording: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// The connection computes a value: what it reads becomes a dependency.
    public static let computation = ReadRecording(rawValue: 1)
    /// The client keeps what it reads, and is told when it changes.
    public static let tracking = ReadRecording(rawValue: 2)
}

/// The dependency graph as the door sees it. What it is told it is told under the lock of the key; it may take only locks
/// behind those of shards in the lock order.
public protocol DependencyTracking: AnyObject, Sendable {
    /// The connection `reader` is about to read a key; what changes it from here on must find the dependency.
    ///
    /// - Parameter deadline: when the key, or its first element, expires.
    /// - Returns: whether changes of the key are to be told.
    func willRead(_ key: Key, database: Int, reader: Int, deadline: Int64?) -> Bool

    /// Somebody wants to hear of what becomes of the computed value of `node`, of which a reader sees no state from before
    /// this call.
    func announce(_ node: UInt32)

    /// A key has changed.
    ///
    /// - Parameters:
    ///   - node: the node of the value that is there now, where that is a computed one.
    ///   - deadline: when the key, or its first element, expires now.
    ///   - revision: position of the change.
    func changed(
        _ key: Key, database: Int, event: KeyEvent, node: UInt32?, deadline: Int64?, revision: UInt64)

    /// All keys of one or two databases have changed; every shard is held.
    func changed(_ subject: ChangeLog.Subject, database: Int, revision: UInt64)

    /// Makes everything stale that was derived from what has changed, and adds to `log` what is to be told of that.
    func propagate(now: Int64, into log: inout ChangeLog)

    /// Makes everything stale whose source has expired at `now`.
    func expireSources(now: Int64, into log: inout ChangeLog)

    /// Whether the value of a node that is not fresh may be served nevertheless.
    func isInGrace(_ node: UInt32, now: Int64) -> Bool

    /// The value of a node that is not fresh was removed.
    func droppedValue(of node: UInt32)

    /// The value of a node was read as often as its entry can count, which begins anew at 0.
    func carryHits(of node: UInt32)

    /// Microseconds that it takes to compute the value of a node.
    func cost(of node: UInt32) -> UInt32

    /// Whether changes of the key are to be told.
    func wants(_ key: Key, database: Int) -> Bool
}

/// Somebody who marks keys beside the dependency graph.
public protocol MarkHolder: AnyObject, Sendable {
    /// Whether changes of the key are to be told.
    func wants(_ key: Key, database: Int) -> Bool
}

/// What remembers for clients what they have read.
public protocol ReadTracking: AnyObject, Sendable {
    /// The connection `reader` is about to read a key. Called under the key's lock.
    ///
    /// - Returns: whether changes of the key are to be told.
    func willRead(_ key: Key, database: Int, reader: Int) -> Bool
}
