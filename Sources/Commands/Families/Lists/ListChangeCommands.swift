import Keyspace
import Primitives
import RESP

/// Changes anywhere in a list: by index, beside an element, of equal elements, and of all but a range.
public enum ListChangeCommands {
    public static let commands: [Command] = [
        Command(
            "lset", arity: 4, flags: [.write, .denyoom], keys: [.one(1, [.readWrite, .update])], group: .list,
            since: "1.0.0", complexity: "O(b), b being the number of blocks between the element and the nearer end.",
            summary: "Puts another element in the place of the one with an index.",
            syntax: "key:key index:integer element:string", handler: lset),
        Command(
            "linsert", arity: 5, flags: [.write, .denyoom], keys: [.one(1, [.readWrite, .insert])], group: .list,
            since: "2.2.0", complexity: "O(n), n being the number of elements up to the one beside which it is put.",
            summary: "Puts an element before or behind another one.",
            syntax: "key:key where=(BEFORE|AFTER) pivot:string element:string", handler: linsert),
        Command(
            "lrem", arity: 4, flags: .write, keys: [.one(1, [.readWrite, .delete])], group: .list, since: "1.0.0",
            complexity: "O(n), n being the length of the list.",
            summary: "Removes elements that are equal to a given one.",
            syntax: "key:key count:integer element:string", handler: lrem),
        Command(
            "ltrim", arity: 4, flags: .write, keys: [.one(1, [.readWrite, .delete])], group: .list, since: "1.0.0",
            complexity: "O(b), b being the number of blocks.",
            summary: "Removes all elements but those in a range of indices.",
            syntax: "key:key start:integer stop:integer", handler: ltrim),
    ]

    private static func lset(_ call: inout Call) throws(CommandError) {
        let bytes = try call.elementBytes(at: 3)
        let key = call.key(1)
        let exists = try call.update(key, as: ListValue.self) { (list, call) throws(CommandError) in
            let index = list.position(try call.integer(2))
            guard index >= 0, index < list.count else { throw CommandError("ERR index out of range") }
            let limits = call.limits.list
            list.prepare(adding: bytes, count: 1, limits)
            _ = list.replace(index, with: call[3], limits)
            list.shrink(limits)
            return KeyEvent(.list, "lset")
        }
        guard exists else { throw .noSuchKey }
        call.reply.ok()
    }

    private static func linsert(_ call: inout Call) throws(CommandError) {
        let isAfter = call.isWord(2, "after")
        guard isAfter || call.isWord(2, "before") else { throw .syntax }
        let bytes = try call.elementBytes(at: 4)
        let key = call.key(1)
        var length = 0
        try call.update(key, as: ListValue.self) { (list, call) throws(CommandError) in
            let limits = call.limits.list
            list.prepare(adding: bytes, count: 1, limits)
            let isFound = list.insert(call[4], beside: call[3], after: isAfter, limits)
            length = isFound ? list.count : -1
            return isFound ? KeyEvent(.list, "linsert") : nil
        }
        call.reply.integer(length)
    }

    private static func lrem(_ call: inout Call) throws(CommandError) {
        let count = try call.negatableInteger(2)
        let key = call.key(1)
        var removed = 0
        try call.update(key, as: ListValue.self) { (list, call) throws(CommandError) in
            let limit = count == 0 ? .max : abs(count)
            removed = list.remove(call[3], limit: limit, from: count < 0 ? .tail : .head)
            guard removed > 0 else { return nil }
            list.shrink(call.limits.list)
            return KeyEvent(.list, "lrem")
        }
        call.reply.integer(removed)
    }

    private static func ltrim(_ call: inout Call) throws(CommandError) {
        let first = try call.integer(2)
        let last = try call.integer(3)
        let key = call.key(1)
        try call.update(key, as: ListValue.self) { (list, call) throws(CommandError) in
            let kept = list.indices(from: first, through: last)
            list.remove(kept.upperBound..<list.count)
            list.remove(0..<kept.lowerBound)
            list.shrink(call.limits.list)
            // Told also where all stays, as Redis tells it.
            return KeyEvent(.list, "ltrim")
        }
        call.reply.ok()
    }
}
