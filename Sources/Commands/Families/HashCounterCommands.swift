import Keyspace
import Primitives
import RESP

/// Numbers in the fields of hashes. A field keeps its time to live when it is counted up.
public enum HashCounterCommands {
    public static let commands: [Command] = [
        Command(
            "hincrby", arity: 4, flags: [.write, .denyoom, .fast], keys: [.one(1, [.readWrite, .access, .update])],
            element: 2, group: .hash, since: "2.0.0", summary: "Adds to the integer in a field, which begins at 0.",
            syntax: "key:key field:string increment:integer", handler: hincrby),
        Command(
            "hincrbyfloat", arity: 4, flags: [.write, .denyoom, .fast],
            keys: [.one(1, [.readWrite, .access, .update])], element: 2, group: .hash, since: "2.6.0",
            summary: "Adds to the floating-point number in a field, which begins at 0.",
            syntax: "key:key field:string increment:double", handler: hincrbyfloat),
    ]

    private static func hincrby(_ call: inout Call) throws(CommandError) {
        let increment = try call.integer(3)
        let key = call.key(1)
        var result: Int64 = 0
        try call.upsert(key, as: HashValue.self) { (hash, call) throws(CommandError) in
            if let value = hash.get(call[2], now: call.now) {
                guard let old = value.integerValue else { throw CommandError("ERR hash value is not an integer") }
                result = old
            }
            guard let sum = result.adding(checked: increment) else { throw .overflow }
            result = sum
            let text = ByteView(call.scratch, count: writeInteger(sum, to: call.scratch))
            let hasExpired = HashValue.isExpired(hash.minimumExpiry, now: call.now)
            _ = hash.set(call[2], text, now: call.now, limits: call.limits.hash, keepingExpiry: true)
            // A field whose time had come is there when this is done again.
            if hasExpired, hash.expiry(of: call[2], now: call.now) == HashValue.noExpiry {
                call.logField(key, call[2], .integer(sum))
            }
            return .hincrby
        }
        call.reply.integer(result)
    }

    private static func hincrbyfloat(_ call: inout Call) throws(CommandError) {
        guard let increment = parseLongDouble(call[3]) else { throw .notFloat }
        guard increment.isFinite else { throw CommandError("ERR value is NaN or Infinity") }
        let key = call.key(1)
        try call.upsert(key, as: HashValue.self) { (hash, call) throws(CommandError) in
            var sum = increment
            if let value = hash.get(call[2], now: call.now) {
                guard let old = value.withBytes({ parseLongDouble($0) }) else {
                    throw CommandError("ERR hash value is not a float")
                }
                sum += old
            }
            guard sum.isFinite else { throw .nanOrInfinity }
            let now = call.now
            let limits = call.limits.hash
            let reply = call.reply
            let field = call[2]
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: maximumLongDoubleTextLength) { buffer in
                guard let base = buffer.baseAddress else { return }
                let text = ByteView(base, count: formatLongDouble(sum, to: base))
                _ = hash.set(field, text, now: now, limits: limits, keepingExpiry: true)
                call.logField(key, field, .bytes(text))
                reply.bulk(text)
            }
            if call.isLogging, let expiry = hash.expiry(of: field, now: now), expiry != HashValue.noExpiry {
                call.logFieldExpiry(key, at: expiry, [2])
            }
            return .hincrbyfloat
        }
    }
}
