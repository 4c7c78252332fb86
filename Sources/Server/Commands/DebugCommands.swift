import Commands
import ComputedKeys
import Configuration
import Glibc
import Keyspace
import Logging
import Primitives
import RESP
import Synchronization

/// DEBUG: what tests and developers need, for whom `enable-debug-command` permits.
///
/// It runs while it holds every shard: DEBUG SLEEP stops the whole server, as its users expect.
enum DebugCommands {
    static let commands: [Command] = [
        Command(
            "debug", arity: -2, flags: [.admin, .noscript, .loading, .stale, .exclusive], group: .server,
            since: "1.0.0", complexity: "Depends on the subcommand.", summary: "Helps to test and debug.",
            syntax: "subcommand:string [argument:string...]", handler: debug)
    ]

    private static let notAllowed = CommandError(
        """
        ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can run it from a \
        local connection, otherwise you need to set this option in the configuration file, and then restart the server.
        """)

    /// Longest DEBUG SLEEP, in seconds.
    private static let longestSleep = 1e9

    private static func debug(_ call: inout Call) throws(CommandError) {
        switch call.server.settings.enableDebugCommand {
        case .yes: break
        case .local: if !call.isFromThisMachine { throw notAllowed }
        case .no: throw notAllowed
        }
        switch (call[1].lowercasedString, call.count) {
        case ("sleep", 3): sleep(&call)
        case ("object", 3): try object(&call)
        case ("reload", _): try reload(&call, snapshotReload(call))
        case ("loadaof", _): try reload(&call, .log)
        case ("set-active-expire", 3): setActiveExpiry(&call)
        case ("stringmatch-len", 4):
            call.reply.integer(Glob.matches(call[2], call[3]))
        case ("error", 3):
            throw CommandError(composed: call[2].string)
        case ("log", 3):
            call.server.log.warning("DEBUG LOG: \(call[2].string)")
            call.reply.ok()
        case ("protocol", 3): try protocolType(&call)
        #if DEBUG
            case ("compute-forgets-reads", 3): setForgetsReads(&call)
        #endif
        case ("help", 2): help(&call)
        default: throw .unknownSubcommandOrArity(call[1].string, of: "DEBUG")
        }
    }

    private static func sleep(_ call: inout Call) {
        // Text that is no number is no time, as in Redis.
        let seconds = min(max(0, parseDouble(call[2]) ?? 0), longestSleep)
        var left = timespec(tv_sec: Int(seconds), tv_nsec: Int(seconds.truncatingRemainder(dividingBy: 1) * 1e9))
        var rest = timespec()
        while nanosleep(&left, &rest) != 0, errno == EINTR { left = rest }
        call.reply.ok()
    }

    // MARK: Reading the files again

    private static func snapshotReload(_ call: borrowing Call) throws(CommandError) -> Durability.Reload {
        var (saves, empties, merges) = (true, true, false)
        for index in 2..<call.count {
            switch call[index].lowercasedString {
            case "nosave": saves = false
            case "noflush": empties = false
            case "merge": merges = true
            default:
                throw CommandError("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")
            }
        }
        return .snapshot(saves: saves, empties: empties, merges: merges)
    }

    /// Waits until the saver has read the files.
    private static func reload(_ call: inout Call, _ reload: Durability.Reload) throws(CommandError) {
        let durability = call.server.durability
        let session = call.session.pointee.identifier
        guard call.takeSuspension() == nil else {
            guard let failure = durability.withState({ $0.reloads.removeValue(forKey: session) }) else {
                throw CommandError("ERR")
            }
            if let failure { throw failure }
            return call.reply.ok()
        }
        if durability.loading.isLoading { throw .loading }
        guard !call.isInTransaction else {
            throw CommandError("ERR DEBUG RELOAD and DEBUG LOADAOF cannot be used inside a transaction.")
        }
        durability.request(reload, for: Durability.Waiter(.reload, call))
        throw call.suspend(Suspension(deadline: .max, wakesAt: .max))
    }

    // MARK: Values

    private static func object(_ call: inout Call) throws(CommandError) {
        guard let entry = call.access.find(call.key(2)) else { throw .noSuchKey }
        let now = UInt32(truncatingIfNeeded: call.now / 1000) & 0xFF_FFFF
        let idle = (now &- entry.accessClock) & 0xFF_FFFF
        let address = String(UInt(bitPattern: entry.base), radix: 16)
        let length = entry.type == .string ? entry.textCount + 1 : call.access.memoryUsage(entry)
        call.reply.simple(
            "Value at:0x\(address) refcount:1 encoding:\(entry.encoding.name) serializedlength:\(length) "
                + "lru:\(entry.accessClock) lru_seconds_idle:\(idle)")
    }

    private static func setActiveExpiry(_ call: inout Call) {
        let isOn = parseInteger(call[2]).map { $0 != 0 } ?? false
        call.server.keyspace.activeExpiry.store(isOn, ordering: .relaxed)
        call.reply.ok()
    }

    #if DEBUG
        /// Lets computations remember what they read too late, which must not go unnoticed in tests.
        private static func setForgetsReads(_ call: inout Call) {
            call.server.graph.setForgetsReads(parseInteger(call[2]).map { $0 != 0 } ?? false)
            call.reply.ok()
        }
    #endif

    /// One reply of each type of the protocol, for authors of clients.
    private static func protocolType(_ call: inout Call) throws(CommandError) {
        let isThree = call.reply.version >= 3
        switch call[2].lowercasedString {
        case "string": call.reply.bulk("Hello World")
        case "integer": call.reply.integer(12345)
        case "double": call.reply.double(3.141)
        case "null": call.reply.null()
        case "bignum":
            if isThree {
                call.reply.raw("(1234567999999999999999999999999999999\r\n")
            } else {
                call.reply.bulk("1234567999999999999999999999999999999")
            }
        case "array":
            call.reply.array(3)
            for index in 0..<3 { call.reply.integer(index) }
        case "set":
            call.reply.set(3)
            for index in 0..<3 { call.reply.integer(index) }
        case "map":
            call.reply.map(3)
            for index in 0..<3 {
                call.reply.integer(index)
                call.reply.boolean(index == 1)
            }
        case "attrib":
            if isThree {
                call.reply.raw("|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n")
            }
            call.reply.bulk("Some real reply following the attribute")
        case "push":
            guard isThree else { throw CommandError("ERR RESP2 is not supported by this command") }
            call.reply.push(2)
            call.reply.bulk("server-cpu-usage")
            call.reply.integer(42)
            call.reply.bulk("Some real reply following the push reply")
        case "verbatim": call.reply.verbatim("This is a verbatim\nstring")
        case "true": call.reply.boolean(true)
        case "false": call.reply.boolean(false)
        default:
            throw CommandError(
                """
                ERR Wrong protocol type name. Please use one of the following: \
                string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false
                """)
        }
    }

    private static func help(_ call: inout Call) {
        call.replyHelp(
            "DEBUG",
            [
                "ERROR <string>", "    Reply with an error of that text.",
                "LOADAOF", "    Forget all keys and load the append-only file.",
                "LOG <message>", "    Write <message> to the log.",
                "OBJECT <key>", "    Show how the value of <key> is kept.",
                "PROTOCOL <type>", "    Reply with a value of that type: string, integer, double, bignum, null,",
                "    array, set, map, attrib, push, verbatim, true or false.",
                "RELOAD [NOSAVE] [NOFLUSH] [MERGE]", "    Save a snapshot, forget all keys and load it. NOSAVE: the",
                "    last one is loaded. NOFLUSH: keys stay; with MERGE those of the snapshot replace them.",
                "SET-ACTIVE-EXPIRE <0|1>", "    Whether keys are removed at their time although nobody asks for them.",
                "SLEEP <seconds>", "    Stop the server for so long. Decimals are allowed.",
                "STRINGMATCH-LEN <pattern> <string>", "    Whether the glob <pattern> matches <string>.",
            ])
    }
}

extension Call {
    /// Whether the client runs on the server's machine.
    var isFromThisMachine: Bool {
        guard let record = server.clients.find(session.pointee.identifier) else { return false }
        return ClientRecord.Flags(rawValue: record.flags.current).contains(.unixSocket)
            || ["127.", "[::1]:", "[::ffff:127."].contains { record.address.hasPrefix($0) }
    }
}
