import Keyspace
import Primitives

/// What commands leave in the commit log.
///
/// A command is logged as it came, where it has changed something; that is right for one whose outcome is given by the keys
/// alone. Any other says what it has done, by one or several of these calls, once for each command that does it again.
/// Those are commands that Redis 7.0 has, as far as there are any that do it.
extension Call {
    /// Whether what the command does is logged. Commands that go to some length to say what they have done ask first.
    @inline(__always)
    public var isLogging: Bool { access.isLogging }

    /// Says what the command has done: `body` adds `arguments` arguments, the name of a command first.
    @inline(__always)
    public mutating func log(arguments: Int, _ body: (inout Effects) -> Void) {
        guard isLogging else { return }
        access.effects.isReplaced = true
        access.effects.begin(database: access.database, arguments: arguments)
        body(&access.effects)
    }

    /// Says that nothing of what the command has done is logged as what came. Only for one that has changed something.
    @inline(__always)
    public mutating func logsNothing() { if isLogging { access.effects.isReplaced = true } }

    /// Says that the command was, for the key, as good as another with nothing but the key.
    mutating func log(_ name: StaticString, _ key: Key) {
        log(arguments: 2) {
            $0.append(name)
            $0.append(key.bytes)
        }
    }

    /// Says that the command was as good as another with the key and a number.
    mutating func log(_ name: StaticString, _ key: Key, _ number: Int64) {
        log(arguments: 3) {
            $0.append(name)
            $0.append(key.bytes)
            $0.append(number)
        }
    }

    /// Says that the command has set a string, and what became of its time to live.
    @inline(never)
    mutating func logString(_ key: Key, _ value: ByteView, _ expiry: ExpiryUpdate) {
        guard isLogging else { return }
        switch expiry {
        case .clear:
            log(arguments: 3) {
                $0.append("SET")
                $0.append(key.bytes)
                $0.append(value)
            }
        case .keep:
            log(arguments: 4) {
                $0.append("SET")
                $0.append(key.bytes)
                $0.append(value)
                $0.append("KEEPTTL")
            }
        case .at(let time):
            log(arguments: 5) {
                $0.append("SET")
                $0.append(key.bytes)
                $0.append(value)
                $0.append("PXAT")
                $0.append(time)
            }
        }
    }

    /// Says that what the command has done has made a key the string that it holds now.
    mutating func logString(_ key: Key) {
        guard isLogging, let entry = access.find(key), entry.type == .string else { return }
        logString(key, entry.text(scratch: scratch), entry.expiry.map { .at($0) } ?? .clear)
    }

    /// Says that the command was as good as another with the key, `options` of which each is a word or a number, and the
    /// arguments at `indices`.
    mutating func log(_ name: StaticString, _ key: Key, _ options: [EffectOption], _ indices: [Int]) {
        guard isLogging, !indices.isEmpty else { return }
        let arguments = arguments
        log(arguments: 2 + options.count + indices.count) { effects in
            effects.append(name)
            effects.append(key.bytes)
            for option in options {
                switch option {
                case .word(let word): effects.append(word)
                case .number(let number): effects.append(number)
                }
            }
            for index in indices { effects.append(arguments[index]) }
        }
    }

    /// Adds the command to what is logged, if it is to be and has not said what it has done.
    @inline(never)
    mutating func logEffects(_ entry: CommandEntry) {
        let isReplaced = access.effects.isReplaced
        access.effects.isReplaced = false
        if entry.isLogged, !isReplaced, access.hasEffects { logAsItCame() }
        access.settleEffects()
    }

    /// Adds the command to what is logged.
    mutating func logAsItCame() {
        access.effects.begin(database: session.pointee.database, arguments: arguments.count)
        for argument in arguments { access.effects.append(argument) }
    }
}

/// An argument of a logged command that is not one of the call's.
enum EffectOption {
    case word(StaticString)
    case number(Int64)
}

/// A logged command for each of many elements of a key, with as many of them in one as is good to read.
struct EffectBatch {
    private static let size = 1024
    private let name: StaticString
    private let key: ByteView
    private let database: Int
    private var left: Int
    private var inCommand = 0

    /// - Parameter count: how many elements will be added.
    init(_ name: StaticString, _ key: Key, database: Int, count: Int) {
        self.name = name
        self.key = key.bytes
        self.database = database
        left = count
    }

    /// Adds the next element.
    mutating func append(_ element: ListpackElement, to effects: inout Effects) {
        if inCommand == 0 {
            inCommand = min(left, Self.size)
            effects.begin(database: database, arguments: 2 + inCommand)
            effects.append(name)
            effects.append(key)
        }
        effects.append(element)
        left -= 1
        inCommand -= 1
    }
}
