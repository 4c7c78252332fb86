import Keyspace
import Primitives
import RESP

/// Commands on the time to live of keys.
public enum KeyExpiryCommands {
    public static let commands: [Command] = [
        setter("expire", "1.0.0", "Makes a key expire after a number of seconds.", "seconds:integer") {
            (call: inout Call) throws(CommandError) in try expire(&call, inSeconds: true, isAbsolute: false)
        },
        setter("pexpire", "2.6.0", "Makes a key expire after a number of milliseconds.", "milliseconds:integer") {
            (call: inout Call) throws(CommandError) in try expire(&call, inSeconds: false, isAbsolute: false)
        },
        setter("expireat", "1.2.0", "Makes a key expire at a time.", "unix-time-seconds:unix-time") {
            (call: inout Call) throws(CommandError) in try expire(&call, inSeconds: true, isAbsolute: true)
        },
        setter(
            "pexpireat", "2.6.0", "Makes a key expire at a time in milliseconds.",
            "unix-time-milliseconds:unix-time"
        ) {
            (call: inout Call) throws(CommandError) in try expire(&call, inSeconds: false, isAbsolute: true)
        },
        getter("ttl", "1.0.0", "Returns how many seconds are left until a key expires.") {
            (call: inout Call) in reply(&call) { ($0 + 500) / 1000 }
        },
        getter("pttl", "2.6.0", "Returns how many milliseconds are left until a key expires.") {
            (call: inout Call) in reply(&call) { $0 }
        },
        getter("expiretime", "7.0.0", "Returns the time at which a key expires.") {
            (call: inout Call) in replyTime(&call) { $0 / 1000 + ($0 % 1000 + 500) / 1000 }
        },
        getter("pexpiretime", "7.0.0", "Returns the time in milliseconds at which a key expires.") {
            (call: inout Call) in replyTime(&call) { $0 }
        },
        Command(
            "persist", arity: 2, flags: [.write, .fast], keys: [.one(1, [.readWrite, .update])], group: .generic,
            since: "2.2.0", summary: "Makes a key that expires stay.", syntax: "key:key", handler: persist),
    ]

    private static func setter(
        _ name: String, _ since: String, _ summary: String, _ time: String, handler: @escaping Command.Handler
    ) -> Command {
        Command(
            name, arity: -3, flags: [.write, .fast], keys: [.one(1, [.readWrite, .update])], group: .generic,
            since: since, summary: summary, syntax: "key:key \(time) condition=[NX|XX|GT|LT]", handler: handler)
    }

    private static func getter(
        _ name: String, _ since: String, _ summary: String, handler: @escaping Command.Handler
    ) -> Command {
        Command(
            name, arity: 2, flags: [.readonly, .fast], keys: [.one(1, [.readOnly, .access])], group: .generic,
            since: since, summary: summary + " -1 where it stays, -2 where it does not exist.", syntax: "key:key",
            handler: handler)
    }

    // MARK: Setting

    /// When a new deadline is taken.
    private struct Condition: OptionSet {
        let rawValue: UInt8
        static let absent = Condition(rawValue: 1)
        static let present = Condition(rawValue: 2)
        static let later = Condition(rawValue: 4)
        static let earlier = Condition(rawValue: 8)

        func holds(old: Int64?, new: Int64) -> Bool {
            // A key that stays expires later than any other.
            if contains(.absent), old != nil { return false }
            if contains(.present), old == nil { return false }
            if contains(.later), new <= old ?? .max { return false }
            if contains(.earlier), let old, new >= old { return false }
            return true
        }
    }

    private static func condition(_ call: borrowing Call) throws(CommandError) -> Condition {
        var condition: Condition = []
        for index in 3..<max(3, call.count) {
            if call.isWord(index, "nx") {
                condition.insert(.absent)
            } else if call.isWord(index, "xx") {
                condition.insert(.present)
            } else if call.isWord(index, "gt") {
                condition.insert(.later)
            } else if call.isWord(index, "lt") {
                condition.insert(.earlier)
            } else {
                throw CommandError(composed: "ERR Unsupported option \(call[index].string)")
            }
        }
        if condition.contains(.absent), condition != .absent {
            throw CommandError("ERR NX and XX, GT or LT options at the same time are not compatible")
        }
        if condition.isSuperset(of: [.later, .earlier]) {
            throw CommandError("ERR GT and LT options at the same time are not compatible")
        }
        return condition
    }

    @inline(__always)
    private static func expire(_ call: inout Call, inSeconds: Bool, isAbsolute: Bool) throws(CommandError) {
        let condition = try condition(call)
        var time = try call.integer(2)
        if inSeconds {
            guard let milliseconds = time.secondsInMilliseconds else { throw .invalidExpiry(call.name) }
            time = milliseconds
        }
        if !isAbsolute {
            guard let deadline = time.adding(checked: call.now) else { throw .invalidExpiry(call.name) }
            time = deadline
        }
        let key = call.key(1)
        guard let entry = call.access.find(key), condition.holds(old: entry.expiry, new: time) else {
            return call.reply.integer(false)
        }
        call.expire(key, at: time)
        call.reply.integer(true)
    }

    private static func persist(_ call: inout Call) throws(CommandError) {
        let key = call.key(1)
        call.access.recordRead(key)
        let isChanged = call.access.clearExpiry(key)
        call.reply.integer(isChanged)
    }

    // MARK: Asking

    /// Answers what `unit` makes of the milliseconds that are left.
    @inline(__always)
    private static func reply(_ call: inout Call, unit: (Int64) -> Int64) {
        let now = call.now
        replyTime(&call) { unit(max(0, $0 - now)) }
    }

    /// Answers what `unit` makes of the deadline.
    @inline(__always)
    private static func replyTime(_ call: inout Call, unit: (Int64) -> Int64) {
        guard let entry = call.access.read(call.key(1), touches: false) else { return call.reply.integer(-2) }
        call.reply.integer(entry.expiry.map(unit) ?? -1)
    }
}
