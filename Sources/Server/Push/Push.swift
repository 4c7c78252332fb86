import Glibc
import Primitives
import RESP

/// A message that connections get without having asked for it: encoded once, in both versions of the protocol, and shared
/// by all workers whose connections get it.
final class Push: Sendable {
    /// Both forms, one behind the other; they do not change. Owned.
    nonisolated(unsafe) private let block: UnsafeMutablePointer<UInt8>
    /// Length of the form for RESP2, which is in front; 0 where there is none.
    private let firstCount: Int
    private let secondCount: Int
    /// Whether there is one form for both.
    private let isUniform: Bool

    /// Encodes a message.
    ///
    /// - Parameters:
    ///   - isForResp2: whether connections of RESP2 get it too.
    ///   - encode: writes the message, whose header is `ReplyWriter.push`. Called once for each version.
    init(isForResp2: Bool = true, _ encode: (ReplyWriter) -> Void) {
        var buffer = ByteBuffer()
        let counts = withUnsafeMutablePointer(to: &buffer) { buffer in
            if isForResp2 { encode(ReplyWriter(output: buffer, version: 2)) }
            let first = buffer.pointee.count
            encode(ReplyWriter(output: buffer, version: 3))
            return (first: first, second: buffer.pointee.count - first)
        }
        (firstCount, secondCount) = counts
        isUniform = false
        block = .allocate(capacity: max(1, buffer.count))
        memcpy(block, buffer.view.start, buffer.count)
    }

    /// What both versions of the protocol write the same way.
    init(encoded: ByteView) {
        firstCount = 0
        secondCount = encoded.count
        isUniform = true
        block = .allocate(capacity: max(1, encoded.count))
        memcpy(block, encoded.start, encoded.count)
    }

    deinit { block.deallocate() }

    /// Bytes that it keeps in memory.
    var bytes: Int { firstCount + secondCount }

    /// Whether both are the same message.
    func equals(_ other: Push) -> Bool { form(3) == other.form(3) }

    /// The message as a connection of that version gets it; empty where it gets none.
    func form(_ version: UInt8) -> ByteView {
        version >= 3 || isUniform
            ? ByteView(block + firstCount, count: secondCount) : ByteView(block, count: firstCount)
    }
}
