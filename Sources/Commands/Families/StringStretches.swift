import Keyspace
import Primitives
import RESP

/// A long text.
struct TextStretches: AnswerStretches {
    private static let stretch = 128 * 1024
    private let text: ByteView
    private var written = 0

    init(_ text: ByteView) { self.text = text }

    var expectedBytes: Int { text.count + 2 }

    mutating func write(to reply: ReplyWriter) -> Bool {
        let end = min(written + Self.stretch, text.count)
        reply.raw(text[written..<end])
        written = end
        guard written == text.count else { return true }
        reply.raw("\r\n")
        return false
    }

    func writeHeader(to reply: ReplyWriter) { reply.bulkHeader(text.count) }
}

/// How many bits are set in a long text.
struct BitCountStretches: AnswerStretches {
    private static let stretch = 128 * 1024
    private let text: ByteView
    private var position = 0
    private var count: Int

    /// - Parameter excess: bits of the text that do not count.
    init(_ text: ByteView, excess: Int) {
        self.text = text
        count = -excess
    }

    mutating func write(to reply: ReplyWriter) -> Bool {
        let end = min(position + Self.stretch, text.count)
        count += bitCount(text[position..<end])
        position = end
        return position < text.count
    }

    func writeHeader(to reply: ReplyWriter) { reply.integer(count) }
}

extension Call {
    /// Answers a part of the string at the key at `key`, in slices where it is long. Not for the text of an integer.
    @inline(__always)
    mutating func answer(_ text: ByteView, of key: Int) throws(CommandError) {
        if text.count > WorkLimits.inlineBytes, mayWait { return try answer(TextStretches(text), of: key) }
        reply.bulk(text)
    }
}
