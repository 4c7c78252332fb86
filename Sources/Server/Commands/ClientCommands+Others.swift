import Commands
import EventLoop
import Keyspace
import Primitives
import RESP
import Synchronization

/// CLIENT LIST, KILL, PAUSE, UNPAUSE and UNBLOCK: what concerns other connections.
extension ClientCommands {
    private static let flags: CommandFlags = [.admin, .noscript, .loading, .stale]

    static let others: [Command] = [
        Command(
            "list", arity: -2, flags: flags, group: .connection, since: "2.4.0",
            complexity: "O(n), n being the number of connections.", summary: "Describes connections.",
            syntax: "[TYPE client-type=(NORMAL|MASTER|REPLICA|PUBSUB)] [ID client-id:integer...]", handler: list),
        Command(
            "kill", arity: -3, flags: flags, group: .connection, since: "2.4.0",
            complexity: "O(n), n being the number of connections.", summary: "Closes connections.",
            syntax: """
                filter=(old-format=ip:port:string|new-format=(ID client-id:integer|\
                TYPE client-type=(NORMAL|MASTER|SLAVE|REPLICA|PUBSUB)|USER username:string|ADDR addr=ip:port:string|\
                LADDR laddr=ip:port:string|SKIPME (YES|NO)|MAXAGE maxage:integer)...)
                """, handler: kill),
        Command(
            "pause", arity: -3, flags: flags, group: .connection, since: "2.9.50",
            summary: "Lets the commands of all connections wait.", syntax: "timeout:integer mode=[WRITE|ALL]",
            handler: pause),
        Command(
            "unpause", arity: 2, flags: flags, group: .connection, since: "6.2.0",
            complexity: "O(n), n being the number of paused connections.", summary: "Ends a pause.", handler: unpause),
        Command(
            "unblock", arity: -3, flags: flags, group: .connection, since: "5.0.0", complexity: "O(log n)",
            summary: "Ends the waiting of another connection's blocking command.",
            syntax: "client-id:integer timeout-error=[TIMEOUT|ERROR]", handler: unblock),
    ]

    /// What a connection is for.
    private enum Kind: String {
        case normal, replica, pubsub, master

        init?(_ name: ByteView) {
            let text = name.string.lowercased()
            self.init(rawValue: text == "slave" ? "replica" : text)
        }

        func includes(_ record: ClientRecord) -> Bool {
            switch self {
            case .normal: !record.isSubscriber
            case .pubsub: record.isSubscriber
            case .replica, .master: false
            }
        }
    }

    private static func kind(_ name: ByteView) throws(CommandError) -> Kind {
        guard let kind = Kind(name) else {
            throw CommandError(composed: "ERR Unknown client type '\(name.string)'")
        }
        return kind
    }

    // MARK: LIST

    private static func list(_ call: inout Call) throws(CommandError) {
        publish(&call)
        var records: [ClientRecord] = []
        if call.count == 4, call.isWord(2, "type") {
            let kind = try kind(call[3])
            records = call.server.clients.all().filter { kind.includes($0) }
        } else if call.count > 3, call.isWord(2, "id") {
            for index in 3..<call.count {
                let identifier = try call.integer(index, or: CommandError("ERR Invalid client ID"))
                if let record = call.server.clients.find(Int(identifier)) { records.append(record) }
            }
        } else if call.count == 2 {
            records = call.server.clients.all()
        } else {
            throw .syntax
        }
        var text = ""
        for record in records where !record.isKilled {
            let isCaller = record === call.record
            text += record.line(
                call.server.table, now: call.now / 1000, argumentBytes: isCaller ? argumentBytes(call) : 0)
            text += "\n"
        }
        call.reply.verbatim(text)
    }

    // MARK: KILL

    /// Which connections CLIENT KILL means: those that everything given fits.
    private struct Filter {
        var address: ByteView?
        var localAddress: ByteView?
        var identifier: Int?
        var kind: Kind?
        var user: String?
        var minimumAge: Int64 = 0
        var sparesCaller = true

        func fits(_ record: ClientRecord, now: Int64) -> Bool {
            if let address, !address.buffer.elementsEqual(record.address.utf8) { return false }
            if let localAddress, !localAddress.buffer.elementsEqual(record.localAddress.utf8) { return false }
            if let identifier, identifier != record.identifier { return false }
            if let kind, !kind.includes(record) { return false }
            if let user, user != record.identity.withLock({ $0.user }) { return false }
            return now - record.createdAt >= minimumAge
        }
    }

    private static func kill(_ call: inout Call) throws(CommandError) {
        var filter = Filter()
        if call.count == 3 {
            filter.address = call[2]
            filter.sparesCaller = false
        } else {
            filter = try self.filter(call)
        }
        let count = close(filter, &call)
        if call.count > 3 { return call.reply.integer(count) }
        guard count > 0 else { throw CommandError("ERR No such client") }
        call.reply.ok()
    }

    private static func filter(_ call: borrowing Call) throws(CommandError) -> Filter {
        var filter = Filter()
        for index in stride(from: 2, to: call.count, by: 2) {
            guard index + 1 < call.count else { throw .syntax }
            let value = call[index + 1]
            if call.isWord(index, "id") {
                filter.identifier = try call.integer(
                    index + 1, in: 1...Int64.max, or: CommandError("ERR client-id should be greater than 0"))
            } else if call.isWord(index, "maxage") {
                let age = try call.integer(
                    index + 1, or: CommandError("ERR maxage is not an integer or out of range"))
                guard age > 0 else { throw CommandError("ERR maxage should be greater than 0") }
                filter.minimumAge = age
            } else if call.isWord(index, "type") {
                filter.kind = try kind(value)
            } else if call.isWord(index, "addr") {
                filter.address = value
            } else if call.isWord(index, "laddr") {
                filter.localAddress = value
            } else if call.isWord(index, "user") {
                guard call.server.accounts.find(value) != nil else {
                    throw CommandError(composed: "ERR No such user '\(value.string)'")
                }
                filter.user = value.string
            } else if call.isWord(index, "skipme") {
                guard value.equalsIgnoringCase("yes") || value.equalsIgnoringCase("no") else { throw .syntax }
                filter.sparesCaller = value.equalsIgnoringCase("yes")
            } else {
                throw .syntax
            }
        }
        return filter
    }

    /// Ends the connections that `filter` fits and returns how many there were; the caller's after its reply.
    private static func close(_ filter: Filter, _ call: inout Call) -> Int {
        let server = call.server
        let candidates = filter.identifier.map { server.clients.find($0).map { [$0] } ?? [] } ?? server.clients.all()
        var count = 0
        for record in candidates where !record.isKilled && filter.fits(record, now: call.now / 1000) {
            if record === call.record {
                if filter.sparesCaller { continue }
                call.session.pointee.closesAfterReply = true
            } else {
                record.requestKill()
                server.workers[record.worker].mailbox.send(.close(record.identifier))
            }
            count += 1
        }
        return count
    }

    // MARK: PAUSE

    private static func pause(_ call: inout Call) throws(CommandError) {
        guard call.count <= 4 else { throw .unknownSubcommandOrArity("pause", of: "CLIENT") }
        var holdsAll = true
        if call.count == 4 {
            holdsAll = call.isWord(3, "all")
            guard holdsAll || call.isWord(3, "write") else {
                throw CommandError("ERR CLIENT PAUSE mode must be WRITE or ALL")
            }
        }
        let duration = try call.integer(2, or: CommandError("ERR timeout is not an integer or out of range"))
        guard duration >= 0 else { throw CommandError("ERR timeout is negative") }
        let (deadline, overflow) = call.now.addingReportingOverflow(duration)
        guard !overflow else { throw CommandError("ERR timeout is out of range") }
        call.server.pause.begin(until: deadline, all: holdsAll, now: call.now)
        call.reply.ok()
    }

    private static func unpause(_ call: inout Call) throws(CommandError) {
        call.server.pause.end()
        for worker in call.server.workers { worker.mailbox.send(.resume) }
        call.reply.ok()
    }

    // MARK: UNBLOCK

    private static func unblock(_ call: inout Call) throws(CommandError) {
        let identifier = try call.integer(2)
        guard call.count <= 4 else { throw .unknownSubcommandOrArity("unblock", of: "CLIENT") }
        var asError = false
        if call.count == 4 {
            asError = call.isWord(3, "error")
            guard asError || call.isWord(3, "timeout") else {
                throw CommandError("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
            }
        }
        let record = call.server.clients.find(Int(identifier))
        if let record, endsWait(record, asError ? .fail : .timeOut) {
            call.server.workers[record.worker].mailbox.send(.wake(record.identifier))
            return call.reply.integer(1)
        }
        guard let blocked = record?.blocked.withLock({ $0 }), blocked.cancel() else { return call.reply.integer(0) }
        let answer =
            asError ? Array("-\(CommandError.unblocked.message)\r\n".utf8) : blocked.timeoutReply
        answer.withView { call.server.answer(blocked, $0) }
        call.reply.integer(1)
    }

    private static func endsWait(_ record: ClientRecord, _ end: ClientRecord.Wait) -> Bool {
        record.wait.compareExchange(expected: .waits, desired: end, ordering: .relaxed).exchanged
    }
}
