/// One node of a command's argument tree, as COMMAND DOCS answers it.
public struct Argument: Sendable, Equatable {
    /// The kinds of arguments, with the names of COMMAND DOCS.
    public enum Kind: String, Sendable {
        case string, integer, double, key, pattern, block
        case unixTime = "unix-time"
        /// A literal word and nothing else.
        case pureToken = "pure-token"
        /// One of the nested arguments.
        case oneOf = "oneof"
    }

    public var name: String
    public var kind: Kind
    /// What people read instead of the name.
    public var display: String?
    /// The literal word in front of the value, or that a pure token is.
    public var token: String?
    public var isOptional = false
    public var isMultiple = false
    /// Whether the token is repeated with each value.
    public var repeatsToken = false
    /// Of a key: which of the command's key specifications finds it.
    public var keySpecification: Int?
    /// The parts of a block, the choices of a `oneof`.
    public var arguments: [Argument] = []

    public init(_ name: String, _ kind: Kind, token: String? = nil) {
        self.name = name
        self.kind = kind
        self.token = token
    }

    /// The argument as people read it: values in angle brackets, what is optional in square ones.
    public var text: String {
        var text = token ?? ""
        if kind != .pureToken {
            if !text.isEmpty { text += " " }
            text += value
        }
        // What is optional brings brackets of its own.
        if isOptional, isMultiple, kind == .oneOf { return "[\(text) ...]" }
        if isOptional { return isMultiple ? "[\(text) [\(repeated(text)) ...]]" : "[\(text)]" }
        if isMultiple, kind == .oneOf { return text + " ..." }
        return isMultiple ? "\(text) [\(repeated(text)) ...]" : text
    }

    private func repeated(_ text: String) -> String { repeatsToken || kind == .pureToken ? text : value }

    private var value: String {
        switch kind {
        case .block: arguments.map(\.text).joined(separator: " ")
        case .oneOf where isOptional && token == nil: arguments.map(\.text).joined(separator: "|")
        case .oneOf: "(" + arguments.map(\.text).joined(separator: "|") + ")"
        default: "<\(display ?? name)>"
        }
    }
}
