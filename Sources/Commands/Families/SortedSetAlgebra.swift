import Keyspace
import Primitives
import RESP

/// A union, intersection or difference of sorted sets, and of sets, whose members all count 1: its operands and options,
/// read from a call, and its result.
///
/// Operands are good until a key is changed. Scores are combined in the order of the operands' sizes, the smallest first,
/// which is the order that tells when rounding does.
struct SortedSetAlgebra {
    enum Operation {
        case union, intersection, difference
    }

    /// What becomes of the result, and so which options there are.
    enum Form {
        case answer, store, count
    }

    enum Aggregate {
        case sum, minimum, maximum

        /// A sum of opposite infinities is 0.
        @inline(__always)
        func callAsFunction(_ a: Double, _ b: Double) -> Double {
            switch self {
            case .sum:
                let sum = a + b
                return sum.isNaN ? 0 : sum
            case .minimum: return min(a, b)
            case .maximum: return max(a, b)
            }
        }
    }

    private struct Operand {
        /// Nil where there is no such key.
        let value: ScoredMembers?
        var weight = 1.0

        var count: Int { value?.count ?? 0 }

        /// Infinity times nothing is 0.
        @inline(__always)
        func weighted(_ score: Double) -> Double {
            let product = weight * score
            return product.isNaN ? 0 : product
        }
    }

    private let operation: Operation
    private var operands: [Operand] = []
    private var aggregate = Aggregate.sum
    /// The most members to count; 0 for all.
    private var limit = Int.max
    private(set) var withScores = false

    /// Reads the number of keys at `countAt`, the keys and the options behind them.
    init(_ operation: Operation, _ call: inout Call, countAt: Int, form: Form) throws(CommandError) {
        self.operation = operation
        let count = try call.integer(countAt)
        guard count >= 1 else {
            throw CommandError(composed: "ERR at least 1 input key is needed for '\(call.name)' command")
        }
        guard count <= Int64(call.count - countAt - 1) else { throw .syntax }
        let end = countAt + 1 + Int(count)
        operands.reserveCapacity(Int(count))
        for index in countAt + 1..<end {
            let entry = call.access.read(call.key(index))
            operands.append(Operand(value: try entry.map { entry throws(CommandError) in try ScoredMembers(entry) }))
        }
        try parseOptions(call, from: end, form)
    }

    private mutating func parseOptions(_ call: borrowing Call, from start: Int, _ form: Form) throws(CommandError) {
        let combines = operation != .difference && form != .count
        var index = start
        while index < call.count {
            let left = call.count - index - 1
            if combines, left >= operands.count, call.isWord(index, "weights") {
                for operand in operands.indices {
                    operands[operand].weight = try call.double(
                        index + 1 + operand, or: CommandError("ERR weight value is not a float"))
                }
                index += operands.count
            } else if combines, left >= 1, call.isWord(index, "aggregate") {
                index += 1
                aggregate = try Self.aggregate(call, index)
            } else if form == .answer, call.isWord(index, "withscores") {
                withScores = true
            } else if form == .count, left >= 1, call.isWord(index, "limit") {
                index += 1
                let error = CommandError("ERR LIMIT can't be negative")
                let limit = try call.integer(index, in: 0...Int64.max, or: error)
                self.limit = limit == 0 ? Int.max : limit
            } else {
                throw .syntax
            }
            index += 1
        }
    }

    private static func aggregate(_ call: borrowing Call, _ index: Int) throws(CommandError) -> Aggregate {
        if call.isWord(index, "sum") { return .sum }
        if call.isWord(index, "min") { return .minimum }
        if call.isWord(index, "max") { return .maximum }
        throw .syntax
    }

    // MARK: Results

    /// The resulting set, which is the caller's.
    func result(limits: SortedSetLimits) -> SortedSetValue {
        switch operation {
        case .union: return union(limits)
        case .difference: return difference(limits)
        case .intersection:
            var result = SortedSetValue.make()
            forEachCommon { member, score in
                result.insert(member, score, limits: limits)
                return true
            }
            return result
        }
    }

    func intersectionCount() -> Int {
        var count = 0
        forEachCommon { _, _ in
            count += 1
            return count < limit
        }
        return count
    }

    private func union(_ limits: SortedSetLimits) -> SortedSetValue {
        let ordered = operands.sorted { $0.count < $1.count }
        // The first to come is in order already, unless a weight turns it around or rounds scores to equal ones. Where the
        // order of the rest does not matter, that is the largest.
        let isCommutative = ordered.count == 2 || aggregate != .sum
        let sets = isCommutative ? ordered.reversed() : ordered
        var result = SortedSetValue.make()
        for operand in sets {
            guard let value = operand.value else { continue }
            if result.isEmpty, operand.weight == 1, case .sorted(let value) = value {
                result.destroy()
                result = value.rebuilt(limits)
                continue
            }
            value.forEach { member, score in
                let score = operand.weighted(score)
                result.update(member, limits: limits) { $0.map { aggregate($0, score) } ?? score }
                return true
            }
        }
        return result
    }

    private func difference(_ limits: SortedSetLimits) -> SortedSetValue {
        switch operands[0].value {
        case .sorted?:
            var builder = SortedSetBuilder(limits: limits)
            forEachDifferent { builder.append($0, $1) }
            return builder.finish()
        case .plain?:
            // Nothing says in which order they come.
            var result = SortedSetValue.make()
            forEachDifferent { result.insert($0, $1, limits: limits) }
            return result
        case nil: return .make()
        }
    }

    /// Hands the members of the first operand that no other has to `body`.
    @inline(__always)
    private func forEachDifferent(_ body: (ByteView, Double) -> Void) {
        operands[0].value?.forEach { member, score in
            for other in operands[1...] where other.value?.score(of: member) != nil { return true }
            body(member, score)
            return true
        }
    }

    /// Hands the members that all operands have to `body`, with their combined scores, until it answers false.
    @inline(__always)
    private func forEachCommon(_ body: (ByteView, Double) -> Bool) {
        let ordered = operands.sorted { $0.count < $1.count }
        guard let smallest = ordered.first, let value = smallest.value else { return }
        value.forEach { member, score in
            var combined = smallest.weighted(score)
            for other in ordered[1...] {
                guard let score = other.value?.score(of: member) else { return true }
                combined = aggregate(combined, other.weighted(score))
            }
            return body(member, combined)
        }
    }
}

/// Members with scores: those of a sorted set, or those of a set, each with the score 1.
enum ScoredMembers {
    case sorted(SortedSetValue)
    case plain(SetValue)

    init(_ entry: Entry) throws(CommandError) {
        switch entry.type {
        case .sortedSet: self = .sorted(entry.aggregate(SortedSetValue.self))
        case .set: self = .plain(entry.aggregate(SetValue.self))
        default: throw .wrongType
        }
    }

    var count: Int {
        switch self {
        case .sorted(let value): value.count
        case .plain(let value): value.count
        }
    }

    /// The score of `member`; nil where it is not there.
    @inline(__always)
    func score(of member: ByteView) -> Double? {
        switch self {
        case .sorted(let value): value.score(of: member)
        case .plain(let value): value.contains(member) ? 1 : nil
        }
    }

    /// Hands all members to `body` until it answers false.
    @inline(__always)
    func forEach(_ body: (ByteView, Double) -> Bool) {
        switch self {
        case .sorted(let value): value.forEach(body)
        case .plain(let value):
            var position: UInt64 = 0
            var goesOn = true
            repeat {
                position = value.forEach(at: position) { element in
                    if goesOn { goesOn = element.value.withBytes { body($0, 1) } }
                }
            } while goesOn && position != 0
        }
    }
}

extension SortedSetValue {
    /// A set of its own with the same members, in the encoding that `limits` ask for. O(n).
    fileprivate func rebuilt(_ limits: SortedSetLimits) -> SortedSetValue {
        var builder = SortedSetBuilder(expected: count, limits: limits)
        forEach { member, score in
            builder.append(member, score)
            return true
        }
        return builder.finish()
    }
}
