import Keyspace
import Primitives
import RESP

/// Lists as queues and stacks: pushing and popping at the ends, and reading by index.
public enum ListCommands {
    public static let commands: [Command] = [
        push("lpush", "1.0.0", "Puts elements before the first one of a list, one after the other.", lpush),
        push("rpush", "1.0.0", "Puts elements behind the last one of a list.", rpush),
        push("lpushx", "2.2.0", "Puts elements before the first one of a list, if there is one.", lpushx),
        push("rpushx", "2.2.0", "Puts elements behind the last one of a list, if there is one.", rpushx),
        pop("lpop", "Removes the first elements of a list and answers them.", lpop),
        pop("rpop", "Removes the last elements of a list and answers them.", rpop),
        Command(
            "llen", arity: 2, flags: [.readonly, .fast], keys: [.one(1, .readOnly)], group: .list, since: "1.0.0",
            summary: "Answers the number of elements.", syntax: "key:key", handler: llen),
        Command(
            "lrange", arity: 4, flags: .readonly, keys: [.one(1, [.readOnly, .access])], group: .list, since: "1.0.0",
            complexity: "O(b + n), b being the number of blocks before the range and n the number of its elements.",
            summary: "Answers the elements in a range of indices.", syntax: "key:key start:integer stop:integer",
            handler: lrange),
        Command(
            "lindex", arity: 3, flags: .readonly, keys: [.one(1, [.readOnly, .access])], group: .list, since: "1.0.0",
            complexity: "O(b), b being the number of blocks between the element and the nearer end.",
            summary: "Answers the element with an index.", syntax: "key:key index:integer", handler: lindex),
    ]

    private static func push(
        _ name: String, _ since: String, _ summary: String, _ handler: @escaping Command.Handler
    ) -> Command {
        Command(
            name, arity: -3, flags: [.write, .denyoom, .fast], keys: [.one(1, [.readWrite, .insert])], group: .list,
            since: since, complexity: "O(n), n being the number of elements given.", summary: summary,
            syntax: "key:key element:string...", handler: handler)
    }

    private static func pop(_ name: String, _ summary: String, _ handler: @escaping Command.Handler) -> Command {
        Command(
            name, arity: -2, flags: [.write, .fast], keys: [.one(1, [.readWrite, .access, .delete])], group: .list,
            since: "1.0.0", complexity: "O(n), n being the number of elements removed.", summary: summary,
            syntax: "key:key [count:integer]", handler: handler)
    }

    // MARK: Pushing

    private static func lpush(_ call: inout Call) throws(CommandError) { try push(&call, .head) }

    private static func rpush(_ call: inout Call) throws(CommandError) { try push(&call, .tail) }

    @inline(__always)
    private static func push(_ call: inout Call, _ end: ListEnd) throws(CommandError) {
        let bytes = try call.elementBytes(from: 2)
        let key = call.key(1)
        var length = 0
        try call.upsert(key, as: ListValue.self) { (list, call) throws(CommandError) in
            length = push(&call, bytes, on: &list, end)
            return .pushed(at: end)
        }
        call.reply.integer(length)
    }

    private static func lpushx(_ call: inout Call) throws(CommandError) { try pushToExisting(&call, .head) }

    private static func rpushx(_ call: inout Call) throws(CommandError) { try pushToExisting(&call, .tail) }

    private static func pushToExisting(_ call: inout Call, _ end: ListEnd) throws(CommandError) {
        let bytes = try call.elementBytes(from: 2)
        let key = call.key(1)
        var length = 0
        try call.update(key, as: ListValue.self) { (list, call) throws(CommandError) in
            length = push(&call, bytes, on: &list, end)
            return .pushed(at: end)
        }
        call.reply.integer(length)
    }

    /// Pushes the arguments behind the key, which have `bytes` bytes together; answers the length of the list.
    @inline(__always)
    private static func push(_ call: inout Call, _ bytes: Int, on list: inout ListValue, _ end: ListEnd) -> Int {
        let limits = call.limits.list
        list.prepare(adding: bytes, count: call.count &- 2, limits)
        for index in 2..<call.count { list.push(call[index], at: end, limits) }
        return list.count
    }

    // MARK: Popping

    private static func lpop(_ call: inout Call) throws(CommandError) { try pop(&call, .head) }

    private static func rpop(_ call: inout Call) throws(CommandError) { try pop(&call, .tail) }

    @inline(__always)
    private static func pop(_ call: inout Call, _ end: ListEnd) throws(CommandError) {
        guard call.count == 2 else { return try popSeveral(&call, end) }
        if try !call.popElements(call.key(1), end, 1, { _, _ in }) { call.reply.null() }
    }

    private static func popSeveral(_ call: inout Call, _ end: ListEnd) throws(CommandError) {
        guard call.count == 3 else { throw .wrongArity(call.name) }
        let count = try call.integer(2, in: 0...Int64.max, or: .mustBePositive)
        if try !call.popElements(call.key(1), end, count, { reply, count in reply.array(count) }) {
            call.reply.nullArray()
        }
    }

    // MARK: Reading

    private static func llen(_ call: inout Call) throws(CommandError) {
        let list = try call.read(call.key(1), as: ListValue.self)
        call.reply.integer(list?.count ?? 0)
    }

    private static func lrange(_ call: inout Call) throws(CommandError) {
        let first = try call.integer(2)
        let last = try call.integer(3)
        let list = try call.read(call.key(1), as: ListValue.self)
        let reply = call.reply
        guard let list else { return reply.array(0) }
        let range = list.indices(from: first, through: last)
        if call.isLong(range.count, of: list.count, bytes: list.memoryUsage) {
            return try call.answer(ListStretches(list, range), of: 1)
        }
        reply.array(range.count)
        reply.elements(of: list, range)
    }

    private static func lindex(_ call: inout Call) throws(CommandError) {
        guard let list = try call.read(call.key(1), as: ListValue.self) else { return call.reply.null() }
        let index = try call.integer(2)
        guard let element = list.element(at: list.position(index)) else { return call.reply.null() }
        call.reply.bulk(element)
    }
}
