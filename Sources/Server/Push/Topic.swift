import Glibc
import Primitives
import RESP

/// What connections subscribe to, as one worker sees it: a name and those of the worker's connections that listen.
///
/// Every connection remembers its place among the receivers, so that leaving is O(1): the last one takes the place.
final class Topic {
    /// What a name means.
    enum Kind: Int, CaseIterable, Sendable {
        /// The name of a channel.
        case channel
        /// A glob that names of channels match.
        case pattern
        /// The name of a shard channel; without a cluster a second space of names.
        case shard
        /// The name of a channel that tells a key's value.
        case value
    }

    let kind: Kind
    /// The bytes of `name`; owned.
    private let bytes: UnsafeMutablePointer<UInt8>
    let name: TopicName
    /// How every message for these receivers begins, in RESP2; in RESP3 the first byte is another one.
    let head: [UInt8]
    private(set) var receivers: [UnsafeMutablePointer<Connection>] = []
    /// What a channel of a key's value has to tell.
    var feed = ValueFeed()

    /// The first byte of a message in RESP3, where RESP2 has that of an array.
    static let pushMark = UInt8(ascii: ">")

    init(_ kind: Kind, _ name: ByteView) {
        self.kind = kind
        (bytes, self.name) = TopicName.copy(name)
        switch kind {
        case .channel, .value: head = Array("*3\r\n$7\r\nmessage\r\n".utf8)
        case .shard: head = Array("*3\r\n$8\r\nsmessage\r\n".utf8)
        case .pattern:
            head = Array("*4\r\n$8\r\npmessage\r\n$\(name.count)\r\n".utf8) + name.array + Array("\r\n".utf8)
        }
    }

    deinit { bytes.deallocate() }

    /// Bytes that the subscription of one connection takes: its places on both sides, and at worst the name.
    static func memory(_ name: ByteView) -> Int { name.count + 64 }

    /// Adds a receiver and returns its place.
    func add(_ connection: UnsafeMutablePointer<Connection>) -> Int {
        receivers.append(connection)
        return receivers.count - 1
    }

    /// Removes the receiver at a place and returns who stands there now; nil where nobody moved.
    func remove(at place: Int) -> UnsafeMutablePointer<Connection>? {
        let last = receivers.removeLast()
        guard place < receivers.count else { return nil }
        receivers[place] = last
        return last
    }
}

extension Topic: Hashable {
    static func == (a: Topic, b: Topic) -> Bool { a === b }
    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

/// The name of a channel or a pattern as the key of a table. It borrows its bytes, so that looking one up allocates nothing;
/// who keeps it keeps them.
struct TopicName: Hashable, @unchecked Sendable {
    let bytes: ByteView

    init(_ bytes: ByteView) { self.bytes = bytes }

    /// A name with bytes of its own, which the caller must free.
    static func copy(_ name: ByteView) -> (bytes: UnsafeMutablePointer<UInt8>, name: TopicName) {
        let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, name.count))
        memcpy(bytes, name.start, name.count)
        return (bytes, TopicName(ByteView(bytes, count: name.count)))
    }

    static func == (a: TopicName, b: TopicName) -> Bool { a.bytes == b.bytes }

    func hash(into hasher: inout Hasher) { hasher.combine(processHash(bytes)) }
}
