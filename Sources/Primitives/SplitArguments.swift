/// Splits a line into words as redis-cli, inline commands and redis.conf do: at white space, with `"..."` (escapes
/// `\n \r \t \b \a \\ \"` and `\xHH`) and `'...'` (escape `\'`) around words that hold any byte.
///
/// The line ends at a zero byte. Vertical tabs and form feeds are skipped between words but do not end one.
///
/// - Returns: the words, or nil where quotes are unbalanced or a closing quote is not followed by white space.
/// - Complexity: O(n).
public func splitArguments(_ line: ByteView) -> [[UInt8]]? {
    let end = line.buffer.firstIndex(of: 0) ?? line.count
    var splitter = ArgumentSplitter(line: line[0..<end])
    var words: [[UInt8]] = []
    while true {
        splitter.skipSpace()
        guard !splitter.isAtEnd else { return words }
        guard let word = splitter.word() else { return nil }
        words.append(word)
    }
}

private struct ArgumentSplitter {
    let line: ByteView
    var position = 0

    var isAtEnd: Bool { position >= line.count }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

    /// Whether `byte` ends a word that is not quoted.
    static func endsWord(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 10 || byte == 13 }

    mutating func skipSpace() {
        while position < line.count, Self.isSpace(line[position]) { position += 1 }
    }

    mutating func word() -> [UInt8]? {
        var bytes: [UInt8] = []
        while position < line.count {
            let byte = line[position]
            if Self.endsWord(byte) { return bytes }
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard quoted(into: &bytes) else { return nil }
                return bytes
            case UInt8(ascii: "'"):
                guard singleQuoted(into: &bytes) else { return nil }
                return bytes
            default: bytes.append(byte)
            }
        }
        return bytes
    }

    /// Whether the word ends here, as it must behind a closing quote.
    private var isAtWordEnd: Bool { position >= line.count || Self.isSpace(line[position]) }

    private mutating func quoted(into bytes: inout [UInt8]) -> Bool {
        while position < line.count {
            let byte = line[position]
            position += 1
            if byte == UInt8(ascii: "\"") { return isAtWordEnd }
            if byte == UInt8(ascii: "\\"), position < line.count { bytes.append(escape()) } else { bytes.append(byte) }
        }
        return false
    }

    private mutating func escape() -> UInt8 {
        let byte = line[position]
        position += 1
        switch byte {
        case UInt8(ascii: "n"): return 10
        case UInt8(ascii: "r"): return 13
        case UInt8(ascii: "t"): return 9
        case UInt8(ascii: "b"): return 8
        case UInt8(ascii: "a"): return 7
        case UInt8(ascii: "x"):
            guard position + 1 < line.count, let high = Self.hexDigit(line[position]),
                let low = Self.hexDigit(line[position + 1])
            else { return byte }
            position += 2
            return high << 4 | low
        default: return byte
        }
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch asciiLowercased(byte) {
        case let digit where digit &- 48 < 10: digit &- 48
        case let letter where letter &- 97 < 6: letter &- 87
        default: nil
        }
    }

    private mutating func singleQuoted(into bytes: inout [UInt8]) -> Bool {
        while position < line.count {
            let byte = line[position]
            position += 1
            if byte == UInt8(ascii: "'") { return isAtWordEnd }
            if byte == UInt8(ascii: "\\"), position < line.count, line[position] == UInt8(ascii: "'") {
                bytes.append(UInt8(ascii: "'"))
                position += 1
            } else {
                bytes.append(byte)
            }
        }
        return false
    }
}
