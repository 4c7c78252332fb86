import Foundation
import TestSupport
import Testing

/// No read that starts after a write was answered, or after anyone saw the new value of the source, returns a value that
/// was derived from before it: on all workers, with everything that clients can do at once.
///
/// `FRESHET_SEED` sets the seed of what clients do; in which order their commands meet is not repeatable.
/// `FRESHET_OPERATIONS` sets how many commands are executed.
@Suite(.serialized) struct ComputedKeysModelTests {
    static let operations = Int(ProcessInfo.processInfo.environment["FRESHET_OPERATIONS"] ?? "") ?? 400_000
    private static let threads = 4
    private static let clientsOfThread = 6

    /// Executes about so many commands; returns what was wrong.
    private func violations(
        _ server: ServerProcess, operations: Int, seed: UInt64, isReported: Bool = true
    ) throws -> [ModelClient.Violation] {
        let world = SourceWorld()
        let results = Results()
        try inParallel(Self.threads) { thread in
            var random = SeededGenerator(seed &+ UInt64(thread))
            let clients = try (0..<Self.clientsOfThread).map { _ in
                try ModelClient(server, world, seed: random.next())
            }
            while results.commands < operations, results.violations.isEmpty {
                // Some turns of one client on end, so that computations come to an end before all has changed.
                for _ in 0..<8 {
                    let client = random.pick(clients)
                    for _ in 0..<Int.random(in: 1...8, using: &random) where try !client.turn() { break }
                }
                results.update(thread, clients)
            }
        }
        if isReported { print("\(results)") }
        return results.violations
    }

    @Test(arguments: [true, false])
    func nothingStaleIsServed(_ expiresActively: Bool) throws {
        guard !ServerKind.onlyFreshet.isEmpty else { return }
        let server = try ServerProcess(.freshet, ["--threads", "4"])
        try server.client().run("DEBUG SET-ACTIVE-EXPIRE \(expiresActively ? 1 : 0)")
        let found = try violations(server, operations: Self.operations / 2, seed: Seed.current)
        for violation in found { Issue.record("seed \(Seed.current): \(violation)") }
    }

    /// The test of this test: a server that remembers dependencies only when a computation ends, as a debug build can be
    /// told to, must be found out.
    @Test func dependenciesThatAreRememberedTooLateAreFound() throws {
        guard !ServerKind.onlyFreshet.isEmpty else { return }
        let server = try ServerProcess(.freshet, ["--threads", "4"])
        // A release build has no such thing.
        guard try server.client().run("DEBUG COMPUTE-FORGETS-READS 1") == .ok else { return }
        for attempt in 0..<20 {
            let found = try violations(
                server, operations: 100_000, seed: Seed.current &+ UInt64(attempt), isReported: false)
            if !found.isEmpty { return }
        }
        Issue.record("nothing was found")
    }
}

/// What the clients of all threads have done.
private final class Results: @unchecked Sendable, CustomStringConvertible {
    private let lock = NSLock()
    private var counts: [Int: [Int]] = [:]
    private var found: [ModelClient.Violation] = []

    var violations: [ModelClient.Violation] { lock.withLock { found } }
    var commands: Int { sum(0) }

    private func sum(_ index: Int) -> Int { lock.withLock { counts.values.reduce(0) { $0 + $1[index] } } }

    func update(_ thread: Int, _ clients: [ModelClient]) {
        func total(_ count: (ModelClient) -> Int) -> Int { clients.reduce(0) { $0 + count($1) } }
        let sums = [total(\.commands), total(\.served), total(\.stored), total(\.superseded)]
        let violation = clients.compactMap(\.violation).first
        lock.withLock {
            counts[thread] = sums
            if let violation { found.append(violation) }
        }
    }

    var description: String {
        "\(sum(0)) commands, \(sum(1)) values served, \(sum(2)) stored, \(sum(3)) superseded"
    }
}
