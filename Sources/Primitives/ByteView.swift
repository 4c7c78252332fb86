import Glibc

/// Bytes that somebody else owns: a pointer and a length.
///
/// Arguments of a command are views into the connection's read buffer and values are views into their entry, so that
/// nothing on the path of a command is copied, allocated or reference counted.
///
/// Invariant: whoever makes a view guarantees that `count` bytes from `start` stay readable and unchanged for as long
/// as the view is used. A view must not outlive the call that it was handed to; `array` makes a copy that may.
@frozen
public struct ByteView {
    /// The first byte; valid for `count` bytes. Code that indexes through it has proven its bounds.
    public let start: UnsafePointer<UInt8>
    /// Number of bytes, zero or more.
    public let count: Int

    @inlinable @inline(__always)
    public init(_ start: UnsafePointer<UInt8>, count: Int) {
        assert(count >= 0)
        self.start = start
        self.count = count
    }

    @inlinable @inline(__always)
    public init(_ start: UnsafeMutablePointer<UInt8>, count: Int) {
        let start: UnsafePointer<UInt8> = UnsafePointer(start)
        self.init(start, count: count)
    }

    @inlinable @inline(__always)
    public init(_ start: UnsafeRawPointer, count: Int) {
        self.init(start.assumingMemoryBound(to: UInt8.self), count: count)
    }

    /// The bytes of a string literal, which live as long as the process.
    @inlinable
    public init(_ literal: StaticString) {
        self.init(literal.utf8Start, count: literal.utf8CodeUnitCount)
    }

    /// A view of no bytes.
    @inlinable
    public static var empty: ByteView { ByteView("" as StaticString) }

    @inlinable public var isEmpty: Bool { count == 0 }

    /// The byte at `index`; traps where it is out of bounds.
    @inlinable
    public subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < count)
        return start[index]
    }

    /// The bytes in `range`; traps where it is out of bounds.
    @inlinable
    public subscript(range: Range<Int>) -> ByteView {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return ByteView(start + range.lowerBound, count: range.count)
    }

    /// The view as a buffer, for APIs of the standard library.
    @inlinable
    public var buffer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: start, count: count) }

    /// A copy of the bytes.
    public var array: [UInt8] { Array(buffer) }

    /// The bytes read as UTF-8, with replacement characters where they are not.
    public var string: String { String(decoding: buffer, as: UTF8.self) }

    /// The same with 'A'...'Z' turned to 'a'...'z'.
    public var lowercasedString: String { String(decoding: buffer.lazy.map(asciiLowercased), as: UTF8.self) }

    /// Whether both hold the same bytes. O(n), a word at a time for the short lengths that keys have.
    @inlinable @inline(__always)
    public static func == (a: ByteView, b: ByteView) -> Bool {
        a.count == b.count && equalBytes(a.start, b.start, a.count)
    }

    /// Whether the bytes equal `word` when ASCII letters are compared without case; `word` must be lower case.
    @inlinable
    public func equalsIgnoringCase(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        let other = word.utf8Start
        for index in 0..<count where asciiLowercased(start[index]) != other[index] { return false }
        return true
    }

    /// Order by unsigned bytes, a prefix before what it is a prefix of (`memcmp`): negative, zero or positive.
    @inlinable
    public func compare(_ other: ByteView) -> Int {
        let order = memcmp(start, other.start, min(count, other.count))
        return order != 0 ? Int(order) : count - other.count
    }
}

/// `byte` with 'A'...'Z' turned to 'a'...'z'.
@inlinable @inline(__always)
public func asciiLowercased(_ byte: UInt8) -> UInt8 {
    byte &- 0x41 < 26 ? byte | 0x20 : byte
}

/// Whether `count` bytes at both places are equal. Both must be readable for `count` bytes.
@inlinable @inline(__always)
public func equalBytes(_ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    let x = UnsafeRawPointer(a)
    let y = UnsafeRawPointer(b)
    if count >= 8 {
        if count > 32 { return memcmp(a, b, count) == 0 }
        // Overlapping words: the last one ends at the last byte.
        var offset = 0
        while offset &+ 8 < count {
            if x.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                != y.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            {
                return false
            }
            offset &+= 8
        }
        return x.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
            == y.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
    }
    if count >= 4 {
        return x.loadUnaligned(as: UInt32.self) == y.loadUnaligned(as: UInt32.self)
            && x.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
                == y.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
    }
    for index in 0..<count where a[index] != b[index] { return false }
    return true
}

extension Array where Element == UInt8 {
    /// Calls `body` with a view of the array's bytes; the view must not leave it.
    @inlinable
    public func withView<R, E: Error>(_ body: (ByteView) throws(E) -> R) throws(E) -> R {
        try withUnsafeBufferPointer { (buffer) throws(E) in
            guard let base = buffer.baseAddress else { return try body(.empty) }
            return try body(ByteView(base, count: buffer.count))
        }
    }
}
