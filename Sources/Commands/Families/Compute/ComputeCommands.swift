import ComputedKeys
import Keyspace
import Primitives
import RESP
import Synchronization

/// Computing values in the client, with what they were derived from tracked by the server: COMPUTE.BEGIN, END, FAIL and
/// DEPEND.
public enum ComputeCommands {
    static let since = "1.0.0"

    public static let commands: [Command] = [
        Command(
            "compute.begin", arity: -2, flags: [.denyoom, .blocking, .noscript],
            keys: [
                .one(1, [.readWrite, .access, .update]),
                .keyword("deps", from: 2, skipping: "tags", [.readOnly, .access]),
            ],
            group: .compute,
            since: since, complexity: "O(n), n being the number of dependencies that are named.",
            summary: """
                Answers the value of a computed key that is fresh, or gives the right to compute it to the first who asks.
                """,
            syntax: """
                key:key [DEPS numdeps:integer dep:key...] [TAGS numtags:integer tag:string...] \
                [LEASE lease-milliseconds:integer] [WAIT wait-milliseconds:integer] [STALEOK]
                """, handler: begin),
        Command(
            "compute.depend", arity: -3, flags: [.denyoom, .fast],
            keys: [.keyword("keys", from: 2, skipping: "tags", [.readOnly, .access])],
            group: .compute, since: since, complexity: "O(n), n being the number of dependencies.",
            summary: "Adds to what a value that is being computed depends on.",
            syntax: "token:string [KEYS numkeys:integer key:key...] [TAGS numtags:integer tag:string...]",
            handler: depend),
        Command(
            "compute.end", arity: -3, flags: [.write, .denyoom, .marks, .walks], group: .compute, since: since,
            complexity: "O(n), n being the number of dependencies and of computed keys that this makes stale.",
            summary: "Publishes a computed value, unless something that it was derived from has changed meanwhile.",
            syntax: """
                token:string value:string [expiration=EX seconds:integer|PX milliseconds:integer] \
                [GRACE grace-milliseconds:integer] [COST microseconds:integer]
                """, handler: end),
        Command(
            "compute.fail", arity: -2, flags: [.fast], group: .compute, since: since,
            summary: "Ends a computation that has failed; those who wait for it are told.",
            syntax: "token:string [message:string] [RETRY retry-milliseconds:integer]", handler: fail),
    ]

    // MARK: BEGIN

    private static func begin(_ call: inout Call) throws(CommandError) {
        let suspension = call.takeSuspension()
        let options = try ComputeOptions(
            call, from: 2, [.dependencies, .tags, .lease, .wait, .staleOK])
        guard let graph = call.graph else { return }
        let key = call.key(1)
        call.access.expireSources()
        let entry = call.access.peek(key)
        // The look may have removed the value, whose time had come.
        call.access.settle()
        guard entry == nil || entry?.type == .string else { throw .wrongType }
        let now = call.now
        let wait = options.wait.flatMap { now.adding(checked: $0) }
        var request = BeginRequest(
            waiter: call.waiter, now: now, lease: options.lease,
            waitsUntil: call.isInTransaction ? nil : suspension?.deadline ?? wait, allowsStale: options.allowsStale)
        request.hasValue = entry?.isComputed == true
        request.deadline = entry?.firstDeadline
        request.dependencies = options.dependencies(&call)
        call.access.mark(key)
        // What has expired was found out just now.
        call.access.settle()
        let database = call.access.database
        try reply(graph.begin(key, database: database, request), entry, request, &call)
    }

    private static func reply(
        _ outcome: BeginOutcome, _ entry: Entry?, _ request: BeginRequest, _ call: inout Call
    ) throws(CommandError) {
        switch outcome {
        case .fresh(let revision):
            if let entry { call.access.countHit(entry) }
            answer("fresh", entry, revision, &call)
        case .stale(let revision): answer("stale", entry, revision, &call)
        case .lease(let token, let revision):
            call.record(.computation, true)
            call.reply.array(4)
            call.reply.bulk("lease" as StaticString)
            call.reply.bulk(token)
            call.reply.bulk(call.text(revision))
            call.reply(text: entry)
        case .busy(let milliseconds):
            call.reply.array(2)
            call.reply.bulk("busy" as StaticString)
            call.reply.integer(milliseconds)
        case .waits(let time):
            throw call.suspend(Suspension(deadline: request.waitsUntil ?? time, wakesAt: time))
        case .failed(let message): throw .computeFailed(message)
        case .cycle(let way): throw call.computeCycle(way)
        case .refused(.tooMany): throw .tooManyLeases
        case .refused(.outOfMemory): throw .graphOutOfMemory
        }
    }

    private static func answer(_ state: StaticString, _ entry: Entry?, _ revision: UInt64, _ call: inout Call) {
        call.reply.array(3)
        call.reply.bulk(state)
        call.reply(text: entry)
        call.reply.bulk(call.text(revision))
    }

    // MARK: DEPEND

    private static func depend(_ call: inout Call) throws(CommandError) {
        let options = try ComputeOptions(call, from: 2, [.keys, .tags])
        guard let graph = call.graph else { return }
        let dependencies = options.dependencies(&call)
        call.access.settle()
        guard graph.depend(token: call[1], on: dependencies, now: call.now) else { throw .leaseLost }
        call.reply.ok()
    }

    // MARK: END

    private static func end(_ call: inout Call) throws(CommandError) {
        let isMarked = call.takeSuspension()?.job != nil
        let options = try ComputeOptions(call, from: 3, [.expiry, .grace, .cost])
        guard let graph = call.graph, let target = graph.target(of: call[1], now: call.now) else { throw .leaseLost }
        try target.key.withView { (key) throws(CommandError) in try call.requirePermission(key, [.update]) }
        let token = call[1]
        let value = call[2]
        let slices = !isMarked && call.mayWait
        let isInTransaction = call.isInTransaction
        let result = target.key.withView { name in
            let key = Key(name)
            return call.access.withLock(of: key.hash, commits: !isInTransaction) { access in
                access.inDatabase(target.database) { access in
                    let publication = Publication(
                        graph: graph, key: key, value: value, options: options.publication,
                        isInTransaction: isInTransaction)
                    return publication.run(&access, slices: slices) { publish, log, record in
                        graph.publish(token: token, publish, now: options.now, into: &log, record: record)
                    }
                }
            }
        }
        if !graph.isComputing(call.session.pointee.identifier) { call.record(.computation, false) }
        try call.reply(result)
    }

    // MARK: FAIL

    private static func fail(_ call: inout Call) throws(CommandError) {
        var index = 2
        var message = ByteView.empty
        if index < call.count, !(call.isWord(index, "retry") && call.count == 4) {
            message = call[index]
            index += 1
        }
        var retry: Int64 = 0
        if index < call.count {
            guard call.isWord(index, "retry"), index + 2 == call.count else { throw .syntax }
            let milliseconds = try call.integer(index + 1, or: .invalidTime)
            guard milliseconds >= 0, let until = milliseconds.adding(checked: call.now) else { throw .invalidTime }
            retry = until
        }
        guard let graph = call.graph, graph.fail(token: call[1], message: message, retry: retry, now: call.now) else {
            throw .leaseLost
        }
        if !graph.isComputing(call.session.pointee.identifier) { call.record(.computation, false) }
        call.reply.ok()
    }
}

extension Call {
    /// Who is to be woken when what this call waits for has happened.
    var waiter: Waiter { Waiter(worker: worker, session: session.pointee.identifier) }

    /// Begins or ends that the connection's reads are recorded.
    public mutating func record(_ recording: ReadRecording, _ isOn: Bool) {
        if isOn { session.pointee.recording.insert(recording) } else { session.pointee.recording.remove(recording) }
        access.recording = session.pointee.recording
    }

    /// Ends what the connection computes, and that its reads are recorded for it.
    public mutating func endComputations() {
        graph?.sessionEnded(session.pointee.identifier)
        record(.computation, false)
    }

    /// Answers the text of a string, or null where there is none.
    mutating func reply(text entry: Entry?) {
        guard let entry, entry.type == .string else { return reply.null() }
        reply.bulk(entry.text(scratch: scratch))
    }
}
