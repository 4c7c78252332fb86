/// The framing of requests, written for clarity: looks at all input from the start each time it is asked.
struct ReferenceParser {
    enum Outcome: Equatable {
        case command([[UInt8]], consumed: Int)
        case incomplete
        case failure(String)
    }

    var maximumBulk = 512 << 20
    var isUnauthenticated = false

    func next(_ input: [UInt8]) -> Outcome {
        guard let first = input.first else { return .incomplete }
        return first == UInt8(ascii: "*") ? multibulk(input) : inline(input)
    }

    private enum Line {
        case number(Int, next: Int)
        case incomplete, tooLong, invalid
    }

    /// The number between `start` and the next CR, which is followed by one more byte.
    private func number(_ input: [UInt8], from start: Int, lineStart: Int) -> Line {
        let rest = input[min(start, input.count)...]
        guard let end = rest.firstIndex(of: 13), end + 1 < input.count else {
            return input.count - lineStart > 65536 ? .tooLong : .incomplete
        }
        let text = String(decoding: input[start..<end], as: UTF8.self)
        guard let value = Int(text), String(value) == text else { return .invalid }
        return .number(value, next: end + 2)
    }

    private func multibulk(_ input: [UInt8]) -> Outcome {
        var position: Int
        let count: Int
        switch number(input, from: 1, lineStart: 0) {
        case .incomplete: return .incomplete
        case .tooLong: return .failure("too big mbulk count string")
        case .invalid: return .failure("invalid multibulk length")
        case .number(let value, let next):
            if value > 2_147_483_647 { return .failure("invalid multibulk length") }
            if value > 10, isUnauthenticated { return .failure("unauthenticated multibulk length") }
            count = value
            position = next
        }
        var arguments: [[UInt8]] = []
        while arguments.count < count {
            guard position < input.count else { return .incomplete }
            guard input[position] == UInt8(ascii: "$") else {
                return .failure("expected '$', got '\(String(decoding: [input[position]], as: UTF8.self))'")
            }
            switch number(input, from: position + 1, lineStart: position) {
            case .incomplete: return .incomplete
            case .tooLong: return .failure("too big bulk count string")
            case .invalid: return .failure("invalid bulk length")
            case .number(let length, let next):
                if length < 0 || length > maximumBulk { return .failure("invalid bulk length") }
                if length > 16384, isUnauthenticated { return .failure("unauthenticated bulk length") }
                guard length <= input.count - next - 2 else { return .incomplete }
                arguments.append(Array(input[next..<next + length]))
                position = next + length + 2
            }
        }
        return .command(arguments, consumed: position)
    }

    private func inline(_ input: [UInt8]) -> Outcome {
        guard let end = input.firstIndex(of: 10) else {
            return input.count > 65536 ? .failure("too big inline request") : .incomplete
        }
        if end > 65536 { return .failure("too big inline request") }
        let line = input[..<end]
        guard let words = words(Array(line.last == 13 ? line.dropLast() : line)) else {
            return .failure("unbalanced quotes in request")
        }
        return .command(words, consumed: end + 1)
    }

    /// The words of a line; nil where quotes do not fit.
    func words(_ line: [UInt8]) -> [[UInt8]]? {
        // A zero byte ends the line; one is put behind it, so that there is always a next byte to look at.
        let line = Array(line.prefix { $0 != 0 }) + [0]
        let spaces: Set<UInt8> = [9, 10, 11, 12, 13, 32]
        var position = 0
        var words: [[UInt8]] = []
        while true {
            while spaces.contains(line[position]) { position += 1 }
            if line[position] == 0 { return words }
            var word: [UInt8] = []
            scan: while true {
                let byte = line[position]
                switch byte {
                case 0, 9, 10, 13, 32: break scan
                case UInt8(ascii: "\""), UInt8(ascii: "'"):
                    position += 1
                    guard quoted(line, &position, quote: byte, &word) else { return nil }
                    guard line[position] == 0 || spaces.contains(line[position]) else { return nil }
                    break scan
                default:
                    word.append(byte)
                    position += 1
                }
            }
            words.append(word)
        }
    }

    private func quoted(_ line: [UInt8], _ position: inout Int, quote: UInt8, _ word: inout [UInt8]) -> Bool {
        while line[position] != quote {
            if line[position] == 0 { return false }
            if line[position] == UInt8(ascii: "\\"), quote == UInt8(ascii: "'") {
                if line[position + 1] == quote { position += 1 }
            } else if line[position] == UInt8(ascii: "\\"), line[position + 1] != 0 {
                position += 1
                if let byte = hexadecimal(line, position) {
                    word.append(byte)
                    position += 3
                    continue
                }
                let escapes: [Character: UInt8] = ["n": 10, "r": 13, "t": 9, "b": 8, "a": 7]
                let escaped = line[position]
                word.append(escapes[Character(Unicode.Scalar(escaped))] ?? escaped)
                position += 1
                continue
            }
            word.append(line[position])
            position += 1
        }
        position += 1
        return true
    }

    private func hexadecimal(_ line: [UInt8], _ position: Int) -> UInt8? {
        guard line[position] == UInt8(ascii: "x"), position + 2 < line.count else { return nil }
        let digits = String(decoding: line[position + 1...position + 2], as: UTF8.self)
        guard digits.allSatisfy(\.isHexDigit), digits.utf8.count == 2 else { return nil }
        return UInt8(digits, radix: 16)
    }
}
