/// Reads RESP2 and RESP3 replies from bytes. Simple on purpose: it is the second opinion on the server's encoder, and
/// starts again from the beginning of a reply when more bytes have come.
struct ReplyParser {
    private let bytes: [UInt8]
    /// Where the next reply starts.
    private(set) var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The next reply, or nil where the bytes do not hold all of it.
    mutating func next() -> Reply? {
        let start = position
        let reply = parse()
        if reply == nil { position = start }
        return reply
    }

    private mutating func parse() -> Reply? {
        guard let line = readLine(), let kind = line.first else { return nil }
        let text = String(decoding: line.dropFirst(), as: UTF8.self)
        switch kind {
        case UInt8(ascii: "+"): return .status(text)
        case UInt8(ascii: "-"): return .error(text)
        case UInt8(ascii: ":"): return Int64(text).map { .integer($0) } ?? .error("not an integer: \(text)")
        case UInt8(ascii: ","): return .double(text)
        case UInt8(ascii: "#"): return .boolean(text == "t")
        case UInt8(ascii: "("): return .bigNumber(text)
        case UInt8(ascii: "_"): return .null
        case UInt8(ascii: "$"), UInt8(ascii: "="), UInt8(ascii: "!"): return bulk(kind, length: Int(text) ?? 0)
        case UInt8(ascii: "*"), UInt8(ascii: "~"), UInt8(ascii: ">"), UInt8(ascii: "%"), UInt8(ascii: "|"):
            return aggregate(kind, count: Int(text) ?? 0)
        default: return .error("not a reply: \(String(decoding: line, as: UTF8.self))")
        }
    }

    private mutating func bulk(_ kind: UInt8, length: Int) -> Reply? {
        if length < 0 { return .null }
        guard bytes.count - position >= length + 2 else { return nil }
        let content = Array(bytes[position..<(position + length)])
        position += length + 2
        switch kind {
        case UInt8(ascii: "="):
            return .verbatim(format: String(decoding: content.prefix(3), as: UTF8.self), Array(content.dropFirst(4)))
        case UInt8(ascii: "!"): return .error(String(decoding: content, as: UTF8.self))
        default: return .bulk(content)
        }
    }

    private mutating func aggregate(_ kind: UInt8, count: Int) -> Reply? {
        if count < 0 { return .null }
        let isMap = kind == UInt8(ascii: "%") || kind == UInt8(ascii: "|")
        var elements: [Reply] = []
        for _ in 0..<(isMap ? 2 * count : count) {
            guard let element = parse() else { return nil }
            elements.append(element)
        }
        switch kind {
        case UInt8(ascii: "~"): return .set(elements)
        case UInt8(ascii: ">"): return .push(elements)
        case UInt8(ascii: "%"):
            return .map(stride(from: 0, to: elements.count, by: 2).map { Reply.Pair(elements[$0], elements[$0 + 1]) })
        // Attributes come before the reply that they belong to; tests do not look at them.
        case UInt8(ascii: "|"): return parse()
        default: return .array(elements)
        }
    }

    private mutating func readLine() -> ArraySlice<UInt8>? {
        guard let end = bytes[position...].firstIndex(of: 13), end + 1 < bytes.count else { return nil }
        defer { position = end + 2 }
        return bytes[position..<end]
    }
}
