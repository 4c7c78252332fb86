/// The opposite of `splitArguments`: words as they are written into a line of redis.conf.
enum LineText {
    /// `bytes` as one word: as they are where that reads back the same, else in double quotes.
    static func quote(_ bytes: [UInt8]) -> [UInt8] {
        let isPlain = !bytes.isEmpty && bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F && !quoteBytes.contains($0) }
        if isPlain { return bytes }
        var text: [UInt8] = [UInt8(ascii: "\"")]
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): text += Array("\\n".utf8)
            case UInt8(ascii: "\r"): text += Array("\\r".utf8)
            case UInt8(ascii: "\t"): text += Array("\\t".utf8)
            case 0x07: text += Array("\\a".utf8)
            case 0x08: text += Array("\\b".utf8)
            case 0x20..<0x7F: text.append(byte)
            default:
                let digits = Array("0123456789abcdef".utf8)
                text += [UInt8(ascii: "\\"), UInt8(ascii: "x"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return text + [UInt8(ascii: "\"")]
    }

    private static let quoteBytes: [UInt8] = [UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\")]
}
