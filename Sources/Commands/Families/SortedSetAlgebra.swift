import Keyspace
import Primitives

/// What a union, intersection or difference of sorted sets is asked for: its operation and options, read from a call.
struct SortedSetAlgebra: Sendable {
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

    let operation: Operation
    let form: Form
    /// How the result is kept.
    let limits: SortedSetLimits
    /// One for each key; empty where none is given.
    private(set) var weights: [Double] = []
    private(set) var aggregate = Aggregate.sum
    /// The most members to count.
    private(set) var limit = Int.max
    private(set) var withScores = false

    /// The operation on the number of keys at `countAt`, and the keys, behind which the options are.
    static func parse(
        _ operation: Operation, _ call: inout Call, countAt: Int, form: Form
    ) throws(CommandError) -> (SortedSetAlgebra, keys: Range<Int>) {
        let count = try call.integer(countAt)
        guard count >= 1 else {
            throw CommandError(composed: "ERR at least 1 input key is needed for '\(call.name)' command")
        }
        guard count <= Int64(call.count - countAt - 1) else { throw .syntax }
        let keys = countAt + 1..<countAt + 1 + Int(count)
        // A tree at once for what nobody keeps: members do not come in order.
        let limits = form == .store ? call.limits.sortedSet : SortedSetLimits(maxListpackEntries: 0)
        var plan = SortedSetAlgebra(operation: operation, form: form, limits: limits)
        do throws(CommandError) {
            try plan.parseOptions(call, behind: keys)
        } catch {
            // What is wrong with the keys comes before what is wrong with the options.
            _ = try call.read(SortedSetCombination.self, keys)
            throw error
        }
        return (plan, keys)
    }

    private init(operation: Operation, form: Form, limits: SortedSetLimits) {
        self.operation = operation
        self.form = form
        self.limits = limits
    }

    private mutating func parseOptions(_ call: borrowing Call, behind keys: Range<Int>) throws(CommandError) {
        let combines = operation != .difference && form != .count
        var index = keys.upperBound
        while index < call.count {
            let left = call.count - index - 1
            if combines, left >= keys.count, call.isWord(index, "weights") {
                weights = []
                for offset in 1...keys.count {
                    weights.append(try call.double(index + offset, or: CommandError("ERR weight value is not a float")))
                }
                index += keys.count
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
}
