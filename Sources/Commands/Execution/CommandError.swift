import Primitives

/// An error reply: its code in front, as clients switch on it, then the words of Redis.
public struct CommandError: Error {
    private enum Text {
        case fixed(StaticString)
        case composed(String)
        case none
    }

    private let text: Text

    public init(_ fixed: StaticString) { text = .fixed(fixed) }

    public init(composed: String) { text = .composed(composed) }

    private init(text: Text) { self.text = text }

    /// What a handler throws that has suspended the command: nothing is answered.
    static let suspended = CommandError(text: .none)

    var isSuspension: Bool {
        if case .none = text { return true }
        return false
    }

    /// The whole error, without the leading '-'.
    public var message: String {
        switch text {
        case .fixed(let fixed): fixed.description
        case .composed(let composed): composed
        case .none: ""
        }
    }
}

/// The errors that many commands share; those of one command stand beside it.
extension CommandError {
    public static let syntax = CommandError("ERR syntax error")
    public static let wrongType = CommandError("WRONGTYPE Operation against a key holding the wrong kind of value")
    public static let notInteger = CommandError("ERR value is not an integer or out of range")
    public static let notFloat = CommandError("ERR value is not a valid float")
    public static let unblocked = CommandError("UNBLOCKED client unblocked via CLIENT UNBLOCK")
    public static let outOfRange = CommandError("ERR value is out of range")
    static let outsideInt32 = CommandError(
        "ERR value is out of range, value must between -2147483648 and 2147483647")
    public static let mustBePositive = CommandError("ERR value is out of range, must be positive")
    public static let noSuchKey = CommandError("ERR no such key")
    public static let invalidCursor = CommandError("ERR invalid cursor")
    public static let databaseOutOfRange = CommandError("ERR DB index is out of range")
    public static let overflow = CommandError("ERR increment or decrement would overflow")
    public static let nanOrInfinity = CommandError("ERR increment would produce NaN or Infinity")
    public static let stringTooLong = CommandError("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
    public static let offsetOutOfRange = CommandError("ERR offset is out of range")
    public static let outOfMemory = CommandError("OOM command not allowed when used memory > 'maxmemory'.")
    public static let notAuthenticated = CommandError("NOAUTH Authentication required.")
    public static let loading = CommandError("LOADING Redis is loading the dataset in memory")
    static let fsyncWithoutLog = CommandError("ERR FSYNC cannot be used when appendonly is disabled.")
    public static let transactionAborted = CommandError(
        "EXECABORT Transaction discarded because of previous errors.")

    static let execWithoutMulti = CommandError("ERR EXEC without MULTI")

    /// An EXEC that could not run at all ends its transaction.
    static func transactionAborted(by error: CommandError) -> CommandError {
        let message = error.message
        let reason = message.hasPrefix("ERR ") ? message.dropFirst(4) : message[...]
        return CommandError(composed: "EXECABORT Transaction discarded because of: \(reason)")
    }

    /// - Parameter name: the command's full name, `client|kill` for a subcommand.
    public static func wrongArity(_ name: String) -> CommandError {
        CommandError(composed: "ERR wrong number of arguments for '\(name)' command")
    }

    public static func invalidExpiry(_ command: String) -> CommandError {
        CommandError(composed: "ERR invalid expire time in '\(command)' command")
    }

    /// In RESP2 a reply could not be told from a message.
    static func onlySubscribing(_ name: String) -> CommandError {
        CommandError(
            composed: "ERR Can't execute '\(name)': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are "
                + "allowed in this context")
    }

    /// A command that does not exist, with the start of what was sent so that its sender can find it.
    static func unknownCommand(_ arguments: UnsafeBufferPointer<ByteView>) -> CommandError {
        var preview = ""
        for argument in arguments.dropFirst() {
            guard preview.utf8.count < 128 else { break }
            preview += "'\(prefix(argument, 128 - preview.utf8.count))' "
        }
        let name = arguments.first.map { prefix($0, 128) } ?? ""
        return CommandError(composed: "ERR unknown command '\(name)', with args beginning with: \(preview)")
    }

    static func unknownSubcommand(_ subcommand: ByteView, of command: String) -> CommandError {
        CommandError(
            composed: "ERR unknown subcommand '\(prefix(subcommand, 128))'. Try \(command.uppercased()) HELP.")
    }

    /// At most `count` bytes of what was sent, up to the first NUL: Redis echoes C strings.
    private static func prefix(_ bytes: ByteView, _ count: Int) -> String {
        String(decoding: bytes[0..<min(bytes.count, count)].buffer.prefix { $0 != 0 }, as: UTF8.self)
    }
}
