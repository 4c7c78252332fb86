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
            if onlyWithoutExpiry, expiry.index == 0 { throw .syntax }
        }

        /// Reads the option at `index`; returns how many arguments it has.
        private mutating func take(_ call: borrowing Call, _ index: Int) throws(CommandError) -> Int {
            if call.isWord(index, "saturate") {
                saturates = true
                return 1
            }
            if call.isWord(index, "enx") {
                onlyWithoutExpiry = true
                return 1
            }
            let taken = expiry.take(call, index, of: .getex)
            if taken > 0 { return taken }
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

        func integer(_ call: borrowing Call, _ index: Int?, or other: Int64) throws(CommandError) -> Int64 {
            guard let index else { return other }
            return try call.integer(index)
        }

        func float(_ call: borrowing Call, _ index: Int?, or other: LongDouble) throws(CommandError) -> LongDouble {
            guard let index else { return other }
            guard let value = parseLongDouble(call[index]) else { throw .notFloat }
            return value
        }

        static let crossedBounds = CommandError("ERR LBOUND must be less than or equal to UBOUND")
    }

    private static func add(_ call: inout Call) throws(CommandError) {
        let options = try Options(call)
        let deadline = try options.expiry.deadline(call)
        if options.isFloat { try addFloat(&call, options, deadline) } else { try addInteger(&call, options, deadline) }
    }

    private static func addInteger(
        _ call: inout Call, _ options: Options, _ deadline: Int64?
    ) throws(CommandError) {
        let increment = try options.integer(call, options.increment, or: 1)
        let lower = try options.integer(call, options.lower, or: .min)
        let upper = try options.integer(call, options.upper, or: .max)
        guard lower <= upper else { throw Options.crossedBounds }
        let key = call.key(1)
        let entry = try call.findString(key)
        var old: Int64 = 0
        if let entry {
            guard let value = parseInteger(entry.text(scratch: call.scratch)) else { throw .notInteger }
            old = value
        }
        var sum = old.adding(checked: increment)
        if sum.map({ $0 < lower || $0 > upper }) ?? true {
            guard options.saturates else {
                call.reply.array(2)
                call.reply.integer(old)
                return call.reply.integer(0)
            }
            // Where the sum does not fit, the sign of the increment says on which side.
            let isBelow = sum.map { $0 < lower } ?? (increment < 0)
            sum = isBelow ? lower : upper
        }
        guard let sum, let change = sum.subtracting(checked: old) else { throw .overflow }
        call.access.setInteger(key, sum, over: entry, event: KeyEvent(.string, "incrby"))
        expire(&call, key, options, deadline)
        call.reply.array(2)
        call.reply.integer(sum)
        call.reply.integer(change)
    }

    private static func addFloat(_ call: inout Call, _ options: Options, _ deadline: Int64?) throws(CommandError) {
        let largest = LongDouble.greatestFiniteMagnitude
        let increment = try options.float(call, options.increment, or: 1)
        let lower = try options.float(call, options.lower, or: -largest)
        let upper = try options.float(call, options.upper, or: largest)
        guard lower <= upper else { throw Options.crossedBounds }
        let key = call.key(1)
        var old: LongDouble = 0
        if let entry = try call.findString(key) {
            guard let value = parseLongDouble(entry.text(scratch: call.scratch)) else { throw .notFloat }
            old = value
        }
        var sum = old + increment
        guard !sum.isNaN else { throw .nanOrInfinity }
        if sum < lower || sum > upper {
            guard options.saturates else { return reply(call.reply, old, 0) }
            sum = sum < lower ? lower : upper
        }
        guard sum.isFinite, (sum - old).isFinite else { throw .nanOrInfinity }
        longDoubleText(sum).withView { call.access.setText(key, $0, event: KeyEvent(.string, "incrbyfloat")) }
        expire(&call, key, options, deadline)
        reply(call.reply, sum, sum - old)
    }

    private static func reply(_ reply: ReplyWriter, _ value: LongDouble, _ change: LongDouble) {
        reply.array(2)
        for number in [value, change] { longDoubleText(number).withView { reply.number($0) } }
    }

    private static func expire(_ call: inout Call, _ key: Key, _ options: Options, _ deadline: Int64?) {
        if options.expiry.kind == .persist {
            _ = call.access.clearExpiry(key)
        } else if let deadline, !options.onlyWithoutExpiry || call.access.find(key)?.hasExpiry == false {
            if options.expiry.isAbsolute, deadline <= call.now {
                _ = call.access.remove(key)
            } else {
                call.access.setExpiry(key, at: deadline)
            }
        }
    }
}
