import Primitives
import RESP

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
