import Commands
import RESP

/// CLUSTER and what else clients of a cluster send when they connect: the server is none, and says so in the words that
/// they understand. WAIT is answered for the replicas that there are not.
enum ClusterCommands {
    static let commands: [Command] = [
        Command(
            "cluster", arity: -2, group: .cluster, since: "3.0.0", complexity: "Depends on the subcommand.",
            summary: "Tells about the cluster, in a server that is part of one.",
            subcommands: subcommands.map { name, arity, flags in
                Command(
                    name, arity: arity, flags: flags, group: .cluster, since: later[name] ?? "3.0.0",
                    summary: "Refused: the server is not part of a cluster.", handler: refuse)
            }, handler: refuse),
        Command(
            "readonly", arity: 1, flags: [.loading, .stale, .fast], categories: [.connection], group: .cluster,
            since: "3.0.0", summary: "Refused: the server is not part of a cluster.", handler: refuse),
        Command(
            "readwrite", arity: 1, flags: [.loading, .stale, .fast], categories: [.connection], group: .cluster,
            since: "3.0.0", summary: "Refused: the server is not part of a cluster.", handler: refuse),
        Command(
            "wait", arity: 3, flags: [.noscript], categories: [.connection], group: .generic, since: "3.0.0",
            summary: "Returns how many replicas have acknowledged the writes so far.",
            syntax: "numreplicas:integer timeout:integer", handler: wait),
    ]

    private static let admin: CommandFlags = [.admin, .stale, .noAsyncLoading]
    private static let subcommands: [(String, Int, CommandFlags)] = [
        ("addslots", -3, admin), ("addslotsrange", -4, admin), ("bumpepoch", 2, admin),
        ("count-failure-reports", 3, [.admin, .stale]), ("countkeysinslot", 3, .stale), ("delslots", -3, admin),
        ("delslotsrange", -4, admin), ("failover", -2, admin), ("flushslots", 2, admin), ("forget", 3, admin),
        ("getkeysinslot", 4, .stale), ("help", 2, [.loading, .stale]), ("info", 2, .stale), ("keyslot", 3, .stale),
        ("links", 2, .stale), ("meet", -4, admin), ("myid", 2, .stale), ("myshardid", 2, .stale),
        ("nodes", 2, .stale), ("replicas", 3, [.admin, .stale]), ("replicate", 3, admin),
        ("reset", -2, [.admin, .noscript, .stale]), ("saveconfig", 2, admin), ("set-config-epoch", 3, admin),
        ("setslot", -4, admin), ("shards", 2, .stale), ("slaves", 3, [.admin, .stale]), ("slots", 2, .stale),
    ]

    /// Versions that brought those subcommands that were not there from the beginning.
    private static let later = [
        "addslotsrange": "7.0.0", "delslotsrange": "7.0.0", "help": "5.0.0", "links": "7.0.0", "myshardid": "7.2.0",
        "replicas": "5.0.0", "shards": "7.0.0",
    ]

    private static func refuse(_ call: inout Call) throws(CommandError) {
        throw CommandError("ERR This instance has cluster support disabled")
    }

    /// There are no replicas that could come to acknowledge more, so nothing is waited for.
    private static func wait(_ call: inout Call) throws(CommandError) {
        _ = try call.integer(1)
        let timeout = try call.integer(2, or: CommandError("ERR timeout is not an integer or out of range"))
        guard timeout >= 0 else { throw CommandError("ERR timeout is negative") }
        call.reply.integer(0)
    }
}
