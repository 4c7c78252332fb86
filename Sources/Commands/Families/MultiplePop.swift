import Primitives

/// What LMPOP, ZMPOP and their blocking forms are asked for: keys, of which the first that has something serves, an end, and
/// how many elements to take off it.
struct MultiplePop<End> {
    /// The arguments that are keys.
    let keys: Range<Int>
    let end: End
    let count: Int

    /// - Parameters:
    ///   - index: the argument that says how many keys follow.
    ///   - end: reads the end from the argument with its name.
    init(
        _ call: borrowing Call, keyCount index: Int,
        end: (borrowing Call, Int) throws(CommandError) -> End
    ) throws(CommandError) {
        let number = try call.integer(
            index, in: 1...Int64.max, or: CommandError("ERR numkeys should be greater than 0"))
        guard number < call.count - index - 1 else { throw .syntax }
        keys = index + 1..<index + 1 + number
        self.end = try end(call, keys.upperBound)
        var count: Int?
        for option in stride(from: keys.upperBound + 1, to: call.count, by: 2) {
            guard count == nil, option + 1 < call.count, call.isWord(option, "count") else { throw .syntax }
            count = try call.integer(
                option + 1, in: 1...Int64.max, or: CommandError("ERR count should be greater than 0"))
        }
        self.count = count ?? 1
    }
}
