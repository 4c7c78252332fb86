import Commands
import Logging
import Primitives
import RESP

/// SHUTDOWN: ends the process, on the way that SIGTERM takes.
enum ShutdownCommands {
    static let commands: [Command] = [
        Command(
            "shutdown", arity: -1, flags: [.admin, .noscript, .loading, .stale, .noMulti, .allowBusy], group: .server,
            since: "1.0.0", complexity: "O(1), as nothing is saved.", summary: "Ends the server.",
            syntax: "[NOSAVE|SAVE] [NOW] [FORCE] [ABORT]", handler: shutdown)
    ]

    private static func shutdown(_ call: inout Call) throws(CommandError) {
        var saves = false
        var savesNot = false
        var isForced = false
        var aborts = false
        for index in 1..<max(1, call.count) {
            switch call[index].lowercasedString {
            case "nosave": savesNot = true
            case "save": saves = true
            // Nobody is waited for in any case.
            case "now": break
            case "force": isForced = true
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
        if saves, !isForced {
            server.log.warning("SHUTDOWN SAVE refused: this server cannot save its data")
            throw CommandError("ERR Errors trying to SHUTDOWN. Check logs.")
        }
        server.log.warning("User requested shutdown...")
        // The client is not answered: that the connection ends tells it.
        call.session.pointee.closesAfterReply = true
        server.requestShutdown()
    }
}
