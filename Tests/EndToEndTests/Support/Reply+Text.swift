/// Replies as text: the notation in which test scripts write what they expect.
///
/// It is redis-cli's, on one line: `OK`, `(error) ERR ...`, `(nil)`, `"bulk"` with redis-cli's escapes, `7` for an
/// integer, `["a", 1]` for an array; and for RESP3 `{"k" => "v"}`, `~["member"]`, `>["push"]`, `(double) 1.5`,
/// `(true)`, `(false)`, `(big) 1`, `(txt) "..."`.
extension Reply: CustomStringConvertible {
    public var description: String {
        switch self {
        case .null: "(nil)"
        case .status(let text): text
        case .error(let text): "(error) \(text)"
        case .integer(let value): String(value)
        case .bulk(let bytes): Reply.quoted(bytes)
        case .array(let elements): "[\(Reply.joined(elements))]"
        case .double(let text): "(double) \(text)"
        case .boolean(let value): value ? "(true)" : "(false)"
        case .bigNumber(let text): "(big) \(text)"
        case .verbatim(let format, let bytes): "(\(format)) \(Reply.quoted(bytes))"
        case .map(let pairs): "{\(pairs.map { "\($0.key) => \($0.value)" }.joined(separator: ", "))}"
        case .set(let elements): "~[\(Reply.joined(elements))]"
        case .push(let elements): ">[\(Reply.joined(elements))]"
        }
    }

    private static func joined(_ elements: [Reply]) -> String {
        elements.map(\.description).joined(separator: ", ")
    }

    /// Bytes between double quotes; anything outside printable ASCII as redis-cli escapes it.
    public static func quoted(_ bytes: some Sequence<UInt8>) -> String {
        var text = "\""
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""): text += "\\\""
            case UInt8(ascii: "\\"): text += "\\\\"
            case UInt8(ascii: "\n"): text += "\\n"
            case UInt8(ascii: "\r"): text += "\\r"
            case UInt8(ascii: "\t"): text += "\\t"
            case 7: text += "\\a"
            case 8: text += "\\b"
            case 0x20...0x7e: text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16)
                text += digits.count == 1 ? "\\x0\(digits)" : "\\x\(digits)"
            }
        }
        return text + "\""
    }
}
