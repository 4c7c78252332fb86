import Keyspace
import Primitives
import RESP

/// Members of sets by chance and by cursor.
public enum SetSampleCommands {
    public static let commands: [Command] = [
        Command(
            "spop", arity: -2, flags: [.write, .fast], keys: [.one(1, [.readWrite, .access, .delete])], group: .set,
            since: "1.0.0", complexity: "O(n), n being the number of members removed.",
            summary: "Removes members chosen at random and answers them.", syntax: "key:key [count:integer]",
            handler: spop),
        Command(
            "srandmember", arity: -2, flags: [.readonly], keys: [.one(1, [.readOnly, .access])], group: .set,
            since: "1.0.0", complexity: "O(n), n being the number of members answered.",
            summary: "Answers members chosen at random: different ones, or with a negative count any.",
            syntax: "key:key [count:integer]", handler: srandmember),
        Command(
            "sscan", arity: -3, flags: [.readonly], keys: [.one(1, [.readOnly, .access])], group: .set,
            since: "2.8.0", complexity: "O(1) for a call, O(n) for a whole scan, n being the size of the set.",
            summary: "Answers some members, and the cursor that goes on from there.",
            syntax: "key:key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]", handler: sscan),
    ]

    // MARK: SPOP

    private static func spop(_ call: inout Call) throws(CommandError) {
        guard call.count > 2 else { return try popOne(&call) }
        guard call.count == 3 else { throw .syntax }
        let count = try call.integer(2, in: 0...Int64.max, or: .mustBePositive)
        let key = call.key(1)
        guard let entry = call.access.find(key) else { return call.reply.set(0) }
        guard entry.type == .set else { throw .wrongType }
        let set = entry.aggregate(SetValue.self)
        let reply = call.reply
        reply.set(min(count, set.count))
        if count == 0 { return }
        guard count < set.count else {
            set.forEach { reply.bulk($0) }
            call.access.changed(key, .spop)
            _ = call.access.remove(key)
            return call.log("DEL", key)
        }
        try call.update(key, as: SetValue.self) { (set, call) throws(CommandError) in
            pop(count, from: &set, key, &call)
            return .spop
        }
    }

    private static func popOne(_ call: inout Call) throws(CommandError) {
        let key = call.key(1)
        let exists = try call.update(key, as: SetValue.self) { (set, call) throws(CommandError) in
            pop(1, from: &set, key, &call)
            return .spop
        }
        if !exists { call.reply.null() }
    }

    /// Removes members, answers them, and says which they were.
    private static func pop(_ count: Int, from set: inout SetValue, _ key: Key, _ call: inout Call) {
        var random = call.random
        var batch = EffectBatch("SREM", key, database: call.access.database, count: count)
        if count == 1 {
            _ = set.pop(using: &random) { answer($0, &batch, &call) }
        } else {
            set.pop(count, using: &random) { answer($0, &batch, &call) }
        }
        call.random = random
        call.logsNothing()
    }

    @inline(__always)
    private static func answer(_ member: ListpackElement, _ batch: inout EffectBatch, _ call: inout Call) {
        call.reply.bulk(member)
        if call.isLogging { batch.append(member, to: &call.access.effects) }
    }

    // MARK: SRANDMEMBER

    private static func srandmember(_ call: inout Call) throws(CommandError) {
        guard call.count > 2 else { return try answerOne(&call) }
        guard call.count == 3 else { throw .syntax }
        let count = try call.integer(2)
        guard count != .min else {
            throw CommandError(
                "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")
        }
        guard let set = try call.read(call.key(1), as: SetValue.self), count != 0 else { return call.reply.array(0) }
        guard count > 0 else { return try answerAny(&call, set, Int(count.magnitude)) }
        let reply = call.reply
        let answered = min(Int(count), set.count)
        if call.isLong(answered, of: set.count, bytes: set.memoryUsage) {
            let sample = SetSample(answered, of: set, RandomGenerator(seed: call.random.next()))
            return try call.answer(SetSampleStretches(sample, count: answered), of: 1)
        }
        reply.array(answered)
        set.forEachRandom(answered, using: &call.random) { reply.bulk($0) }
    }

    private static func answerOne(_ call: inout Call) throws(CommandError) {
        guard let set = try call.read(call.key(1), as: SetValue.self), let chosen = set.random(using: &call.random)
        else { return call.reply.null() }
        call.reply.bulk(chosen)
    }

    /// Answers `wanted` members of which any may repeat. There is no bound to how many a client may want, only to how large
    /// a reply may become.
    private static func answerAny(_ call: inout Call, _ set: SetValue, _ wanted: Int) throws(CommandError) {
        let reply = call.reply
        let limit = call.limits.maximumString
        // No member takes less than an empty string's six bytes.
        guard wanted <= limit / 6 else { throw .outOfRange }
        if call.isLong(wanted, of: set.count, bytes: set.memoryUsage) {
            let random = RandomGenerator(seed: call.random.next())
            return try call.answer(SetPickStretches(set, wanted, random, limit: limit), of: 1)
        }
        let mark = reply.output.pointee.count
        reply.array(wanted)
        var fits = true
        set.forEachRandomPick(wanted, using: &call.random) { member in
            reply.bulk(member)
            fits = reply.output.pointee.count - mark <= limit
            return fits
        }
        if fits { return }
        reply.output.pointee.truncate(to: mark)
        throw .outOfRange
    }

    // MARK: SSCAN

    private static func sscan(_ call: inout Call) throws(CommandError) {
        let cursor = try ScanOptions.cursor(call, 2)
        guard let set = try call.read(call.key(1), as: SetValue.self) else {
            return call.reply.raw("*2\r\n$1\r\n0\r\n*0\r\n")
        }
        let options = try ScanOptions(call, from: 3, of: .members)
        let reply = call.reply
        let mark = reply.output.pointee.count
        var count = 0
        let next = set.scan(cursor, count: options.limit) { member in
            guard member.withBytes({ options.matches($0) }) else { return }
            reply.bulk(member)
            count += 1
        }
        reply.finishScan(at: mark, cursor: next, count: count)
    }
}
