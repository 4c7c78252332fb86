import Keyspace
import Primitives
import RESP

/// Reading and writing the fields of hashes. A field whose time has come is as good as absent; HLEN alone still counts
/// it, until it is removed by what meets it or by the active cycle.
public enum HashCommands {
    public static let commands: [Command] = [
        Command(
            "hset", arity: -4, flags: [.write, .denyoom, .fast], keys: [.one(1, [.readWrite, .update])], element: 2,
            group: .hash,
            since: "2.0.0", complexity: "O(n), n being the number of fields given.",
            summary: "Sets fields of a hash to values, and counts those that are new.",
            syntax: "key:key data=(field:string value:string)...", handler: hset),
        Command(
            "hmset", arity: -4, flags: [.write, .denyoom, .fast], keys: [.one(1, [.readWrite, .update])], element: 2,
            group: .hash,
            since: "2.0.0", complexity: "O(n), n being the number of fields given.",
            summary: "Sets fields of a hash to values. HSET does the same and counts.",
            syntax: "key:key data=(field:string value:string)...", handler: hmset),
        Command(
            "hsetnx", arity: 4, flags: [.write, .denyoom, .fast], keys: [.one(1, [.readWrite, .insert])], element: 2,
            group: .hash,
            since: "2.0.0", summary: "Sets a field of a hash that does not exist yet.",
            syntax: "key:key field:string value:string", handler: hsetnx),
        Command(
            "hget", arity: 3, flags: [.readonly, .fast], keys: [.one(1, [.readOnly, .access])], element: 2,
            group: .hash,
            since: "2.0.0", summary: "Answers the value of a field.", syntax: "key:key field:string", handler: hget),
        Command(
            "hmget", arity: -3, flags: [.readonly, .fast], keys: [.one(1, [.readOnly, .access])], element: 2,
            group: .hash,
            since: "2.0.0", complexity: "O(n), n being the number of fields given.",
            summary: "Answers the values of several fields.", syntax: "key:key field:string...", handler: hmget),
        Command(
            "hgetall", arity: 2, flags: [.readonly], keys: [.one(1, [.readOnly, .access])], group: .hash,
            since: "2.0.0", complexity: "O(n), n being the size of the hash.",
            summary: "Answers all fields with their values.", syntax: "key:key", handler: hgetall),
        Command(
            "hkeys", arity: 2, flags: [.readonly], keys: [.one(1, [.readOnly, .access])], group: .hash,
            since: "2.0.0", complexity: "O(n), n being the size of the hash.", summary: "Answers all fields.",
            syntax: "key:key", handler: hkeys),
        Command(
            "hvals", arity: 2, flags: [.readonly], keys: [.one(1, [.readOnly, .access])], group: .hash,
            since: "2.0.0", complexity: "O(n), n being the size of the hash.",
            summary: "Answers the values of all fields.", syntax: "key:key", handler: hvals),
        Command(
            "hdel", arity: -3, flags: [.write, .fast], keys: [.one(1, [.readWrite, .delete])], element: 2, group: .hash,
            since: "2.0.0", complexity: "O(n), n being the number of fields given.",
            summary: "Removes fields, and the hash with its last one.", syntax: "key:key field:string...",
            handler: hdel),
        Command(
            "hlen", arity: 2, flags: [.readonly, .fast], keys: [.one(1, .readOnly)], group: .hash, since: "2.0.0",
            summary: "Answers the number of fields.", syntax: "key:key", handler: hlen),
        Command(
            "hstrlen", arity: 3, flags: [.readonly, .fast], keys: [.one(1, .readOnly)], element: 2, group: .hash,
            since: "3.2.0",
            summary: "Answers the length of a field's value in bytes.", syntax: "key:key field:string",
            handler: hstrlen),
        Command(
            "hexists", arity: 3, flags: [.readonly, .fast], keys: [.one(1, .readOnly)], element: 2, group: .hash,
            since: "2.0.0",
            summary: "Answers whether a field exists.", syntax: "key:key field:string", handler: hexists),
    ]

    // MARK: Writing

    private static func hset(_ call: inout Call) throws(CommandError) {
        let added = try setFields(&call)
        call.reply.integer(added)
    }

    private static func hmset(_ call: inout Call) throws(CommandError) {
        _ = try setFields(&call)
        call.reply.ok()
    }

    /// Sets the fields that the arguments name, and counts the new ones.
    @inline(__always)
    private static func setFields(_ call: inout Call) throws(CommandError) -> Int {
        guard call.count & 1 == 0 else { throw .wrongArity(call.name) }
        let key = call.key(1)
        var added = 0
        try call.upsert(key, as: HashValue.self) { (hash, call) throws(CommandError) in
            let now = call.now
            let limits = call.limits.hash
            var index = 2
            while index < call.count {
                if hash.set(call[index], call[index &+ 1], now: now, limits: limits) { added &+= 1 }
                index &+= 2
            }
            return .hset
        }
        return added
    }

    private static func hsetnx(_ call: inout Call) throws(CommandError) {
        let key = call.key(1)
        var isNew = false
        try call.upsert(key, as: HashValue.self) { (hash, call) throws(CommandError) in
            guard !hash.contains(call[2], now: call.now) else { return nil }
            isNew = true
            _ = hash.set(call[2], call[3], now: call.now, limits: call.limits.hash)
            // The field may have been one whose time had come, which is there when this is done again.
            call.logField(key, call[2], .bytes(call[3]))
            return .hset
        }
        call.reply.integer(isNew)
    }

    private static func hdel(_ call: inout Call) throws(CommandError) {
        let key = call.key(1)
        var removed = 0
        try call.update(key, as: HashValue.self) { (hash, call) throws(CommandError) in
            let before = hash.count
            for index in 2..<call.count where hash.remove(call[index], now: call.now) {
                removed &+= 1
                if hash.isEmpty { break }
            }
            return removed > 0 ? .hdel : call.countExpired(before &- hash.count)
        }
        call.reply.integer(removed)
    }

    // MARK: Reading fields

    private static func hget(_ call: inout Call) throws(CommandError) {
        let key = call.key(1)
        guard let hash = try call.read(key, as: HashValue.self) else { return call.reply.null() }
        guard let value = hash.get(call[2], now: call.now) else {
            call.reply.null()
            return try call.expireMet(key, hash, at: 2..<3)
        }
        call.reply.bulk(value)
    }

    private static func hmget(_ call: inout Call) throws(CommandError) {
        let key = call.key(1)
        let hash = try call.read(key, as: HashValue.self)
        call.reply.array(call.count &- 2)
        guard let hash else {
            for _ in 2..<call.count { call.reply.null() }
            return
        }
        for index in 2..<call.count {
            if let value = hash.get(call[index], now: call.now) {
                call.reply.bulk(value)
            } else {
                call.reply.null()
            }
        }
        try call.expireMet(key, hash, at: 2..<call.count)
    }

    private static func hstrlen(_ call: inout Call) throws(CommandError) {
        let key = call.key(1)
        guard let hash = try call.read(key, as: HashValue.self) else { return call.reply.integer(0) }
        guard let value = hash.get(call[2], now: call.now) else {
            call.reply.integer(0)
            return try call.expireMet(key, hash, at: 2..<3)
        }
        call.reply.integer(value.count)
    }

    private static func hexists(_ call: inout Call) throws(CommandError) {
        let key = call.key(1)
        guard let hash = try call.read(key, as: HashValue.self) else { return call.reply.integer(false) }
        let exists = hash.contains(call[2], now: call.now)
        call.reply.integer(exists)
        if !exists { try call.expireMet(key, hash, at: 2..<3) }
    }

    private static func hlen(_ call: inout Call) throws(CommandError) {
        let hash = try call.read(call.key(1), as: HashValue.self)
        call.reply.integer(hash?.count ?? 0)
    }

    // MARK: Reading whole hashes

    private static func hgetall(_ call: inout Call) throws(CommandError) {
        let hash = try call.read(call.key(1), as: HashValue.self)
        let reply = call.reply
        guard let hash else { return reply.map(0) }
        if isLong(hash, &call) { return try call.answer(HashStretches(hash, .all, now: call.now), of: 1) }
        reply.map(hash.liveCount(now: call.now))
        hash.forEach(now: call.now) { field in
            reply.bulk(field.field)
            reply.bulk(field.value)
        }
    }

    private static func hkeys(_ call: inout Call) throws(CommandError) {
        let hash = try call.read(call.key(1), as: HashValue.self)
        let reply = call.reply
        guard let hash else { return reply.array(0) }
        if isLong(hash, &call) { return try call.answer(HashStretches(hash, .fields, now: call.now), of: 1) }
        reply.array(hash.liveCount(now: call.now))
        hash.forEach(now: call.now) { reply.bulk($0.field) }
    }

    private static func hvals(_ call: inout Call) throws(CommandError) {
        let hash = try call.read(call.key(1), as: HashValue.self)
        let reply = call.reply
        guard let hash else { return reply.array(0) }
        if isLong(hash, &call) { return try call.answer(HashStretches(hash, .values, now: call.now), of: 1) }
        reply.array(hash.liveCount(now: call.now))
        hash.forEach(now: call.now) { reply.bulk($0.value) }
    }

    @inline(__always)
    private static func isLong(_ hash: HashValue, _ call: inout Call) -> Bool {
        call.isLong(hash.count, of: hash.count, bytes: hash.memoryUsage)
    }
}

/// Events of hashes.
extension KeyEvent {
    static var hset: KeyEvent { KeyEvent(.hash, "hset") }
    static var hdel: KeyEvent { KeyEvent(.hash, "hdel") }
    static var hincrby: KeyEvent { KeyEvent(.hash, "hincrby") }
    static var hincrbyfloat: KeyEvent { KeyEvent(.hash, "hincrbyfloat") }
    static var hexpire: KeyEvent { KeyEvent(.hash, "hexpire") }
    static var hpersist: KeyEvent { KeyEvent(.hash, "hpersist") }
    static var hexpired: KeyEvent { KeyEvent(.hash, "hexpired") }
}

extension Call {
    /// Removes those of the fields at `arguments` whose time has come: who asks for a field finds out that it has expired.
    @inline(__always)
    mutating func expireMet(_ key: Key, _ hash: HashValue, at arguments: Range<Int>) throws(CommandError) {
        if HashValue.isExpired(hash.minimumExpiry, now: now) { try removeExpired(key, at: arguments) }
    }

    @inline(never)
    private mutating func removeExpired(_ key: Key, at arguments: Range<Int>) throws(CommandError) {
        try update(key, as: HashValue.self) { (hash, call) throws(CommandError) in
            let before = hash.count
            for index in arguments where !hash.contains(call[index], now: call.now) {
                let count = hash.count
                _ = hash.remove(call[index], now: call.now)
                if call.isLogging, hash.count < count {
                    call.access.logRemoval(of: .bytes(call[index]), from: key)
                }
            }
            return call.countExpired(before &- hash.count)
        }
    }

    /// Says that the command has set a field, which does not expire then.
    mutating func logField(_ key: Key, _ field: ByteView, _ value: ListpackElement) {
        log(arguments: 4) {
            $0.append("HSET")
            $0.append(key.bytes)
            $0.append(field)
            $0.append(value)
        }
    }

    /// Says when the fields at `indices` expire from now on.
    mutating func logFieldExpiry(_ key: Key, at time: Int64, _ indices: [Int]) {
        guard isLogging else { return }
        log("HPEXPIREAT", key, [.number(time), .word("FIELDS"), .number(Int64(indices.count))], indices)
    }

    /// Counts fields that were removed because of their age; the event that tells of them, nil where there were none.
    func countExpired(_ fields: Int) -> KeyEvent? {
        guard fields > 0 else { return nil }
        access.statistics.pointee.expiredFields.add(fields)
        return .hexpired
    }
}

extension ReplyWriter {
    /// A bulk string of an element's text.
    @inline(__always)
    func bulk(_ element: ListpackElement) {
        switch element {
        case .bytes(let bytes): bulk(bytes)
        case .integer(let value): bulk(integer: value)
        }
    }
}
