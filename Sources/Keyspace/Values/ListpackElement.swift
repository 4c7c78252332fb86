import Primitives

/// One element as it lies in memory: bytes, or an integer whose bytes are its decimal text.
///
/// Like `ByteView` it owns nothing, and is good until the value that it came from is changed.
@frozen
public enum ListpackElement {
    case bytes(ByteView)
    case integer(Int64)

    /// Length of the element's text in bytes.
    @inlinable
    public var count: Int {
        switch self {
        case .bytes(let view): view.count
        case .integer(let value): decimalLength(value)
        }
    }

    /// The element as an integer, where its text is the canonical spelling of one.
    @inlinable
    public var integerValue: Int64? {
        switch self {
        case .bytes(let view): parseInteger(view)
        case .integer(let value): value
        }
    }

    /// Calls `body` with the element's bytes; the view must not leave it. Allocates nothing.
    @inlinable @inline(__always)
    public func withBytes<R>(_ body: (ByteView) -> R) -> R {
        switch self {
        case .bytes(let view): body(view)
        case .integer(let value): withText(of: value, body)
        }
    }

    /// The element's bytes, in place where it has some, else spelled into `scratch`, which has room for
    /// `maximumIntegerTextLength` bytes and must outlive the view.
    @inlinable
    public func view(spelledInto scratch: UnsafeMutablePointer<UInt8>) -> ByteView {
        switch self {
        case .bytes(let view): view
        case .integer(let value): ByteView(UnsafePointer<UInt8>(scratch), count: writeInteger(value, to: scratch))
        }
    }

    /// Whether the element's text is `other`. Allocates nothing.
    @inlinable
    public static func == (element: ListpackElement, other: ByteView) -> Bool {
        switch element {
        case .bytes(let view): view == other
        case .integer(let value): parseInteger(other) == value
        }
    }

    /// Order by unsigned bytes of the text: negative, zero or positive. Allocates nothing.
    @inlinable
    public func compare(_ other: ByteView) -> Int { withBytes { $0.compare(other) } }

    /// A copy of the element's bytes.
    public var array: [UInt8] { withBytes { $0.array } }
}

/// Calls `body` with the text of `value`, spelled on the stack; the view must not leave it.
@inlinable @inline(__always)
func withText<R>(of value: Int64, _ body: (ByteView) -> R) -> R {
    var scratch: (UInt64, UInt64, UInt64) = (0, 0, 0)
    return withUnsafeMutableBytes(of: &scratch) { raw in
        // Three words always have an address.
        guard let base = raw.baseAddress else { return body(.empty) }
        let count = writeInteger(value, to: base.assumingMemoryBound(to: UInt8.self))
        return body(ByteView(base, count: count))
    }
}
