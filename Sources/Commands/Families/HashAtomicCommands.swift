import Keyspace
import Primitives
import RESP

/// Reading or writing fields together with what becomes of them: HGETDEL, HGETEX and HSETEX.
public enum HashAtomicCommands {
    public static let commands: [Command] = [
        Command(
            "hgetdel", arity: -5, flags: [.write, .fast], keys: [.one(1, [.readWrite, .access, .delete])],
            group: .hash, since: "8.0.0", complexity: "O(n), n being the number of fields given.",
            summary: "Answers the values of fields and removes them.",
            syntax: "key:key FIELDS (numfields:integer field:string...)", handler: hgetdel),
        Command(
            "hgetex", arity: -5, flags: [.write, .fast], keys: [.one(1, [.readWrite, .access, .update])],
            group: .hash, since: "8.0.0", complexity: "O(n), n being the number of fields given.",
            summary: "Answers the values of fields and changes when they expire.",
            syntax: "key:key expiration=[EX seconds:integer|PX milliseconds:integer|EXAT unix-time-seconds:unix-time"
                + "|PXAT unix-time-milliseconds:unix-time|PERSIST] FIELDS (numfields:integer field:string...)",
            handler: hgetex),
        Command(
            "hsetex", arity: -6, flags: [.write, .denyoom, .fast], keys: [.one(1, [.readWrite, .update])],
            group: .hash, since: "8.0.0", complexity: "O(n), n being the number of fields given.",
            summary: "Sets fields to values and when they expire, all of them or none.",
            syntax:
                "key:key condition=[FNX|FXX] expiration=[EX seconds:integer|PX milliseconds:integer|"
                + "EXAT unix-time-seconds:unix-time|PXAT unix-time-milliseconds:unix-time|KEEPTTL] "
                + "FIELDS (numfields:integer data=(field:string value:string)...)",
            handler: hsetex),
    ]

    // MARK: HGETDEL

    private static func hgetdel(_ call: inout Call) throws(CommandError) {
        let key = call.key(1)
        try call.checkHash(key)
        let fields = try call.fields(at: 2)
        call.reply.array(fields.count)
        let exists = try call.update(key, as: HashValue.self) { (hash, call) throws(CommandError) in
            let before = hash.count
            var removed = 0
            for index in fields {
                answer(hash, call[index], &call)
                if !hash.isEmpty, hash.remove(call[index], now: call.now) { removed += 1 }
            }
            // Those whose time had come are gone as well.
            if hash.count < before, call.isLogging { call.log("HDEL", key, [], Array(fields)) }
            let expired = call.countExpired(before - hash.count - removed)
            return call.event(key, removed > 0 ? .hdel : nil, expired)
        }
        if !exists { replyNulls(fields, call) }
    }

    private static func answer(_ hash: HashValue, _ field: ByteView, _ call: inout Call) {
        if let value = hash.get(field, now: call.now) { call.reply.bulk(value) } else { call.reply.null() }
    }

    private static func replyNulls(_ fields: Range<Int>, _ call: borrowing Call) {
        for _ in fields { call.reply.null() }
    }

    // MARK: HGETEX

    private static func hgetex(_ call: inout Call) throws(CommandError) {
        let key = call.key(1)
        let options = try FieldOptions(call, valuesFollow: false)
        try call.checkHash(key)
        call.reply.array(options.fields.count)
        let exists = try call.update(key, as: HashValue.self) { (hash, call) throws(CommandError) in
            let now = call.now
            var event: KeyEvent?
            var effects = FieldEffects(call)
            for index in options.fields {
                let field = call[index]
                guard let value = hash.get(field, now: now) else {
                    call.reply.null()
                    continue
                }
                call.reply.bulk(value)
                let change: KeyEvent? =
                    switch options.expiry {
                    case .unchanged: nil
                    case .never: hash.persist(field, now: now) ? .hpersist : nil
                    case .at(let time) where time <= now: hash.remove(field, now: now) ? .hdel : nil
                    case .at(let time): hash.setExpiry(time, of: field, now: now) ? .hexpire : nil
                    }
                guard let change else { continue }
                effects.note(index)
                event = change
            }
            switch options.expiry {
            case .unchanged: break
            case .never: effects.log(.staying, key, &call)
            case .at(let time): effects.log(time <= now ? .removed : .expiring(time), key, &call)
            }
            return event
        }
        if !exists { replyNulls(options.fields, call) }
    }

    // MARK: HSETEX

    private static func hsetex(_ call: inout Call) throws(CommandError) {
        let key = call.key(1)
        let options = try FieldOptions(call, valuesFollow: true)
        var applies = false
        try call.upsert(key, as: HashValue.self) { (hash, call) throws(CommandError) in
            applies = options.allows(hash, call)
            guard applies else { return nil }
            let isNew = hash.isEmpty
            let now = call.now
            let limits = call.limits.hash
            for index in stride(from: options.fields.lowerBound, to: options.fields.upperBound, by: 2) {
                let field = call[index]
                switch options.expiry {
                case .at(let time) where time <= now:
                    _ = hash.remove(field, now: now)
                case .at(let time):
                    _ = hash.set(field, call[index + 1], now: now, limits: limits, keepingExpiry: true)
                    _ = hash.setExpiry(time, of: field, now: now)
                case .never, .unchanged:
                    let keeps = options.expiry == .unchanged
                    _ = hash.set(field, call[index + 1], now: now, limits: limits, keepingExpiry: keeps)
                }
            }
            log(hash, key, options, isNew: isNew, &call)
            guard !isNew, case .at(let time) = options.expiry, time <= now else { return .hset }
            return call.event(key, .hset, .hdel)
        }
        if applies, case .at(let time) = options.expiry, time > call.now { call.access.changed(key, .hexpire) }
        call.reply.integer(applies)
    }

    /// Says what HSETEX has done to the fields.
    private static func log(
        _ hash: HashValue, _ key: Key, _ options: FieldOptions, isNew: Bool, _ call: inout Call
    ) {
        guard call.isLogging else { return }
        let fields = Array(stride(from: options.fields.lowerBound, to: options.fields.upperBound, by: 2))
        if case .at(let time) = options.expiry, time <= call.now {
            if !isNew { call.log("HDEL", key, [], fields) }
            return
        }
        call.log("HSET", key, [], Array(options.fields))
        if case .at(let time) = options.expiry { return call.logFieldExpiry(key, at: time, fields) }
        guard options.expiry == .unchanged else { return }
        for field in fields {
            if let expiry = hash.expiry(of: call[field], now: call.now), expiry != HashValue.noExpiry {
                call.logFieldExpiry(key, at: expiry, [field])
            }
        }
    }
}

/// The arguments of HGETEX and HSETEX behind the key.
private struct FieldOptions {
    enum Expiry: Equatable {
        case unchanged, never
        /// Milliseconds since 1970.
        case at(Int64)
    }

    var expiry: Expiry
    /// Arguments that are fields; with values, every second of them.
    var fields = 0..<0
    private let valuesFollow: Bool
    /// Whether the fields must all exist (true) or all not exist.
    private var existence: Bool?

    init(_ call: borrowing Call, valuesFollow: Bool) throws(CommandError) {
        self.valuesFollow = valuesFollow
        // A value that is set takes the expiry away, one that is read does not.
        expiry = valuesFollow ? .never : .unchanged
        var hasExpiry = false
        var index = 2
        while index < call.count {
            if call.isWord(index, "fields") {
                fields = try Self.fields(call, index, valuesFollow)
                return
            }
            if valuesFollow, call.isWord(index, "fxx") || call.isWord(index, "fnx") {
                guard existence == nil else {
                    throw CommandError("ERR Only one of FXX or FNX arguments can be specified")
                }
                existence = call.isWord(index, "fxx")
                index += 1
                continue
            }
            let isFlag = call.isWord(index, valuesFollow ? "keepttl" : "persist")
            let time = Self.time(call, index)
            guard isFlag || time != nil else {
                throw CommandError(composed: "ERR unknown argument: \(call[index].string)")
            }
            guard !hasExpiry else {
                throw valuesFollow
                    ? CommandError("ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified")
                    : CommandError("ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified")
            }
            hasExpiry = true
            if let time {
                guard index + 1 < call.count else { throw CommandError("ERR missing expire time") }
                expiry = .at(try call.fieldExpiry(index + 1, time))
                index += 2
            } else {
                expiry = valuesFollow ? .unchanged : .never
                index += 1
            }
        }
        throw .wrongArity(call.name)
    }

    private static func time(_ call: borrowing Call, _ index: Int) -> FieldTime? {
        if call.isWord(index, "ex") { return FieldTime(unit: .seconds, base: call.now) }
        if call.isWord(index, "px") { return FieldTime(unit: .milliseconds, base: call.now) }
        if call.isWord(index, "exat") { return FieldTime(unit: .seconds, base: 0) }
        if call.isWord(index, "pxat") { return FieldTime(unit: .milliseconds, base: 0) }
        return nil
    }

    private static func fields(
        _ call: borrowing Call, _ index: Int, _ valuesFollow: Bool
    ) throws(CommandError) -> Range<Int> {
        guard index + 1 < call.count else { throw .wrongArity(call.name) }
        let error = CommandError("ERR invalid number of fields")
        let number = try call.integer(index + 1, in: 1...Int64(Int32.max), or: error)
        let fields = index + 2..<call.count
        guard fields.count == (valuesFollow ? number * 2 : number) else { throw .wrongArity(call.name) }
        return fields
    }

    /// Whether the fields exist or do not, as was asked.
    func allows(_ hash: HashValue, _ call: borrowing Call) -> Bool {
        guard let existence else { return true }
        for index in stride(from: fields.lowerBound, to: fields.upperBound, by: 2)
        where hash.contains(call[index], now: call.now) != existence {
            return false
        }
        return true
    }
}
