/// How a client can break the protocol; each closes the connection after its error was answered.
public enum ProtocolError: Equatable, Sendable {
    case tooBigInline, tooBigCount, tooBigBulkCount
    case invalidMultibulkLength, unauthenticatedMultibulkLength
    case invalidBulkLength, unauthenticatedBulkLength
    case expectedBulk(got: UInt8)
    case unbalancedQuotes

    /// The error reply, with Redis's words.
    public var message: String {
        switch self {
        case .tooBigInline: "ERR Protocol error: too big inline request"
        case .tooBigCount: "ERR Protocol error: too big mbulk count string"
        case .tooBigBulkCount: "ERR Protocol error: too big bulk count string"
        case .invalidMultibulkLength: "ERR Protocol error: invalid multibulk length"
        case .unauthenticatedMultibulkLength: "ERR Protocol error: unauthenticated multibulk length"
        case .invalidBulkLength: "ERR Protocol error: invalid bulk length"
        case .unauthenticatedBulkLength: "ERR Protocol error: unauthenticated bulk length"
        case .expectedBulk(let byte):
            "ERR Protocol error: expected '$', got '\(String(decoding: [byte], as: UTF8.self))'"
        case .unbalancedQuotes: "ERR Protocol error: unbalanced quotes in request"
        }
    }
}
