import Commands
import Keyspace
import Primitives
import RESP
import Synchronization

/// CLIENT: what concerns the connection itself; `ClientCommands+Others` looks at all of them.
enum ClientCommands {
    static let commands: [Command] = [
        Command(
            "client", arity: -2, group: .connection, since: "2.4.0", complexity: "That of the subcommand.",
            summary: "Holds the commands about connections.", subcommands: own + others + tracking, handler: unreachable
        )
    ]

    private static let flags: CommandFlags = [.noscript, .loading, .stale]

    private static let own: [Command] = [
        Command(
            "id", arity: 2, flags: flags, group: .connection, since: "5.0.0",
            summary: "Answers the connection's number, which no other connection has had.", handler: identifier),
        Command(
            "info", arity: 2, flags: flags, group: .connection, since: "6.2.0",
            summary: "Describes the connection.", handler: info),
        Command(
            "getname", arity: 2, flags: flags, group: .connection, since: "2.6.9",
            summary: "Answers the connection's name.", handler: getName),
        Command(
            "setname", arity: 3, flags: flags, group: .connection, since: "2.6.9",
            summary: "Names the connection.", syntax: "connection-name:string", handler: setName),
        Command(
            "setinfo", arity: 4, flags: flags, group: .connection, since: "7.2.0",
            summary: "Says which library the client uses.",
            syntax: "attr=(LIB-NAME libname:string|LIB-VER libver:string)", handler: setInfo),
        Command(
            "reply", arity: 3, flags: flags, group: .connection, since: "3.2.0",
            summary: "Says whether commands are answered.", syntax: "(ON|OFF|SKIP)", handler: reply),
        Command(
            "no-evict", arity: 3, flags: flags.union(.admin), group: .connection, since: "7.0.0",
            summary: "Spares the connection when the memory of clients is limited.", syntax: "enabled=(ON|OFF)",
            handler: noEvict),
        Command(
            "no-touch", arity: 3, flags: flags, group: .connection, since: "7.2.0",
            summary: "Lets the connection's commands leave the time of a key's last use alone.",
            syntax: "enabled=(ON|OFF)",
            handler: noTouch),
        Command(
            "fsync", arity: 3, flags: flags, group: .connection, since: "7.4.0",
            summary: "Says whether what the connection writes is on the disk before it is answered.",
            syntax: "enabled=(ON|OFF)", handler: fsync),
        HelpText.command(group: .connection, since: "5.0.0"),
    ]

    /// The arity says that a subcommand is there, and the table finds it or refuses.
    private static func unreachable(_ call: inout Call) throws(CommandError) { throw .wrongArity("client") }

    private static func identifier(_ call: inout Call) throws(CommandError) {
        call.reply.integer(call.session.pointee.identifier)
    }

    private static func info(_ call: inout Call) throws(CommandError) {
        publish(&call)
        guard let record = call.record else { return call.reply.verbatim("") }
        call.reply.verbatim(
            record.line(call.server.table, now: call.now / 1000, argumentBytes: argumentBytes(call)) + "\n")
    }

    /// Brings what others know of the calling connection up to date.
    static func publish(_ call: inout Call) {
        let worker: Worker = call.worker
        guard let connection = worker.current else { return }
        worker.publish(connection, now: call.now)
        let command = call.isInTransaction ? call.server.table.find(ByteView("exec"))?.takeUnretainedValue() : nil
        connection.pointee.record.lastCommand.set((command ?? call.entry).identifier)
    }

    /// Bytes of the call's arguments.
    static func argumentBytes(_ call: borrowing Call) -> Int {
        var bytes = 0
        for index in 0..<call.count { bytes += call[index].count }
        return bytes
    }

    // MARK: Names

    static let invalidName = CommandError("ERR Client names cannot contain spaces, newlines or special characters.")

    /// Whether a name can stand in CLIENT LIST: visible ASCII only.
    static func isPrintable(_ name: ByteView) -> Bool { name.buffer.allSatisfy { (33...126).contains($0) } }

    private static func getName(_ call: inout Call) throws(CommandError) {
        let name = call.record?.identity.withLock { $0.name } ?? []
        if name.isEmpty { call.reply.null() } else { name.withView { call.reply.bulk($0) } }
    }

    private static func setName(_ call: inout Call) throws(CommandError) {
        guard isPrintable(call[2]) else { throw invalidName }
        let name = call[2].array
        call.record?.identity.withLock { $0.name = name }
        call.reply.ok()
    }

    private static func setInfo(_ call: inout Call) throws(CommandError) {
        let isName = call.isWord(2, "lib-name")
        guard isName || call.isWord(2, "lib-ver") else {
            throw CommandError(composed: "ERR Unrecognized option '\(call[2].string)'")
        }
        guard isPrintable(call[3]) else {
            throw CommandError(
                composed: "ERR \(call[2].string) cannot contain spaces, newlines or special characters.")
        }
        let value = call[3].array
        call.record?.identity.withLock { if isName { $0.libraryName = value } else { $0.libraryVersion = value } }
        call.reply.ok()
    }

    // MARK: Switches

    /// The executor hides what must not be answered, the reply to OFF and SKIP included.
    private static func reply(_ call: inout Call) throws(CommandError) {
        if call.isWord(2, "on") {
            call.session.pointee.state.subtract([.silent, .skipsNext])
            call.isSilenced = false
            call.reply.ok()
        } else if call.isWord(2, "off") {
            call.session.pointee.state.insert(.silent)
        } else if call.isWord(2, "skip") {
            if !call.session.pointee.state.contains(.silent) { call.session.pointee.state.insert(.skipsNext) }
        } else {
            throw .syntax
        }
    }

    private static func onOrOff(_ call: borrowing Call) throws(CommandError) -> Bool {
        if call.isWord(2, "on") { return true }
        if call.isWord(2, "off") { return false }
        throw .syntax
    }

    private static func noEvict(_ call: inout Call) throws(CommandError) {
        call.session.pointee.isProtectedFromEviction = try onOrOff(call)
        call.reply.ok()
    }

    private static func noTouch(_ call: inout Call) throws(CommandError) {
        let isOn = try onOrOff(call)
        call.session.pointee.leavesAccessClock = isOn
        call.access.leavesAccessClock = isOn
        call.reply.ok()
    }

    private static func fsync(_ call: inout Call) throws(CommandError) {
        if try onOrOff(call) {
            guard call.isLogging else {
                throw CommandError("ERR CLIENT FSYNC cannot be used when appendonly is disabled.")
            }
            call.session.pointee.state.insert(.durable)
        } else {
            call.session.pointee.state.remove(.durable)
        }
        call.reply.ok()
    }
}

extension Call {
    /// What others know of the calling connection; nil where no connection calls.
    var record: ClientRecord? {
        let worker: Worker = worker
        return worker.current?.pointee.record
    }
}
