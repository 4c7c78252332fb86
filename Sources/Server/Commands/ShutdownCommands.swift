import Commands
import Logging
import Primitives
import RESP
import Synchronization

/// SHUTDOWN: ends the process, on the way that SIGTERM takes, or answers that this cannot be done.
enum ShutdownCommands {
    static let commands: [Command] = [
        Command(
            "shutdown", arity: -1, flags: [.admin, .noscript, .loading, .stale, .noMulti, .allowBusy], group: .server,
            since: "1.0.0",
            complexity: "O(n) when saving, n being the number of keys in all databases, otherwise O(1).",
            summary: "Saves a snapshot where that is asked for, and ends the server.",
            syntax: "[NOSAVE|SAVE] [NOW] [FORCE] [ABORT]", handler: shutdown)
    ]

    private static func shutdown(_ call: inout Call) throws(CommandError) {
        let server = call.server
        if let suspension = call.takeSuspension() {
            guard server.shutdown.isCurrent(suspension.count) else {
                throw CommandError("ERR Errors trying to SHUTDOWN. Check logs.")
            }
            throw call.suspend(suspension)
        }
        var options = Shutdown.Options()
        var aborts = false
        for index in 1..<max(1, call.count) {
            switch call[index].lowercasedString {
            case "nosave" where options.saves != true: options.saves = false
            case "save" where options.saves != false: options.saves = true
            // Nobody is waited for in any case.
            case "now": break
            case "force": options.isForced = true
            case "abort": aborts = true
            default: throw .syntax
            }
        }
        if aborts {
            guard call.count == 2 else { throw .syntax }
            guard server.abortShutdown() else { throw CommandError("ERR No shutdown in progress.") }
            return call.reply.ok()
        }
        server.log.warning("User requested shutdown...")
        // Where the process ends the client is not answered: that the connection ends tells it.
        var suspension = Suspension(deadline: .max, wakesAt: .max)
        suspension.count = server.shutdown.ask(
            options, for: Shutdown.Waiter(worker: call.worker.index, session: call.session.pointee.identifier))
        throw call.suspend(suspension)
    }
}
