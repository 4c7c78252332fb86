import Keyspace
import Primitives
import RESP

/// Commands that read or replace a whole string.
public enum StringCommands {
    public static let commands: [Command] = [
        Command(
            "get", arity: 2, flags: [.readonly, .fast], keys: [.one(1, [.readOnly, .access])], group: .string,
            since: "1.0.0", summary: "Returns the string at a key.", syntax: "key:key", handler: get),
        Command(
            "set", arity: -3, flags: [.write, .denyoom],
            keys: [.one(1, [.readWrite, .access, .update, .variable])], group: .string, since: "1.0.0",
            summary: "Makes a key a string, whatever it held, perhaps under a condition or for some time only.",
            syntax:
                "key:key value:string condition=[NX|XX|IFEQ ifeq-value:string|IFNE ifne-value:string|"
                + "IFDEQ ifdeq-digest:string|IFDNE ifdne-digest:string] [GET] expiration=[EX seconds:integer|PX milliseconds:integer|EXAT unix-time-seconds:unix-time|"
                + "PXAT unix-time-milliseconds:unix-time|KEEPTTL]",
            handler: set),
        Command(
            "setnx", arity: 3, flags: [.write, .denyoom, .fast], keys: [.one(1, [.overwrite, .insert])],
            group: .string, since: "1.0.0", summary: "Makes a key that does not exist a string.",
            syntax: "key:key value:string", handler: setIfAbsent),
        Command(
            "setex", arity: 4, flags: [.write, .denyoom], keys: [.one(1, [.overwrite, .update])], group: .string,
            since: "2.0.0", summary: "Makes a key a string for a number of seconds.",
            syntax: "key:key seconds:integer value:string", handler: setForSeconds),
        Command(
            "psetex", arity: 4, flags: [.write, .denyoom], keys: [.one(1, [.overwrite, .update])], group: .string,
            since: "2.6.0", summary: "Makes a key a string for a number of milliseconds.",
            syntax: "key:key milliseconds:integer value:string", handler: setForMilliseconds),
        Command(
            "getset", arity: 3, flags: [.write, .denyoom, .fast], keys: [.one(1, [.readWrite, .access, .update])],
            group: .string, since: "1.0.0", summary: "Makes a key a string and returns the one that it held.",
            syntax: "key:key value:string", handler: getAndSet),
        Command(
            "getdel", arity: 2, flags: [.write, .fast], keys: [.one(1, [.readWrite, .access, .delete])],
            group: .string, since: "6.2.0", summary: "Returns the string at a key and removes the key.",
            syntax: "key:key", handler: getAndDelete),
        Command(
            "getex", arity: -2, flags: [.write, .fast], keys: [.one(1, [.readWrite, .access, .update])],
            group: .string, since: "6.2.0", summary: "Returns the string at a key and changes its time to live.",
            syntax: "key:key expiration=[EX seconds:integer|PX milliseconds:integer|EXAT unix-time-seconds:unix-time|"
                + "PXAT unix-time-milliseconds:unix-time|PERSIST]",
            handler: getAndExpire),
        Command(
            "mget", arity: -2, flags: [.readonly, .fast], keys: [.range(1, -1, [.readOnly, .access])],
            group: .string, since: "1.0.0", complexity: "O(n), n being the number of keys.",
            summary: "Returns the strings at several keys.", syntax: "key:key...", handler: getMany),
        Command(
            "mset", arity: -3, flags: [.write, .denyoom], keys: [.range(1, -1, step: 2, [.overwrite, .update])],
            group: .string, since: "1.0.1", complexity: "O(n), n being the number of keys.",
            summary: "Makes several keys strings, at once.", syntax: "data=(key:key value:string)...", handler: setMany),
        Command(
            "msetnx", arity: -3, flags: [.write, .denyoom], keys: [.range(1, -1, step: 2, [.overwrite, .insert])],
            group: .string, since: "1.0.1", complexity: "O(n), n being the number of keys.",
            summary: "Makes several keys strings if none of them exists.", syntax: "data=(key:key value:string)...",
            handler: setManyIfAbsent),
    ]

    // MARK: One key

    private static func get(_ call: inout Call) throws(CommandError) {
        guard let entry = try call.readString(call.key(1)) else { return call.reply.null() }
        try call.answer(entry.text(scratch: call.scratch), of: 1)
    }

    /// Answers the string at `key`, null where there is none; returns whether there was one.
    @inline(__always)
    private static func reply(_ call: inout Call, _ key: Key) throws(CommandError) -> Bool {
        guard let entry = try call.readString(key) else {
            call.reply.null()
            return false
        }
        call.reply.bulk(entry.text(scratch: call.scratch))
        return true
    }

    private static func set(_ call: inout Call) throws(CommandError) {
        guard call.count == 3 else { return try setWithOptions(&call) }
        call.access.setString(call.key(1), call[2], expiry: .clear)
        call.reply.ok()
    }

    @inline(never)
    private static func setWithOptions(_ call: inout Call) throws(CommandError) {
        let options = try SetOptions(call, from: 3, of: .set)
        let deadline = try options.expiry.deadline(call)
        let key = call.key(1)
        // Answered first: what is written frees the old value.
        if options.returnsOld { _ = try reply(&call, key) }
        guard try options.condition.holds(&call, key) else {
            if !options.returnsOld { call.reply.null() }
            return
        }
        let expiry = options.expiry.update(deadline)
        call.setString(key, call[2], expiry)
        call.logString(key, call[2], expiry)
        if !options.returnsOld { call.reply.ok() }
    }

    private static func setIfAbsent(_ call: inout Call) throws(CommandError) {
        let key = call.key(1)
        let exists = call.access.find(key) != nil
        if !exists { call.access.setString(key, call[2], expiry: .clear) }
        call.reply.integer(!exists)
    }

    private static func setForSeconds(_ call: inout Call) throws(CommandError) {
        try set(&call, ExpiryArgument(kind: .seconds, index: 2))
    }

    private static func setForMilliseconds(_ call: inout Call) throws(CommandError) {
        try set(&call, ExpiryArgument(kind: .milliseconds, index: 2))
    }

    private static func set(_ call: inout Call, _ expiry: ExpiryArgument) throws(CommandError) {
        let key = call.key(1)
        let update = expiry.update(try expiry.deadline(call))
        call.setString(key, call[3], update)
        call.logString(key, call[3], update)
        call.reply.ok()
    }

    private static func getAndSet(_ call: inout Call) throws(CommandError) {
        let key = call.key(1)
        _ = try reply(&call, key)
        call.access.setString(key, call[2], expiry: .clear)
        call.logString(key, call[2], .clear)
    }

    private static func getAndDelete(_ call: inout Call) throws(CommandError) {
        let key = call.key(1)
        guard try reply(&call, key) else { return }
        _ = call.access.remove(key)
        call.log("DEL", key)
    }

    private static func getAndExpire(_ call: inout Call) throws(CommandError) {
        var expiry = ExpiryArgument()
        var index = 2
        while index < call.count {
            let taken = expiry.take(call, index, of: .getex)
            guard taken > 0 else { throw .syntax }
            index += taken
        }
        let key = call.key(1)
        guard let entry = try call.readString(key) else { return call.reply.null() }
        let deadline = try expiry.deadline(call)
        call.reply.bulk(entry.text(scratch: call.scratch))
        if expiry.kind == .persist {
            if call.access.clearExpiry(key) { call.log("PERSIST", key) }
        } else if let deadline {
            call.expire(key, at: deadline, removesPast: expiry.isAbsolute)
        }
    }

    // MARK: Several keys

    private static func getMany(_ call: inout Call) throws(CommandError) {
        call.reply.array(call.count &- 1)
        for index in 1..<call.count {
            if let entry = call.access.read(call.listedKey(index)), entry.type == .string {
                call.reply.bulk(entry.text(scratch: call.scratch))
            } else {
                call.reply.null()
            }
        }
    }

    private static func setMany(_ call: inout Call) throws(CommandError) {
        guard call.count & 1 == 1 else { throw .wrongArity(call.name) }
        for index in stride(from: 1, to: call.count, by: 2) {
            call.access.setString(call.listedKey(index), call[index &+ 1], expiry: .clear)
        }
        call.reply.ok()
    }

    private static func setManyIfAbsent(_ call: inout Call) throws(CommandError) {
        guard call.count & 1 == 1 else { throw .wrongArity(call.name) }
        for index in stride(from: 1, to: call.count, by: 2) where call.access.find(call.listedKey(index)) != nil {
            return call.reply.integer(false)
        }
        // A key that is named twice gets the later value: nothing depends on its being absent any more.
        for index in stride(from: 1, to: call.count, by: 2) {
            call.access.setString(call.listedKey(index), call[index &+ 1], expiry: .clear)
        }
        call.reply.integer(true)
    }
}

extension Call {
    /// Makes `key` the string `value`, and tells of the time to live that it gets.
    mutating func setString(_ key: Key, _ value: ByteView, _ expiry: ExpiryUpdate) {
        access.setString(key, value, expiry: expiry)
        if case .at = expiry { access.changed(key, .expire) }
    }

    /// Makes `key`, which must exist, expire at `time`, or removes it at once where that is over.
    mutating func expire(_ key: Key, at time: Int64, removesPast: Bool = true) {
        if removesPast, time <= now {
            _ = access.remove(key)
            log("DEL", key)
        } else {
            access.setExpiry(key, at: time)
            log("PEXPIREAT", key, time)
        }
    }
}
