import Glibc
import Primitives

/// A reply of many elements that is written before it is known how many they are, and at leisure: a long one becomes
/// what is answered without being copied.
///
/// Room for the header is left in front of the elements, which is written when their number is known.
public final class ReplyDraft: @unchecked Sendable {
    private let buffer: UnsafeMutablePointer<ByteBuffer>
    /// The longest header: a sign, 20 digits and a line end.
    private static let headroom = 32
    /// Longest draft that is copied, in bytes: the buffer for replies has more room than what is short should cost it.
    private static let copied = 64 * 1024

    public init() {
        buffer = .allocate(capacity: 1)
        buffer.initialize(to: ByteBuffer())
        _ = buffer.pointee.reserve(Self.headroom)
        buffer.pointee.commit(Self.headroom)
    }

    deinit {
        buffer.deinitialize(count: 1)
        buffer.deallocate()
    }

    /// Writes the elements, in the form that `version` has for them.
    public func writer(version: UInt8) -> ReplyWriter { ReplyWriter(output: buffer, version: version) }

    /// Takes memory for `count` more bytes, so that what is there need not be moved for them.
    public func reserve(_ count: Int) { _ = buffer.pointee.reserve(count) }

    /// Bytes of the elements so far.
    public var count: Int { buffer.pointee.count - Self.headroom }

    fileprivate func take(
        _ header: (ReplyWriter) -> Void, into output: UnsafeMutablePointer<ByteBuffer>, version: UInt8
    ) {
        var front = ByteBuffer()
        withUnsafeMutablePointer(to: &front) { header(ReplyWriter(output: $0, version: version)) }
        precondition(front.count <= Self.headroom)
        buffer.pointee.consume(Self.headroom - front.count)
        buffer.pointee.overwrite(front.view)
        if output.pointee.isEmpty, buffer.pointee.count > Self.copied {
            swap(&output.pointee, &buffer.pointee)
        } else {
            output.pointee.append(buffer.pointee.view)
        }
    }
}

extension ReplyWriter {
    /// Answers what was drafted, behind the header that `header` writes. The draft is of no use afterwards. A long one is not
    /// copied where nothing else waits to be sent.
    public func draft(_ draft: ReplyDraft, _ header: (ReplyWriter) -> Void) {
        draft.take(header, into: output, version: version)
    }
}
