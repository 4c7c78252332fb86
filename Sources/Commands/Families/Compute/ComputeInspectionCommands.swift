import ComputedKeys
import Keyspace
import Primitives
import RESP

/// Looking at the dependency graph: COMPUTE.INFO, DEPS, WHY, GRAPH and STATS.
public enum ComputeInspectionCommands {
    public static let commands: [Command] = [
        key(
            "compute.info", arity: 2, "O(n), n being the number of keys that were derived from it.",
            "Tells what is known of a computed key or of a source.", "key:key", info),
        key(
            "compute.deps", arity: -2, "O(n), n being the number of keys that are answered.",
            "Answers what a key was derived from, or what was derived from it.",
            "key:key direction=[UP|DOWN] [DEPTH depth:integer]", dependencies),
        key(
            "compute.why", arity: 2, "O(n), n being the length of the answered way.",
            "Answers by what way a key has turned stale.", "key:key", why),
        key(
            "compute.graph", arity: -2, "O(n), n being the number of keys in the picture.",
            "Draws what a key was derived from and what was derived from it.", "key:key format=[DOT|MERMAID]", graph),
        Command(
            "compute.stats", arity: 1, group: .compute, since: ComputeCommands.since,
            summary: "Answers how large the dependency graph is and what was done with it.", handler: statistics),
    ]

    private static func key(
        _ name: String, arity: Int, _ complexity: String, _ summary: String, _ syntax: String,
        _ handler: @escaping Command.Handler
    ) -> Command {
        Command(
            name, arity: arity, flags: .readonly, keys: [.one(1, [.readOnly])], group: .compute,
            since: ComputeCommands.since, complexity: complexity, summary: summary, syntax: syntax, handler: handler)
    }

    /// Whether a key that was not named by the caller is shown: one that the caller may name.
    private static func isShown(_ key: ByteView, to user: User?) -> Bool {
        user?.permits(key: key, [.readOnly]) ?? true
    }

    /// Keys in a picture.
    private static let pictureLimit = 400

    // MARK: INFO

    private static func info(_ call: inout Call) throws(CommandError) {
        call.access.settleAll()
        let key = call.key(1)
        let report = call.graph?.report(on: key, database: call.access.database, now: call.now)
        guard let report else { return call.reply.null() }
        let hits = call.access.peek(key).map { $0.isComputed ? report.carriedHits + Int($0.hits) : 0 } ?? 0
        call.reply.map(10)
        pair("state", report.node.state, &call)
        pair("rev", call.text(report.node.revision), &call)
        pair("deps", report.node.dependencies, &call)
        pair("dependents", report.dependents, &call)
        pair("hits", hits, &call)
        pair("computations", report.node.computations, &call)
        pair("cost", report.node.cost, &call)
        pair("lease", Int(report.lease ?? 0), &call)
        pair("waiters", report.waiters, &call)
        pair("failure", String(decoding: report.failure ?? [], as: UTF8.self), &call)
    }

    private static func pair(_ name: StaticString, _ value: Int, _ call: inout Call) {
        call.reply.bulk(name)
        call.reply.integer(value)
    }

    private static func pair(_ name: StaticString, _ value: String, _ call: inout Call) {
        call.reply.bulk(name)
        call.reply.bulk(value)
    }

    private static func pair(_ name: StaticString, _ value: StaticString, _ call: inout Call) {
        call.reply.bulk(name)
        call.reply.bulk(value)
    }

    // MARK: DEPS

    private static func dependencies(_ call: inout Call) throws(CommandError) {
        var direction = GraphDirection.up
        var depth = 1
        var index = 2
        if index < call.count, call.isWord(index, "up") || call.isWord(index, "down") {
            if call.isWord(index, "down") { direction = .down }
            index += 1
        }
        if index + 1 < call.count, call.isWord(index, "depth") {
            depth = try call.integer(index + 1, in: 1...Int64(Int32.max))
            index += 2
        }
        guard index == call.count else { throw .syntax }
        call.access.settleAll()
        let user = call.restrictedUser
        let nodes = call.graph?.related(to: call.key(1), database: call.access.database, direction, depth: depth) {
            isShown($0, to: user)
        }
        let found = nodes ?? []
        call.reply.map(found.count)
        for node in found {
            call.reply.bulk(node.name)
            call.reply.bulk(node.state)
        }
    }

    // MARK: WHY

    private static func why(_ call: inout Call) throws(CommandError) {
        call.access.settleAll()
        let key = call.key(1)
        let database = call.access.database
        let user = call.restrictedUser
        let report = call.graph?.staleness(of: key, database: database) { isShown($0, to: user) }
        let state = call.graph?.report(on: key, database: database, now: call.now)?.node.state
        call.reply.map(4)
        pair("state", state ?? "absent", &call)
        pair("event", report?.event ?? "", &call)
        pair("rev", call.text(report?.revision ?? 0), &call)
        call.reply.bulk("chain" as StaticString)
        call.reply.array(report?.chain.count ?? 0)
        for node in report?.chain ?? [] { call.reply.bulk(node.name) }
    }

    // MARK: GRAPH

    private static func graph(_ call: inout Call) throws(CommandError) {
        guard call.count <= 3 else { throw .syntax }
        let isMermaid = call.count == 3 && call.isWord(2, "mermaid")
        guard call.count == 2 || isMermaid || call.isWord(2, "dot") else { throw .syntax }
        call.access.settleAll()
        let user = call.restrictedUser
        let found = call.graph?.surroundings(of: call.key(1), database: call.access.database, limit: pictureLimit) {
            isShown($0, to: user)
        }
        let picture = GraphPicture(nodes: found?.nodes ?? [], edges: found?.edges ?? [])
        call.reply.verbatim(isMermaid ? picture.mermaid : picture.dot)
    }

    // MARK: STATS

    private static func statistics(_ call: inout Call) throws(CommandError) {
        guard let report = call.graph?.report else { return }
        let fields = report.fields
        call.reply.map(fields.count)
        for (name, value) in fields {
            call.reply.bulk(name)
            call.reply.integer(value)
        }
    }
}

extension GraphReport {
    /// Everything under the names that COMPUTE.STATS and, with `compute_` before them, INFO have for it.
    public var fields: [(name: String, value: Int)] {
        [
            ("nodes", nodes), ("computed_keys", computed), ("edges", edges), ("memory", memory), ("leases", leases),
            ("waiters", waiters), ("published", statistics.published), ("superseded", statistics.superseded),
            ("marked_stale", statistics.marked), ("cut_off", statistics.restored),
            ("leases_granted", statistics.leasesGranted), ("leases_lost", statistics.leasesLost),
            ("failures", statistics.failed), ("waits", statistics.waits), ("busy", statistics.busy),
        ]
    }
}
