import ComputedKeys
import Keyspace
import Primitives
import RESP

/// Computed keys for callers that know their dependencies themselves, and reading them by polling: COMPUTE.SET, INVALIDATE,
/// REV and READ.
public enum ComputeSourceCommands {
    public static let commands: [Command] = [
        Command(
            "compute.set", arity: -3, flags: [.write, .denyoom, .marks],
            keys: [
                .one(1, [.overwrite, .update]), .keyword("deps", from: 3, skipping: "tags", [.readOnly, .access]),
            ],
            group: .compute,
            since: ComputeCommands.since,
            complexity: "O(n), n being the number of dependencies and of computed keys that this makes stale.",
            summary: "Publishes a computed value with what it was derived from.",
            syntax: """
                key:key value:string [REV rev:string] [DEPS numdeps:integer dep:key...] \
                [TAGS numtags:integer tag:string...] [expiration=EX seconds:integer|PX milliseconds:integer] \
                [GRACE grace-milliseconds:integer]
                """, handler: set),
        Command(
            "compute.invalidate", arity: -2, flags: [.write, .marks],
            keys: [.keyword("keys", from: 1, skipping: "tags", [.readWrite, .update])],
            group: .compute, since: ComputeCommands.since,
            complexity: "O(n), n being the number of computed keys that turn stale.",
            summary: "Makes stale what was derived from keys and tags, and those of the keys that are computed.",
            syntax: "[KEYS numkeys:integer key:key...] [TAGS numtags:integer tag:string...]", handler: invalidate),
        Command(
            "compute.rev", arity: 1, flags: [.fast, .walks], group: .compute, since: ComputeCommands.since,
            summary: "Answers the position of the last change.", handler: revision),
        Command(
            "compute.read", arity: -6, flags: [.readonly, .blocking, .noscript],
            keys: [.keyword("keys", from: 1, skipping: "tags", [.readOnly, .access])], group: .compute,
            since: ComputeCommands.since,
            complexity: "O(n), n being the number of keys.",
            summary: "Answers those of several computed keys that have changed since positions that are given.",
            syntax: "[BLOCK block-milliseconds:integer] KEYS numkeys:integer key:key... SINCE rev:string...",
            handler: read),
    ]

    // MARK: SET

    private static func set(_ call: inout Call) throws(CommandError) {
        let isMarked = call.takeSuspension()?.job != nil
        let options = try ComputeOptions(call, from: 3, [.revision, .dependencies, .tags, .expiry, .grace])
        guard let graph = call.graph else { return }
        let key = call.key(1)
        call.access.settle()
        let dependencies = options.dependencies(&call)
        let publication = Publication(
            graph: graph, key: key, value: call[2], options: options.publication,
            isInTransaction: call.isInTransaction)
        let (database, now) = (call.access.database, call.now)
        let result = publication.run(&call.access, slices: !isMarked && call.mayWait) {
            publish, log, record in
            graph.publish(
                key, database: database, dependencies: dependencies, since: options.revision, publish, now: now,
                into: &log, record: record)
        }
        try call.reply(result)
    }

    // MARK: INVALIDATE

    private static func invalidate(_ call: inout Call) throws(CommandError) {
        if let suspension = call.takeSuspension(), let job = suspension.job as? CascadeJob {
            call.logInvalidation()
            return call.reply.integer(job.marked)
        }
        let options = try ComputeOptions(call, from: 1, [.keys, .tags])
        guard let graph = call.graph else { return }
        let (now, slices) = (call.now, call.mayWait)
        for index in options.keys { call.access.noteInvalidation(call.key(index)) }
        let targets = options.dependencies(&call)
        let result = call.access.announce { graph.invalidate(targets, now: now, slices: slices, into: &$0) }
        if let job = result.job { throw call.suspend(Suspension(job: job)) }
        call.logInvalidation()
        call.reply.integer(result.marked)
    }

    // MARK: REV

    private static func revision(_ call: inout Call) throws(CommandError) {
        call.access.observeChanges()
        call.reply.bulk(call.text(call.graph?.currentRevision ?? 0))
    }

    // MARK: READ

    private struct Request {
        var block: Int64?
        var keys: Range<Int> = 0..<0
        /// By key.
        var since: [UInt64] = []

        init(_ call: borrowing Call) throws(CommandError) {
            var index = 1
            if call.isWord(index, "block") {
                let milliseconds = try call.integer(2, or: .invalidTime)
                guard milliseconds >= 0 else { throw CommandError("ERR timeout is negative") }
                block = milliseconds
                index = 3
            }
            guard call.isWord(index, "keys"), index + 1 < call.count else { throw .syntax }
            let count = try call.integer(index + 1)
            let first = index + 2
            guard count > 0 else { throw CommandError("ERR numkeys should be greater than 0") }
            guard count <= (call.count - first) / 2 else { throw .countsLie }
            keys = first..<first + Int(count)
            guard call.isWord(keys.upperBound, "since"), call.count == keys.upperBound + 1 + Int(count) else {
                throw .syntax
            }
            for index in keys.upperBound + 1..<call.count { since.append(try call.revision(index)) }
        }
    }

    private static func read(_ call: inout Call) throws(CommandError) {
        let suspension = call.takeSuspension()
        let request = try Request(call)
        guard let graph = call.graph else { return }
        call.access.settleAll()
        graph.endWait(of: call.session.pointee.identifier)
        let mark = call.reply.deferredArray()
        var count = 0
        for (index, since) in zip(request.keys, request.since)
        where try answer(call.key(index), since: since, graph, &call) { count += 1 }
        if count > 0 { return call.reply.finishArray(at: mark, count: count) }
        guard let block = request.block, !call.isInTransaction else { return call.reply.nullArray() }
        let deadline = suspension?.deadline ?? (block == 0 ? .max : call.now.adding(checked: block) ?? .max)
        guard deadline > call.now else { return call.reply.nullArray() }
        let keys = zip(request.keys, request.since).map { (key: call.key($0), since: $1) }
        for key in keys { call.access.mark(key.key) }
        let waits = graph.awaitChange(of: keys, database: call.access.database, call.waiter)
        // What changed between the look and the wait is found when it is executed again at once.
        throw call.suspend(Suspension(deadline: deadline, wakesAt: waits ? deadline : call.now))
    }

    /// Answers a key's state, value and position, if that is behind `since`.
    private static func answer(
        _ key: Key, since: UInt64, _ graph: DependencyGraph, _ call: inout Call
    ) throws(CommandError) -> Bool {
        let database = call.access.database
        call.access.recordRead(key)
        guard let (revision, isFresh) = graph.revision(of: key, database: database), revision > since else {
            return false
        }
        let old = call.access.peek(key)
        guard old == nil || old?.type == .string else { throw .wrongType }
        let entry = call.access.read(key)
        call.reply.array(4)
        call.reply.bulk(key.bytes)
        call.reply.bulk(state(old, isFresh))
        call.reply(text: entry)
        call.reply.bulk(call.text(revision))
        return true
    }

    private static func state(_ old: Entry?, _ isFresh: Bool) -> StaticString {
        guard let old else { return "absent" }
        guard old.isComputed else { return "ordinary" }
        return isFresh ? "fresh" : "stale"
    }
}
