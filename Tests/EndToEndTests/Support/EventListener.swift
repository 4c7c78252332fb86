/// A connection that hears what happens to keys, all of it or on the channels that a pattern matches.
public final class EventListener {
    private let client: RedisClient
    private let publisher: RedisClient

    /// The channel of the message that ends what was to be heard.
    private static let end = "end of events"

    public init(_ server: ServerProcess, _ pattern: String = "__key*@*__:*") throws {
        client = try server.client()
        publisher = try server.client()
        try client.send("SUBSCRIBE", EventListener.end)
        try client.send("PSUBSCRIBE", pattern)
    }

    /// What was published since the last time by commands that were answered: channel and message of each, without what
    /// all channels have in common: `space@0:k set` and `event@0:set k`.
    public func events() throws -> [String] {
        try publisher.send("PUBLISH", EventListener.end, "")
        var events: [String] = []
        while true {
            let message = try client.receive()
            guard message[0] == .bulk("pmessage") else { return events }
            let channel = (message[2].text ?? "").replacing("__:", with: ":", maxReplacements: 1)
            events.append("\(channel.dropFirst("__key".count)) \(message[3].text ?? "")")
        }
    }
}
