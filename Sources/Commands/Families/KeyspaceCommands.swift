import Keyspace
import Primitives
import RESP

/// Commands on databases: walking through their keys, emptying, exchanging and selecting them.
public enum KeyspaceCommands {
    public static let commands: [Command] = [
        Command(
            "keys", arity: 2, flags: [.readonly, .walks], categories: .dangerous, group: .generic, since: "1.0.0",
            complexity: "O(n), n being the number of keys in the database.",
            summary: "Returns all keys whose names match a pattern.", syntax: "pattern:pattern", handler: keys),
        Command(
            "scan", arity: -2, flags: [.readonly, .walks], group: .generic, since: "2.8.0",
            complexity: "O(1) for each call, O(n) for all of them, n being the number of keys in the database.",
            summary: "Walks through the keys of the database in steps.",
            syntax: "cursor:integer [MATCH pattern:pattern] [COUNT count:integer] [TYPE type:string]", handler: scan),
        Command(
            "scandel", arity: -2, flags: [.write, .walks], categories: .dangerous, group: .generic, since: "7.4.0",
            complexity: "O(1) for each call, O(n) for all of them, n being the number of keys in the database.",
            summary: "Walks through the keys of the database in steps and removes those that match.",
            syntax: "cursor:integer [MATCH pattern:pattern] [COUNT count:integer] [TYPE type:string]",
            handler: scanAndDelete),
        Command(
            "randomkey", arity: 1, flags: [.readonly, .walks], group: .generic, since: "1.0.0",
            summary: "Returns a key chosen at random.", handler: randomKey),
        Command(
            "dbsize", arity: 1, flags: [.readonly, .fast, .walks], categories: .keyspace, group: .server,
            since: "1.0.0", summary: "Returns the number of keys in the database.", handler: size),
        Command(
            "flushdb", arity: -1, flags: [.write, .exclusive], categories: [.keyspace, .dangerous], group: .server,
            since: "1.0.0", summary: "Removes all keys of the database. They are freed in the background.",
            syntax: "flush-type=[ASYNC|SYNC]", handler: flushDatabase),
        Command(
            "flushall", arity: -1, flags: [.write, .exclusive], categories: [.keyspace, .dangerous], group: .server,
            since: "1.0.0", summary: "Removes all keys of all databases. They are freed in the background.",
            syntax: "flush-type=[ASYNC|SYNC]", handler: flushAll),
        Command(
            "swapdb", arity: 3, flags: [.write, .fast, .exclusive], categories: [.keyspace, .dangerous],
            group: .server, since: "4.0.0", summary: "Exchanges the contents of two databases.",
            syntax: "index1:integer index2:integer", handler: swap),
        Command(
            "select", arity: 2, flags: [.loading, .stale, .fast], group: .connection, since: "1.0.0",
            summary: "Selects the database that the connection works with.", syntax: "index:integer",
            handler: select),
    ]

    // MARK: Walking

    private static func keys(_ call: inout Call) throws(CommandError) {
        // A lone star is no pattern: unlike one, it lets an empty key pass.
        let pattern = call[1] == ByteView("*") ? nil : call[1]
        let reply = call.reply
        let mark = reply.deferredArray()
        var count = 0
        call.access.forEachKey { entry in
            if pattern.map({ Glob.matches($0, entry.key) }) ?? true {
                reply.bulk(entry.key)
                count += 1
            }
            return true
        }
        reply.finishArray(at: mark, count: count)
    }

    private static func scan(_ call: inout Call) throws(CommandError) {
        let cursor = try ScanOptions.cursor(call, 1)
        let options = try ScanOptions(call, from: 2, of: .keys)
        let reply = call.reply
        let mark = reply.deferredArray()
        var count = 0
        let next = call.access.scan(cursor, limit: options.limit) { entry in
            guard options.accepts(entry) else { return }
            reply.bulk(entry.key)
            count += 1
        }
        reply.finishScan(at: mark, cursor: next, count: count)
    }

    private static func scanAndDelete(_ call: inout Call) throws(CommandError) {
        let cursor = try ScanOptions.cursor(call, 1)
        let options = try ScanOptions(call, from: 2, of: .keys)
        let user = call.restrictedUser
        let (next, removed) = call.access.scanRemoving(
            cursor, limit: options.limit, commits: !call.isInTransaction
        ) {
            // Keys that the caller may not delete are none of its business.
            options.accepts($0) && (user?.permits(key: $0.key, .delete) ?? true)
        }
        call.reply.array(2)
        call.reply.bulk(ByteView(call.scratch, count: writeUnsigned(next, to: call.scratch)))
        call.reply.integer(removed)
    }

    private static func randomKey(_ call: inout Call) throws(CommandError) {
        let reply = call.reply
        var random = call.random
        let found: Void? = call.access.withRandomKey({ random.next(below: $0) }, { reply.bulk($0.key) })
        call.random = random
        if found == nil { reply.null() }
    }

    private static func size(_ call: inout Call) throws(CommandError) {
        let count = call.access.keyCount()
        call.reply.integer(count)
    }

    // MARK: Whole databases

    private static func flushDatabase(_ call: inout Call) throws(CommandError) {
        try flush(&call, database: call.access.database)
    }

    private static func flushAll(_ call: inout Call) throws(CommandError) {
        try flush(&call, database: nil)
    }

    private static func flush(_ call: inout Call, database: Int?) throws(CommandError) {
        guard call.count == 1 || call.count == 2 && (call.isWord(1, "async") || call.isWord(1, "sync")) else {
            throw .syntax
        }
        call.access.flush(database: database)
        call.reply.ok()
    }

    private static func swap(_ call: inout Call) throws(CommandError) {
        let range = Int64(Int32.min)...Int64(Int32.max)
        let a = try call.integer(1, in: range, or: CommandError("ERR invalid first DB index"))
        let b = try call.integer(2, in: range, or: CommandError("ERR invalid second DB index"))
        let numbers = 0..<call.access.keyspace.databaseCount
        guard numbers.contains(a), numbers.contains(b) else { throw .databaseOutOfRange }
        call.access.swap(a, b)
        call.reply.ok()
    }

    private static func select(_ call: inout Call) throws(CommandError) {
        let number = try call.databaseNumber(1)
        call.session.pointee.database = number
        call.access.database = number
        call.reply.ok()
    }
}
