import Primitives

/// What the door itself tells the commit log: removals that no command has asked for, and what the executor needs to know to
/// log a command that has changed something.
extension Access {
    /// Whether what commands have done is logged.
    @inlinable @inline(__always)
    public var isLogging: Bool { keyspaceReference._withUnsafeGuaranteedRef { $0.isLogging } }

    /// Whether the command, or an earlier one of the transaction, has changed something.
    @inlinable @inline(__always)
    public var hasChanged: Bool { dirty != 0 }

    /// Whether the command has changed something that is not logged yet.
    public var hasEffects: Bool { dirty != settledEffects }

    /// Takes for logged what has been changed so far.
    public mutating func settleEffects() { settledEffects = dirty }

    /// Adds the removal of a key that is none of the command's doing to what is logged, once the change is noted.
    mutating func logRemoval(_ key: Key) {
        settledEffects &+= 1
        effects.begin(database: database, arguments: 2)
        effects.append("DEL")
        effects.append(key.bytes)
    }

    /// Adds the removal of a field of a hash.
    public mutating func logRemoval(of field: ListpackElement, from key: Key) {
        effects.begin(database: database, arguments: 3)
        effects.append("HDEL")
        effects.append(key.bytes)
        effects.append(field)
    }

    /// Lets what is to be logged be handed over at the end of the command, although it has changed no key.
    public mutating func noteEffects() {
        guard dirty == 0 else { return }
        dirty &+= 1
        settledEffects &+= 1
    }

    /// Hands over what is to be logged.
    @inline(never)
    mutating func logEffects() {
        effects.handOver(to: keyspace)
    }
}
