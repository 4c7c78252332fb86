import Keyspace
import Primitives
import RESP

/// Commands on whole keys, whatever they hold.
public enum KeyCommands {
    public static let commands: [Command] = [
        Command(
            "del", arity: -2, flags: .write, keys: [.range(1, -1, [.removes, .delete])], group: .generic,
            since: "1.0.0", complexity: "O(n), n being the number of keys.", summary: "Removes keys.",
            syntax: "key:key...", handler: delete),
        Command(
            "unlink", arity: -2, flags: [.write, .fast], keys: [.range(1, -1, [.removes, .delete])], group: .generic,
            since: "4.0.0", complexity: "O(n), n being the number of keys.",
            summary: "Removes keys. Large values are freed in the background, as DEL does too.", syntax: "key:key...",
            handler: delete),
        Command(
            "exists", arity: -2, flags: [.readonly, .fast], keys: [.range(1, -1, .readOnly)], group: .generic,
            since: "1.0.0", complexity: "O(n), n being the number of keys.",
            summary: "Counts how many of the keys exist.", syntax: "key:key...", handler: exists),
        Command(
            "touch", arity: -2, flags: [.readonly, .fast], keys: [.range(1, -1, .readOnly)], group: .generic,
            since: "3.2.1", complexity: "O(n), n being the number of keys.",
            summary: "Makes keys recently used and counts those that exist.", syntax: "key:key...", handler: touch),
        Command(
            "type", arity: 2, flags: [.readonly, .fast], keys: [.one(1, .readOnly)], group: .generic,
            since: "1.0.0", summary: "Names the type of the value at a key.", syntax: "key:key", handler: type),
        Command(
            "rename", arity: 3, flags: .write,
            keys: [.one(1, [.readWrite, .access, .delete]), .one(2, [.overwrite, .update])], group: .generic,
            since: "1.0.0", summary: "Gives a key another name, in place of what has that name.",
            syntax: "key:key newkey:key", handler: rename),
        Command(
            "renamenx", arity: 3, flags: [.write, .fast],
            keys: [.one(1, [.readWrite, .access, .delete]), .one(2, [.overwrite, .insert])], group: .generic,
            since: "1.0.0", summary: "Gives a key another name if nothing has it yet.",
            syntax: "key:key newkey:key", handler: renameIfAbsent),
        Command(
            "copy", arity: -3, flags: [.write, .denyoom],
            keys: [.one(1, [.readOnly, .access]), .one(2, [.overwrite, .update])], group: .generic, since: "6.2.0",
            complexity: "O(n), n being the number of elements; O(1) for a string.",
            summary: "Copies the value and the time to live of a key to another key.",
            syntax: "source:key destination:key [DB destination-db:integer] [REPLACE]", handler: copy),
        Command(
            "move", arity: 3, flags: [.write, .fast], keys: [.one(1, [.readWrite, .access, .update])],
            group: .generic, since: "1.0.0", summary: "Moves a key to another database.",
            syntax: "key:key db:integer", handler: move),
    ]

    private static let sameObject = CommandError("ERR source and destination objects are the same")

    private static func delete(_ call: inout Call) throws(CommandError) {
        var count = 0
        for index in 1..<call.count {
            let key = call.listedKey(index)
            // How many there were is told.
            call.access.recordRead(key)
            if call.access.remove(key) { count += 1 }
        }
        call.reply.integer(count)
    }

    private static func exists(_ call: inout Call) throws(CommandError) {
        var count = 0
        for index in 1..<call.count where call.access.read(call.listedKey(index), touches: false) != nil { count += 1 }
        call.reply.integer(count)
    }

    private static func touch(_ call: inout Call) throws(CommandError) {
        // CLIENT NO-TOUCH is not meant for the command that asks for it.
        let leavesAccessClock = call.access.leavesAccessClock
        call.access.leavesAccessClock = false
        defer { call.access.leavesAccessClock = leavesAccessClock }
        var count = 0
        for index in 1..<call.count where call.access.read(call.listedKey(index)) != nil { count += 1 }
        call.reply.integer(count)
    }

    private static func type(_ call: inout Call) throws(CommandError) {
        let entry = call.access.read(call.key(1), touches: false)
        call.reply.simple(entry?.type.name ?? "none")
    }

    // MARK: Renaming, copying and moving

    private static func rename(_ call: inout Call) throws(CommandError) {
        let source = call.key(1)
        guard call.access.find(source) != nil else { throw .noSuchKey }
        if !(call[1] == call[2]) { call.access.move(source, to: call.key(2)) }
        call.reply.ok()
    }

    private static func renameIfAbsent(_ call: inout Call) throws(CommandError) {
        let source = call.key(1)
        let target = call.key(2)
        guard call.access.find(source) != nil else { throw .noSuchKey }
        let isFree = call.access.find(target) == nil
        if isFree { call.access.move(source, to: target) }
        call.reply.integer(isFree)
    }

    private static func copy(_ call: inout Call) throws(CommandError) {
        var database = call.access.database
        var replaces = false
        var index = 3
        while index < call.count {
            if call.isWord(index, "replace") {
                replaces = true
            } else if call.isWord(index, "db"), index + 1 < call.count {
                database = try call.databaseNumber(index + 1)
                index += 1
            } else {
                throw .syntax
            }
            index += 1
        }
        let source = call.key(1)
        let target = call.key(2)
        guard database != call.access.database || !(call[1] == call[2]) else { throw sameObject }
        guard call.access.read(source) != nil, replaces || isFree(&call, target, database) else {
            return call.reply.integer(false)
        }
        call.access.copy(source, to: target, database: database)
        call.reply.integer(true)
    }

    private static func move(_ call: inout Call) throws(CommandError) {
        let database = try call.databaseNumber(2)
        guard database != call.access.database else { throw sameObject }
        let key = call.key(1)
        guard call.access.find(key) != nil, isFree(&call, key, database) else { return call.reply.integer(false) }
        call.access.move(key, to: key, database: database)
        call.reply.integer(true)
    }

    private static func isFree(_ call: inout Call, _ key: Key, _ database: Int) -> Bool {
        call.access.inDatabase(database) { $0.find(key) == nil }
    }
}
