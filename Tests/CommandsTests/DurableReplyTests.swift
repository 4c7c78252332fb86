import Commands
import Keyspace
import Testing

/// What must be on the disk before commands behind `FSYNC`, and those of connections that ask for that, are answered. The
/// log counts what was executed: a command or a transaction is one.
@Suite struct DurableReplyTests {
    private let server = Harness(DataFamilies.all + [[Self.prefix]])
    private let recorder: LogRecorder

    init() { recorder = LogRecorder(server) }

    /// As the server has it.
    private static let prefix = Command(
        "fsync", arity: -2, flags: [], group: .generic, since: "7.4.0", summary: "", handler: { _ in })

    @discardableResult
    private func run(_ line: String, as client: Int = 0) -> String {
        server.client = client
        return server.run(line.split(separator: " ").map(String.init))
    }

    /// The position that the first client's replies wait for.
    private var awaited: UInt64 {
        server.client = 0
        return server.session.pointee.awaitedPosition
    }

    private func asksForTheDisk() {
        server.client = 0
        server.session.pointee.state.insert(.durable)
    }

    /// Executes what the first client waits with once more, with the answer that others have found.
    private func resume(_ line: String) -> String {
        server.client = 0
        server.takeAnswers()
        return run(line)
    }

    // MARK: Calls that others execute

    @Test func `What waits for keys behind FSYNC waits for what was logged in its place`() {
        #expect(run("FSYNC BLPOP list 0").isEmpty)
        run("SET other v", as: 1)
        #expect(run("RPUSH list a", as: 1) == ":1\r\n")
        // SET, RPUSH and the removal.
        #expect(resume("FSYNC BLPOP list 0") == "*2\r\n$4\r\nlist\r\n$1\r\na\r\n")
        #expect(awaited == 3)
        #expect(server.session.pointee.state.isEmpty)
    }

    @Test(arguments: [
        ("BLPOP list 0", "RPUSH list a"), ("BLMOVE list target LEFT LEFT 0", "RPUSH list a"),
        ("BZPOPMIN list 0", "ZADD list 1 a"), ("XREADGROUP GROUP g c BLOCK 0 STREAMS stream >", "XADD stream 1-1 f v"),
    ])
    func `What a connection that asks for the disk waits with does so too`(_ waiting: String, _ change: String) {
        run("XGROUP CREATE stream g $ MKSTREAM", as: 1)
        asksForTheDisk()
        #expect(run(waiting).isEmpty)
        let before = awaited
        run(change, as: 1)
        #expect(!resume(waiting).isEmpty)
        #expect(awaited > before)
    }

    @Test func `A transaction lets what it serves wait for both`() {
        #expect(run("FSYNC BLPOP list 0").isEmpty)
        run("MULTI", as: 1)
        run("RPUSH list a b", as: 1)
        run("SET k v", as: 1)
        run("EXEC", as: 1)
        #expect(!resume("FSYNC BLPOP list 0").isEmpty)
        #expect(awaited == 2)
    }

    @Test func `What has changed nothing waits for nothing`() {
        asksForTheDisk()
        #expect(run("XREAD BLOCK 0 STREAMS stream 0").isEmpty)
        run("XADD stream 1-1 f v", as: 1)
        #expect(!resume("XREAD BLOCK 0 STREAMS stream 0").isEmpty)
        #expect(awaited == 0)
    }

    @Test func `Who does not ask for the disk does not wait for it`() {
        #expect(run("BLPOP list 0").isEmpty)
        run("RPUSH list a", as: 1)
        #expect(!resume("BLPOP list 0").isEmpty)
        #expect(awaited == 0)
    }

    @Test func `An answer is given also where the log has ended meanwhile`() {
        #expect(run("FSYNC BLPOP list 0").isEmpty)
        run("RPUSH list a", as: 1)
        server.keyspace.isLogging = false
        #expect(resume("FSYNC BLPOP list 0") == "*2\r\n$4\r\nlist\r\n$1\r\na\r\n")
        #expect(run("GET k") == "$-1\r\n")
    }

    // MARK: Transactions

    @Test(arguments: [["MULTI", "FSYNC SET k v", "SET l v"], ["FSYNC MULTI", "SET k v"]])
    func `What is queued behind FSYNC lets the transaction wait`(_ lines: [String]) {
        for line in lines { run(line) }
        #expect(awaited == 0)
        #expect(run("EXEC").hasSuffix("+OK\r\n"))
        #expect(awaited == 1)
        run("MULTI")
        run("SET k w")
        run("EXEC")
        #expect(awaited == 1)
    }

    @Test func `A transaction that was discarded leaves nothing of that`() {
        for line in ["MULTI", "FSYNC SET k v", "DISCARD", "MULTI", "SET k v", "EXEC"] { run(line) }
        #expect(awaited == 0)
    }
}
