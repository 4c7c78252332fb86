import Commands
import Keyspace
import Primitives
import RESP
import Synchronization

/// PING, ECHO, HELLO, AUTH, RESET and QUIT.
enum ConnectionCommands {
    static let commands: [Command] = [
        Command(
            "ping", arity: -1, flags: [.fast, .subscribed], group: .connection, since: "1.0.0",
            summary: "Answers PONG, or what it was given.", syntax: "[message:string]", handler: ping),
        Command(
            "echo", arity: 2, flags: [.loading, .stale, .fast], group: .connection, since: "1.0.0",
            summary: "Answers what it was given.", syntax: "message:string", handler: echo),
        Command(
            "hello", arity: -1, flags: [.noscript, .loading, .stale, .fast, .noAuth, .allowBusy], group: .connection,
            since: "6.0.0", summary: "Chooses the version of the protocol and describes the server.",
            syntax: "arguments=[protover:integer [AUTH (username:string password:string)] [SETNAME clientname:string]]",
            handler: hello),
        Command(
            "auth", arity: -2, flags: [.noscript, .loading, .stale, .fast, .noAuth, .allowBusy], group: .connection,
            since: "1.0.0", complexity: "O(n), n being the number of passwords of the user.",
            summary: "Authenticates the connection.", syntax: "[username:string] password:string", handler: auth),
        Command(
            "reset", arity: 1,
            flags: [.noscript, .loading, .stale, .fast, .noAuth, .allowBusy, .immediate, .subscribed],
            group: .connection, since: "6.2.0", summary: "Makes the connection what it was when it was opened.",
            handler: reset),
        Command(
            "quit", arity: -1,
            flags: [.noscript, .loading, .stale, .fast, .noAuth, .allowBusy, .immediate, .subscribed],
            group: .connection, since: "1.0.0", summary: "Closes the connection after its replies.", handler: quit),
    ]

    private static func ping(_ call: inout Call) throws(CommandError) {
        guard call.count <= 2 else { throw .wrongArity("ping") }
        if call.session.pointee.state.contains(.subscriber), call.reply.version == 2 {
            // Where messages are what is read, the answer looks like one.
            call.reply.array(2)
            call.reply.bulk("pong" as StaticString)
            call.reply.bulk(call.count == 2 ? call[1] : .empty)
        } else if call.count == 2 {
            call.reply.bulk(call[1])
        } else {
            call.reply.raw("+PONG\r\n")
        }
    }

    private static func echo(_ call: inout Call) throws(CommandError) { call.reply.bulk(call[1]) }

    private static func quit(_ call: inout Call) throws(CommandError) {
        call.reply.ok()
        call.session.pointee.closesAfterReply = true
    }

    private static func reset(_ call: inout Call) throws(CommandError) {
        TransactionCommands.discardTransaction(&call)
        ClientCommands.disableTracking(&call)
        let server = call.server
        if call.session.pointee.state.contains(.monitor), let record = call.record { server.stopMonitoring(record) }
        if let connection = call.worker.current { call.worker.unsubscribeAll(connection) }
        // What the server is in does not end with what the connection was in.
        call.session.pointee.state.formIntersection([.loading, .writesRefused])
        call.actForDefault()
        call.session.pointee.database = 0
        call.access.database = 0
        call.session.pointee.version = 2
        call.reply.version = 2
        call.session.pointee.wantsSnapshotOnly = false
        server.durability.abandon(session: call.session.pointee.identifier)
        call.session.pointee.isProtectedFromEviction = false
        call.session.pointee.leavesAccessClock = false
        call.access.leavesAccessClock = false
        call.endComputations()
        call.record?.identity.withLock { $0.name = [] }
        call.reply.simple("RESET")
    }

    // MARK: Authentication

    private static func auth(_ call: inout Call) throws(CommandError) {
        guard call.count <= 3 else { throw .syntax }
        if call.count == 2 {
            guard !call.server.accounts.standard.user.needsNoPassword else { throw noPasswordConfigured }
            try authenticate(ByteView("default"), call[1], &call)
        } else {
            try authenticate(call[1], call[2], &call)
        }
        call.reply.ok()
    }

    private static let noPasswordConfigured = CommandError(
        """
        ERR AUTH <password> called without any password configured for the default user. Are you sure your \
        configuration is correct?
        """)

    private static func authenticate(
        _ user: ByteView, _ password: ByteView, _ call: inout Call
    ) throws(CommandError) {
        guard let account = call.server.accounts.authenticate(user, password: password) else {
            call.server.observations.record(.auth, call[0], user: user, session: call.session)
            throw CommandError("WRONGPASS invalid username-password pair or user is disabled.")
        }
        call.session.pointee.state.remove(.unauthenticated)
        call.act(for: account)
    }

    // MARK: HELLO

    private static func hello(_ call: inout Call) throws(CommandError) {
        var version: UInt8?
        if call.count >= 2 {
            switch try call.integer(1, or: CommandError("ERR Protocol version is not an integer or out of range")) {
            case 2: version = 2
            case 3: version = 3
            default: throw CommandError("NOPROTO unsupported protocol version")
            }
        }
        var credentials: (user: ByteView, password: ByteView)?
        var name: ByteView?
        var index = 2
        while index < call.count {
            if call.isWord(index, "auth"), index + 2 < call.count {
                credentials = (call[index + 1], call[index + 2])
                index += 3
            } else if call.isWord(index, "setname"), index + 1 < call.count {
                name = call[index + 1]
                guard ClientCommands.isPrintable(call[index + 1]) else { throw ClientCommands.invalidName }
                index += 2
            } else {
                throw CommandError(composed: "ERR Syntax error in HELLO option '\(call[index].string)'")
            }
        }
        if let credentials { try authenticate(credentials.user, credentials.password, &call) }
        guard !call.session.pointee.state.contains(.unauthenticated) else { throw mustAuthenticate }
        if let name { call.record?.identity.withLock { [name = name.array] in $0.name = name } }
        if let version {
            call.session.pointee.version = version
            call.reply.version = version
        }
        describeServer(&call)
    }

    private static let mustAuthenticate = CommandError(
        """
        NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> \
        <pass> option can be used to authenticate the client and select the RESP protocol version at the same time
        """)

    private static func describeServer(_ call: inout Call) {
        call.reply.map(7)
        call.reply.bulk("server" as StaticString)
        call.reply.bulk("redis" as StaticString)
        call.reply.bulk("version" as StaticString)
        call.reply.bulk(Server.redisVersion)
        call.reply.bulk("proto" as StaticString)
        call.reply.integer(Int(call.reply.version))
        call.reply.bulk("id" as StaticString)
        call.reply.integer(call.session.pointee.identifier)
        call.reply.bulk("mode" as StaticString)
        call.reply.bulk("standalone" as StaticString)
        call.reply.bulk("role" as StaticString)
        call.reply.bulk("master" as StaticString)
        call.reply.bulk("modules" as StaticString)
        call.reply.array(0)
    }
}
