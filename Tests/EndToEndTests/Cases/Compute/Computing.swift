import Foundation
import Testing

/// What tests of computed keys say again and again.
extension RedisClient {
    /// Begins a computation; returns its token, or the empty text and a recorded failure where there was nothing to begin.
    func begin(_ key: String, _ options: String = "", at location: SourceLocation = #_sourceLocation) throws -> String {
        let reply = try run("COMPUTE.BEGIN \(key) \(options)")
        #expect(reply[0] == .bulk("lease"), "BEGIN \(key): \(reply)", sourceLocation: location)
        return reply[1].text ?? ""
    }

    /// Ends a computation; returns `stored`, `superseded` or the error.
    @discardableResult
    func end(_ token: String, _ value: String, _ options: String = "") throws -> String {
        let reply = try run("COMPUTE.END \(token) \(value) \(options)")
        return reply[0].text ?? reply.text ?? "\(reply)"
    }

    /// Computes a key, reading others; expects that the value is stored.
    func compute(
        _ key: String, _ value: String, reading keys: String..., options: String = "",
        at location: SourceLocation = #_sourceLocation
    ) throws {
        let token = try begin(key, at: location)
        for read in keys { try run("GET \(read)") }
        #expect(try end(token, value, options) == "stored", sourceLocation: location)
    }

    /// What COMPUTE.INFO calls the key's state.
    func state(_ key: String) throws -> String { try information(key, "state") }

    /// A field of COMPUTE.INFO.
    func information(_ key: String, _ field: String) throws -> String {
        let reply = try run("COMPUTE.INFO \(key)")
        return value(of: field, in: reply)
    }

    /// A field of COMPUTE.STATS.
    func statistic(_ field: String) throws -> Int { Int(value(of: field, in: try run("COMPUTE.STATS"))) ?? -1 }

    /// Names that COMPUTE.DEPS answers.
    func dependencies(_ key: String, _ options: String = "") throws -> Set<String> {
        let reply = try run("COMPUTE.DEPS \(key) \(options)").elements ?? []
        return Set(stride(from: 0, to: reply.count, by: 2).compactMap { reply[$0].text })
    }

    private func value(of field: String, in reply: Reply) -> String {
        guard let elements = reply.elements, let index = elements.firstIndex(of: .bulk(field)) else {
            return "\(reply)"
        }
        return reply[index + 1].text ?? reply[index + 1].description
    }
}

/// Asks until the answer is the expected one, for at most ten seconds.
func eventually(
    _ what: String = "", at location: SourceLocation = #_sourceLocation, _ holds: () throws -> Bool
) rethrows {
    for _ in 0..<2000 {
        if try holds() { return }
        usleep(5000)
    }
    Issue.record("did not come: \(what)", sourceLocation: location)
}

/// Sizes of tests that are as large as one wants to wait for; `FRESHET_TEST_GRAPH` sets them.
let graphSize = ProcessInfo.processInfo.environment["FRESHET_TEST_GRAPH"].flatMap { Int($0) } ?? 100_000
