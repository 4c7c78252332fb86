import Keyspace
import Primitives

/// IDs among the arguments of commands on streams.
extension Call {
    /// The ID at an argument: `ms-seq`, or `ms` alone with `missing` for its sequence number.
    @inline(__always)
    func streamID(_ index: Int, missing: UInt64 = 0) throws(CommandError) -> StreamID {
        guard let id = StreamID(self[index], missing: missing) else { throw .invalidStreamID }
        return id
    }

    /// The same where `-` and `+`, the first and the last possible ID, are understood as well.
    func streamBound(_ index: Int, missing: UInt64) throws(CommandError) -> StreamID {
        if self[index].count == 1 {
            if self[index][0] == UInt8(ascii: "-") { return .zero }
            if self[index][0] == UInt8(ascii: "+") { return .max }
        }
        return try streamID(index, missing: missing)
    }

    /// The first ID of an interval; `(` in front leaves out the one that it names.
    func intervalStart(_ index: Int) throws(CommandError) -> StreamID {
        guard let excluded = try excludedBound(index, missing: 0) else { return try streamBound(index, missing: 0) }
        guard let start = excluded.successor else { throw CommandError("ERR invalid start ID for the interval") }
        return start
    }

    /// The last ID of an interval.
    func intervalEnd(_ index: Int) throws(CommandError) -> StreamID {
        guard let excluded = try excludedBound(index, missing: .max) else {
            return try streamBound(index, missing: .max)
        }
        guard let end = excluded.predecessor else { throw CommandError("ERR invalid end ID for the interval") }
        return end
    }

    /// The ID behind `(`; nil where there is none.
    private func excludedBound(_ index: Int, missing: UInt64) throws(CommandError) -> StreamID? {
        let text = self[index]
        guard text.count > 1, text[0] == UInt8(ascii: "(") else { return nil }
        guard let id = StreamID(text[1..<text.count], missing: missing) else { throw .invalidStreamID }
        return id
    }

    /// The integer at an argument, at least 0.
    func clampedCount(_ index: Int) throws(CommandError) -> Int { Int(max(0, try integer(index))) }

    /// The stream at a key for a command that looks up what it may change.
    @inline(__always)
    mutating func findStream(_ key: Key) throws(CommandError) -> StreamValue? {
        guard let entry = access.find(key) else { return nil }
        guard entry.type == .stream else { throw .wrongType }
        return entry.aggregate(StreamValue.self)
    }
}

extension StreamID {
    /// The ID that `text` spells: two numbers with `-` between them, or only the first and `missing` for the second.
    @inline(__always)
    init?(_ text: ByteView, missing: UInt64) {
        var dash = 0
        while dash < text.count, text.start[dash] != UInt8(ascii: "-") { dash &+= 1 }
        guard let milliseconds = Self.number(text.start, dash) else { return nil }
        guard dash < text.count else {
            self.init(milliseconds, missing)
            return
        }
        guard let sequence = Self.number(text.start + dash + 1, text.count &- dash &- 1) else { return nil }
        self.init(milliseconds, sequence)
    }

    @inline(__always)
    static func number(_ start: UnsafePointer<UInt8>, _ count: Int) -> UInt64? {
        parseUnsigned(start, count: count) ?? looseNumber(ByteView(start, count: count))
    }

    /// A number that is not spelled canonically: white space and a sign in front, leading zeros. Redis reads those with
    /// `strtoull`, for which a minus is a subtraction from 2^64, but not where the number as such is a negative one.
    @inline(never)
    private static func looseNumber(_ text: ByteView) -> UInt64? {
        guard text.count < 128, parseInteger(text) == nil else { return nil }
        var digits = text.buffer.drop { $0 == 32 || $0 >= 9 && $0 <= 13 }
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
        guard !digits.isEmpty else { return nil }
        var value: UInt64 = 0
        for digit in digits {
            guard digit >= 48, digit <= 57, let tens = value.multiplied(checked: 10),
                let sum = tens.adding(checked: UInt64(digit - 48))
            else { return nil }
            value = sum
        }
        return isNegative ? 0 &- value : value
    }
}

extension StreamIDRequest {
    /// What XADD's argument asks for; nil where it is not understood.
    @inline(__always)
    init?(_ text: ByteView) {
        if text.count == 1, text.start[0] == UInt8(ascii: "*") {
            self = .automatic
        } else if text.count > 2, text.start[text.count &- 1] == UInt8(ascii: "*") {
            guard text.start[text.count &- 2] == UInt8(ascii: "-"),
                let milliseconds = StreamID.number(text.start, text.count &- 2)
            else { return nil }
            self = .sequence(milliseconds: milliseconds)
        } else {
            guard let id = StreamID(text, missing: 0) else { return nil }
            self = .exact(id)
        }
    }
}

extension CommandError {
    static let invalidStreamID = CommandError("ERR Invalid stream ID specified as stream command argument")

    static func noGroup(_ key: ByteView, _ group: ByteView) -> CommandError {
        CommandError(composed: "NOGROUP No such key '\(key.string)' or consumer group '\(group.string)'")
    }

    static func noGroup(_ group: ByteView, forKey key: ByteView) -> CommandError {
        CommandError(composed: "NOGROUP No such consumer group '\(group.string)' for key name '\(key.string)'")
    }

    /// A subcommand that exists, with arguments that it does not know.
    static func subcommandSyntax(_ call: borrowing Call, of command: String) -> CommandError {
        CommandError(
            composed: "ERR unknown subcommand or wrong number of arguments for '\(call[1].string.prefix(128))'."
                + " Try \(command) HELP.")
    }
}

extension KeyEvent {
    static let xadd = KeyEvent(.stream, "xadd")
    static let xtrim = KeyEvent(.stream, "xtrim")
    static let xdel = KeyEvent(.stream, "xdel")
    static let xsetid = KeyEvent(.stream, "xsetid", effect: .readers)
    static let xgroupCreate = KeyEvent(.stream, "xgroup-create", effect: .readers)
    static let xgroupSetID = KeyEvent(.stream, "xgroup-setid", effect: .readers)
    static let xgroupDestroy = KeyEvent(.stream, "xgroup-destroy", effect: .readers)
    static let xgroupCreateConsumer = KeyEvent(.stream, "xgroup-createconsumer", effect: .readers)
    static let xgroupDeleteConsumer = KeyEvent(.stream, "xgroup-delconsumer", effect: .readers)
    // Redis publishes nothing of these.
    static let xreadgroup = KeyEvent([], "xreadgroup", effect: .readers)
    static let xack = KeyEvent([], "xack", effect: .readers)
    static let xclaim = KeyEvent([], "xclaim", effect: .readers)
    /// A stream that comes into being without entries.
    static let xgroupMakeStream = KeyEvent([], "xgroup-mkstream")
}
