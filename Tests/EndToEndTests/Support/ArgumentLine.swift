/// Splits a command line into arguments by redis-cli's rules: white space separates, double quotes allow the escapes
/// `\n \r \t \a \b \xHH` and `\` before any other byte, single quotes allow `\'` only.
///
/// Returns nil where quotes are not balanced or a closing quote is followed by text.
public func splitArguments(_ line: some StringProtocol) -> [[UInt8]]? {
    let bytes = Array(line.utf8)
    var arguments: [[UInt8]] = []
    var index = 0
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 9 && byte <= 13) }
    while true {
        while index < bytes.count, isSpace(bytes[index]) { index += 1 }
        guard index < bytes.count else { return arguments }
        var current: [UInt8] = []
        var quote: UInt8?
        while true {
            guard index < bytes.count else {
                if quote != nil { return nil }
                break
            }
            let byte = bytes[index]
            if let open = quote {
                if byte == UInt8(ascii: "\\"), index + 1 < bytes.count, open == UInt8(ascii: "\"") {
                    let (value, length) = escape(bytes[(index + 1)...])
                    current.append(value)
                    index += 1 + length
                } else if byte == UInt8(ascii: "\\"), index + 1 < bytes.count, bytes[index + 1] == open {
                    current.append(open)
                    index += 2
                } else if byte == open {
                    index += 1
                    if index < bytes.count, !isSpace(bytes[index]) { return nil }
                    break
                } else {
                    current.append(byte)
                    index += 1
                }
            } else if isSpace(byte) {
                break
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
                index += 1
            } else {
                current.append(byte)
                index += 1
            }
        }
        arguments.append(current)
    }
}

/// The byte that an escape after a backslash stands for, and how many bytes it took.
private func escape(_ rest: ArraySlice<UInt8>) -> (value: UInt8, length: Int) {
    let first = rest[rest.startIndex]
    switch first {
    case UInt8(ascii: "n"): return (10, 1)
    case UInt8(ascii: "r"): return (13, 1)
    case UInt8(ascii: "t"): return (9, 1)
    case UInt8(ascii: "a"): return (7, 1)
    case UInt8(ascii: "b"): return (8, 1)
    case UInt8(ascii: "x"):
        let digits = String(decoding: rest.dropFirst().prefix(2), as: UTF8.self)
        if digits.utf8.count == 2, let value = UInt8(digits, radix: 16) { return (value, 3) }
        return (first, 1)
    default: return (first, 1)
    }
}
