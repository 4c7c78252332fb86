import Commands
import RESP

/// CLUSTER and what else clients of a cluster send when they connect: the server is none, and says so in the words that
/// they understand. WAIT is answered for the replicas that there are not.
enum ClusterCommands {
    static let commands: [Command] = [
        Command(
            "cluster", arity: -2, group: .cluster, since: "3.0.0", complexity: "Depends on the subcommand.",
            summary: "Tells about the cluster, in a server that is part of one.",
            subcommands: subcommands.map { name, arity, flags, since, syntax in
                Command(
                    name, arity: arity, flags: flags, group: .cluster, since: since,
                    summary: "Refused: the server is not part of a cluster.", syntax: syntax, handler: refuse)
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
    /// Name, arity, flags, since and syntax of each.
    private static let subcommands: [(String, Int, CommandFlags, String, String)] = [
        ("addslots", -3, admin, "3.0.0", "slot:integer..."),
        ("addslotsrange", -4, admin, "7.0.0", "range=(start-slot:integer end-slot:integer)..."),
        ("bumpepoch", 2, admin, "3.0.0", ""),
        ("count-failure-reports", 3, [.admin, .stale], "3.0.0", "node-id:string"),
        ("countkeysinslot", 3, .stale, "3.0.0", "slot:integer"),
        ("delslots", -3, admin, "3.0.0", "slot:integer..."),
        ("delslotsrange", -4, admin, "7.0.0", "range=(start-slot:integer end-slot:integer)..."),
        ("failover", -2, admin, "3.0.0", "options=[FORCE|TAKEOVER]"),
        ("flushslots", 2, admin, "3.0.0", ""),
        ("forget", 3, admin, "3.0.0", "node-id:string"),
        ("getkeysinslot", 4, .stale, "3.0.0", "slot:integer count:integer"),
        ("help", 2, [.loading, .stale], "5.0.0", ""),
        ("info", 2, .stale, "3.0.0", ""),
        ("keyslot", 3, .stale, "3.0.0", "key:string"),
        ("links", 2, .stale, "7.0.0", ""),
        ("meet", -4, admin, "3.0.0", "ip:string port:integer [cluster-bus-port:integer]"),
        ("myid", 2, .stale, "3.0.0", ""),
        ("myshardid", 2, .stale, "7.2.0", ""),
        ("nodes", 2, .stale, "3.0.0", ""),
        ("replicas", 3, [.admin, .stale], "5.0.0", "node-id:string"),
        ("replicate", 3, admin, "3.0.0", "node-id:string"),
        ("reset", -2, [.admin, .noscript, .stale], "3.0.0", "reset-type=[HARD|SOFT]"),
        ("saveconfig", 2, admin, "3.0.0", ""),
        ("set-config-epoch", 3, admin, "3.0.0", "config-epoch:integer"),
        (
            "setslot", -4, admin, "3.0.0",
            "slot:integer subcommand=(IMPORTING importing=node-id:string|MIGRATING migrating=node-id:string|"
                + "NODE node=node-id:string|STABLE)"
        ),
        ("shards", 2, .stale, "7.0.0", ""),
        ("slaves", 3, [.admin, .stale], "3.0.0", "node-id:string"),
        ("slots", 2, .stale, "3.0.0", ""),
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
