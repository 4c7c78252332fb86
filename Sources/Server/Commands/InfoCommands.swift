import Commands
import Primitives
import RESP

/// INFO, TIME, LASTSAVE and LOLWUT: what the server says of itself.
enum InfoCommands {
    static let commands: [Command] = [
        Command(
            "info", arity: -1, flags: [.loading, .stale, .walks], categories: [.dangerous], group: .server,
            since: "1.0.0", summary: "Tells about the server and its statistics, by section.",
            syntax: "[section:string...]", handler: info),
        Command(
            "time", arity: 1, flags: [.loading, .stale, .fast], group: .server, since: "2.6.0",
            summary: "Returns the server's time: seconds since 1970, and microseconds.", handler: time),
        Command(
            "lastsave", arity: 1, flags: [.loading, .stale, .fast], categories: [.admin, .dangerous], group: .server,
            since: "1.0.0", summary: "Returns when the data was last saved, or the server started.",
            handler: lastSave),
        Command(
            "lolwut", arity: -1, flags: [.readonly, .fast], categories: [.read], group: .server, since: "5.0.0",
            summary: "Draws a river, and tells the version.", syntax: "[VERSION version:integer]", handler: lolwut),
    ]

    private static func info(_ call: inout Call) throws(CommandError) {
        let names = (1..<max(1, call.count)).map { call[$0].string }
        let report = InfoReport(&call, InfoReport.sections(names))
        call.reply.verbatim(report.info.text)
    }

    private static func time(_ call: inout Call) throws(CommandError) {
        let now = Clock.wallMicroseconds()
        call.reply.array(2)
        call.reply.bulk(integer: now / 1_000_000)
        call.reply.bulk(integer: now % 1_000_000)
    }

    private static func lastSave(_ call: inout Call) throws(CommandError) {
        call.reply.integer(call.server.durability.withState { $0.lastSave })
    }

    // MARK: LOLWUT

    private static func lolwut(_ call: inout Call) throws(CommandError) {
        if call.count >= 3, call.isWord(1, "version") { _ = try call.integer(2) }
        let width = 60
        var picture = ""
        var left = 20 + call.random.next(below: 10)
        var breadth = 6
        for _ in 0..<12 {
            let right = min(width - 1, left + breadth)
            for column in 0..<width {
                if column == left || column == right {
                    picture += "|"
                } else if column > left, column < right {
                    picture += ["~", " ", "≈", " "][call.random.next(below: 4)]
                } else {
                    picture += call.random.next(below: 14) == 0 ? "\"" : " "
                }
            }
            picture += "\n"
            left = max(1, min(width - 20, left + call.random.next(below: 5) - 2))
            breadth = min(18, breadth + call.random.next(below: 2))
        }
        picture += "\nA freshet: the sudden rise of a stream. Freshet ver. \(Server.version), "
        picture += "Redis ver. \(Server.redisVersion)\n"
        call.reply.verbatim(picture)
    }
}
