import Keyspace
import Primitives
import RESP

/// The fields of a large hash, their values, or both.
struct HashStretches: AnswerStretches {
    enum Part {
        case fields, values, all
    }

    private let hash: HashValue
    private let part: Part
    private let now: Int64
    private var position: UInt64 = 0
    private var count = 0

    /// - Parameter now: decides which fields have expired.
    init(_ hash: HashValue, _ part: Part, now: Int64) {
        self.hash = hash
        self.part = part
        self.now = now
    }

    mutating func write(to reply: ReplyWriter) -> Bool {
        let part = part
        var written = 0
        position = hash.forEach(at: position, now: now) { field in
            if part != .values { reply.bulk(field.field) }
            if part != .fields { reply.bulk(field.value) }
            written &+= 1
        }
        count += written
        return position != 0
    }

    func writeHeader(to reply: ReplyWriter) { if part == .all { reply.map(count) } else { reply.array(count) } }
}

/// Many different fields of a hash, chosen at random.
struct HashSampleStretches: AnswerStretches {
    private var sample: HashSample
    private let withValues: Bool

    init(_ sample: HashSample, withValues: Bool) {
        self.sample = sample
        self.withValues = withValues
    }

    mutating func write(to reply: ReplyWriter) -> Bool {
        let withValues = withValues
        return sample.next { reply.field($0, withValues: withValues) }
    }

    func writeHeader(to reply: ReplyWriter) { reply.fields(sample.count, withValues: withValues) }
}

/// Many fields of a hash, chosen at random, of which any may repeat.
struct HashPickStretches: AnswerStretches {
    private let hash: HashValue
    private var wanted: Int
    private var left: Int
    private let now: Int64
    private var random: RandomGenerator
    private let withValues: Bool
    private let limit: Int
    private(set) var refusal: CommandError?

    /// - Parameter limit: the longest answer, in bytes.
    init(_ hash: HashValue, _ wanted: Int, now: Int64, _ random: RandomGenerator, withValues: Bool, limit: Int) {
        self.hash = hash
        self.wanted = wanted
        left = wanted
        self.now = now
        self.random = random
        self.withValues = withValues
        self.limit = limit
    }

    mutating func write(to reply: ReplyWriter) -> Bool {
        let withValues = withValues
        var stretch = Stretch(reply)
        var written = 0
        let isAny = hash.forEachRandomPick(left, now: now, using: &random) { field in
            reply.field(field, withValues: withValues)
            written &+= 1
            return stretch.continues(reply)
        }
        if !isAny { wanted = 0 }
        left = isAny ? left - written : 0
        if reply.output.pointee.count > limit { refusal = .outOfRange }
        return left > 0 && refusal == nil
    }

    func writeHeader(to reply: ReplyWriter) { reply.fields(wanted, withValues: withValues) }
}

extension ReplyWriter {
    /// The header of `count` fields, with their values or without.
    @inline(__always)
    func fields(_ count: Int, withValues: Bool) { array(withValues && version < 3 ? count * 2 : count) }

    /// A field behind that header: RESP3 pairs it with its value, RESP2 puts one behind the other.
    @inline(__always)
    func field(_ field: HashField, withValues: Bool) {
        guard withValues else { return bulk(field.field) }
        if version >= 3 { array(2) }
        bulk(field.field)
        bulk(field.value)
    }
}
