import Keyspace
import Primitives
import RESP

/// Fields that expire on their own.
public enum HashExpiryCommands {
    public static let commands: [Command] = [
        setter(
            "hexpire", summary: "Lets fields expire in a number of seconds.", time: "seconds:integer", handler: hexpire),
        setter(
            "hpexpire", summary: "Lets fields expire in a number of milliseconds.", time: "milliseconds:integer",
            handler: hpexpire),
        setter(
            "hexpireat", summary: "Lets fields expire at a time, in seconds since 1970.",
            time: "unix-time-seconds:unix-time", handler: hexpireat),
        setter(
            "hpexpireat", summary: "Lets fields expire at a time, in milliseconds since 1970.",
            time: "unix-time-milliseconds:unix-time", handler: hpexpireat),
        getter("httl", summary: "Answers in how many seconds fields expire.", handler: httl),
        getter("hpttl", summary: "Answers in how many milliseconds fields expire.", handler: hpttl),
        getter("hexpiretime", summary: "Answers when fields expire, in seconds since 1970.", handler: hexpiretime),
        getter(
            "hpexpiretime", summary: "Answers when fields expire, in milliseconds since 1970.", handler: hpexpiretime),
        Command(
            "hpersist", arity: -5, flags: [.write, .fast], keys: [.one(1, [.readWrite, .update])], group: .hash,
            since: "7.4.0", complexity: "O(n), n being the number of fields given.",
            summary: "Lets fields stay that would expire.",
            syntax: "key:key FIELDS (numfields:integer field:string...)",
            handler: hpersist),
    ]

    private static func setter(
        _ name: String, summary: String, time: String, handler: @escaping Command.Handler
    ) -> Command {
        Command(
            name, arity: -6, flags: [.write, .denyoom, .fast], keys: [.one(1, [.readWrite, .update])], group: .hash,
            since: "7.4.0", complexity: "O(n), n being the number of fields given.", summary: summary,
            syntax: "key:key \(time) condition=[NX|XX|GT|LT] FIELDS (numfields:integer field:string...)",
            handler: handler)
    }

    private static func getter(_ name: String, summary: String, handler: @escaping Command.Handler) -> Command {
        Command(
            name, arity: -5, flags: [.readonly, .fast], keys: [.one(1, [.readOnly, .access])], group: .hash,
            since: "7.4.0", complexity: "O(n), n being the number of fields given.", summary: summary,
            syntax: "key:key FIELDS (numfields:integer field:string...)", handler: handler)
    }

    /// The answers of all these commands for a field that does not exist, and that does not expire.
    private static let noField = -2
    private static let noExpiry = -1

    // MARK: Setting

    private static func hexpire(_ call: inout Call) throws(CommandError) {
        try setExpiry(&call, FieldTime(unit: .seconds, base: call.now))
    }

    private static func hpexpire(_ call: inout Call) throws(CommandError) {
        try setExpiry(&call, FieldTime(unit: .milliseconds, base: call.now))
    }

    private static func hexpireat(_ call: inout Call) throws(CommandError) {
        try setExpiry(&call, FieldTime(unit: .seconds, base: 0))
    }

    private static func hpexpireat(_ call: inout Call) throws(CommandError) {
        try setExpiry(&call, FieldTime(unit: .milliseconds, base: 0))
    }

    /// When a field's expiry may be changed.
    private enum Condition {
        case always, none, some, later, earlier

        init(_ word: ByteView) {
            if word.equalsIgnoringCase("nx") {
                self = .none
            } else if word.equalsIgnoringCase("xx") {
                self = .some
            } else if word.equalsIgnoringCase("gt") {
                self = .later
            } else if word.equalsIgnoringCase("lt") {
                self = .earlier
            } else {
                self = .always
            }
        }

        /// Whether `old`, which is `HashValue.noExpiry` for never, may become `new`.
        func allows(_ old: Int64, _ new: Int64) -> Bool {
            switch self {
            case .always: true
            case .none: old == HashValue.noExpiry
            case .some: old != HashValue.noExpiry
            case .later: old < new
            case .earlier: old > new
            }
        }
    }

    private static func setExpiry(_ call: inout Call, _ time: FieldTime) throws(CommandError) {
        let key = call.key(1)
        try call.checkHash(key)
        let expiry = try call.fieldExpiry(2, time)
        let condition = Condition(call[3])
        let fields = try call.fields(
            at: condition == .always ? 3 : 4, or: CommandError("ERR Parameter `numFields` should be greater than 0"))
        call.reply.array(fields.count)
        let exists = try call.update(key, as: HashValue.self) { (hash, call) throws(CommandError) in
            var changed = 0
            var removed = 0
            var effects = FieldEffects(call)
            for index in fields {
                let field = call[index]
                guard let old = hash.expiry(of: field, now: call.now) else {
                    call.reply.integer(noField)
                    continue
                }
                guard condition.allows(old, expiry) else {
                    call.reply.integer(0)
                    continue
                }
                if expiry <= call.now {
                    _ = hash.remove(field, now: call.now)
                    removed += 1
                    effects.note(index)
                    call.reply.integer(2)
                } else {
                    _ = hash.setExpiry(expiry, of: field, now: call.now)
                    changed += 1
                    effects.note(index)
                    call.reply.integer(1)
                }
            }
            // All have the same time, which is over or not.
            effects.log(removed > 0 ? .removed : .expiring(expiry), key, &call)
            return call.event(key, changed > 0 ? .hexpire : nil, removed > 0 ? .hdel : nil)
        }
        if !exists { call.replyNoFields(fields) }
    }

    private static func hpersist(_ call: inout Call) throws(CommandError) {
        let key = call.key(1)
        try call.checkHash(key)
        let fields = try call.fields(at: 2)
        call.reply.array(fields.count)
        let exists = try call.update(key, as: HashValue.self) { (hash, call) throws(CommandError) in
            var changed = false
            var effects = FieldEffects(call)
            for index in fields {
                let field = call[index]
                if hash.persist(field, now: call.now) {
                    call.reply.integer(1)
                    effects.note(index)
                    changed = true
                } else {
                    call.reply.integer(hash.contains(field, now: call.now) ? noExpiry : noField)
                }
            }
            effects.log(.staying, key, &call)
            return changed ? .hpersist : nil
        }
        if !exists { call.replyNoFields(fields) }
    }

    // MARK: Asking

    private static func httl(_ call: inout Call) throws(CommandError) {
        let now = call.now
        try answer(&call) { seconds($0 - now) }
    }

    private static func hpttl(_ call: inout Call) throws(CommandError) {
        let now = call.now
        try answer(&call) { $0 - now }
    }

    private static func hexpiretime(_ call: inout Call) throws(CommandError) { try answer(&call, seconds) }

    private static func hpexpiretime(_ call: inout Call) throws(CommandError) { try answer(&call) { $0 } }

    /// Whole seconds that are not less than `milliseconds`.
    private static func seconds(_ milliseconds: Int64) -> Int64 {
        milliseconds / 1000 + (milliseconds % 1000 > 0 ? 1 : 0)
    }

    /// Answers for each field what `form` makes of the time when it expires.
    @inline(__always)
    private static func answer(_ call: inout Call, _ form: (Int64) -> Int64) throws(CommandError) {
        let hash = try call.read(call.key(1), as: HashValue.self)
        let fields = try call.fields(at: 2)
        call.reply.array(fields.count)
        guard let hash else { return call.replyNoFields(fields) }
        for index in fields {
            switch hash.expiry(of: call[index], now: call.now) {
            case nil: call.reply.integer(noField)
            case HashValue.noExpiry: call.reply.integer(noExpiry)
            case let expiry?: call.reply.integer(form(expiry))
            }
        }
    }
}
