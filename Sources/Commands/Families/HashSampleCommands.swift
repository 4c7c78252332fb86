import Keyspace
import Primitives
import RESP

/// Fields of hashes by chance and by cursor.
public enum HashSampleCommands {
    public static let commands: [Command] = [
        Command(
            "hrandfield", arity: -2, flags: [.readonly], keys: [.one(1, [.readOnly, .access])], group: .hash,
            since: "6.2.0", complexity: "O(n), n being the number of fields answered.",
            summary: "Answers fields chosen at random: different ones, or with a negative count any.",
            syntax: "key:key options=[count:integer [WITHVALUES]]", handler: hrandfield),
        Command(
            "hscan", arity: -3, flags: [.readonly], keys: [.one(1, [.readOnly, .access])], group: .hash,
            since: "2.8.0", complexity: "O(1) for a call, O(n) for a whole scan, n being the size of the hash.",
            summary: "Answers some fields with their values, and the cursor that goes on from there.",
            syntax: "key:key cursor:integer [MATCH pattern:pattern] [COUNT count:integer] [NOVALUES]", handler: hscan),
    ]

    // MARK: HRANDFIELD

    private static func hrandfield(_ call: inout Call) throws(CommandError) {
        guard call.count > 2 else { return try answerOne(&call) }
        let count = try call.integer(2)
        guard count != .min else {
            throw CommandError(
                "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")
        }
        var withValues = false
        if call.count > 3 {
            guard call.count == 4, call.isWord(3, "withvalues") else { throw .syntax }
            // Twice the count is the length of a flat reply.
            guard count.magnitude <= UInt64(Int64.max / 2) else { throw .outOfRange }
            withValues = true
        }
        guard let hash = try call.read(call.key(1), as: HashValue.self), count != 0 else {
            return call.reply.array(0)
        }
        if count > 0 {
            try answerDifferent(&call, hash, Int(count), withValues)
        } else {
            try answerAny(&call, hash, Int(count.magnitude), withValues)
        }
    }

    private static func answerOne(_ call: inout Call) throws(CommandError) {
        guard let hash = try call.read(call.key(1), as: HashValue.self),
            let chosen = hash.random(now: call.now, using: &call.random)
        else { return call.reply.null() }
        call.reply.bulk(chosen.field)
    }

    private static func answerDifferent(
        _ call: inout Call, _ hash: HashValue, _ wanted: Int, _ withValues: Bool
    ) throws(CommandError) {
        let reply = call.reply
        if call.isLong(min(wanted, hash.count), of: hash.count, bytes: hash.memoryUsage) {
            let sample = HashSample(wanted, of: hash, now: call.now, RandomGenerator(seed: call.random.next()))
            return try call.answer(HashSampleStretches(sample, withValues: withValues), of: 1)
        }
        reply.fields(min(wanted, hash.liveCount(now: call.now)), withValues: withValues)
        hash.forEachRandom(wanted, now: call.now, using: &call.random) { reply.field($0, withValues: withValues) }
    }

    /// Answers `wanted` fields of which any may repeat. There is no bound to how many a client may want, only to how large
    /// a reply may become.
    private static func answerAny(
        _ call: inout Call, _ hash: HashValue, _ wanted: Int, _ withValues: Bool
    ) throws(CommandError) {
        let reply = call.reply
        let limit = call.limits.maximumString
        // No field takes less than an empty string's six bytes.
        guard wanted <= limit / 6 else { throw .outOfRange }
        if call.isLong(wanted, of: hash.count, bytes: hash.memoryUsage) {
            let stretches = HashPickStretches(
                hash, wanted, now: call.now, RandomGenerator(seed: call.random.next()), withValues: withValues,
                limit: limit)
            return try call.answer(stretches, of: 1)
        }
        let mark = reply.output.pointee.count
        reply.fields(wanted, withValues: withValues)
        var fits = true
        let isAny = hash.forEachRandomPick(wanted, now: call.now, using: &call.random) { field in
            reply.field(field, withValues: withValues)
            fits = reply.output.pointee.count - mark <= limit
            return fits
        }
        if isAny, fits { return }
        reply.output.pointee.truncate(to: mark)
        guard fits else { throw .outOfRange }
        reply.array(0)
    }

    // MARK: HSCAN

    private static func hscan(_ call: inout Call) throws(CommandError) {
        let cursor = try ScanOptions.cursor(call, 2)
        guard let hash = try call.read(call.key(1), as: HashValue.self) else {
            return call.reply.raw("*2\r\n$1\r\n0\r\n*0\r\n")
        }
        let options = try ScanOptions(call, from: 3, of: .hash)
        answerScan(&call, hash, cursor, options)
    }

    private static func answerScan(
        _ call: inout Call, _ hash: HashValue, _ cursor: UInt64, _ options: ScanOptions
    ) {
        let reply = call.reply
        let mark = reply.output.pointee.count
        var elements = 0
        let next = hash.scan(cursor, count: options.limit, now: call.now) { field in
            guard field.field.withBytes({ options.matches($0) }) else { return }
            reply.bulk(field.field)
            elements += 1
            guard options.withValues else { return }
            reply.bulk(field.value)
            elements += 1
        }
        reply.finishScan(at: mark, cursor: next, count: elements)
    }
}
