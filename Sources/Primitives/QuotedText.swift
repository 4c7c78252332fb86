/// `bytes` in double quotes, as `splitArguments` reads them back and redis-cli shows them: escapes for quotes, backslashes
/// and all that is not visible ASCII. O(n).
public func quotedText(_ bytes: ByteView) -> [UInt8] {
    var text: [UInt8] = [UInt8(ascii: "\"")]
    text.reserveCapacity(bytes.count + 2)
    for byte in bytes.buffer {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
        case UInt8(ascii: "\n"): text += "\\n".utf8
        case UInt8(ascii: "\r"): text += "\\r".utf8
        case UInt8(ascii: "\t"): text += "\\t".utf8
        case 7: text += "\\a".utf8
        case 8: text += "\\b".utf8
        case 32...126: text.append(byte)
        default: text += [UInt8(ascii: "\\"), UInt8(ascii: "x"), hexadecimal(byte >> 4), hexadecimal(byte & 15)]
        }
    }
    text.append(UInt8(ascii: "\""))
    return text
}

private func hexadecimal(_ digit: UInt8) -> UInt8 {
    digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit
}
