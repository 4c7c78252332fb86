/// A connection that is told things between its replies. Use one from one thread at a time.
public final class Listener: @unchecked Sendable {
    public let raw: RawConnection
    /// What it was told while it waited for replies.
    private var messages: [String] = []

    /// - Parameter version: 2 or 3: the version of RESP that is spoken.
    public init(_ server: ServerProcess, version: Int = 3) throws {
        raw = try server.raw()
        if version == 3 { try raw.run("HELLO 3") }
    }

    public func send(_ line: String) { raw.send(command: splitArguments(line) ?? []) }

    /// Sends a command line and reads its reply.
    @discardableResult
    public func run(_ line: String) throws -> Reply {
        send(line)
        while true {
            let reply = try raw.readReply()
            guard case .push = reply else { return reply }
            messages.append(reply.description)
        }
    }

    /// Everything that the server has told and not answered, as text: what it has to tell now comes before the answer to a
    /// PING.
    public func told() throws -> [String] {
        defer { messages = [] }
        send("PING")
        while true {
            let reply = try raw.readReply()
            if reply == .status("PONG") || reply == .array([.bulk("pong"), .bulk("")]) { return messages }
            messages.append(reply.description)
        }
    }

    public var identifier: Int64 { get throws { try run("CLIENT ID").integer ?? 0 } }
}
