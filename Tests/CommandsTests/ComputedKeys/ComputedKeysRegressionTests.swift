import Commands
import ComputedKeys
import Keyspace
import Primitives
import Testing

/// Single courses of events in which a computed key was once served that must not be, or worse.
@Suite struct ComputedKeysRegressionTests {
    private let server = Harness(DataFamilies.all)
    private let graph: DependencyGraph

    init() { graph = DependencyGraph(keyspace: server.keyspace, epoch: "e") }

    private func run(_ line: String) -> TextReply { TextReply(server.run(bytes: words(line))) }

    private func words(_ line: String) -> [[UInt8]] { line.split(separator: " ").map { Array($0.utf8) } }

    /// Begins a computation and returns its token.
    private func begin(_ key: String) -> String {
        let reply = run("COMPUTE.BEGIN \(key)")
        #expect(reply[0] == .bulk("lease"))
        return reply[1].text ?? ""
    }

    private func end(_ token: String, _ value: String, _ options: String = "") -> String? {
        run("COMPUTE.END \(token) \(value) \(options)")[0].text
    }

    @Test func whatIsBegunAgainAfterItsLeaseHasEndedLeavesNothingBehind() {
        for key in 0..<5 {
            #expect(run("COMPUTE.BEGIN k\(key) LEASE 1")[0] == .bulk("lease"))
            server.now += 10
            #expect(run("COMPUTE.BEGIN k\(key) LEASE 1")[0] == .bulk("lease"))
        }
        graph.sessionEnded(0)
        #expect(graph.report.nodes == 0)
        #expect(graph.report.leases == 0)
    }

    @Test func anExpiredValueIsNotCalledFresh() {
        #expect(run("COMPUTE.SET c v PX 5")[0] == .bulk("stored"))
        server.now += 10
        #expect(run("COMPUTE.BEGIN c")[0] == .bulk("lease"))
    }

    @Test func flushingWithinATransactionForgetsWhatItChangedBefore() {
        let token = begin("c")
        _ = run("GET s")
        #expect(end(token, "v") == "stored")
        for line in ["MULTI", "SET s 1", "FLUSHDB", "EXEC"] { _ = run(line) }
        #expect(run("GET c") == .null)
        #expect(begin("c") != "")
    }

    @Test func theExpiryOfAValueThatWasComputedWithinAnotherIsAChange() {
        let outer = begin("outer")
        let inner = begin("inner")
        #expect(end(inner, "v", "PX 5") == "stored")
        #expect(end(outer, "v") == "stored")
        #expect(run("GET outer") == .bulk("v"))
        server.now += 10
        #expect(run("GET outer") == .null)
    }

    @Test func theExpiryThatAValueGetsWhenItIsComputedAgainIsAChange() {
        let outer = begin("outer")
        #expect(end(begin("inner"), "v") == "stored")
        #expect(end(outer, "v") == "stored")
        #expect(run("COMPUTE.SET inner v PX 5")[0] == .bulk("stored"))
        #expect(run("GET outer") == .bulk("v"))
        server.now += 10
        #expect(run("GET outer") == .null)
    }

    @Test func whatHasReadAnOrdinaryValueIsSupersededWhenAComputedOneReplacesIt() {
        _ = run("SET inner ordinary")
        let outer = begin("outer")
        #expect(run("GET inner") == .bulk("ordinary"))
        #expect(end(begin("inner"), "computed") == "stored")
        #expect(end(outer, "ordinary") == "superseded")
    }

    @Test func anOuterComputationThatEndsFirstDependsOnWhatWasReadMeanwhile() {
        let outer = begin("outer")
        _ = begin("inner")
        _ = run("GET s")
        #expect(end(outer, "v") == "stored")
        _ = run("SET s 1")
        #expect(run("GET outer") == .null)
    }

    /// Where it takes locks that are held, this never ends.
    @Test func aPositionIsGivenWithinATransaction() {
        for line in ["MULTI", "SET s 1", "COMPUTE.REV"] { _ = run(line) }
        let revision = run("EXEC")[1].text ?? ""
        #expect(revision.hasPrefix("e-"))
        _ = run("SET s 2")
        #expect(run("COMPUTE.SET c v REV \(revision) DEPS 1 s") == .error("STALEDEP s"))
    }

    /// DEL of a stale value removes it, but changes nothing, so that nobody marks what was derived from its staleness.
    @Test func whatIsStillToBeMarkedIsKnownWhenAComputationEnds() {
        _ = run("COMPUTE.SET c v DEPS 1 s")
        _ = run("SET s 1")
        #expect(run("COMPUTE.SET b v DEPS 1 c")[0] == .bulk("stored"))
        let token = begin("a")
        #expect(run("GET b") == .bulk("v"))
        #expect(run("DEL c") == .integer(0))
        _ = end(token, "v")
        _ = run("COMPUTE.INVALIDATE KEYS 1 b")
        #expect(run("GET a") == .null)
    }

    /// A command that finds a stale value removes it, and nothing else may know the key then: that it has turned stale must
    /// not be forgotten with it.
    @Test func aStaleValueThatIsGoneHasChanged() {
        _ = run("COMPUTE.SET c 1 DEPS 1 s")
        let before = run("COMPUTE.REV").text ?? ""
        _ = run("SET s 2")
        #expect(run("DEL c") == .integer(0))
        #expect(run("COMPUTE.READ KEYS 1 c SINCE \(before)")[0][1] == .bulk("absent"))
        #expect(run("COMPUTE.SET d 1 REV \(before) DEPS 1 c") == .error("STALEDEP c"))
        let after = run("COMPUTE.REV").text ?? ""
        #expect(run("COMPUTE.SET d 1 REV \(after) DEPS 1 c")[0] == .bulk("stored"))
    }

    /// All changes of a transaction have one position, but a source that is written on both sides of a read has changed.
    @Test func whatIsReadBetweenTwoWritesOfATransactionHasChanged() {
        _ = run("COMPUTE.SET other v DEPS 1 s")
        for line in ["MULTI", "SET s 1", "COMPUTE.BEGIN c", "GET s", "SET s 2"] { _ = run(line) }
        let token = run("EXEC")[1][1].text ?? ""
        #expect(end(token, "1") == "superseded")
    }

    @Test func aCycleThroughTheAbsenceOfAKeyIsRefused() {
        let outer = begin("outer")
        let inner = begin("inner")
        #expect(run("GET outer") == .null)
        #expect(end(inner, "v") == "stored")
        #expect(run("COMPUTE.END \(outer) v") == .error("COMPUTECYCLE outer -> inner -> outer"))
    }

    /// An entry counts to 65,535; the graph has the rest, for as long as there is a value.
    @Test func readsAreCountedBeyondWhatAnEntryHolds() {
        func hits() -> TextReply { run("COMPUTE.INFO c")[9] }
        for line in ["COMPUTE.SET c v DEPS 1 s", "COMPUTE.SET derived v DEPS 1 c"] { _ = run(line) }
        let thousand = "MGET" + String(repeating: " c", count: 1000)
        for _ in 0..<70 { _ = run(thousand) }
        #expect(hits() == .integer(70_000))
        _ = run("COMPUTE.SET c other DEPS 1 s")
        #expect(hits() == .integer(70_000))
        _ = run("DEL c")
        #expect(hits() == .integer(0))
        for line in ["COMPUTE.SET c v DEPS 1 s", "GET c"] { _ = run(line) }
        #expect(hits() == .integer(1))
    }

    /// One thread notes that a key has changed; before it marks what was derived from that, another computes a value anew.
    @Test func earlyCutoffKnowsOfChangesThatAreStillToBeMarked() {
        #expect(run("COMPUTE.SET a v DEPS 1 s")[0] == .bulk("stored"))
        #expect(run("COMPUTE.SET b v DEPS 1 s")[0] == .bulk("stored"))
        #expect(run("COMPUTE.SET c derived DEPS 2 a b")[0] == .bulk("stored"))
        _ = run("SET s 1")
        Array("a".utf8).withView {
            graph.changed(
                Key($0), database: 0, event: .deleted, node: nil, deadline: nil, revision: graph.currentRevision)
        }
        var options = PublishOptions()
        options.isEqual = true
        Array("b".utf8).withView { [graph, now = server.now] in
            let key = Key($0)
            _ = server.executor.call.access.announce {
                graph.publish(key, database: 0, dependencies: [], since: nil, options, now: now, into: &$0)
            }
        }
        let state = Array("c".utf8).withView { graph.report(on: Key($0), database: 0, now: server.now)?.node.state }
        #expect(state?.description == "stale")
    }
}
