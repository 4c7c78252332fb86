/// A reply of RESP2 as tests look at it.
enum TextReply: Equatable, CustomStringConvertible {
    case null
    case status(String)
    case error(String)
    case integer(Int64)
    case bulk(String)
    case array([TextReply])

    init(_ bytes: [UInt8]) {
        var position = 0
        self = TextReply.parse(bytes, &position)
    }

    private static func parse(_ bytes: [UInt8], _ position: inout Int) -> TextReply {
        var end = position
        while bytes[end] != 13 { end += 1 }
        let kind = bytes[position]
        let text = String(decoding: bytes[(position + 1)..<end], as: UTF8.self)
        position = end + 2
        switch kind {
        case UInt8(ascii: "+"): return .status(text)
        case UInt8(ascii: "-"): return .error(text)
        case UInt8(ascii: ":"): return .integer(Int64(text) ?? 0)
        case UInt8(ascii: "$"):
            guard let count = Int(text), count >= 0 else { return .null }
            defer { position += count + 2 }
            return .bulk(String(decoding: bytes[position..<position + count], as: UTF8.self))
        default:
            guard let count = Int(text), count >= 0 else { return .null }
            return .array((0..<count).map { _ in parse(bytes, &position) })
        }
    }

    var description: String {
        switch self {
        case .null: "nil"
        case .status(let text), .error(let text), .bulk(let text): text
        case .integer(let value): String(value)
        case .array(let elements): "[\(elements.map(\.description).joined(separator: ", "))]"
        }
    }

    var text: String? {
        switch self {
        case .status(let text), .error(let text), .bulk(let text): text
        default: nil
        }
    }

    var integer: Int64? {
        if case .integer(let value) = self { return value }
        return nil
    }

    var isError: Bool {
        if case .error = self { return true }
        return false
    }

    subscript(index: Int) -> TextReply {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return .null }
        return elements[index]
    }

    /// Whether the answer of a command that reads a key says that there is one.
    var isPresent: Bool {
        switch self {
        case .null: false
        case .status(let text): text != "none"
        case .error: true
        case .integer(let value): value != 0
        case .bulk(let text): !text.isEmpty
        case .array(let elements): !elements.isEmpty
        }
    }
}
