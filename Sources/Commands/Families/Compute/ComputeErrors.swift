import Primitives

/// The errors of computed keys, each with a code of its own for clients to switch on.
extension CommandError {
    static let leaseLost = CommandError("LEASELOST The token stands for no computation that goes on")
    static let tooManyLeases = CommandError("ERR too many computations were begun on this connection")
    static let graphOutOfMemory = CommandError("OOM the dependency graph has reached compute-max-memory")
    static let tooManyDependencies = CommandError("ERR too many dependencies")
    static let invalidRevision = CommandError("ERR invalid rev")
    static let invalidTime = CommandError("ERR timeout is not an integer or out of range")
    static let countsLie = CommandError("ERR Number of keys can't be greater than number of args")

    static func staleDependency(_ name: [UInt8]) -> CommandError {
        CommandError(composed: "STALEDEP \(String(decoding: name.prefix(256), as: UTF8.self))")
    }

    static func computeFailed(_ message: [UInt8]) -> CommandError {
        CommandError(composed: "COMPUTEFAILED \(String(decoding: message, as: UTF8.self))")
    }
}

extension Call {
    /// A value would be derived from itself. The way names keys, which not every caller may hear of.
    func computeCycle(_ way: String) -> CommandError {
        let isShown = permitsAllKeys([.readOnly, .access])
        return CommandError(composed: "COMPUTECYCLE \(isShown ? way : "The value would be derived from itself")")
    }
}
