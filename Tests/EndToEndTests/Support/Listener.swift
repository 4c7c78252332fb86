/// A connection that is told things between its replies.
public final class Listener: Sendable {
    public let raw: RawConnection

    /// - Parameter version: 2 or 3: the version of RESP that is spoken.
    public init(_ server: ServerProcess, version: Int = 3) throws {
        raw = try server.raw()
        if version == 3 { try raw.run("HELLO 3") }
    }

    /// Sends a command line and reads its reply; what is told before it is lost.
    @discardableResult
    public func run(_ line: String) throws -> Reply {
        raw.send(command: splitArguments(line) ?? [])
        while true {
            let reply = try raw.readReply()
            if !reply.isMessage { return reply }
        }
    }

    /// Everything that the server has to tell now, as text: what it has told when a PING is answered.
    public func told() throws -> [String] {
        raw.send(command: [Array("PING".utf8)])
        var messages: [String] = []
        while true {
            let reply = try raw.readReply()
            if reply == .status("PONG") || reply == .array([.bulk("pong"), .bulk("")]) { return messages }
            messages.append(reply.description)
        }
    }

    public var identifier: Int64 { get throws { try run("CLIENT ID").integer ?? 0 } }
}

extension Reply {
    /// Whether nobody has asked for it.
    fileprivate var isMessage: Bool {
        if case .push = self { return true }
        return false
    }
}
