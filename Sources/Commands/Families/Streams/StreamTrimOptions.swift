import Keyspace
import Primitives

/// The options of XADD and XTRIM in front of the ID: how the stream is trimmed, and whether it is created.
struct StreamTrimOptions {
    var trimming: StreamTrimming?
    var isApproximate = false
    /// Most entries that are removed; 0 for any number.
    var limit = 0
    var makesStream = true

    /// Reads options from argument 2 on; answers the position of the first that is none.
    ///
    /// - Parameter isAdding: whether an ID ends them, as XADD has it; else all arguments are options.
    mutating func parse(_ call: borrowing Call, isAdding: Bool) throws(CommandError) -> Int {
        var index = 2
        var givenLimit: Int?
        options: while index < call.count {
            let hasMore = index + 1 < call.count
            if isAdding, call[index].count == 1, call[index][0] == UInt8(ascii: "*") { break }
            if hasMore, call.isWord(index, "maxlen") {
                index = try strategy(call, index)
                let length = try call.integer(index)
                guard length >= 0 else { throw CommandError("ERR The MAXLEN argument must be >= 0.") }
                trimming = .length(Int(length))
            } else if hasMore, call.isWord(index, "minid") {
                index = try strategy(call, index)
                trimming = .minimum(try call.streamID(index))
            } else if hasMore, call.isWord(index, "limit") {
                index += 1
                let limit = try call.integer(index)
                guard limit >= 0 else { throw CommandError("ERR The LIMIT argument must be >= 0.") }
                givenLimit = Int(limit)
            } else if isAdding, call.isWord(index, "nomkstream") {
                makesStream = false
            } else if isAdding {
                break options
            } else {
                throw .syntax
            }
            index += 1
        }
        if isAdding, index < call.count, StreamIDRequest(call[index]) == nil { throw .invalidStreamID }
        // Redis logs with LIMIT what it has trimmed, and to where.
        if call.isReplaying { givenLimit = givenLimit.map { _ in 0 } }
        try settle(givenLimit, call.limits.stream, isAdding: isAdding, isReplaying: call.isReplaying)
        return index
    }

    /// Reads what stands between MAXLEN or MINID at `index` and its value; answers the value's position.
    private mutating func strategy(_ call: borrowing Call, _ index: Int) throws(CommandError) -> Int {
        guard trimming == nil else {
            throw CommandError(
                "ERR syntax error, MAXLEN and MINID options at the same time are not compatible")
        }
        isApproximate = false
        guard index + 2 < call.count, call[index + 1].count == 1 else { return index + 1 }
        switch call[index + 1][0] {
        case UInt8(ascii: "~"):
            isApproximate = true
            return index + 2
        case UInt8(ascii: "="): return index + 2
        default: return index + 1
        }
    }

    /// Works out how many entries are removed at most. What is approximate may be done in steps.
    private mutating func settle(
        _ given: Int?, _ limits: StreamLimits, isAdding: Bool, isReplaying: Bool
    ) throws(CommandError) {
        if given != nil, given != 0, trimming == nil {
            throw CommandError("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy")
        }
        if !isAdding, trimming == nil {
            throw CommandError("ERR syntax error, XTRIM must be called with a trimming strategy")
        }
        if let given {
            guard isApproximate || isReplaying else {
                throw CommandError("ERR syntax error, LIMIT cannot be used without the special ~ option")
            }
            limit = given
        } else if isApproximate {
            let steps = limits.maxBlockEntries.multiplied(checked: 100) ?? .max
            limit = steps == 0 ? 10_000 : min(steps, 1_000_000)
        }
    }
}
