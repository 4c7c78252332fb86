import Keyspace
import Primitives
import RESP

/// Many different members of a set, chosen at random.
struct SetSampleStretches: AnswerStretches {
    private var sample: SetSample
    private let count: Int

    init(_ sample: SetSample, count: Int) {
        self.sample = sample
        self.count = count
    }

    mutating func write(to reply: ReplyWriter) -> Bool { sample.next { reply.bulk($0) } }

    func writeHeader(to reply: ReplyWriter) { reply.array(count) }
}

/// Many members of a set, chosen at random, of which any may repeat.
struct SetPickStretches: AnswerStretches {
    private let set: SetValue
    private let wanted: Int
    private var left: Int
    private var random: RandomGenerator
    private let limit: Int
    private(set) var refusal: CommandError?

    /// - Parameter limit: the longest answer, in bytes.
    init(_ set: SetValue, _ wanted: Int, _ random: RandomGenerator, limit: Int) {
        self.set = set
        self.wanted = wanted
        left = wanted
        self.random = random
        self.limit = limit
    }

    mutating func write(to reply: ReplyWriter) -> Bool {
        var stretch = Stretch(reply)
        var written = 0
        set.forEachRandomPick(left, using: &random) { member in
            reply.bulk(member)
            written &+= 1
            return stretch.continues(reply)
        }
        left -= written
        if reply.output.pointee.count > limit { refusal = .outOfRange }
        return left > 0 && refusal == nil
    }

    func writeHeader(to reply: ReplyWriter) { reply.array(wanted) }
}
