import Commands
import Persistence
import Primitives
import RESP
import Synchronization

/// SAVE, BGSAVE, BGREWRITEAOF, SYNC, REPLCONF, WAITAOF and FSYNC: when what is in memory gets to the disk.
enum PersistenceCommands {
    private static let flags: CommandFlags = [.admin, .noscript, .noAsyncLoading]

    static let commands: [Command] = [
        Command(
            "save", arity: 1, flags: flags.union(.noMulti), group: .server, since: "1.0.0",
            complexity: "O(n), n being the number of keys in all databases.",
            summary: "Saves a snapshot, and answers when it is on the disk. Others are served meanwhile.", handler: save
        ),
        Command(
            "bgsave", arity: -1, flags: flags, group: .server, since: "1.0.0",
            summary: "Saves a snapshot in the background.", syntax: "[SCHEDULE]", handler: saveInBackground),
        Command(
            "bgrewriteaof", arity: 1, flags: flags, group: .server, since: "1.0.0",
            summary: "Writes the append-only file anew in the background.", handler: rewrite),
        Command(
            "sync", arity: 1, flags: flags.union(.noMulti), group: .server, since: "1.0.0",
            summary: "Sends a snapshot, to those who want nothing else.", handler: sync),
        Command(
            "replconf", arity: -1, flags: [.admin, .noscript, .loading, .stale, .allowBusy], group: .server,
            since: "3.0.0", summary: "Says what a client of SYNC wants.", handler: configureReplica),
        Command(
            "waitaof", arity: 4, flags: [.noscript, .blocking], group: .generic, since: "7.2.0",
            summary: "Waits until what was written before is on the disk.",
            syntax: "numlocal:integer numreplicas:integer timeout:integer", handler: wait),
        Command(
            "fsync", arity: -2, flags: [], group: .generic, since: "7.4.0",
            summary: "Executes a command that is answered when what it has written is on the disk.",
            syntax: "command:string [arg:string...]", handler: prefix),
    ]

    // MARK: Snapshots

    private static func save(_ call: inout Call) throws(CommandError) {
        let durability = call.server.durability
        if let suspension = call.takeSuspension() {
            let (attempts, hasFailed) = durability.withState { ($0.attempts, $0.lastSaveFailed) }
            if attempts > suspension.count {
                if hasFailed { throw CommandError("ERR") }
                return call.reply.ok()
            }
        } else if durability.withState({ $0.active == .snapshot }) {
            throw CommandError("ERR Background save already in progress")
        }
        var suspension = Suspension(deadline: .max, wakesAt: .max)
        suspension.count = durability.withState { $0.attempts }
        durability.request(.snapshot, for: Durability.Waiter(.snapshot, call))
        throw call.suspend(suspension)
    }

    private static func saveInBackground(_ call: inout Call) throws(CommandError) {
        let isScheduled = call.count == 2 && call.isWord(1, "schedule")
        if call.count > 1, !isScheduled { throw .syntax }
        let durability = call.server.durability
        switch durability.withState({ $0.active }) {
        case .snapshot: throw CommandError("ERR Background save already in progress")
        case .rewrite where !isScheduled:
            throw CommandError(
                """
                ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to \
                schedule a BGSAVE whenever possible.
                """)
        case .rewrite:
            durability.request(.snapshot)
            call.reply.simple("Background saving scheduled")
        case .copy, .reload, nil:
            durability.request(.snapshot)
            call.reply.simple("Background saving started")
        }
    }

    // MARK: Copies

    /// SYNC is answered for who wants a copy of the data and nothing that follows, as `redis-cli --rdb` does.
    private static func sync(_ call: inout Call) throws(CommandError) {
        guard call.session.pointee.wantsSnapshotOnly else {
            throw CommandError("ERR replication is not supported; SYNC answers those who have sent REPLCONF rdb-only 1")
        }
        let durability = call.server.durability
        let session = call.session.pointee.identifier
        guard call.takeSuspension() != nil else {
            durability.request(.copy, for: Durability.Waiter(.copy, call))
            throw call.suspend(Suspension(deadline: .max, wakesAt: .max))
        }
        guard let file = durability.withState({ $0.copies.removeValue(forKey: session) }),
            let size = try? file.size(), let connection = call.worker.current
        else { throw CommandError("ERR the snapshot could not be written") }
        connection.pointee.transfer = FileTransfer(file, count: size)
        Array("$\(size)\r\n".utf8).withView { call.reply.raw($0) }
    }

    private static func configureReplica(_ call: inout Call) throws(CommandError) {
        guard call.count % 2 == 1 else { throw .syntax }
        for index in stride(from: 1, to: call.count, by: 2) {
            switch call[index].lowercasedString {
            case "rdb-only": call.session.pointee.wantsSnapshotOnly = try call.integer(index + 1) != 0
            case "listening-port", "ip-address", "capa", "version": break
            default: throw CommandError(composed: "ERR Unrecognized REPLCONF option: \(call[index].string)")
            }
        }
        call.reply.ok()
    }

    // MARK: The append-only file

    private static func rewrite(_ call: inout Call) throws(CommandError) {
        let durability = call.server.durability
        switch durability.withState({ $0.active }) {
        case .rewrite: throw CommandError("ERR Background append only file rewriting already in progress")
        case .snapshot, .copy, .reload:
            durability.request(.rewrite)
            call.reply.simple("Background append only file rewriting scheduled")
        case nil:
            durability.request(.rewrite)
            call.reply.simple("Background append only file rewriting started")
        }
    }

    private static func wait(_ call: inout Call) throws(CommandError) {
        let local = try call.integer(
            1, in: 0...1, or: CommandError("ERR value is out of range, value must between 0 and 1"))
        let replicas = try call.integer(
            2, in: 0...Int64.max, or: CommandError("ERR value is out of range, must be positive"))
        var deadline = try call.deadline(milliseconds: 3)
        let end = call.record?.wait.exchange(.none, ordering: .relaxed)
        let server = call.server
        guard local == 0 || call.isLogging else {
            throw CommandError("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.")
        }
        let log = server.durability.log
        let suspension = call.takeSuspension()
        if let suspension { deadline = suspension.deadline }
        let position = suspension.map { UInt64($0.count) } ?? log.appendedPosition
        let isSynced = log.syncedPosition >= position && call.isLogging
        switch end {
        case .timeOut: return answer(&call, isSynced)
        case .fail: throw .unblocked
        default: break
        }
        // Nobody has a copy.
        if isSynced || local == 0, replicas == 0 { return answer(&call, isSynced) }
        if call.isInTransaction || call.now >= deadline { return answer(&call, isSynced) }
        if log.currentFailure != nil {
            throw CommandError("ERR the append-only file cannot be written")
        }
        var next = Suspension(deadline: deadline, wakesAt: deadline)
        next.count = Int(clamping: position)
        if !isSynced { call.worker.wake(call.session.pointee.identifier, synced: position) }
        call.record?.wait.store(.waits, ordering: .relaxed)
        throw call.suspend(next)
    }

    private static func answer(_ call: inout Call, _ isSynced: Bool) {
        call.reply.array(2)
        call.reply.integer(isSynced ? 1 : 0)
        call.reply.integer(0)
    }

    /// The executor executes what stands behind it.
    private static func prefix(_ call: inout Call) throws(CommandError) { throw .syntax }
}

extension Durability.Waiter {
    init(_ task: Durability.Task, _ call: borrowing Call) {
        self.init(task: task, worker: call.worker.index, session: call.session.pointee.identifier)
    }
}
