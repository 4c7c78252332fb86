import Foundation

/// Lends running servers to tests: starting one costs more than most tests. A borrowed server belongs to one test
/// alone and is empty, so tests need no prefixes and may FLUSHALL; tests that change the configuration or stop the
/// server start their own `ServerProcess`.
public enum ServerPool {
    private static let lock = NSLock()
    private nonisolated(unsafe) static var idle: [ServerKind: [ServerProcess]] = [:]

    /// Runs `body` with a server that nobody else uses.
    public static func with<Result>(_ kind: ServerKind, _ body: (ServerProcess) throws -> Result) throws -> Result {
        let borrowed = lock.withLock { idle[kind]?.popLast() }
        let server = try borrowed ?? ServerProcess(kind)
        let client = try server.client()
        guard try client.send("FLUSHALL") == .ok else {
            throw ServerProcess.Failure(description: "FLUSHALL failed")
        }
        let result = try body(server)
        // After an error the server's state is unknown: it is not lent again.
        lock.withLock { idle[kind, default: []].append(server) }
        return result
    }
}
