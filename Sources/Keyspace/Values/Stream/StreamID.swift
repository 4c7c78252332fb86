import Primitives

/// The name of a stream's entry: a time in milliseconds and a number that tells entries of one millisecond apart. Entries
/// are in the order of their IDs, which only ever grow.
@frozen
public struct StreamID: Equatable, Comparable, Sendable {
    public var milliseconds: UInt64
    public var sequence: UInt64

    @inlinable @inline(__always)
    public init(_ milliseconds: UInt64, _ sequence: UInt64) {
        self.milliseconds = milliseconds
        self.sequence = sequence
    }

    @inlinable public static var zero: StreamID { StreamID(0, 0) }
    @inlinable public static var max: StreamID { StreamID(.max, .max) }

    @inlinable @inline(__always)
    public static func < (a: StreamID, b: StreamID) -> Bool {
        a.milliseconds != b.milliseconds ? a.milliseconds < b.milliseconds : a.sequence < b.sequence
    }

    @inlinable public var isZero: Bool { milliseconds | sequence == 0 }

    /// The next ID; nil behind the last.
    @inlinable
    public var successor: StreamID? {
        if sequence != .max { return StreamID(milliseconds, sequence &+ 1) }
        return milliseconds == .max ? nil : StreamID(milliseconds &+ 1, 0)
    }

    /// The ID before; nil before the first.
    @inlinable
    public var predecessor: StreamID? {
        if sequence != 0 { return StreamID(milliseconds, sequence &- 1) }
        return milliseconds == 0 ? nil : StreamID(milliseconds &- 1, .max)
    }

    /// Bytes that `write` needs room for.
    public static var maximumTextLength: Int { 41 }

    /// Writes the text, such as `1700000000000-0`, and returns its length.
    @inlinable
    public func write(to target: UnsafeMutablePointer<UInt8>) -> Int {
        var length = writeUnsigned(milliseconds, to: target)
        target[length] = UInt8(ascii: "-")
        length &+= 1
        return length &+ writeUnsigned(sequence, to: target + length)
    }
}

/// What a stream keeps ordered by ID.
protocol StreamKeyed: BitwiseCopyable {
    var id: StreamID { get }
    /// The element's bits in the tags of its page.
    var tags: UInt64 { get }
}
