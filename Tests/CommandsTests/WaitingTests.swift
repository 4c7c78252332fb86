import ComputedKeys
import Glibc
import Keyspace
import Primitives
import Testing

@testable import Commands

/// Commands that wait, where others come between their beginning and their end.
@Suite struct WaitingTests {
    private let server = Harness(DataFamilies.all, workers: 2)
    private let graph: DependencyGraph

    init() { graph = DependencyGraph(keyspace: server.keyspace, epoch: "e") }

    @discardableResult
    private func run(_ line: String, as client: Int = 0) -> String {
        server.client = client
        return server.run(line.split(separator: " ").map(String.init))
    }

    private func shard(_ key: String) -> Int {
        Keyspace.shardIndex(Array(key.utf8).withView { processHash($0) })
    }

    // MARK: Keys

    @Test func whoBeginsToWaitWhileAWriterWaitsForALockIsServedUnderAllThatItNeeds() throws {
        let names = (0..<1000).map { "k\($0)" }
        let source = try #require(names.first { shard($0) > 100 })
        let first = try #require(names.first { shard($0) < shard(source) })
        let target = try #require(names.first { shard($0) > shard(source) })
        run("RPUSH \(first) element")
        let other = Sent(Harness(DataFamilies.all, beside: server))
        server.keyspace.lock(shard(first))
        let writer = Primitives.Thread.start(name: "writer") {
            _ = other.value.run("LMOVE", first, source, "LEFT", "RIGHT")
        }
        // Time for the writer to get to the lock; without it the test finds out nothing.
        usleep(20_000)
        #expect(run("BLMOVE \(source) \(target) LEFT LEFT 0").isEmpty)
        server.keyspace.unlock(shard(first))
        writer?.join()
        #expect(other.value.answers == ["$7\r\nelement\r\n"])
        #expect(run("LRANGE \(target) 0 -1", as: 1) == "*1\r\n$7\r\nelement\r\n")
    }

    /// What a thread is given by another, which leaves it alone meanwhile.
    private struct Sent<Value>: @unchecked Sendable {
        let value: Value
        init(_ value: Value) { self.value = value }
    }
}
