import Commands
import Keyspace
import Primitives
import RESP
import Synchronization

/// CLIENT TRACKING, CACHING, TRACKINGINFO and GETREDIR: what a client that keeps what it has read is told.
extension ClientCommands {
    private static let flags: CommandFlags = [.noscript, .loading, .stale]

    static let tracking: [Command] = [
        Command(
            "tracking", arity: -3, flags: flags, group: .connection, since: "6.0.0",
            complexity: "O(n), n being the number of prefixes.",
            summary: "Says whether the client is told when what it has read has changed.",
            syntax: """
                status=(ON|OFF) [REDIRECT client-id:integer] [PREFIX prefix:string]... [BCAST] [OPTIN] [OPTOUT] [NOLOOP]
                """, handler: track),
        Command(
            "caching", arity: 3, flags: flags, group: .connection, since: "6.0.0",
            summary: "Says whether what the next command reads is remembered.", syntax: "mode=(YES|NO)",
            handler: caching),
        Command(
            "trackinginfo", arity: 2, flags: flags, group: .connection, since: "6.2.0",
            summary: "Answers what the connection has asked of CLIENT TRACKING.", handler: trackingInfo),
        Command(
            "getredir", arity: 2, flags: flags, group: .connection, since: "6.0.0",
            summary: "Answers the number of the connection that is told in this one's place.", handler: getRedirection),
    ]

    private struct Request {
        var options: TrackingOptions = []
        var redirection = 0
        var prefixes: [[UInt8]] = []
    }

    private static func track(_ call: inout Call) throws(CommandError) {
        let request = try request(call)
        if call.isWord(2, "on") {
            try validate(request, call)
            try enable(request, &call)
        } else if call.isWord(2, "off") {
            disableTracking(&call)
        } else {
            throw .syntax
        }
        call.reply.ok()
    }

    private static func request(_ call: borrowing Call) throws(CommandError) -> Request {
        var request = Request()
        var index = 3
        while index < call.count {
            let hasMore = index + 1 < call.count
            if hasMore, call.isWord(index, "redirect") {
                index += 1
                guard request.redirection == 0 else {
                    throw CommandError("ERR A client can only redirect to a single other client")
                }
                request.redirection = Int(try call.integer(index))
                guard call.server.clients.find(request.redirection) != nil else {
                    throw CommandError("ERR The client ID you want redirect to does not exist")
                }
            } else if call.isWord(index, "bcast") {
                request.options.insert(.broadcast)
            } else if call.isWord(index, "optin") {
                request.options.insert(.optIn)
            } else if call.isWord(index, "optout") {
                request.options.insert(.optOut)
            } else if call.isWord(index, "noloop") {
                request.options.insert(.noLoop)
            } else if hasMore, call.isWord(index, "prefix") {
                index += 1
                request.prefixes.append(call[index].array)
            } else {
                throw .syntax
            }
            index += 1
        }
        return request
    }

    /// Refuses options that do not go together, or not with what is in force.
    private static func validate(_ request: Request, _ call: borrowing Call) throws(CommandError) {
        let (new, old) = (request.options, call.session.pointee.tracking)
        if !new.contains(.broadcast), !request.prefixes.isEmpty {
            throw CommandError("ERR PREFIX option requires BCAST mode to be enabled")
        }
        if old.contains(.on), old.contains(.broadcast) != new.contains(.broadcast) {
            throw CommandError(
                """
                ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling \
                it with a different mode.
                """)
        }
        if new.contains(.broadcast), !new.isDisjoint(with: [.optIn, .optOut]) {
            throw CommandError("ERR OPTIN and OPTOUT are not compatible with BCAST")
        }
        if new.isSuperset(of: [.optIn, .optOut]) {
            throw CommandError("ERR You can't specify both OPTIN mode and OPTOUT mode")
        }
        if new.contains(.optIn) && old.contains(.optOut) || new.contains(.optOut) && old.contains(.optIn) {
            throw CommandError(
                """
                ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling \
                it with a different mode.
                """)
        }
        let present = call.server.tracking.broadcasts.prefixes(of: call.session.pointee.identifier)
        for (index, prefix) in request.prefixes.enumerated() {
            if let other = present.first(where: { overlap(prefix, $0) }) {
                throw overlapping(prefix, "an existing", other)
            }
            if let other = request.prefixes[(index + 1)...].first(where: { overlap(prefix, $0) }) {
                throw overlapping(prefix, "another provided", other)
            }
        }
    }

    private static func overlap(_ a: [UInt8], _ b: [UInt8]) -> Bool { a.starts(with: b) || b.starts(with: a) }

    private static func overlapping(_ prefix: [UInt8], _ which: String, _ other: [UInt8]) -> CommandError {
        let (prefix, other) = (String(decoding: prefix, as: UTF8.self), String(decoding: other, as: UTF8.self))
        return CommandError(
            composed: """
                ERR Prefix '\(prefix)' overlaps with \(which) prefix '\(other)'. Prefixes for a single client must not \
                overlap.
                """)
    }

    private static func enable(_ request: Request, _ call: inout Call) throws(CommandError) {
        guard let record = call.record else { return }
        let tracking = call.server.tracking
        guard tracking.enable(record) else { throw CommandError("ERR Too many connections for CLIENT TRACKING") }
        let options = request.options.union(.on)
        record.tracking.set(Int(options.rawValue))
        record.redirection.set(request.redirection)
        record.isRedirectionBroken.store(false, ordering: .relaxed)
        if options.contains(.broadcast),
            tracking.broadcasts.add(request.prefixes.isEmpty ? [[]] : request.prefixes, for: record)
        {
            call.access.keyspace.observeAll(true)
        }
        call.session.pointee.tracking = options
        call.session.pointee.state.insert(.tracking)
    }

    /// Ends that the calling connection is told anything.
    static func disableTracking(_ call: inout Call) {
        if let record = call.record { call.server.tracking.disable(record) }
        call.session.pointee.tracking = []
        call.session.pointee.state.remove(.tracking)
        call.access.recording = call.session.pointee.recording
    }

    private static func caching(_ call: inout Call) throws(CommandError) {
        let options = call.session.pointee.tracking
        guard options.contains(.on) else {
            throw CommandError(
                """
                ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode \
                enabled
                """)
        }
        if call.isWord(2, "yes") {
            guard options.contains(.optIn) else {
                throw CommandError("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
            }
        } else if call.isWord(2, "no") {
            guard options.contains(.optOut) else {
                throw CommandError("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")
            }
        } else {
            throw .syntax
        }
        call.session.pointee.tracking.insert(.caching)
        call.reply.ok()
    }

    private static func getRedirection(_ call: inout Call) throws(CommandError) {
        call.reply.integer(redirection(call))
    }

    /// -1 for a connection that does not track, 0 for one that is told itself.
    private static func redirection(_ call: borrowing Call) -> Int {
        guard call.session.pointee.tracking.contains(.on), let record = call.record else { return -1 }
        return record.redirection.current
    }

    private static func trackingInfo(_ call: inout Call) throws(CommandError) {
        let options = call.session.pointee.tracking
        var flags: [StaticString] = [options.contains(.on) ? "on" : "off"]
        if options.contains(.broadcast) { flags.append("bcast") }
        if options.contains(.optIn) {
            flags.append("optin")
            if options.contains(.caching) { flags.append("caching-yes") }
        }
        if options.contains(.optOut) {
            flags.append("optout")
            if options.contains(.caching) { flags.append("caching-no") }
        }
        if options.contains(.noLoop) { flags.append("noloop") }
        if call.record?.isRedirectionBroken.load(ordering: .relaxed) == true { flags.append("broken_redirect") }
        call.reply.map(3)
        call.reply.bulk("flags" as StaticString)
        call.reply.set(flags.count)
        for flag in flags { call.reply.bulk(flag) }
        call.reply.bulk("redirect" as StaticString)
        call.reply.integer(redirection(call))
        call.reply.bulk("prefixes" as StaticString)
        let prefixes = call.server.tracking.broadcasts.prefixes(of: call.session.pointee.identifier)
        call.reply.array(prefixes.count)
        for prefix in prefixes { prefix.withView { call.reply.bulk($0) } }
    }
}
