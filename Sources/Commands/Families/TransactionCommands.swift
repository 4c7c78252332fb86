import Keyspace
import Primitives
import RESP

/// MULTI, EXEC, DISCARD, WATCH and UNWATCH.
public enum TransactionCommands {
    public static let commands: [Command] = [
        Command(
            "multi", arity: 1, flags: flags, group: .transactions, since: "1.2.0",
            summary: "Starts a transaction: the commands that follow are queued.", handler: multi),
        Command(
            "exec", arity: 1, flags: [.noscript, .loading, .stale, .skipSlowlog, .immediate], group: .transactions,
            since: "1.2.0", complexity: "That of the queued commands.",
            summary: "Executes all queued commands as one.", handler: execOutsideTransaction),
        Command(
            "discard", arity: 1, flags: flags, group: .transactions, since: "2.0.0",
            complexity: "O(n), n being the number of queued commands.",
            summary: "Forgets the queued commands and what is watched.", handler: discard),
        Command(
            "watch", arity: -2, flags: flags, keys: [.range(1, -1, .readOnly)], group: .transactions, since: "2.2.0",
            complexity: "O(1) for each key.",
            summary: "Lets the next EXEC refuse if one of the keys has changed until then.", syntax: "key:key...",
            handler: watch),
        Command(
            "unwatch", arity: 1, flags: [.noscript, .loading, .stale, .fast, .allowBusy], group: .transactions,
            since: "2.2.0", summary: "Forgets what is watched.", handler: unwatch),
    ]

    private static let flags: CommandFlags = [.noscript, .loading, .stale, .fast, .allowBusy, .immediate]

    private static func multi(_ call: inout Call) throws(CommandError) {
        guard !call.session.pointee.state.contains(.transaction) else {
            throw CommandError("ERR MULTI calls can not be nested")
        }
        call.session.pointee.state.insert(.transaction)
        call.reply.ok()
    }

    /// Inside a transaction the executor runs the queued commands itself and calls no handler.
    private static func execOutsideTransaction(_ call: inout Call) throws(CommandError) {
        throw .execWithoutMulti
    }

    private static func discard(_ call: inout Call) throws(CommandError) {
        guard call.session.pointee.state.contains(.transaction) else { throw CommandError("ERR DISCARD without MULTI") }
        discardTransaction(&call)
        call.reply.ok()
    }

    /// Ends a transaction without executing it.
    public static func discardTransaction(_ call: inout Call) {
        call.session.pointee.state.remove(.transaction)
        call.session.pointee.queue = TransactionQueue()
        unwatchAll(&call)
    }

    private static func watch(_ call: inout Call) throws(CommandError) {
        guard !call.session.pointee.state.contains(.transaction) else {
            throw CommandError("ERR WATCH inside MULTI is not allowed")
        }
        let database = call.access.database
        let state = call.session.pointee.watch.state ?? WatchState()
        call.session.pointee.watch.state = state
        for index in 1..<call.count {
            let key = call.key(index)
            guard call.access.watch(key, state) else { continue }
            let isHidden = call.access.isHidden(key)
            call.session.pointee.watch.keys.append(
                .init(database: database, key: call[index].array, isHidden: isHidden))
        }
        call.reply.ok()
    }

    private static func unwatch(_ call: inout Call) throws(CommandError) {
        unwatchAll(&call)
        call.reply.ok()
    }

    /// Forgets what the call's connection watches. Takes the locks of the keys that are not held.
    public static func unwatchAll(_ call: inout Call) {
        let watch = call.session.pointee.watch
        call.session.pointee.watch = WatchList()
        guard let state = watch.state else { return }
        for watched in watch.keys {
            watched.key.withView { call.access.unwatch(Key($0), database: watched.database, state) }
        }
    }
}
