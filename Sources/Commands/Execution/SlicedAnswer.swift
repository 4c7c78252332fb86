import Keyspace
import Primitives
import RESP

/// A long answer about one value, in stretches. Commands whose answer is short write it at once and have none of these.
protocol AnswerStretches {
    /// Writes the next stretch, of which a `Stretch` says how long it may be; returns whether there is more.
    mutating func write(to reply: ReplyWriter) -> Bool
    /// Writes what stands before all stretches, when they have been written.
    func writeHeader(to reply: ReplyWriter)
    /// What is answered instead of them.
    var refusal: CommandError? { get }
    /// Bytes that will be written, where that is known.
    var expectedBytes: Int { get }
}

extension AnswerStretches {
    var expectedBytes: Int { 0 }
    var refusal: CommandError? { nil }
}

/// How much of an answer is written in one step: elements and bytes.
struct Stretch {
    private static let elements = 1024
    private static let bytes = 64 * 1024
    private var left = Self.elements
    private let end: Int

    init(_ reply: ReplyWriter) { end = reply.output.pointee.count + Self.bytes }

    /// Counts an element that was written; returns whether another one may be.
    @inline(__always)
    mutating func continues(_ reply: ReplyWriter) -> Bool {
        left &-= 1
        return left > 0 && reply.output.pointee.count < end
    }
}

/// Puts an answer together while its command waits.
final class SlicedAnswer<Stretches: AnswerStretches>: SlicedWork, @unchecked Sendable {
    fileprivate private(set) var stretches: Stretches
    fileprivate let draft = ReplyDraft()
    private let version: UInt8

    init(_ stretches: Stretches, version: UInt8) {
        self.stretches = stretches
        self.version = version
        draft.reserve(stretches.expectedBytes)
    }

    /// The command has looked already.
    static func accepts(_ type: ValueType) -> Bool { true }

    /// Whether it is much the command has found out.
    var effort: Int { .max }

    func advance() -> Bool { stretches.write(to: draft.writer(version: version)) }
}

extension Call {
    /// Whether an answer of `count` elements is so long that others should be served meanwhile.
    ///
    /// - Parameters:
    ///   - total: the number of elements of the value.
    ///   - bytes: what they take.
    @inline(__always)
    mutating func isLong(_ count: Int, of total: @autoclosure () -> Int, bytes: @autoclosure () -> Int) -> Bool {
        count > 16 && isLongAnswer(count, total(), bytes())
    }

    @inline(never)
    private mutating func isLongAnswer(_ count: Int, _ total: Int, _ bytes: Int) -> Bool {
        guard mayWait else { return false }
        return count > WorkLimits.inline
            || Double(bytes) / Double(total) * Double(count) > Double(WorkLimits.inlineBytes)
    }

    /// Answers what `stretches` write, in slices while the command waits. The command has read the key at `key` and found its
    /// value to be one that a long answer is to be given of.
    @inline(never)
    mutating func answer<Stretches: AnswerStretches>(_ stretches: Stretches, of key: Int) throws(CommandError) {
        // The key is read again, which counts.
        access.statistics.pointee.hits.add(-1)
        let version = reply.version
        let answer = try work(on: key..<key + 1) { _ in SlicedAnswer(stretches, version: version) }
        if let refusal = answer.stretches.refusal { throw refusal }
        reply.draft(answer.draft) { answer.stretches.writeHeader(to: $0) }
    }
}
