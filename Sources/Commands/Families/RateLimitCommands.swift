import Keyspace
import Primitives
import RESP

/// CL.THROTTLE, a limiter of rates by the generic cell rate algorithm, with the arguments and the answer that the module
/// redis-cell has.
///
/// The key holds one number: when the bucket will be empty again if nothing more comes, in nanoseconds since 1970 (the
/// theoretical arrival time of the next request that comes right on time). It expires then.
public enum RateLimitCommands {
    public static let commands: [Command] = [
        Command(
            "cl.throttle", arity: -5, flags: [.write, .denyoom, .fast],
            keys: [.one(1, [.readWrite, .access, .update])], group: .string, since: "7.4.0",
            summary: "Says whether a request is within a rate, and counts it if it is.",
            syntax: "key:key max-burst:integer count:integer period:integer [quantity:integer]", handler: throttle)
    ]

    /// What a key may do, in nanoseconds.
    private struct Quota {
        /// Requests at once.
        let limit: Int64
        /// Between requests that come evenly.
        let interval: Int64
        /// Of `limit` requests.
        let tolerance: Int64

        init(_ call: borrowing Call) throws(CommandError) {
            let burst = try call.integer(2)
            let count = try call.integer(3)
            let period = try call.integer(4)
            guard burst >= 0 else { throw .mustBePositive }
            guard count > 0, period > 0 else { throw CommandError("ERR Zero rates are not supported") }
            guard let total = period.multiplied(checked: 1_000_000_000), let limit = burst.adding(checked: 1) else {
                throw .outOfRange
            }
            interval = total / count
            guard interval > 0 else { throw CommandError("ERR Zero rates are not supported") }
            guard let tolerance = interval.multiplied(checked: limit) else { throw .outOfRange }
            self.limit = limit
            self.tolerance = tolerance
        }
    }

    private static func throttle(_ call: inout Call) throws(CommandError) {
        guard call.count <= 6 else { throw .wrongArity(call.name) }
        let quota = try Quota(call)
        let quantity = call.count == 6 ? try call.integer(5) : 1
        let key = call.key(1)
        let now = call.now.multiplied(checked: 1_000_000)
        guard let now, let increment = quota.interval.multiplied(checked: quantity) else { throw .outOfRange }
        var arrival = now
        if let entry = try call.findString(key) {
            guard let value = parseInteger(entry.text(scratch: call.scratch)) else { throw .notInteger }
            arrival = value
        }
        guard let next = max(now, arrival).adding(checked: increment),
            let left = now.subtracting(checked: next)?.adding(checked: quota.tolerance),
            let wait = left >= 0 ? next.subtracting(checked: now) : arrival.subtracting(checked: now)
        else { throw .outOfRange }
        if left >= 0 { store(&call, key, next, after: now) }
        // How many more would be let through now.
        var remaining: Int64 = 0
        if let room = quota.tolerance.subtracting(checked: wait), room > -quota.interval {
            remaining = room / quota.interval
        }
        call.reply.array(5)
        call.reply.integer(left < 0)
        call.reply.integer(quota.limit)
        call.reply.integer(remaining)
        call.reply.integer(left < 0 && increment <= quota.tolerance ? seconds(-left) : -1)
        call.reply.integer(seconds(wait))
    }

    /// Keeps when the bucket will be empty, for as long as it is not.
    private static func store(_ call: inout Call, _ key: Key, _ next: Int64, after now: Int64) {
        guard next > now else {
            if call.access.remove(key) { call.log("DEL", key) }
            return
        }
        let text = ByteView(call.otherScratch, count: writeInteger(next, to: call.otherScratch))
        let expiry = ExpiryUpdate.at((next - 1) / 1_000_000 + 1)
        call.access.setString(key, text, expiry: expiry)
        call.logString(key, text, expiry)
    }

    /// Whole seconds; what is left of a millisecond at least makes one more.
    private static func seconds(_ nanoseconds: Int64) -> Int64 {
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return seconds + (rest >= 1_000_000 ? 1 : 0)
    }
}
