import Commands
import ComputedKeys
import Keyspace
import Testing

/// What commands on computed keys leave in the commit log. The clock stands at 1700000000000.
@Suite struct ComputeEffectsTests {
    private let server = Harness(DataFamilies.all, databases: 2)
    private let graph: DependencyGraph
    private let recorder: LogRecorder

    init() {
        graph = DependencyGraph(keyspace: server.keyspace, epoch: "e")
        recorder = LogRecorder(server)
    }

    private func run(_ command: String) -> String { server.run(command.split(separator: " ").map(String.init)) }

    /// What the last of the commands logs.
    private func log(_ commands: String...) -> String {
        for command in commands {
            _ = recorder.take()
            _ = run(command)
        }
        return recorder.takeText()
    }

    /// Begins a computation; its token.
    private func begin(_ key: String) -> String { TextReply(Array(run("COMPUTE.BEGIN \(key)").utf8))[1].text ?? "" }

    @Test func `COMPUTE.SET is logged with its time and what it names`() {
        #expect(
            log("COMPUTE.SET c v DEPS 2 a b TAGS 1 t EX 10 GRACE 5")
                == "COMPUTE.RESTORE c v PXAT 1700000010000 GRACE 5 TAGS 1 t DEPS 2 a b")
        #expect(log("COMPUTE.SET d v") == "COMPUTE.RESTORE d v")
        #expect(log("COMPUTE.SET c v DEPS 1 c") == "")
    }

    @Test func `COMPUTE.END is logged with all that was read, absent keys and other databases among it`() {
        let token = begin("c")
        _ = log("SET a 1", "GET a", "GET absent", "SELECT 1", "GET b", "COMPUTE.DEPEND \(token) TAGS 1 t", "SELECT 0")
        #expect(
            log("COMPUTE.END \(token) v COST 7") == "COMPUTE.RESTORE c v COST 7 TAGS 1 t DEPS 2 a absent DB 1 DEPS 1 b")
    }

    @Test func `What was stale when it was read is told apart`() {
        _ = log("SET a 1", "COMPUTE.SET d v DEPS 1 a", "SET a 2")
        let token = begin("c")
        _ = log("GET d")
        #expect(log("COMPUTE.END \(token) v COST 7") == "COMPUTE.RESTORE c v COST 7 STALE 1 d")
    }

    @Test func `What is not stored is not logged`() {
        let token = begin("c")
        #expect(log("GET a", "SET a 1", "COMPUTE.END \(token) v") == "")
        let other = begin("c")
        #expect(log("COMPUTE.FAIL \(other) no RETRY 1000") == "")
        #expect(log("COMPUTE.END \(other) v") == "")
    }

    @Test func `COMPUTE.INVALIDATE is logged as it came`() {
        #expect(log("COMPUTE.INVALIDATE TAGS 1 t") == "")
        #expect(
            log("COMPUTE.SET c v TAGS 1 t", "COMPUTE.INVALIDATE KEYS 1 c TAGS 1 t")
                == "COMPUTE.INVALIDATE KEYS 1 c TAGS 1 t")
    }

    @Test func `A transaction is one unit`() {
        #expect(
            log("MULTI", "SET a 1", "COMPUTE.SET c v DEPS 1 a", "COMPUTE.INVALIDATE KEYS 1 c", "GET c", "EXEC")
                == "SET a 1; COMPUTE.RESTORE c v DEPS 1 a; COMPUTE.INVALIDATE KEYS 1 c")
    }

    /// When what it was derived from has expired, or its grace is over, it would be served when the log is replayed.
    @Test(arguments: [
        "BITOP OR d x c", "SDIFFSTORE d s c", "SUNIONSTORE d s c", "ZUNIONSTORE d 2 s c", "PFMERGE d c",
        "SORT c STORE s", "COPY c d",
    ])
    func `A value that is not served is gone before something else is derived from it`(_ command: String) {
        _ = log("SET a 1 PX 10", "SET x v", "SADD s m", "COMPUTE.SET c v DEPS 1 a")
        server.now += 20
        let effects = log(command)
        #expect(effects.hasSuffix("DEL c") || effects.contains("DEL c; "), "\(effects)")
        let unit = log("MULTI", "COMPUTE.SET c v DEPS 1 a", "SET a 2", "COMPUTE.INFO c", command, "EXEC")
        #expect(unit.contains("; DEL c"))
    }

    @Test func `A value that is not served stays where it is only read`() {
        #expect(log("COMPUTE.SET c v DEPS 1 a", "SET a 1", "MGET c x") == "")
        #expect(run("COMPUTE.INFO c").contains("stale"))
    }

    @Test func `A stale value is gone before a command changes its key`() {
        #expect(log("COMPUTE.SET c v DEPS 1 a", "SET a 1", "APPEND c x") == "DEL c; APPEND c x")
        #expect(log("COMPUTE.SET c v DEPS 1 a", "SET a 1", "EXPIRE c 10") == "DEL c")
    }

    @Test func `Only what replays a log may restore`() {
        #expect(run("COMPUTE.RESTORE c v").hasPrefix("-ERR"))
        #expect(log("COMPUTE.RESTORE c v") == "")
    }

    @Test func `A value that is replayed turns stale, and fresh again, as it did`() {
        let replica = Harness.replica(databases: 2)
        let graph = DependencyGraph(keyspace: replica.keyspace, epoch: "f")
        _ = log("SET a 1", "COMPUTE.SET b v DEPS 1 a GRACE 5000", "COMPUTE.SET c w DEPS 1 b")
        _ = run("SET a 1")
        _ = run("COMPUTE.SET b v DEPS 1 a GRACE 5000")
        _ = run("COMPUTE.SET c w DEPS 1 b")
        #expect(replica.replay(recorder.take()) == nil)
        #expect(replica.run("GET", "c") == "$1\r\nw\r\n")
        // The same value again: what was derived from it is what it was.
        _ = run("SET a 2")
        #expect(replica.replay(recorder.take()) == nil)
        #expect(replica.run("GET", "c") == "$-1\r\n")
        _ = run("COMPUTE.SET b v DEPS 1 a GRACE 5000")
        #expect(replica.replay(recorder.take()) == nil)
        #expect(replica.run("GET", "c") == "$1\r\nw\r\n")
        #expect(GraphText(self.graph).difference(from: GraphText(graph)) == nil)
    }
}
