import Commands
import RESP

/// MONITOR: shows every command that any connection executes.
enum MonitorCommands {
    static let commands: [Command] = [
        Command(
            "monitor", arity: 1, flags: [.admin, .noscript, .loading, .stale], group: .server, since: "1.0.0",
            summary: "Shows every command that the server executes, until RESET or QUIT.", handler: monitor)
    ]

    private static func monitor(_ call: inout Call) throws(CommandError) {
        guard !call.isInTransaction else {
            throw CommandError("ERR MONITOR isn't allowed for DENY BLOCKING client")
        }
        // Who monitors already is not answered again: to it, a status is a command that somebody has sent.
        guard !call.session.pointee.state.contains(.monitor), let record = call.record else { return }
        call.session.pointee.state.insert(.monitor)
        call.server.startMonitoring(record)
        // Those that arrived with this one are seen, too.
        call.reportThreshold = 0
        call.reply.ok()
    }
}
