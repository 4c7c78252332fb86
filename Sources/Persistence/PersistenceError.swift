import Glibc

/// Why a file, or a serialised value, cannot be used.
public struct PersistenceError: Error, CustomStringConvertible, Sendable {
    /// What is wrong, for people: names the file and the offset where these are known.
    public let description: String
    public init(_ description: String) { self.description = description }

    /// - Parameter errno: what the system gave as the reason.
    public init(_ description: String, _ errno: CInt) {
        self.init("\(description): \(String(cString: strerror(errno)))")
    }
}
