import Keyspace
import Primitives
import RESP

/// Adding, removing, moving and asking for the members of sets.
public enum SetCommands {
    public static let commands: [Command] = [
        Command(
            "sadd", arity: -3, flags: [.write, .denyoom, .fast], keys: [.one(1, [.readWrite, .insert])], element: 2,
            group: .set, since: "1.0.0", complexity: "O(n), n being the number of members given.",
            summary: "Adds members to a set, and counts those that are new.", syntax: "key:key member:string...",
            handler: sadd),
        Command(
            "srem", arity: -3, flags: [.write, .fast], keys: [.one(1, [.readWrite, .delete])], element: 2, group: .set,
            since: "1.0.0", complexity: "O(n), n being the number of members given.",
            summary: "Removes members, and the set with its last one.", syntax: "key:key member:string...",
            handler: srem),
        Command(
            "smove", arity: 4, flags: [.write, .fast],
            keys: [.one(1, [.readWrite, .access, .delete]), .one(2, [.readWrite, .insert])], group: .set,
            since: "1.0.0", summary: "Moves a member from one set to another.",
            syntax: "source:key destination:key member:string", handler: smove),
        Command(
            "sismember", arity: 3, flags: [.readonly, .fast], keys: [.one(1, .readOnly)], element: 2, group: .set,
            since: "1.0.0", summary: "Answers whether a member is in a set.", syntax: "key:key member:string",
            handler: sismember),
        Command(
            "smismember", arity: -3, flags: [.readonly, .fast], keys: [.one(1, [.readOnly, .access])], element: 2,
            group: .set,
            since: "6.2.0", complexity: "O(n), n being the number of members given.",
            summary: "Answers which of several members are in a set.", syntax: "key:key member:string...",
            handler: smismember),
        Command(
            "scard", arity: 2, flags: [.readonly, .fast], keys: [.one(1, .readOnly)], group: .set, since: "1.0.0",
            summary: "Answers the number of members.", syntax: "key:key", handler: scard),
    ]

    private static func sadd(_ call: inout Call) throws(CommandError) {
        var added = 0
        try call.upsert(call.key(1), as: SetValue.self) { (set, call) throws(CommandError) in
            let limits = call.limits.set
            if set.encoding != .hashTable { set.prepare(toAdd: call.count &- 2, first: call[2], limits: limits) }
            for index in 2..<call.count where set.add(call[index], limits: limits) { added &+= 1 }
            return added > 0 ? .sadd : nil
        }
        call.reply.integer(added)
    }

    private static func srem(_ call: inout Call) throws(CommandError) {
        var removed = 0
        try call.update(call.key(1), as: SetValue.self) { (set, call) throws(CommandError) in
            for index in 2..<call.count where set.remove(call[index]) {
                removed &+= 1
                if set.isEmpty { break }
            }
            return removed > 0 ? .srem : nil
        }
        call.reply.integer(removed)
    }

    private static func smove(_ call: inout Call) throws(CommandError) {
        let (source, target) = (call.key(1), call.key(2))
        let targetEntry = call.access.find(target)
        guard let entry = call.access.find(source) else { return call.reply.integer(false) }
        guard entry.type == .set, targetEntry.map({ $0.type == .set }) ?? true else { throw .wrongType }
        if source.bytes == target.bytes {
            return call.reply.integer(entry.aggregate(SetValue.self).contains(call[3]))
        }
        var isMoved = false
        try call.update(source, as: SetValue.self) { (set, call) throws(CommandError) in
            isMoved = set.remove(call[3])
            return isMoved ? .srem : nil
        }
        if isMoved {
            try call.upsert(target, as: SetValue.self) { (set, call) throws(CommandError) in
                let limits = call.limits.set
                if set.isEmpty { set.prepare(toAdd: 1, first: call[3], limits: limits) }
                return set.add(call[3], limits: limits) ? .sadd : nil
            }
        }
        call.reply.integer(isMoved)
    }

    private static func sismember(_ call: inout Call) throws(CommandError) {
        let set = try call.read(call.key(1), as: SetValue.self)
        call.reply.integer(set?.contains(call[2]) ?? false)
    }

    private static func smismember(_ call: inout Call) throws(CommandError) {
        let set = try call.read(call.key(1), as: SetValue.self)
        call.reply.array(call.count &- 2)
        for index in 2..<call.count { call.reply.integer(set?.contains(call[index]) ?? false) }
    }

    private static func scard(_ call: inout Call) throws(CommandError) {
        call.reply.integer(try call.read(call.key(1), as: SetValue.self)?.count ?? 0)
    }
}

/// Events of sets.
extension KeyEvent {
    static var sadd: KeyEvent { KeyEvent(.set, "sadd") }
    static var srem: KeyEvent { KeyEvent(.set, "srem") }
    static var spop: KeyEvent { KeyEvent(.set, "spop") }
}
