import Commands
import Logging
import Primitives
import RESP
import Synchronization

/// SHUTDOWN: ends the process, on the way that SIGTERM takes.
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
        var saves = false
        var savesNot = false
        var aborts = false
        for index in 1..<max(1, call.count) {
            switch call[index].lowercasedString {
            case "nosave": savesNot = true
            case "save": saves = true
            // Nobody is waited for in any case.
            case "now": break
            // What cannot be saved does not keep the process.
            case "force": break
            case "abort": aborts = true
            default: throw .syntax
            }
        }
        if aborts {
            guard call.count == 2 else { throw .syntax }
            throw CommandError("ERR No shutdown in progress.")
        }
        guard !(saves && savesNot) else { throw .syntax }
        let server = call.server
        if saves || savesNot { server.savesAtEnd.withLock { $0 = saves } }
        server.log.warning("User requested shutdown...")
        // The client is not answered: that the connection ends tells it.
        call.session.pointee.closesAfterReply = true
        server.requestShutdown()
    }
}
