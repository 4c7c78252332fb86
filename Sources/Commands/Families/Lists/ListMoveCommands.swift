import Keyspace
import Primitives
import RESP

/// Commands on several lists: moving an element from one to another, and popping from the first that has any.
public enum ListMoveCommands {
    public static let commands: [Command] = [
        Command(
            "lmove", arity: 5, flags: [.write, .denyoom], keys: ListMove.keys, group: .list, since: "6.2.0",
            summary: "Removes an element from an end of a list, puts it at an end of another one and answers it.",
            syntax: "source:key destination:key wherefrom=(LEFT|RIGHT) whereto=(LEFT|RIGHT)", handler: lmove),
        Command(
            "rpoplpush", arity: 3, flags: [.write, .denyoom], keys: ListMove.keys, group: .list, since: "1.2.0",
            summary: "Makes the last element of a list the first one of another and answers it. LMOVE does the same.",
            syntax: "source:key destination:key", handler: rpoplpush),
        Command(
            "lmpop", arity: -4, flags: [.write, .movableKeys], keys: [.counted(1, [.readWrite, .access, .delete])],
            group: .list, since: "7.0.0",
            complexity: "O(k + n), k being the number of keys and n that of the elements removed.",
            summary: "Removes elements from an end of the first of several lists that has any.",
            syntax: "numkeys:integer key:key... where=(LEFT|RIGHT) [COUNT count:integer]", handler: lmpop),
    ]

    private static func lmove(_ call: inout Call) throws(CommandError) {
        let move = ListMove(from: try call.listEnd(3), to: try call.listEnd(4))
        if try !move.execute(&call) { call.reply.null() }
    }

    private static func rpoplpush(_ call: inout Call) throws(CommandError) {
        if try !ListMove(from: .tail, to: .head).execute(&call) { call.reply.null() }
    }

    private static func lmpop(_ call: inout Call) throws(CommandError) {
        let pop = try MultiplePop(call, keyCount: 1) { (call, index) throws(CommandError) in try call.listEnd(index) }
        for index in pop.keys where try pop.execute(&call, index) { return }
        call.reply.nullArray()
    }
}

/// What LMOVE and its relatives do with their first two arguments.
struct ListMove {
    let from: ListEnd
    let to: ListEnd

    static let keys: [KeySpecification] = [
        .one(1, [.readWrite, .access, .delete]), .one(2, [.readWrite, .insert]),
    ]

    /// Moves an element and answers it; false where there is none.
    func execute(_ call: inout Call) throws(CommandError) -> Bool {
        let source = call.key(1)
        let target = Key(call[2])
        guard let entry = call.access.find(source) else { return false }
        guard entry.type == .list else { throw .wrongType }
        if source.bytes == target.bytes {
            try rotate(&call, source)
            return true
        }
        guard let element = entry.aggregate(ListValue.self).element(at: from) else { return false }
        try call.upsert(target, as: ListValue.self) { (list, call) throws(CommandError) in
            list.prepare(adding: element.count, count: 1, call.limits.list)
            list.push(element, at: to, call.limits.list)
            return .pushed(at: to)
        }
        _ = try call.popElements(source, from, 1) { _, _ in }
        return true
    }

    /// Says that the command has moved an element, whether or not it has waited for it.
    func log(_ call: inout Call) {
        let (source, target) = (call[1], call[2])
        call.log(arguments: 5) {
            $0.append("LMOVE")
            $0.append(source)
            $0.append(target)
            for end in [from, to] { $0.append(end == .head ? "LEFT" : "RIGHT") }
        }
    }

    /// Moves an element within one list.
    private func rotate(_ call: inout Call, _ key: Key) throws(CommandError) {
        let reply = call.reply
        try call.update(key, as: ListValue.self) { (list, call) throws(CommandError) in
            guard let element = list.element(at: from) else { return nil }
            reply.bulk(element)
            let limits = call.limits.list
            // What is pushed must not lie in the list.
            withUnsafeTemporaryAllocation(byteCount: max(1, element.count), alignment: 1) { copy in
                let text = element.withBytes { bytes in
                    copy.copyBytes(from: bytes.buffer)
                    return ByteView(
                        UnsafeRawPointer(copy.baseAddress ?? UnsafeMutableRawPointer(call.scratch)), count: bytes.count)
                }
                list.removeElement(at: from)
                list.prepare(adding: text.count, count: 1, limits)
                list.push(text, at: to, limits)
            }
            list.shrink(limits)
            call.access.changed(key, .pushed(at: to))
            return .popped(at: from)
        }
    }
}

extension MultiplePop where End == ListEnd {
    /// Pops from the list at the key that is argument `index` and answers; false where there is none.
    func execute(_ call: inout Call, _ index: Int) throws(CommandError) -> Bool {
        let key = call.key(index)
        var popped = 0
        let isFound = try call.popElements(key, end, count) { reply, count in
            reply.array(2)
            reply.bulk(key.bytes)
            reply.array(count)
            popped = count
        }
        if isFound { call.log(end == .head ? "LPOP" : "RPOP", key, Int64(popped)) }
        return isFound
    }
}
