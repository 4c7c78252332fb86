import Keyspace
import Primitives

/// The time to live that SET and GETEX take as an option: at most one kind of it.
struct ExpiryArgument {
    enum Kind {
        case none, seconds, milliseconds, atSeconds, atMilliseconds
        /// KEEPTTL, of SET only.
        case keep
        /// PERSIST, of GETEX only.
        case persist
    }

    enum Command {
        case set, getex
    }

    var kind = Kind.none
    /// The argument with the time.
    var index = 0

    /// Whether the time is a point in time rather than a duration.
    var isAbsolute: Bool { kind == .atSeconds || kind == .atMilliseconds }

    /// Reads the option at `index`; returns how many arguments it took, 0 where it is none of these or contradicts the one
    /// before.
    mutating func take(_ call: borrowing Call, _ index: Int, of command: Command) -> Int {
        let found: Kind
        if call.isWord(index, "ex") {
            found = .seconds
        } else if call.isWord(index, "px") {
            found = .milliseconds
        } else if call.isWord(index, "exat") {
            found = .atSeconds
        } else if call.isWord(index, "pxat") {
            found = .atMilliseconds
        } else if command == .set, call.isWord(index, "keepttl") {
            found = .keep
        } else if command == .getex, call.isWord(index, "persist") {
            found = .persist
        } else {
            return 0
        }
        guard kind == .none || kind == found else { return 0 }
        let takesTime = found != .keep && found != .persist
        if takesTime {
            guard index + 1 < call.count else { return 0 }
            self.index = index + 1
        }
        kind = found
        return takesTime ? 2 : 1
    }

    /// The time at which the key expires, in milliseconds since 1970; nil where the option gives none.
    func deadline(_ call: borrowing Call) throws(CommandError) -> Int64? {
        guard index > 0 else { return nil }
        var time = try call.integer(index)
        guard time > 0 else { throw .invalidExpiry(call.name) }
        if kind == .seconds || kind == .atSeconds {
            guard let milliseconds = time.secondsInMilliseconds else { throw .invalidExpiry(call.name) }
            time = milliseconds
        }
        if isAbsolute { return time }
        guard let deadline = time.adding(checked: call.now) else { throw .invalidExpiry(call.name) }
        return deadline
    }

    func update(_ deadline: Int64?) -> ExpiryUpdate {
        deadline.map { .at($0) } ?? (kind == .keep ? .keep : .clear)
    }
}

/// The options of SET.
struct SetOptions {
    /// When SET writes at all.
    enum Condition {
        case always, absent, present
        /// Of SET only.
        case value(ValueCondition)

        func holds(_ call: inout Call, _ key: Key) throws(CommandError) -> Bool {
            switch self {
            case .always: return true
            case .absent: return call.access.find(key) == nil
            case .present: return call.access.find(key) != nil
            case .value(let condition): return try condition.holds(call.findString(key), call)
            }
        }
    }

    var condition = Condition.always
    var returnsOld = false
    var expiry = ExpiryArgument()

    /// The commands that have such options.
    enum Command {
        case set, msetex
    }

    /// Reads what stands behind the values, from the argument `index` on.
    init(_ call: borrowing Call, from index: Int, of command: Command) throws(CommandError) {
        var index = index
        while index < call.count {
            let taken = expiry.take(call, index, of: .set)
            if taken > 0 {
                index += taken
                continue
            }
            switch condition {
            case .always where call.isWord(index, "nx"), .absent where call.isWord(index, "nx"): condition = .absent
            case .always where call.isWord(index, "xx"), .present where call.isWord(index, "xx"): condition = .present
            case _ where command == .set && call.isWord(index, "get"): returnsOld = true
            case .always where command == .set:
                guard let value = ValueCondition(call, index) else { throw .syntax }
                condition = .value(value)
                index += 1
            default: throw .syntax
            }
            index += 1
        }
    }
}
