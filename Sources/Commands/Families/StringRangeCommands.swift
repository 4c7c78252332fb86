import Glibc
import Keyspace
import Primitives
import RESP

/// Commands on parts of a string.
public enum StringRangeCommands {
    public static let commands: [Command] = [
        Command(
            "append", arity: 3, flags: [.write, .denyoom, .fast], keys: [.one(1, [.readWrite, .insert])],
            group: .string, since: "2.0.0", complexity: "Amortised O(n), n being the length of what is appended.",
            summary: "Appends to the string at a key, which is created where it does not exist.",
            syntax: "key:key value:string", handler: append),
        Command(
            "strlen", arity: 2, flags: [.readonly, .fast], keys: [.one(1, .readOnly)], group: .string,
            since: "2.2.0", summary: "Returns the length of the string at a key.", syntax: "key:key",
            handler: length),
        Command(
            "getrange", arity: 4, flags: .readonly, keys: [.one(1, [.readOnly, .access])], group: .string,
            since: "2.4.0", complexity: "O(n), n being the length of what is returned.",
            summary: "Returns a part of the string at a key.", syntax: "key:key start:integer end:integer",
            handler: range),
        Command(
            "substr", arity: 4, flags: .readonly, keys: [.one(1, [.readOnly, .access])], group: .string,
            since: "1.0.0", complexity: "O(n), n being the length of what is returned.",
            summary: "Returns a part of the string at a key. The old name of GETRANGE.",
            syntax: "key:key start:integer end:integer", handler: range),
        Command(
            "setrange", arity: 4, flags: [.write, .denyoom], keys: [.one(1, [.readWrite, .update])],
            group: .string, since: "2.2.0",
            complexity: "O(n), n being the length of what is written and of the zeros before it.",
            summary: "Writes over a part of the string at a key, which grows with zeros where it is too short.",
            syntax: "key:key offset:integer value:string", handler: setRange),
    ]

    private static func append(_ call: inout Call) throws(CommandError) {
        let key = call.key(1)
        let tail = call[2]
        let event = KeyEvent(.string, "append")
        guard let entry = try call.findString(key) else {
            call.access.setString(key, tail, expiry: .clear, event: event)
            return call.reply.integer(tail.count)
        }
        let before = entry.textCount
        let total = try checkedLength(call, before, tail.count)
        let bytes = call.access.resizeString(key, to: total, event: event)
        memcpy(bytes + before, tail.start, tail.count)
        call.reply.integer(total)
    }

    /// The sum, which must not exceed what a string may hold.
    private static func checkedLength(_ call: borrowing Call, _ a: Int, _ b: Int) throws(CommandError) -> Int {
        guard let sum = a.adding(checked: b), sum <= call.limits.maximumString else { throw .stringTooLong }
        return sum
    }

    private static func length(_ call: inout Call) throws(CommandError) {
        let entry = try call.readString(call.key(1))
        call.reply.integer(entry?.textCount ?? 0)
    }

    private static func range(_ call: inout Call) throws(CommandError) {
        var start = try Int(call.integer(2))
        var end = try Int(call.integer(3))
        guard let entry = try call.readString(call.key(1)) else { return call.reply.bulk(ByteView.empty) }
        let text = entry.text(scratch: call.scratch)
        guard start >= 0 || end >= 0 || start <= end else { return call.reply.bulk(ByteView.empty) }
        // A negative number and a length cannot overflow.
        if start < 0 { start = max(0, text.count + start) }
        if end < 0 { end = max(0, text.count + end) }
        end = min(end, text.count - 1)
        guard start <= end else { return call.reply.bulk(ByteView.empty) }
        try call.answer(text[start..<end + 1], of: 1)
    }

    private static func setRange(_ call: inout Call) throws(CommandError) {
        let offset = try Int(call.integer(2))
        guard offset >= 0 else { throw .offsetOutOfRange }
        let key = call.key(1)
        let value = call[3]
        let before = try call.findString(key)?.textCount ?? 0
        guard !value.isEmpty else { return call.reply.integer(before) }
        let end = try checkedLength(call, offset, value.count)
        let total = max(before, end)
        let bytes = call.access.resizeString(key, to: total, event: KeyEvent(.string, "setrange"))
        memcpy(bytes + offset, value.start, value.count)
        call.reply.integer(total)
    }
}
