import Glibc
import Primitives

/// The channels on which clients hear what happens to keys.
enum KeyChannel {
    /// `__keyspace@<db>__:<key>`, on which the message is the name of the event.
    case keyspace
    /// `__keyevent@<db>__:<event>`, on which the message is the key.
    case keyevent

    /// How the names of all such channels begin.
    private var prefix: StaticString {
        switch self {
        case .keyspace: "__keyspace@"
        case .keyevent: "__keyevent@"
        }
    }

    /// Calls `body` with the name of a channel.
    func withName(database: Int, _ subject: ByteView, _ body: (ByteView) -> Void) {
        let prefix = ByteView(prefix)
        let separator = ByteView("__:")
        let capacity = prefix.count + 20 + separator.count + subject.count
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: capacity) { buffer in
            guard let start = buffer.baseAddress else { return }
            var end = start
            func append(_ bytes: ByteView) {
                memcpy(end, bytes.start, bytes.count)
                end += bytes.count
            }
            append(prefix)
            end += writeInteger(Int64(database), to: end)
            append(separator)
            append(subject)
            body(ByteView(start, count: end - start))
        }
    }

    /// Whether who subscribes to `name` may get messages of such a channel.
    func mayMatch(_ name: ByteView, _ kind: Topic.Kind) -> Bool {
        let prefix = ByteView(prefix)
        var literal = name.count
        switch kind {
        case .channel: break
        case .pattern:
            literal = (0..<name.count).first { Self.isSpecial(name[$0]) } ?? name.count
            // The beginning of a pattern can only rule it out.
            if literal < min(name.count, prefix.count) { return name[0..<literal] == prefix[0..<literal] }
        case .shard, .value: return false
        }
        return literal >= prefix.count && name[0..<prefix.count] == prefix
    }

    /// Whether a byte of a pattern may stand for something else than itself.
    private static func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["), UInt8(ascii: "\\"): true
        default: false
        }
    }
}
