import Primitives

/// Finds the ends of commands and annotations in bytes that arrive piece by piece; free of I/O.
///
/// Lengths are as whoever writes them writes them: digits without leading zeros, ended by CR LF. So whatever parses the
/// commands for their arguments comes to the same ends.
struct LogGrammar {
    /// Why the scan stopped, always at the start of a command or annotation.
    enum Stop {
        /// An annotation of so many bytes, its end included, comes next.
        case annotation(Int)
        /// The command that comes next is not known whole before so many bytes are there from the buffer's first on.
        case needs(Int)
        /// The byte at this place of the buffer cannot be there.
        case wrong(at: Int, String)
    }

    /// Longest annotation in bytes, its end included.
    static let maximumAnnotation = 1024

    /// Offset in the file of the MULTI that no EXEC has followed yet.
    private(set) var transactionStart: Int64?
    /// Whole commands so far.
    private(set) var commandCount = 0
    /// How far the command at `start` was looked at, in bytes from there, and how many arguments it has behind that;
    /// nothing where `remaining` is 0.
    private var looked = 0
    private var remaining = 0
    private var isFirst = false
    /// A MULTI or EXEC, seen but not yet whole.
    private var pending = Bracket.none

    /// Whether MULTI and EXEC are to be paired.
    private let tracksTransactions: Bool

    private enum Bracket { case none, opens, closes }

    init(tracksTransactions: Bool) { self.tracksTransactions = tracksTransactions }

    /// Goes on from `start`, which moves behind the last whole command.
    ///
    /// - Parameter base: the offset of the buffer in the file.
    mutating func scan(
        _ bytes: ByteView, from start: inout Int, base: Int64
    ) -> Stop {
        let text = bytes.start
        let count = bytes.count
        var position = start &+ looked
        var remaining = remaining
        var isFirst = isFirst
        looked = 0
        self.remaining = 0
        while true {
            if remaining == 0 {
                guard position < count else { return .needs(position &+ 1) }
                if text[position] != UInt8(ascii: "*") { return other(bytes, at: position) }
                switch Self.length(text, position &+ 1, count) {
                case .value(let number, let next):
                    guard number > 0, number <= Int(Int32.max) else {
                        return .wrong(at: position &+ 1, "a command of \(number) arguments")
                    }
                    remaining = number
                    position = next
                    isFirst = true
                case .incomplete: return .needs(count &+ 1)
                case .wrong(let place): return .wrong(at: place, "expected the number of a command's arguments")
                }
            }
            // One argument.
            guard position < count else { return suspend(position, start, remaining, isFirst, count &+ 1) }
            if text[position] != UInt8(ascii: "$") {
                return .wrong(at: position, "expected an argument, $ and its length")
            }
            switch Self.length(text, position &+ 1, count) {
            case .value(let length, let next):
                guard length <= LogScanner.longestArgument else {
                    return .wrong(
                        at: position &+ 1,
                        "an argument of \(length) bytes, where \(LogScanner.longestArgument) are the most")
                }
                // `next` is within the buffer and the length has at most twelve digits: no overflow.
                let end = next &+ length
                guard end &+ 2 <= count else {
                    return suspend(position, start, remaining, isFirst, end &+ 2)
                }
                guard text[end] == 13, text[end &+ 1] == 10 else {
                    return .wrong(at: text[end] == 13 ? end &+ 1 : end, "expected the end of an argument, CR LF")
                }
                if isFirst {
                    isFirst = false
                    if length == 5 || length == 4, let wrong = bracket(text + next, length, base &+ Int64(start)) {
                        return .wrong(at: next, wrong)
                    }
                }
                position = end &+ 2
                remaining &-= 1
                if remaining == 0 {
                    commandCount &+= 1
                    if pending != .none {
                        transactionStart = pending == .opens ? base &+ Int64(start) : nil
                        pending = .none
                    }
                    start = position
                }
            case .incomplete: return suspend(position, start, remaining, isFirst, count &+ 1)
            case .wrong(let place): return .wrong(at: place, "expected the length of an argument")
            }
        }
    }

    private mutating func suspend(
        _ position: Int, _ start: Int, _ remaining: Int, _ isFirst: Bool, _ needed: Int
    ) -> Stop {
        looked = position &- start
        self.remaining = remaining
        self.isFirst = isFirst
        return .needs(needed)
    }

    /// Notes the beginning or end of a transaction; returns what is wrong with that.
    @inline(__always)
    private mutating func bracket(_ name: UnsafePointer<UInt8>, _ length: Int, _ offset: Int64) -> String? {
        guard tracksTransactions else { return nil }
        let word = UnsafeRawPointer(name).loadUnaligned(as: UInt32.self) | 0x2020_2020
        // "mult" and "exec" as they are in memory.
        if word == UInt32(littleEndian: 0x746C_756D), length == 5, name[4] | 0x20 == UInt8(ascii: "i") {
            if let transactionStart { return "MULTI within the transaction from offset \(transactionStart) on" }
            pending = .opens
        } else if word == UInt32(littleEndian: 0x6365_7865), length == 4 {
            if transactionStart == nil { return "EXEC without MULTI" }
            pending = .closes
        }
        return nil
    }

    /// What is not a command.
    @inline(never)
    private func other(_ bytes: ByteView, at position: Int) -> Stop {
        guard bytes[position] == UInt8(ascii: "#") else {
            return .wrong(at: position, "expected a command, * and a number")
        }
        let rest = bytes[position..<min(bytes.count, position + Self.maximumAnnotation)]
        if let end = rest.buffer.firstIndex(of: 10) { return .annotation(end + 1) }
        if rest.count < Self.maximumAnnotation { return .needs(bytes.count + 1) }
        // Where the line was never written, it ends with the first zero byte.
        let place = position + (rest.buffer.firstIndex(of: 0) ?? 0)
        return .wrong(at: place, "an annotation of more than \(Self.maximumAnnotation) bytes")
    }

    private enum Length {
        case value(Int, next: Int)
        case incomplete
        case wrong(at: Int)
    }

    /// The number at `start`, which ends with CR LF.
    @inline(__always)
    private static func length(_ text: UnsafePointer<UInt8>, _ start: Int, _ count: Int) -> Length {
        // Nearly every length has one or two digits.
        if start &+ 4 <= count {
            let first = text[start] &- 48
            if first < 10 {
                if text[start &+ 1] == 13, text[start &+ 2] == 10 { return .value(Int(first), next: start &+ 3) }
                let second = text[start &+ 1] &- 48
                if first > 0, second < 10, text[start &+ 2] == 13, text[start &+ 3] == 10 {
                    return .value(Int(first) &* 10 &+ Int(second), next: start &+ 4)
                }
            }
        }
        return longLength(text, start, count)
    }

    @inline(never)
    private static func longLength(_ text: UnsafePointer<UInt8>, _ start: Int, _ count: Int) -> Length {
        var position = start
        var value = 0
        while position < count {
            let digit = text[position] &- 48
            if digit >= 10 {
                if position == start || text[position] != 13 { return .wrong(at: position) }
                guard position + 1 < count else { return .incomplete }
                return text[position + 1] == 10 ? .value(value, next: position + 2) : .wrong(at: position + 1)
            }
            // Twelve digits are more than any length has; a leading zero stands alone.
            if position - start == 12 || (position > start && value == 0) { return .wrong(at: position) }
            value = value * 10 + Int(digit)
            position += 1
        }
        return .incomplete
    }
}
