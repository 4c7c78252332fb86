import Glibc
import Primitives

/// A message on a channel, on its way to all who have subscribed to it.
///
/// What differs between subscribers is the front of the message only: its header, kind and pattern belong to what they have
/// subscribed to (`Topic.head`). Channel and payload, encoded the same way in both versions of the protocol, are encoded
/// once and shared by all workers.
final class Publication: Sendable {
    /// `channel` or `shard`: whose subscribers get it.
    let kind: Topic.Kind
    /// Channel and payload as bulk strings; does not change. Owned.
    nonisolated(unsafe) private let block: UnsafeMutablePointer<UInt8>
    private let count: Int
    private let channelStart: Int
    private let channelCount: Int

    /// Most bytes that a bulk string takes beside its own: type, length and two line ends.
    private static let bulkOverhead = 32

    init(kind: Topic.Kind, channel: ByteView, payload: ByteView) {
        self.kind = kind
        block = .allocate(capacity: channel.count + payload.count + 2 * Self.bulkOverhead)
        var position = 0
        channelStart = Self.append(channel, to: block, &position)
        channelCount = channel.count
        _ = Self.append(payload, to: block, &position)
        count = position
    }

    deinit { block.deallocate() }

    /// Writes a bulk string and returns where its bytes are.
    private static func append(
        _ bytes: ByteView, to block: UnsafeMutablePointer<UInt8>, _ position: inout Int
    ) -> Int {
        block[position] = UInt8(ascii: "$")
        position += 1 + writeInteger(Int64(bytes.count), to: block + position + 1)
        block[position] = 13
        block[position + 1] = 10
        let start = position + 2
        memcpy(block + start, bytes.start, bytes.count)
        position = start + bytes.count
        block[position] = 13
        block[position + 1] = 10
        position += 2
        return start
    }

    var channel: ByteView { ByteView(block + channelStart, count: channelCount) }
    /// Everything behind the topic's head.
    var tail: ByteView { ByteView(block, count: count) }
    /// Bytes that it keeps in memory.
    var bytes: Int { count }
}
