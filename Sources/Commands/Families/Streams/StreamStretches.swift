import Keyspace
import RESP

/// The entries of a long range of a stream.
struct StreamStretches: AnswerStretches {
    private var cursor: StreamCursor
    private let limit: Int
    private var count = 0

    /// - Parameter limit: how many there are at most; 0 for any number.
    init(_ cursor: StreamCursor, limit: Int) {
        self.cursor = cursor
        self.limit = limit
    }

    mutating func write(to reply: ReplyWriter) -> Bool {
        var stretch = Stretch(reply)
        while let entry = cursor.next() {
            reply.entry(entry)
            count += 1
            if count == limit { return false }
            guard stretch.continues(reply) else { return true }
        }
        return false
    }

    func writeHeader(to reply: ReplyWriter) { reply.array(count) }
}
