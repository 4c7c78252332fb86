import Keyspace

/// How far the writing of a value has come that is written in parts.
public struct EncodingProgress {
    var hasBegun = false
    /// Where the elements go on: the number of a list's block, of a sorted set's members that are written, or a position of
    /// a table.
    var position: UInt64 = 0
    /// What is left of a stream's blocks, or of its entries; nil before and behind them.
    var blocks: StreamBlockCursor?
    var entries: StreamCursor?
    /// Whether the fields of a hash are written, and only the times at which they expire are not.
    var hasFields = false
    /// The group of a stream that is being written, and its consumer; nil where that is still to begin.
    var group = 0
    var consumer: Int?
    /// What is left of what is pending for the group, or for the consumer.
    var pending: PendingCursor?

    public init() {}
}
