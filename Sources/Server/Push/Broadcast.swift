import Glibc
import Primitives

/// The latest messages on one topic, which all of its receivers get, kept once instead of once for each of them.
///
/// Appending a message to the buffers of a thousand connections touches a thousand places in memory. As long as a turn
/// brings nothing else for them, the messages are gathered here and every receiver is written to from here. They stand
/// behind whatever waits in `Connection.pending`; before anything else is put there, or the receivers change, they are
/// spread over the connections (`Worker.spreadBroadcast`).
struct Broadcast: ~Copyable {
    /// Bytes of messages that are gathered; one longer message is, too.
    private static let limit = 1 << 20

    /// Whose receivers get the messages; nil where there are none.
    private(set) var topic: Topic?
    private var messages = ByteBuffer()
    /// Where messages start: their first bytes differ between the versions of the protocol.
    private var starts: [Int] = []
    /// The same for RESP3; empty until the first who needs it.
    private var pushes = ByteBuffer()

    /// Whether messages on the topic can be added without spreading others first.
    func takes(_ topic: Topic, _ count: Int) -> Bool {
        self.topic == nil || self.topic === topic && messages.count + count <= Self.limit
    }

    mutating func append(_ head: ByteView, _ tail: ByteView, for topic: Topic) {
        if self.topic == nil { self.topic = topic }
        starts.append(messages.count)
        messages.append(head)
        messages.append(tail)
        pushes.clear(keeping: Self.limit)
    }

    /// The messages as a connection of that version gets them; good until the next change.
    mutating func form(_ version: UInt8) -> ByteView {
        guard version >= 3 else { return messages.view }
        if pushes.isEmpty {
            let target = pushes.reserve(messages.count)
            memcpy(target, messages.view.start, messages.count)
            for start in starts { target[start] = Topic.pushMark }
            pushes.commit(messages.count)
        }
        return pushes.view
    }

    mutating func clear() {
        topic = nil
        starts.removeAll(keepingCapacity: starts.capacity <= 4096)
        messages.clear(keeping: Self.limit)
        pushes.clear(keeping: Self.limit)
    }
}
