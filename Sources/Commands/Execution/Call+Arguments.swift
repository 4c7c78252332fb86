import Keyspace
import Primitives

/// Arguments read as numbers and words.
extension Call {
    /// The argument as a 64-bit integer.
    @inline(__always)
    public func integer(_ index: Int, or error: CommandError = .notInteger) throws(CommandError) -> Int64 {
        guard let value = parseInteger(self[index]) else { throw error }
        return value
    }

    /// The argument as an integer in `range`.
    public func integer(
        _ index: Int, in range: ClosedRange<Int64>, or error: CommandError = .notInteger
    ) throws(CommandError) -> Int {
        let value = try integer(index, or: error)
        guard range.contains(value) else { throw error }
        return Int(value)
    }

    /// The argument as a floating-point number; infinities are, nan is not.
    public func double(_ index: Int, or error: CommandError = .notFloat) throws(CommandError) -> Double {
        guard let value = parseDouble(self[index]) else { throw error }
        return value
    }

    /// Whether the argument is `word` (lower case) when case is ignored.
    @inline(__always)
    public func isWord(_ index: Int, _ word: StaticString) -> Bool {
        self[index].equalsIgnoringCase(word)
    }

    /// The selected database's number from an argument.
    public func databaseNumber(_ index: Int) throws(CommandError) -> Int {
        let value = try integer(index)
        guard Int32(exactly: value) != nil else { throw .outsideInt32 }
        guard value >= 0, value < Int64(access.keyspace.databaseCount) else { throw .databaseOutOfRange }
        return Int(value)
    }
}
