import ComputedKeys
import Glibc
import Keyspace
import Primitives
import Testing

@testable import Commands

/// Commands that wait, where others come between their beginning and their end.
@Suite struct WaitingTests {
    private static let outOfMemory = "-OOM command not allowed when used memory > 'maxmemory'.\r\n"
    /// More computed keys than a command marks at once.
    private static let many = 1 << 14 + 100

    private let server = Harness(DataFamilies.all, workers: 2)
    private let graph: DependencyGraph

    init() { graph = DependencyGraph(keyspace: server.keyspace, epoch: "e") }

    @discardableResult
    private func run(_ line: String, as client: Int = 0) -> String {
        server.client = client
        return server.run(line.split(separator: " ").map(String.init))
    }

    /// Executes what a client waits with once more, when it need not wait any longer.
    private func resume(_ line: String) -> String {
        server.client = 0
        server.finishJob()
        return run(line)
    }

    /// Lets no more memory be used than is, or as much as is wanted.
    private func limitMemory(_ isLimited: Bool) {
        server.executor.call.access.tellBudget()
        server.keyspace.budget.limit = isLimited ? server.keyspace.budget.used - 1 : 0
    }

    private func shard(_ key: String) -> Int {
        Keyspace.shardIndex(Array(key.utf8).withView { processHash($0) })
    }

    // MARK: Keys

    @Test func whoBeginsToWaitWhileAWriterWaitsForALockIsServedUnderAllThatItNeeds() throws {
        let names = (0..<1000).map { "k\($0)" }
        let source = try #require(names.first { (100..<200).contains(shard($0)) })
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

    @Test func whoeverExecutesAWaitingCommandInVainDoesNotHideAnotherOfItsKeys() throws {
        run("XADD k1 1-1 f v")
        #expect(run("XREAD BLOCK 0 STREAMS k1 k2 9-0 0").isEmpty)
        let suspended = server.session.pointee.suspension?.blocked
        let blocked = try #require(suspended)
        // Another worker looks whether `k1` has something for it, in vain.
        #expect(blocked.claim())
        let other = Primitives.Thread.start(name: "other") {
            usleep(20_000)
            blocked.unclaim()
        }
        run("XADD k2 1-1 f v", as: 1)
        other?.join()
        #expect(server.answers.count == 1)
        #expect(server.answers.first?.contains("k2") == true)
        #expect(blocked.isDone)
    }

    // MARK: Jobs

    /// `SET source`, alone or in a transaction, waits until what depends on it is marked.
    private func waitForCascade(_ lines: [String]) {
        for index in 0..<Self.many { run("COMPUTE.SET k\(index) v DEPS 1 source TAGS 1 tag") }
        for line in lines { run(line) }
        let isSuspended = server.session.pointee.isSuspended
        #expect(isSuspended)
    }

    private func store(_ key: String) {
        #expect(run("COMPUTE.SET \(key) v TAGS 1 tag", as: 1).contains("stored"))
    }

    @Test func aMarkingThatIsNeededNoLongerIsNotTakenForAnother() {
        waitForCascade(["SET source 1"])
        run("FLUSHALL", as: 1)
        #expect(resume("SET source 1") == "+OK\r\n")
        store("new")
        #expect(run("COMPUTE.INVALIDATE TAGS 1 tag") == ":1\r\n")
        #expect(run("GET new") == "$-1\r\n")
    }

    @Test func aMarkingWhoseCommandIsRefusedIsNotTakenForAnother() {
        waitForCascade(["SET source 1"])
        store("new")
        limitMemory(true)
        #expect(resume("SET source 1") == Self.outOfMemory)
        limitMemory(false)
        // It waits, for a marking of its own.
        #expect(run("COMPUTE.INVALIDATE TAGS 1 tag").isEmpty)
        #expect(resume("COMPUTE.INVALIDATE TAGS 1 tag") == ":1\r\n")
        #expect(run("GET new") == "$-1\r\n")
    }

    @Test func theMarkingOfATransactionIsNotTakenForThatOfItsCommands() {
        waitForCascade(["MULTI", "SET source 1", "COMPUTE.INVALIDATE TAGS 1 tag", "EXEC"])
        run("FLUSHALL", as: 1)
        store("new")
        #expect(resume("EXEC") == "*2\r\n+OK\r\n:1\r\n")
        #expect(run("GET new") == "$-1\r\n")
    }

    /// `a` and `b` become sets that are too large to be united at once.
    private func makeLargeSets() {
        for key in ["a", "b"] {
            run("SADD \(key) " + (0..<WorkLimits.inline).map(String.init).joined(separator: " "))
        }
    }

    private var watchedKeys: Int { server.executor.call.access.watchedKeyCount() }

    @Test func workWhoseCommandIsRefusedIsNotTakenForAnother() {
        makeLargeSets()
        run("SADD c 1")
        #expect(run("SUNIONSTORE d a b").isEmpty)
        #expect(watchedKeys == 2)
        limitMemory(true)
        #expect(resume("SUNIONSTORE d a b") == Self.outOfMemory)
        #expect(watchedKeys == 0)
        limitMemory(false)
        #expect(run("SUNIONSTORE e c f") == ":1\r\n")
    }

    @Test func workWhoseCommandFailsWatchesNothingAnyMore() {
        makeLargeSets()
        #expect(run("SINTER a b").isEmpty)
        run("SET b text", as: 1)
        #expect(resume("SINTER a b").hasPrefix("-WRONGTYPE"))
        #expect(watchedKeys == 0)
        #expect(run("SINTERCARD 2 a none") == ":0\r\n")
    }

    /// What a thread is given by another, which leaves it alone meanwhile.
    private struct Sent<Value>: @unchecked Sendable {
        let value: Value
        init(_ value: Value) { self.value = value }
    }
}
