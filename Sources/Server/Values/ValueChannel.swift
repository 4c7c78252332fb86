import Primitives
import RESP

/// The channel on which a key's value is told, `__value@<db>__:<key>`: the value that there is first, and then every new
/// one. Who was away subscribes again and has missed nothing that still counts.
struct ValueChannel {
    private static let prefix = "__value@"
    private static let separator = "__:"

    let database: Int
    let key: ByteView

    /// Nil where a channel's name is not of this form, and the channel an ordinary one.
    init?(_ name: ByteView, databases: Int) {
        guard name.buffer.starts(with: Self.prefix.utf8) else { return nil }
        let rest = name[Self.prefix.utf8.count..<name.count]
        guard let end = rest.buffer.firstIndex(of: UInt8(ascii: "_")), let number = parseInteger(rest[0..<end]),
            number >= 0, number < databases, rest[end..<rest.count].buffer.starts(with: Self.separator.utf8)
        else { return nil }
        database = Int(number)
        key = rest[end + Self.separator.utf8.count..<rest.count]
    }

    /// The name of the channel for a key.
    static func name(_ key: ByteView, database: Int) -> [UInt8] {
        var name = Array("\(prefix)\(database)\(separator)".utf8)
        name.append(contentsOf: key.buffer)
        return name
    }
}

/// What a key's value has become, encoded once for all who watch it.
final class ValueUpdate: Sendable {
    let channel: [UInt8]
    let push: Push
    /// Position in the order of all writes, by which an update that was overtaken is known.
    let revision: UInt64

    /// - Parameter value: nil where there is none to serve.
    init(channel: [UInt8], value: ByteView?, revision: UInt64) {
        self.channel = channel
        self.revision = revision
        push = Push { message in
            message.push(3)
            message.bulk("message" as StaticString)
            channel.withView { message.bulk($0) }
            if let value { message.bulk(value) } else { message.null() }
        }
    }
}

/// What the receivers of one channel on one worker still have to be told: only ever the latest value.
struct ValueFeed {
    /// The latest value; nil before the first.
    var latest: ValueUpdate?
    /// Where among the receivers the delivery goes on, and how many of them still lack the latest value.
    var cursor = 0
    var remaining = 0
    /// Whether somebody was told that there is no value while the latest was stale.
    var isMissed = false

    /// Another receiver stands behind the last one, which may be in the midst of those that lack the latest value.
    mutating func receiverWasAdded() {
        if remaining > 0 { remaining += 1 }
    }

    /// Another receiver stands where one has gone: nobody may be passed over.
    mutating func receiversDidMove(count: Int) {
        if remaining > 0 { remaining = count }
    }
}
