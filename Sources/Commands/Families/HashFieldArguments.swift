import Keyspace
import Primitives
import RESP

/// How a command gives the time when a field expires.
struct FieldTime {
    enum Unit {
        case seconds, milliseconds
    }

    let unit: Unit
    /// What the time counts from, in milliseconds since 1970.
    let base: Int64

    /// The latest time, in milliseconds since 1970, that a field can expire at.
    static let latest: Int64 = 1 << 46 - 1
}

/// What the commands on fields with a time to live share.
extension Call {
    /// Throws where `key` holds something that is not a hash. For commands that find out before they read their arguments.
    mutating func checkHash(_ key: Key) throws(CommandError) {
        if let entry = access.find(key), entry.type != .hash { throw .wrongType }
    }

    /// The time at argument `index`, in milliseconds since 1970.
    func fieldExpiry(_ index: Int, _ time: FieldTime) throws(CommandError) -> Int64 {
        let value = try integer(index)
        guard value >= 0 else { throw CommandError("ERR invalid expire time, must be >= 0") }
        let milliseconds = time.unit == .seconds ? value.secondsInMilliseconds : value
        guard let milliseconds, milliseconds <= FieldTime.latest - time.base else { throw .invalidExpiry(name) }
        return milliseconds + time.base
    }

    /// The indices of the fields behind `FIELDS` at argument `index` and their number, to the last argument.
    func fields(
        at index: Int, or error: CommandError = CommandError("ERR Number of fields must be a positive integer")
    ) throws(CommandError) -> Range<Int> {
        guard index + 1 < count, isWord(index, "fields") else {
            throw CommandError("ERR Mandatory argument FIELDS is missing or not at the right position")
        }
        let number = try integer(index + 1, or: error)
        guard number > 0 else { throw error }
        guard number == count - index - 2 else {
            throw CommandError("ERR The `numfields` parameter must match the number of arguments")
        }
        return index + 2..<count
    }

    /// Answers for `fields` that there are none of these.
    func replyNoFields(_ fields: Range<Int>) {
        for _ in fields { reply.integer(-2) }
    }

    /// One of two events, to be returned from a change; where both happened the first is announced here.
    mutating func event(_ key: Key, _ first: KeyEvent?, _ second: KeyEvent?) -> KeyEvent? {
        guard let second else { return first }
        if let first { access.changed(key, first) }
        return second
    }
}

/// The fields that a command has changed, for the commit log.
struct FieldEffects {
    /// What has become of them.
    enum Change {
        case removed, staying
        /// Milliseconds since 1970.
        case expiring(Int64)
    }

    private let isLogging: Bool
    private var indices: [Int] = []

    init(_ call: borrowing Call) { isLogging = call.isLogging }

    /// Notes the field that is the argument at `index`.
    mutating func note(_ index: Int) { if isLogging { indices.append(index) } }

    /// Says what has become of the fields, if there are any.
    func log(_ change: Change, _ key: Key, _ call: inout Call) {
        guard !indices.isEmpty else { return }
        switch change {
        case .removed: call.log("HDEL", key, [], indices)
        case .staying: call.log("HPERSIST", key, [.word("FIELDS"), .number(Int64(indices.count))], indices)
        case .expiring(let time): call.logFieldExpiry(key, at: time, indices)
        }
    }
}
