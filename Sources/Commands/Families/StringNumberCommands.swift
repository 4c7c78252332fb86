import Keyspace
import Primitives
import RESP

/// Commands that count with strings that are numbers.
public enum StringNumberCommands {
    public static let commands: [Command] = [
        command("incr", arity: 2, "1.0.0", "Adds one to the integer at a key.", "key:key") {
            (call: inout Call) throws(CommandError) in try add(&call, 1)
        },
        command("decr", arity: 2, "1.0.0", "Subtracts one from the integer at a key.", "key:key") {
            (call: inout Call) throws(CommandError) in try add(&call, -1)
        },
        command(
            "incrby", arity: 3, "1.0.0", "Adds to the integer at a key.", "key:key increment:integer",
            handler: increase),
        command(
            "decrby", arity: 3, "1.0.0", "Subtracts from the integer at a key.", "key:key decrement:integer",
            handler: decrease),
        command(
            "incrbyfloat", arity: 3, "2.6.0", "Adds to the floating-point number at a key.",
            "key:key increment:double", handler: increaseFloat),
    ]

    private static func command(
        _ name: String, arity: Int, _ since: String, _ summary: String, _ syntax: String,
        handler: @escaping Command.Handler
    ) -> Command {
        Command(
            name, arity: arity, flags: [.write, .denyoom, .fast], keys: [.one(1, [.readWrite, .access, .update])],
            group: .string, since: since, summary: summary + " A key that does not exist counts as zero.",
            syntax: syntax, handler: handler)
    }

    private static func increase(_ call: inout Call) throws(CommandError) {
        try add(&call, call.integer(2))
    }

    private static func decrease(_ call: inout Call) throws(CommandError) {
        let amount = try call.integer(2)
        guard amount != .min else { throw CommandError("ERR decrement would overflow") }
        try add(&call, -amount)
    }

    @inline(__always)
    private static func add(_ call: inout Call, _ amount: Int64) throws(CommandError) {
        let key = call.key(1)
        let entry = try call.findString(key)
        var value: Int64 = 0
        if let entry {
            if entry.encoding == .integer {
                value = entry.integer
            } else {
                guard let number = parseInteger(entry.bytes) else { throw .notInteger }
                value = number
            }
        }
        guard let sum = value.adding(checked: amount) else { throw .overflow }
        call.access.setInteger(key, sum, over: entry, event: KeyEvent(.string, "incrby"))
        call.reply.integer(sum)
    }

    private static func increaseFloat(_ call: inout Call) throws(CommandError) {
        let key = call.key(1)
        var value: LongDouble = 0
        if let entry = try call.findString(key) {
            guard let number = parseLongDouble(entry.text(scratch: call.scratch)) else { throw .notFloat }
            value = number
        }
        guard let amount = parseLongDouble(call[2]) else { throw .notFloat }
        let sum = value + amount
        guard sum.isFinite else { throw .nanOrInfinity }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: maximumLongDoubleTextLength) { buffer in
            guard let base = buffer.baseAddress else { return }
            let text = ByteView(base, count: formatLongDouble(sum, to: base))
            call.access.setText(key, text, event: KeyEvent(.string, "incrbyfloat"))
            call.logString(key, text, .keep)
            call.reply.bulk(text)
        }
    }
}
