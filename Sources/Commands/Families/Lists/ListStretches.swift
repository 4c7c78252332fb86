import Keyspace
import RESP

/// The elements of a list in a long range of indices, which exist.
struct ListStretches: AnswerStretches {
    private let list: ListValue
    private let count: Int
    private var rest: Range<Int>

    init(_ list: ListValue, _ range: Range<Int>) {
        self.list = list
        count = range.count
        rest = range
    }

    mutating func write(to reply: ReplyWriter) -> Bool {
        var stretch = Stretch(reply)
        var next = rest.lowerBound
        list.forEach(rest) { element in
            reply.bulk(element)
            next &+= 1
            return stretch.continues(reply)
        }
        rest = next..<rest.upperBound
        return !rest.isEmpty
    }

    func writeHeader(to reply: ReplyWriter) { reply.array(count) }
}
