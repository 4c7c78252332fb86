import Keyspace
import Persistence
import Primitives
import RESP

/// Values as bytes, to be kept elsewhere or brought to another server.
public enum DumpCommands {
    public static let commands: [Command] = [
        Command(
            "dump", arity: 2, flags: .readonly, keys: [.one(1, [.readOnly, .access])], group: .generic,
            since: "2.6.0", complexity: "O(n), n being the bytes of the value.",
            summary: "Returns the value at a key in a form that RESTORE takes.", syntax: "key:key", handler: dump),
        Command(
            "restore", arity: -4, flags: [.write, .denyoom], categories: .dangerous,
            keys: [.one(1, [.overwrite, .update])], group: .generic, since: "2.6.0",
            complexity:
                "O(n), n being the bytes of the value; O(n log n) for sorted sets in another order than theirs.",
            summary: "Makes a key of what DUMP has returned.",
            syntax: """
                key:key ttl:integer serialized-value:string [REPLACE] [ABSTTL] [IDLETIME seconds:integer] \
                [FREQ frequency:integer]
                """,
            handler: restore),
    ]

    private static func dump(_ call: inout Call) throws(CommandError) {
        guard let entry = call.access.read(call.key(1)) else { return call.reply.null() }
        var payload = ByteBuffer()
        RDBPayload.append(entry, to: &payload)
        call.reply.bulk(payload.view)
    }

    private static func restore(_ call: inout Call) throws(CommandError) {
        let options = try RestoreOptions(call)
        let key = call.key(1)
        let wasThere = call.access.find(key) != nil
        guard options.replaces || !wasThere else {
            throw CommandError("BUSYKEY Target key name already exists.")
        }
        let ttl = try call.integer(2)
        guard ttl >= 0 else { throw CommandError("ERR Invalid TTL value, must be >= 0") }
        guard let body = RDBPayload.body(of: call[3]) else {
            throw CommandError("ERR DUMP payload version or checksum are wrong")
        }
        // A deadline beyond all time is in the past, as it is for Redis.
        let expiry: Int64? = ttl == 0 ? nil : options.isAbsolute ? ttl : ttl &+ call.now
        let entry = try decode(body, key, expiry, limits: call.limits)
        if let expiry, expiry <= call.now {
            entry.destroyLoaded()
            if wasThere {
                _ = call.access.remove(key)
                call.log(arguments: 2) {
                    $0.append("DEL")
                    $0.append(key.bytes)
                }
            }
            return call.reply.ok()
        }
        call.access.adopt(key, entry, isNew: true, event: KeyEvent(.generic, "restore"))
        if let seconds = options.idleSeconds { call.access.setIdle(entry, seconds: seconds) }
        if let frequency = options.frequency { call.access.setFrequency(entry, frequency) }
        if let expiry, !options.isAbsolute { log(&call, expiry) }
        call.reply.ok()
    }

    private static func decode(
        _ body: ByteView, _ key: Key, _ expiry: Int64?, limits: CommandLimits
    ) throws(CommandError) -> Entry {
        var decoder = RDBDecoder(limits: ValueLimits(limits))
        var reader = RDBReader(body)
        do {
            let type = try reader.readType()
            return try decoder.decode(type, body[reader.offset..<body.count], key: key.bytes, expiry: expiry)
        } catch {
            throw CommandError("ERR Bad data format")
        }
    }

    /// Logs the call with the deadline that came of its time to live.
    private static func log(_ call: inout Call, _ expiry: Int64) {
        guard call.isLogging else { return }
        let arguments = call.arguments
        call.log(arguments: arguments.count + 1) { effects in
            for (index, argument) in arguments.enumerated() {
                if index == 2 { effects.append(expiry) } else { effects.append(argument) }
            }
            effects.append("ABSTTL")
        }
    }
}

/// The options of RESTORE.
private struct RestoreOptions {
    var replaces = false
    var isAbsolute = false
    var idleSeconds: Int?
    var frequency: UInt8?

    init(_ call: borrowing Call) throws(CommandError) {
        var index = 4
        while index < call.count {
            let hasValue = index + 1 < call.count
            if call.isWord(index, "replace") {
                replaces = true
            } else if call.isWord(index, "absttl") {
                isAbsolute = true
            } else if call.isWord(index, "idletime"), hasValue, frequency == nil {
                let seconds = try call.integer(index + 1)
                guard seconds >= 0 else { throw CommandError("ERR Invalid IDLETIME value, must be >= 0") }
                // The clock of an entry has 24 bits.
                idleSeconds = Int(min(seconds, 1 << 24 - 1))
                index += 1
            } else if call.isWord(index, "freq"), hasValue, idleSeconds == nil {
                guard let count = UInt8(exactly: try call.integer(index + 1)) else {
                    throw CommandError("ERR Invalid FREQ value, must be >= 0 and <= 255")
                }
                frequency = count
                index += 1
            } else {
                throw .syntax
            }
            index += 1
        }
    }
}

extension ValueLimits {
    init(_ limits: CommandLimits) {
        self.init(hash: limits.hash, list: limits.list, set: limits.set, sortedSet: limits.sortedSet)
    }
}
