import Commands
import Keyspace
import Testing

/// A command, what was executed before it, and what it must log.
struct EffectCase: CustomTestStringConvertible, Sendable {
    let before: [String]
    let command: String
    let log: String

    /// - Parameter before: executed before, not looked at.
    init(_ before: String..., then command: String, logs log: String) {
        self.before = before
        self.command = command
        self.log = log
    }

    var testDescription: String { command }
}

/// What commands leave in the commit log, word by word. The clock stands at 1700000000000.
@Suite struct EffectsTests {
    private func check(_ test: EffectCase) {
        let server = Harness(DataFamilies.all, databases: 2)
        let recorder = LogRecorder(server)
        for command in test.before { server.run(words(command)) }
        _ = recorder.take()
        server.run(words(test.command))
        #expect(recorder.takeText() == test.log, "\(test.before) then \(test.command)")
    }

    private func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }

    // MARK: Strings and times

    static let strings: [EffectCase] = [
        EffectCase(then: "SET k v", logs: "SET k v"),
        EffectCase(then: "set k v EX 10", logs: "SET k v PXAT 1700000010000"),
        EffectCase(then: "SET k v PX 10", logs: "SET k v PXAT 1700000000010"),
        EffectCase(then: "SET k v EXAT 1800000000", logs: "SET k v PXAT 1800000000000"),
        EffectCase("SET k 1 EX 5", then: "SET k v KEEPTTL", logs: "SET k v KEEPTTL"),
        EffectCase("SET k 1", then: "SET k v XX GET", logs: "SET k v"),
        EffectCase("SET k 1", then: "SET k v NX", logs: ""),
        EffectCase("SET k 1", then: "SET k v IFEQ 1 PX 10", logs: "SET k v PXAT 1700000000010"),
        EffectCase("SET k 1", then: "SET k v IFEQ 2", logs: ""),
        EffectCase(then: "SETEX k 10 v", logs: "SET k v PXAT 1700000010000"),
        EffectCase(then: "PSETEX k 10 v", logs: "SET k v PXAT 1700000000010"),
        EffectCase(then: "GETSET k v", logs: "SET k v"),
        EffectCase("SET k 1", then: "GETDEL k", logs: "DEL k"),
        EffectCase(then: "GETDEL k", logs: ""),
        EffectCase("SET k 1", then: "GETEX k", logs: ""),
        EffectCase("SET k 1", then: "GETEX k EX 10", logs: "PEXPIREAT k 1700000010000"),
        EffectCase("SET k 1", then: "GETEX k PXAT 1", logs: "DEL k"),
        EffectCase("SET k 1 EX 10", then: "GETEX k PERSIST", logs: "PERSIST k"),
        EffectCase("SET k 1", then: "GETEX k PERSIST", logs: ""),
        EffectCase("SET k 1", then: "INCRBYFLOAT k 0.5", logs: "SET k 1.5 KEEPTTL"),
        EffectCase("SET k 1", then: "INCRBY k 2", logs: "INCRBY k 2"),
        EffectCase("SET k a", then: "INCRBY k 2", logs: ""),
        EffectCase("SET k a", then: "APPEND k b", logs: "APPEND k b"),
        EffectCase(then: "MSETEX 2 a 1 b 2 PX 10", logs: "SET a 1 PXAT 1700000000010; SET b 2 PXAT 1700000000010"),
        EffectCase("SET a 1", then: "MSETEX 2 a 1 b 2 NX", logs: ""),
        EffectCase("SET k 1", then: "DELEX k IFEQ 1", logs: "DEL k"),
        EffectCase("SET k 1", then: "DELEX k IFEQ 2", logs: ""),
        EffectCase("SET k 1", then: "DELIFEQ k 1", logs: "DEL k"),
        EffectCase(then: "INCREX k EX 10", logs: "SET k 1 PXAT 1700000010000"),
        EffectCase("INCREX k EX 10", then: "INCREX k BYINT 5 EX 20 ENX", logs: "SET k 6 PXAT 1700000010000"),
        EffectCase("SET k 1", then: "INCREX k PXAT 1", logs: "DEL k"),
        EffectCase(then: "CL.THROTTLE k 0 1 1", logs: "SET k 1700000001000000000 PXAT 1700000001000"),
        EffectCase("CL.THROTTLE k 0 1 1", then: "CL.THROTTLE k 0 1 1", logs: ""),
        EffectCase("SET k 1", then: "EXPIRE k 10", logs: "PEXPIREAT k 1700000010000"),
        EffectCase("SET k 1", then: "PEXPIRE k 10 NX", logs: "PEXPIREAT k 1700000000010"),
        EffectCase("SET k 1", then: "EXPIREAT k 1800000000", logs: "PEXPIREAT k 1800000000000"),
        EffectCase("SET k 1", then: "EXPIRE k -1", logs: "DEL k"),
        EffectCase("SET k 1", then: "EXPIRE k 10 XX", logs: ""),
        EffectCase(then: "EXPIRE k 10", logs: ""),
        EffectCase("SET k 1 EX 10", then: "PERSIST k", logs: "PERSIST k"),
    ]

    @Test(arguments: strings) func stringsAndTimes(_ test: EffectCase) { check(test) }

    // MARK: Keys

    static let keys: [EffectCase] = [
        EffectCase("SET k 1", then: "DEL k x", logs: "DEL k x"),
        EffectCase(then: "DEL k x", logs: ""),
        EffectCase("SET k 1", then: "RENAME k x", logs: "RENAME k x"),
        EffectCase("SET k 1", then: "COPY k x DB 1", logs: "COPY k x DB 1"),
        EffectCase("SET k 1", then: "MOVE k 1", logs: "MOVE k 1"),
        EffectCase("SELECT 1", then: "SET k 1", logs: "@1 SET k 1"),
        EffectCase(
            "MULTI", "SET a 1", "SELECT 1", "SET b 2", "GET b", "DEL c", then: "EXEC",
            logs: "SET a 1; SELECT 1; SET b 2"),
        EffectCase(then: "FLUSHALL ASYNC", logs: "FLUSHALL ASYNC"),
        EffectCase(then: "FLUSHDB", logs: "FLUSHDB"),
        EffectCase("SET k 1", then: "SWAPDB 0 1", logs: "SWAPDB 0 1"),
        EffectCase("SET k1 1", then: "SCANDEL 0 MATCH k* COUNT 1000", logs: "DEL k1"),
        EffectCase(
            "SET k1 1", "MULTI", "SCANDEL 0 MATCH k* COUNT 1000", "SET a 1", then: "EXEC", logs: "DEL k1; SET a 1"),
        EffectCase("RPUSH k 2 1", then: "SORT k STORE x", logs: "SORT k STORE x"),
        EffectCase(
            "RPUSH k 2 1", "SET w1 9", "SET x 1", then: "SORT k BY w* GET # GET w* STORE x",
            logs: "DEL x; RPUSH x 2  1 9"),
        EffectCase("SET x 1", then: "SORT k GET w* STORE x", logs: "DEL x"),
        EffectCase("GEOADD k 1 1 a", then: "GEORADIUS k 1 1 9 km STORE x", logs: "GEORADIUS k 1 1 9 km STORE x"),
        EffectCase("PFADD k a", then: "PFCOUNT k", logs: "PFCOUNT k"),
        EffectCase("PFADD k a", "PFCOUNT k", then: "PFCOUNT k", logs: ""),
    ]

    @Test(arguments: keys) func wholeKeys(_ test: EffectCase) { check(test) }

    // MARK: Lists, sets and sorted sets

    static let elements: [EffectCase] = [
        EffectCase("RPUSH k 1 2 3", then: "LPOP k 2", logs: "LPOP k 2"),
        EffectCase("RPUSH k 1 2 3", then: "BLPOP x k 0", logs: "LPOP k"),
        EffectCase("RPUSH k 1 2 3", then: "BRPOP k 0", logs: "RPOP k"),
        EffectCase("RPUSH k 1 2 3", then: "LMPOP 2 x k RIGHT COUNT 9", logs: "RPOP k 3"),
        EffectCase("RPUSH k 1 2 3", then: "BLMPOP 0 2 x k LEFT", logs: "LPOP k 1"),
        EffectCase("RPUSH k 1 2 3", then: "BLMOVE k x LEFT RIGHT 0", logs: "LMOVE k x LEFT RIGHT"),
        EffectCase("RPUSH k 1 2 3", then: "BRPOPLPUSH k x 0", logs: "LMOVE k x RIGHT LEFT"),
        EffectCase("RPUSH k 1 2 3", then: "RPOPLPUSH k x", logs: "RPOPLPUSH k x"),
        EffectCase("RPUSH k 1 2 3", then: "LREM k 0 9", logs: ""),
        EffectCase("SADD k 7", then: "SPOP k", logs: "SREM k 7"),
        EffectCase("SADD k 7 8", then: "SPOP k 2", logs: "DEL k"),
        EffectCase(then: "SPOP k 2", logs: ""),
        EffectCase("SADD k 7 8", then: "SADD k 7", logs: ""),
        EffectCase("ZADD k 1 a 2 b", then: "BZPOPMIN x k 0", logs: "ZPOPMIN k"),
        EffectCase("ZADD k 1 a 2 b", then: "BZPOPMAX k 0", logs: "ZPOPMAX k"),
        EffectCase("ZADD k 1 a 2 b", then: "ZMPOP 2 x k MAX COUNT 9", logs: "ZPOPMAX k 2"),
        EffectCase("ZADD k 1 a 2 b", then: "BZMPOP 0 1 k MIN", logs: "ZPOPMIN k 1"),
        EffectCase("ZADD k 1 a", then: "ZADD k GT 0 a", logs: ""),
    ]

    @Test(arguments: elements) func elementsOfValues(_ test: EffectCase) { check(test) }

    // MARK: Hashes

    static let hashes: [EffectCase] = [
        EffectCase(then: "HSET k f 1 g 2", logs: "HSET k f 1 g 2"),
        EffectCase(then: "HSETNX k f 1", logs: "HSET k f 1"),
        EffectCase("HSET k f 1", then: "HSETNX k f 1", logs: ""),
        EffectCase("HSET k f 1", then: "HINCRBY k f 2", logs: "HINCRBY k f 2"),
        EffectCase("HSET k f 1", then: "HINCRBYFLOAT k f 0.5", logs: "HSET k f 1.5"),
        EffectCase(
            "HSET k f 1", "HEXPIRE k 10 FIELDS 1 f", then: "HINCRBYFLOAT k f 0.5",
            logs: "HSET k f 1.5; HPEXPIREAT k 1700000010000 FIELDS 1 f"),
        EffectCase(
            "HSET k f 1 g 2", then: "HEXPIRE k 10 FIELDS 3 f g x", logs: "HPEXPIREAT k 1700000010000 FIELDS 2 f g"),
        EffectCase(
            "HSET k f 1 g 2", then: "HPEXPIRE k 10 NX FIELDS 1 f", logs: "HPEXPIREAT k 1700000000010 FIELDS 1 f"),
        EffectCase("HSET k f 1 g 2", then: "HEXPIREAT k 1 FIELDS 2 f x", logs: "HDEL k f"),
        EffectCase("HSET k f 1 g 2", then: "HEXPIRE k 10 XX FIELDS 1 f", logs: ""),
        EffectCase(
            "HSET k f 1 g 2", "HEXPIRE k 10 FIELDS 1 f", then: "HPERSIST k FIELDS 2 f g", logs: "HPERSIST k FIELDS 1 f"),
        EffectCase(
            "HSET k f 1 g 2", then: "HGETEX k PX 10 FIELDS 2 f x", logs: "HPEXPIREAT k 1700000000010 FIELDS 1 f"),
        EffectCase("HSET k f 1 g 2", then: "HGETEX k PXAT 1 FIELDS 2 f x", logs: "HDEL k f"),
        EffectCase("HSET k f 1 g 2", then: "HGETDEL k FIELDS 2 f x", logs: "HDEL k f x"),
        EffectCase(then: "HSETEX k PX 10 FIELDS 1 f 1", logs: "HSET k f 1; HPEXPIREAT k 1700000000010 FIELDS 1 f"),
        EffectCase(
            "HSETEX k PX 10 FIELDS 1 f 1", then: "HSETEX k KEEPTTL FIELDS 2 f 2 g 3",
            logs: "HSET k f 2 g 3; HPEXPIREAT k 1700000000010 FIELDS 1 f"),
        EffectCase("HSET k f 1", then: "HSETEX k PXAT 1 FIELDS 1 f 1", logs: "HDEL k f"),
        EffectCase(then: "HSETEX k PXAT 1 FIELDS 1 f 1", logs: ""),
        EffectCase("HSET k f 1", then: "HSETEX k FNX FIELDS 1 f 1", logs: ""),
    ]

    @Test(arguments: hashes) func fieldsOfHashes(_ test: EffectCase) { check(test) }

    // MARK: Streams

    private static let group = ["XADD s 1-0 a 1", "XADD s 2-0 b 2", "XGROUP CREATE s g 0"]
    private static let read = "XREADGROUP GROUP g c STREAMS s >"
    private static let claim = "TIME 1700000000000 RETRYCOUNT"

    static let streams: [EffectCase] = [
        EffectCase(then: "XADD s * a 1", logs: "XADD s 1700000000000-0 a 1"),
        EffectCase(then: "XADD s 5-* a 1", logs: "XADD s 5-0 a 1"),
        EffectCase(then: "XADD s NOMKSTREAM * a 1", logs: ""),
        EffectCase("XADD s 1-0 a 1", then: "XADD s MAXLEN ~ 1 * a 1", logs: "XADD s 1700000000000-0 a 1"),
        EffectCase("XADD s 1-0 a 1", then: "XADD s MINID = 2 2-0 a 1", logs: "XADD s MAXLEN = 1 2-0 a 1"),
        EffectCase("XADD s 1-0 a 1", "XADD s 2-0 a 1", then: "XTRIM s MINID 2", logs: "XTRIM s MAXLEN = 1"),
        EffectCase("XADD s 1-0 a 1", then: "XTRIM s MAXLEN ~ 0", logs: "XTRIM s MAXLEN = 0"),
        EffectCase("XADD s 1-0 a 1", then: "XTRIM s MAXLEN 1", logs: ""),
        EffectCase("XADD s 1-0 a 1", then: "XDEL s 1-0", logs: "XDEL s 1-0"),
        EffectCase(then: "XGROUP CREATE s g $ MKSTREAM", logs: "XGROUP CREATE s g $ MKSTREAM"),
        EffectCase(
            group[0], group[1], group[2], then: read,
            logs: "XGROUP CREATECONSUMER s g c; XCLAIM s g c 0 1-0 2-0 \(claim) 1 FORCE JUSTID; "
                + "XGROUP SETID s g 2-0 ENTRIESREAD 2"),
        EffectCase(
            group[0], group[1], group[2], then: "XREADGROUP GROUP g c COUNT 1 NOACK STREAMS s >",
            logs: "XGROUP CREATECONSUMER s g c; XGROUP SETID s g 1-0 ENTRIESREAD 1"),
        EffectCase(group[0], group[1], group[2], read, then: read, logs: ""),
        EffectCase(
            group[0], group[1], group[2], read, then: "XREADGROUP GROUP g c COUNT 1 STREAMS s 0",
            logs: "XCLAIM s g c 0 1-0 \(claim) 2 FORCE JUSTID"),
        EffectCase(group[0], group[1], group[2], read, then: "XACK s g 1-0 9-9", logs: "XACK s g 1-0 9-9"),
        EffectCase(
            group[0], group[1], group[2], read, "XDEL s 2-0", then: "XCLAIM s g d 0 1-0 2-0 3-0 IDLE 5",
            logs: "XGROUP CREATECONSUMER s g d; XACK s g 2-0; "
                + "XCLAIM s g d 0 1-0 TIME 1699999999995 RETRYCOUNT 2 FORCE JUSTID"),
        EffectCase(group[0], group[1], group[2], read, then: "XCLAIM s g c 5 1-0", logs: ""),
        EffectCase(
            group[0], group[1], group[2], then: "XCLAIM s g c 0 9-9 LASTID 1-0",
            logs: "XGROUP SETID s g 1-0 ENTRIESREAD -1; XGROUP CREATECONSUMER s g c"),
        EffectCase(
            group[0], group[1], group[2], read, "XDEL s 1-0", then: "XAUTOCLAIM s g d 0 0",
            logs: "XGROUP CREATECONSUMER s g d; XACK s g 1-0; XCLAIM s g d 0 2-0 \(claim) 2 FORCE JUSTID"),
    ]

    @Test(arguments: streams) func entriesOfStreams(_ test: EffectCase) { check(test) }

    // MARK: Time and others

    @Test func `What has expired is gone before a command changes it`() {
        let server = Harness(DataFamilies.all, databases: 2)
        let recorder = LogRecorder(server)
        server.run("SET", "k", "1", "PX", "10")
        server.run("HSET", "h", "f", "1", "g", "2", "i", "3")
        server.run("HPEXPIRE", "h", "10", "FIELDS", "3", "f", "g", "i")
        _ = recorder.take()
        server.now += 11
        server.run("GET", "k")
        #expect(recorder.takeText() == "DEL k")
        server.run("EXPIRE", "k", "10")
        #expect(recorder.takeText() == "")
        server.run("HINCRBY", "h", "f", "5")
        #expect(recorder.takeText() == "HSET h f 5")
        server.run("HGET", "h", "g")
        #expect(recorder.takeText() == "HDEL h g")
        server.run("HSETNX", "h", "i", "9")
        #expect(recorder.takeText() == "HSET h i 9")
    }

    @Test func `Expired keys and fields are removed by the active cycle`() {
        let server = Harness(DataFamilies.all, databases: 2)
        let recorder = LogRecorder(server)
        server.session.pointee.database = 1
        server.run("SET", "k", "1", "PX", "10")
        server.run("HSET", "h", "f", "1")
        server.run("HPEXPIRE", "h", "10", "FIELDS", "1", "f")
        _ = recorder.take()
        server.now += 11
        server.expireActively()
        // One unit where chance has put both into one shard.
        let units = recorder.take()
        #expect(units.allSatisfy { $0.database == 1 })
        let commands = units.flatMap(\.commands).map { $0.map { String(decoding: $0, as: UTF8.self) } }
        #expect(Set(commands) == [["DEL", "k"], ["HDEL", "h", "f"]])
    }

    @Test func `A command that has waited is logged behind what has let it go on`() {
        let server = Harness(DataFamilies.all, databases: 2)
        let recorder = LogRecorder(server)
        server.client = 1
        server.run("BLPOP", "k", "0")
        server.client = 2
        server.run("BLMOVE", "k", "x", "LEFT", "LEFT", "0")
        #expect(recorder.takeText() == "")
        server.client = 0
        server.run("RPUSH", "k", "a", "b")
        #expect(recorder.takeText() == "RPUSH k a b | LPOP k | LMOVE k x LEFT LEFT")
    }

    @Test func `Members drawn by chance are removed by name`() {
        let server = Harness(DataFamilies.all, databases: 2)
        let recorder = LogRecorder(server)
        server.run(["SADD", "k"] + (0..<3000).map(String.init))
        _ = recorder.take()
        server.run("SPOP", "k", "2500")
        let unit = recorder.take()
        #expect(unit.count == 1)
        #expect(unit.first?.commands.map(\.count) == [1026, 1026, 454])
        #expect(unit.first?.commands.allSatisfy { $0[0] == Array("SREM".utf8) } == true)
    }

    @Test func `A command that is executed in slices is logged once, and is not cut in slices again`() {
        let server = Harness(DataFamilies.all, databases: 1)
        let recorder = LogRecorder(server)
        for key in ["a", "b"] { server.run(["SADD", key] + (0..<30_000).map { "member:\($0)" }) }
        let sources = recorder.take()
        server.run("SINTERSTORE", "d", "a", "b")
        let isSuspended = server.session.pointee.isSuspended
        #expect(isSuspended)
        #expect(recorder.takeText() == "")
        server.finishJob()
        #expect(recorder.takeText() == "")
        server.run("SINTERSTORE", "d", "a", "b")
        let units = recorder.take()
        #expect(units.map(\.description) == ["SINTERSTORE d a b"])
        let replica = Harness.replica(databases: 1)
        #expect(replica.replay(sources + units) == nil)
        #expect(replica.run("SCARD", "d") == ":30000\r\n")
    }

    @Test func `What Redis logs of trimming is understood`() {
        let replica = Harness.replica(databases: 1)
        replica.run("XADD", "s", "1-0", "a", "1")
        #expect(replica.run("XADD", "s", "MINID", "=", "2", "LIMIT", "9", "2-0", "a", "1") == "$3\r\n2-0\r\n")
        #expect(replica.run("XTRIM", "s", "MAXLEN", "=", "0", "LIMIT", "1") == ":1\r\n")
    }
}
