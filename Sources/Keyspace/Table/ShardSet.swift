/// A set of shards: one bit each.
@frozen
public struct ShardSet: Equatable, Sendable {
    /// Number of shards of a keyspace: enough that workers seldom meet, few enough that taking all is cheap.
    public static let shardCount = 256

    @usableFromInline var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    /// No shard.
    @inlinable public init() {}

    /// Every shard.
    public static var all: ShardSet {
        var set = ShardSet()
        set.words = (.max, .max, .max, .max)
        return set
    }

    public static func == (a: ShardSet, b: ShardSet) -> Bool { a.words == b.words }

    @inlinable public var isEmpty: Bool { words.0 | words.1 | words.2 | words.3 == 0 }

    /// Adds a shard, whose number is below `shardCount`.
    @inlinable
    public mutating func insert(_ shard: Int) {
        let bit = UInt64(1) << UInt64(shard & 63)
        switch (shard >> 6) & 3 {
        case 0: words.0 |= bit
        case 1: words.1 |= bit
        case 2: words.2 |= bit
        default: words.3 |= bit
        }
    }

    /// Whether a shard, whose number is below `shardCount`, is in the set.
    @inlinable
    public func contains(_ shard: Int) -> Bool {
        let word =
            switch (shard >> 6) & 3 {
            case 0: words.0
            case 1: words.1
            case 2: words.2
            default: words.3
            }
        return word >> UInt64(shard & 63) & 1 == 1
    }

    /// Adds all shards of `other`.
    @inlinable
    public mutating func formUnion(_ other: ShardSet) {
        words.0 |= other.words.0
        words.1 |= other.words.1
        words.2 |= other.words.2
        words.3 |= other.words.3
    }

    /// Calls `body` with each shard, in ascending order.
    @inlinable @inline(__always)
    public func forEach(_ body: (Int) -> Void) {
        Self.forEach(words.0, 0, body)
        Self.forEach(words.1, 64, body)
        Self.forEach(words.2, 128, body)
        Self.forEach(words.3, 192, body)
    }

    @inlinable @inline(__always)
    static func forEach(_ word: UInt64, _ base: Int, _ body: (Int) -> Void) {
        var rest = word
        while rest != 0 {
            body(base + rest.trailingZeroBitCount)
            rest &= rest &- 1
        }
    }
}
