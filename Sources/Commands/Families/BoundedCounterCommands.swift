import Keyspace
import Primitives
import RESP

/// INCREX as in Redis 8.8: a counter that stays within bounds and gets a time to live in one step, which makes it a
/// limiter of rates in windows.
public enum BoundedCounterCommands {
    public static let commands: [Command] = [
        Command(
            "increx", arity: -2, flags: [.write, .denyoom, .fast], keys: [.one(1, [.readWrite, .access, .update])],
            group: .string, since: "8.8.0",
            summary: "Adds to the number at a key, within bounds, and sets its time to live.",
            syntax: "key:key increment=[BYFLOAT float:double|BYINT integer:integer] [SATURATE] "
                + "[LBOUND lowerbound:string] [UBOUND upperbound:string] expiration=[EX seconds:integer|"
                + "PX milliseconds:integer|EXAT unix-time-seconds:unix-time|"
                + "PXAT unix-time-milliseconds:unix-time|PERSIST] [ENX]",
            handler: add)
    ]

    private struct Options {
        /// The arguments with the increment and the bounds.
        var increment: Int?
        var isFloat = false
        var lower: Int?
        var upper: Int?
        var saturates = false
        var expiry = ExpiryArgument()
        /// Whether a time to live that there is stays as it is.
        var onlyWithoutExpiry = false

        init(_ call: borrowing Call) throws(CommandError) {
            var index = 2
            while index < call.count {
                index += try take(call, index)
            }
            guard onlyWithoutExpiry else { return }
            if expiry.kind == .persist { throw .syntax }
            if expiry.kind == .none { throw CommandError("ERR ENX flag requires an expiration") }
        }

        /// Reads the option at `index`; returns how many arguments it has.
        private mutating func take(_ call: borrowing Call, _ index: Int) throws(CommandError) -> Int {
            if !saturates, call.isWord(index, "saturate") {
                saturates = true
                return 1
            }
            if !onlyWithoutExpiry, call.isWord(index, "enx") {
                onlyWithoutExpiry = true
                return 1
            }
            if expiry.kind == .none {
                let taken = expiry.take(call, index, of: .getex)
                if taken > 0 { return taken }
            }
            guard index + 1 < call.count else { throw .syntax }
            if increment == nil, call.isWord(index, "byint") {
                increment = index + 1
            } else if increment == nil, call.isWord(index, "byfloat") {
                increment = index + 1
                isFloat = true
            } else if lower == nil, call.isWord(index, "lbound") {
                lower = index + 1
            } else if upper == nil, call.isWord(index, "ubound") {
                upper = index + 1
            } else {
                throw .syntax
            }
            return 2
        }

        /// The increment and the bounds as integers.
        func integers(_ call: borrowing Call) throws(CommandError) -> Numbers<Int64> {
            try Numbers(
                increment: Self.integer(call, increment, or: 1, "ERR Increment is not an integer or out of range"),
                lower: Self.integer(call, lower, or: .min, "ERR LBOUND is not an integer or out of range"),
                upper: Self.integer(call, upper, or: .max, "ERR UBOUND is not an integer or out of range"))
        }

        private static func integer(
            _ call: borrowing Call, _ index: Int?, or other: Int64, _ error: StaticString
        ) throws(CommandError) -> Int64 {
            guard let index else { return other }
            return try call.integer(index, or: CommandError(error))
        }

        /// The same as floating-point numbers.
        func floats(_ call: borrowing Call) throws(CommandError) -> Numbers<LongDouble> {
            let largest = LongDouble.greatestFiniteMagnitude
            return try Numbers(
                increment: Self.float(call, increment, or: 1, "ERR Increment is not a valid float"),
                lower: Self.float(call, lower, or: -largest, "ERR LBOUND is not a valid float"),
                upper: Self.float(call, upper, or: largest, "ERR UBOUND is not a valid float"))
        }

        private static func float(
            _ call: borrowing Call, _ index: Int?, or other: LongDouble, _ error: StaticString
        ) throws(CommandError) -> LongDouble {
            guard let index else { return other }
            guard let value = parseLongDouble(call[index]) else { throw CommandError(error) }
            return value
        }
    }

    private struct Numbers<Number: Comparable> {
        let increment: Number
        let lower: Number
        let upper: Number

        init(increment: Number, lower: Number, upper: Number) throws(CommandError) {
            guard lower <= upper else { throw CommandError("ERR LBOUND can't be greater than UBOUND") }
            self.increment = increment
            self.lower = lower
            self.upper = upper
        }
    }

    private static func add(_ call: inout Call) throws(CommandError) {
        let options = try Options(call)
        let deadline = try options.expiry.deadline(call)
        if options.isFloat { try addFloat(&call, options, deadline) } else { try addInteger(&call, options, deadline) }
    }

    private static func addInteger(
        _ call: inout Call, _ options: Options, _ deadline: Int64?
    ) throws(CommandError) {
        let numbers = try options.integers(call)
        let key = call.key(1)
        let entry = try call.findString(key)
        var old: Int64 = 0
        if let entry {
            guard let value = parseInteger(entry.text(scratch: call.scratch)) else { throw .notInteger }
            old = value
        }
        var sum = old.adding(checked: numbers.increment)
        if sum.map({ $0 < numbers.lower || $0 > numbers.upper }) ?? true {
            guard options.saturates else {
                call.reply.array(2)
                call.reply.integer(old)
                return call.reply.integer(0)
            }
            // Where the sum does not fit, the sign of the increment says on which side.
            let isBelow = sum.map { $0 < numbers.lower } ?? (numbers.increment < 0)
            sum = isBelow ? numbers.lower : numbers.upper
        }
        guard let sum, let change = sum.subtracting(checked: old) else { throw .overflow }
        if !removes(&call, key, entry, options, deadline) {
            call.access.setInteger(key, sum, over: entry, event: KeyEvent(.string, "incrby"))
            expire(&call, key, options, deadline)
        }
        call.reply.array(2)
        call.reply.integer(sum)
        call.reply.integer(change)
    }

    private static func addFloat(_ call: inout Call, _ options: Options, _ deadline: Int64?) throws(CommandError) {
        let numbers = try options.floats(call)
        let key = call.key(1)
        let entry = try call.findString(key)
        var old: LongDouble = 0
        if let entry {
            guard let value = parseLongDouble(entry.text(scratch: call.scratch)) else { throw .notFloat }
            old = value
        }
        var sum = old + numbers.increment
        guard !sum.isNaN else { throw .nanOrInfinity }
        if sum < numbers.lower || sum > numbers.upper {
            guard options.saturates else { return reply(call.reply, old, 0) }
            sum = sum < numbers.lower ? numbers.lower : numbers.upper
        }
        guard sum.isFinite, (sum - old).isFinite else { throw .nanOrInfinity }
        if !removes(&call, key, entry, options, deadline) {
            longDoubleText(sum).withView { call.access.setText(key, $0, event: KeyEvent(.string, "incrbyfloat")) }
            expire(&call, key, options, deadline)
        }
        reply(call.reply, sum, sum - old)
    }

    private static func reply(_ reply: ReplyWriter, _ value: LongDouble, _ change: LongDouble) {
        reply.array(2)
        for number in [value, change] { longDoubleText(number).withView { reply.number($0) } }
    }

    /// Removes the key where it is given a time that is over; false where it is not.
    private static func removes(
        _ call: inout Call, _ key: Key, _ entry: Entry?, _ options: Options, _ deadline: Int64?
    ) -> Bool {
        guard let deadline, options.expiry.isAbsolute, deadline <= call.now,
            !options.onlyWithoutExpiry || entry?.hasExpiry != true
        else { return false }
        if call.access.remove(key) { call.log("DEL", key) }
        return true
    }

    /// Gives a number that was counted up the time to live that is asked for.
    private static func expire(_ call: inout Call, _ key: Key, _ options: Options, _ deadline: Int64?) {
        if options.expiry.kind == .persist {
            _ = call.access.clearExpiry(key)
        } else if let deadline, !options.onlyWithoutExpiry || call.access.find(key)?.hasExpiry == false {
            call.access.setExpiry(key, at: deadline)
        }
        call.logString(key)
    }
}
