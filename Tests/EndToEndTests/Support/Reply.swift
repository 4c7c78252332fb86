/// One reply of the server in a form that tests compare and print.
///
/// RESP2's null bulk and null array and RESP3's null are all `.null`, since clients cannot act on the difference;
/// tests of the exact bytes use `RawConnection`.
public enum Reply: Equatable, Sendable {
    case null
    case status(String)
    case error(String)
    case integer(Int64)
    case bulk([UInt8])
    case array([Reply])
    case double(String)
    case boolean(Bool)
    case bigNumber(String)
    case verbatim(format: String, [UInt8])
    case map([Pair])
    case set([Reply])
    case push([Reply])

    public struct Pair: Equatable, Sendable {
        public var key: Reply
        public var value: Reply

        public init(_ key: Reply, _ value: Reply) {
            self.key = key
            self.value = value
        }
    }

    public static func bulk(_ text: String) -> Reply { .bulk(Array(text.utf8)) }

    public static let ok = Reply.status("OK")

    public var isError: Bool {
        if case .error = self { return true }
        return false
    }

    /// The text of a status, error, bulk, verbatim string, double or big number; nil for every other kind.
    public var text: String? {
        switch self {
        case .status(let text), .error(let text), .double(let text), .bigNumber(let text): text
        case .bulk(let bytes), .verbatim(_, let bytes): String(decoding: bytes, as: UTF8.self)
        default: nil
        }
    }

    public var integer: Int64? {
        if case .integer(let value) = self { return value }
        return nil
    }

    public var bytes: [UInt8]? {
        switch self {
        case .bulk(let bytes), .verbatim(_, let bytes): bytes
        default: nil
        }
    }

    /// The elements of an array, set or push; keys and values in turn of a map; nil for every other kind.
    public var elements: [Reply]? {
        switch self {
        case .array(let elements), .set(let elements), .push(let elements): elements
        case .map(let pairs): pairs.flatMap { [$0.key, $0.value] }
        default: nil
        }
    }

    public subscript(index: Int) -> Reply {
        guard let elements, elements.indices.contains(index) else { return .null }
        return elements[index]
    }
}
