import ComputedKeys
import Keyspace
import Primitives
import RESP
import Synchronization

/// COMPUTE.RESTORE, which stands in append-only files for every value that was published: what COMPUTE.END and COMPUTE.SET
/// have done, with what the value was derived from.
///
///     COMPUTE.RESTORE key value [PXAT ms] [GRACE ms] [COST us] [TAGS n tag ...] [DB db] [DEPS n key ...] [STALE n key ...]
///
/// DEPS are keys that existed, did not exist, or were computed and fresh; STALE those that were computed and had no value
/// to serve. Both are keys of the value's database, or of that which the last DB before them names, and come as often as
/// it needs.
///
/// A value that turns stale is not logged: doing again what was done to its sources marks it. What was derived from it is
/// found by the edges that this makes again.
public enum ComputeRestoreCommands {
    public static let commands: [Command] = [
        Command(
            "compute.restore", arity: -3, flags: [.write, .marks, .walks, .noscript], categories: .dangerous,
            group: .compute, since: ComputeCommands.since,
            complexity: "O(n), n being the number of dependencies and of computed keys that this makes stale.",
            summary: "Publishes a computed value again. What append-only files hold, and nothing for clients.",
            syntax: """
                key:key value:string [PXAT unix-time-milliseconds:unix-time] [GRACE grace-milliseconds:integer] \
                [COST microseconds:integer] [TAGS numtags:integer tag:string...] [DB db:integer] \
                [DEPS numdeps:integer dep:key...] [STALE numstale:integer stale:key...]
                """, handler: restore)
    ]

    private static func restore(_ call: inout Call) throws(CommandError) {
        guard call.isReplaying else {
            throw CommandError("ERR COMPUTE.RESTORE is for append-only files. COMPUTE.SET publishes a value.")
        }
        let (options, dependencies) = try parse(&call)
        let key = call.key(1)
        let value = call[2]
        guard let graph = call.graph else { throw CommandError("ERR there is no dependency graph") }
        let (database, now, isInTransaction) = (call.access.database, call.now, call.isInTransaction)
        call.access.withLock(of: key.hash, commits: !isInTransaction) { access in
            let publication = Publication(
                graph: graph, key: key, value: value, options: options, isInTransaction: isInTransaction)
            let result = publication.run(&access, slices: false) { options, log, _ in
                graph.restore(key, database: database, dependencies: dependencies, options, now: now, into: &log)
            }
            if case .ended(.stored) = result { return }
            // No value is better than one that nothing would make stale.
            _ = access.remove(key)
        }
        call.reply.ok()
    }

    private static func parse(
        _ call: inout Call
    ) throws(CommandError) -> (options: PublishOptions, dependencies: [RestoredDependency]) {
        var options = PublishOptions()
        var dependencies: [RestoredDependency] = []
        var database = call.access.database
        var index = 3
        while index < call.count {
            guard index + 1 < call.count else { throw .syntax }
            let number = try call.integer(index + 1)
            if call.isWord(index, "pxat") {
                options.deadline = number
            } else if call.isWord(index, "grace") {
                options.grace = number
            } else if call.isWord(index, "cost") {
                options.cost = UInt32(clamping: number)
            } else if call.isWord(index, "db") {
                database = try call.databaseNumber(index + 1)
            } else {
                let (isTag, isStale) = (call.isWord(index, "tags"), call.isWord(index, "stale"))
                guard isTag || isStale || call.isWord(index, "deps") else { throw .syntax }
                guard number > 0, number <= call.count - index - 2 else { throw .countsLie }
                for name in index + 2..<index + 2 + Int(number) {
                    let dependency = isTag ? .tag(call[name]) : call.dependency(name, of: database)
                    dependencies.append(RestoredDependency(dependency, wasStale: isStale))
                }
                index += Int(number)
            }
            index += 2
        }
        return (options, dependencies)
    }
}

extension Call {
    /// The key that is the argument at `index`, marked so that its changes are told.
    fileprivate mutating func dependency(_ index: Int, of database: Int) -> ExplicitDependency {
        let key = Key(self[index])
        return access.inDatabase(database) { access in
            access.withLock(of: key.hash, commits: false) { access in
                access.mark(key)
                return .key(key, database: database, deadline: access.peek(key)?.firstDeadline)
            }
        }
    }

    /// Adds COMPUTE.INVALIDATE to what is logged, where there is anything that it may have made stale.
    mutating func logInvalidation() {
        guard isLogging, access.keyspace.nodeStates.hasNodes.load(ordering: .relaxed) else { return }
        access.noteEffects()
        logAsItCame()
    }
}

extension Effects {
    /// Adds COMPUTE.RESTORE for what was published.
    mutating func append(_ record: PublicationRecord, _ key: Key, _ value: ByteView, database: Int) {
        let options = record.options
        let times: [(StaticString, Int64)] = [
            ("PXAT", options.deadline ?? 0), ("GRACE", options.grace), ("COST", Int64(options.cost ?? 0)),
        ].filter { $0.1 > 0 }
        let groups = DependencyGroup.groups(of: record.dependencies, in: database)
        let count = groups.reduce(0) { $0 + ($1.database == nil ? 0 : 2) + 2 + $1.names.count }
        begin(database: database, arguments: 3 + 2 * times.count + count)
        append("COMPUTE.RESTORE")
        append(key.bytes)
        append(value)
        for (word, number) in times {
            append(word)
            append(number)
        }
        for group in groups {
            if let database = group.database {
                append("DB")
                append(Int64(database))
            }
            append(group.word)
            append(Int64(group.names.count))
            for name in group.names { append(name) }
        }
    }
}

/// Dependencies that stand behind one word.
private struct DependencyGroup {
    let word: StaticString
    /// The database, where it is not that of the group before.
    let database: Int?
    let names: [ByteView]

    static func groups(of dependencies: [PublishedDependency], in database: Int) -> [DependencyGroup] {
        var groups: [DependencyGroup] = []
        func add(_ word: StaticString, _ database: Int?, _ isMember: (PublishedDependency) -> Bool) {
            let names = dependencies.filter(isMember).map(\.name)
            if !names.isEmpty { groups.append(DependencyGroup(word: word, database: database, names: names)) }
        }
        add("TAGS", nil) { $0.database == nil }
        // The value's own database comes first and needs no name.
        let others = Set(dependencies.compactMap(\.database)).subtracting([database]).sorted()
        for other in [database] + others {
            let name = other == database ? nil : other
            let before = groups.count
            add("DEPS", name) { $0.database == other && !$0.wasStale }
            add("STALE", groups.count > before ? nil : name) { $0.database == other && $0.wasStale }
        }
        return groups
    }
}
