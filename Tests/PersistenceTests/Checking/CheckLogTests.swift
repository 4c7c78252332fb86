import TestSupport
import Testing

@Suite("freshet-check aof")
struct CheckLogTests {
    private let folder = TemporaryFolder()

    /// Checks a file with both tools, which must come to the same status; returns what ours says.
    private func check(_ path: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> ProgramResult {
        let ours = try freshetCheck("aof", path)
        let theirs = try #require(run(["redis-check-aof", path]))
        #expect(
            (ours.status == 0) == (theirs.status == 0), "\(ours.output)\(ours.errors)\(theirs.output)",
            sourceLocation: sourceLocation)
        return ours
    }

    private func manifest(_ lines: String...) -> String {
        folder.write("log.manifest", lines.map { $0 + "\n" }.joined())
    }

    @Test("files that redis-server wrote are valid")
    func redisFiles() throws {
        let commands = """
            set a 1
            select 3
            rpush list a b c
            multi
            incr a
            incr b
            exec

            """
        try runRedis(in: folder, "--appendonly yes --aof-timestamp-enabled yes", commands: commands)
        let result = try check(folder.path("appendonlydir/appendonly.aof.manifest"))
        #expect(result.status == 0)
        #expect(result.output.contains("appendonly.aof.1.base.rdb: valid, a snapshot of 0 keys in"))
        #expect(result.output.contains("written from 1"))
        #expect(result.output.hasSuffix("appendonly.aof.manifest: all files are valid\n"))
    }

    @Test("a single file is checked too, with a snapshot in front or without")
    func singleFiles() throws {
        try runRedis(in: folder, "--dbfilename dump.rdb", commands: "set a 1\nset b 2\nsave\n")
        let snapshot = try #require(folder.read("dump.rdb"))
        let path = folder.write("log", snapshot + Array(command("SET", "c", "3").utf8))
        let result = try check(path)
        #expect(result.output.hasPrefix("\(path): valid, a snapshot of 2 keys in \(snapshot.count) bytes, 1 commands"))
        #expect(try check(folder.write("log", command("SET", "c", "3"))).status == 0)
        #expect(try check(folder.write("log", "")).output == "\(path): empty\n")
        #expect(try check(folder.write("log", "nonsense")).status == 1)
        #expect(try check(folder.path("missing")).status == 1)
        var damaged = snapshot
        damaged[snapshot.count - 3] ^= 1
        #expect(try check(folder.write("log", damaged)).status == 1)
    }

    @Test("every truncation gets the status that redis-check-aof gives it")
    func truncations() throws {
        let text = Array(
            [
                "#TS:1700000000\r\n", command("SET", "a", "1"), command("MULTI"), command("INCR", "a"), command("EXEC"),
                command("DEL", "b"),
            ].joined().utf8)
        // It passes a file that ends within an annotation; what is appended then would belong to that line.
        for length in [0] + Array(stride(from: 16, through: text.count, by: 3)) {
            let result = try check(folder.write("log", Array(text[0..<length])))
            if result.status != 0 { #expect(result.errors.contains("--fix cuts off the last"), "\(length)") }
        }
    }

    @Test("a file is cut after a confirmation, and what was cut off is kept")
    func fixing() throws {
        let whole = command("SET", "a", "1")
        let path = folder.write("log", whole + "*3\r\n$3\r\nSET\r\n$1")
        #expect(try freshetCheck("aof", "--fix", path, input: "n\n").errors == "Error: nothing was changed\n")
        #expect(try freshetCheck("aof", "--fix", path).status == 1)
        #expect(folder.names() == ["log"])
        let result = try freshetCheck("aof", "--fix", path, input: "y\n")
        #expect(result.status == 0)
        #expect(
            result.output.contains("Shorten \(path) from \(whole.utf8.count + 15) to \(whole.utf8.count) bytes? [y/N]"))
        #expect(folder.read("log") == Array(whole.utf8))
        #expect(folder.read("log.cut-\(whole.utf8.count)") == Array("*3\r\n$3\r\nSET\r\n$1".utf8))
        #expect(try check(path).status == 0)
        // A second time at the same place.
        folder.write("log", whole + "x")
        #expect(try freshetCheck("aof", "--fix", "--yes", path).status == 0)
        #expect(folder.read("log.cut-\(whole.utf8.count).2") == Array("x".utf8))
    }

    @Test("only the last file of a manifest is cut")
    func fixingManifests() throws {
        let path = manifest("file a seq 1 type i", "file b seq 2 type i")
        folder.write("a", command("SET", "a", "1") + "*3")
        folder.write("b", command("SET", "b", "1"))
        let refused = try freshetCheck("aof", "--fix", "--yes", path)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("a is not the last file"))
        folder.write("a", command("SET", "a", "1"))
        folder.write("b", command("SET", "b", "1") + command("MULTI") + command("SET", "c", "1"))
        #expect(try check(path).status == 1)
        #expect(try freshetCheck("aof", "--fix", "--yes", path).status == 0)
        #expect(folder.read("b") == Array(command("SET", "b", "1").utf8))
        #expect(try check(path).status == 0)
    }

    @Test("a manifest that is wrong, or names what is missing, is refused")
    func badManifests() throws {
        #expect(try check(manifest("file a seq 1 type i")).status == 1)
        folder.write("a", "")
        #expect(try check(manifest("file a seq 1 type i")).status == 0)
        #expect(try check(manifest("file a seq 1 type i", "nonsense")).status == 1)
        #expect(try check(manifest("# comment", "file a seq 1 type i")).status == 0)
    }

    @Test("what is from later than a time is cut off, whole transactions at once")
    func timestamps() throws {
        let first = "#TS:100\r\n" + command("SET", "a", "1")
        let second = command("MULTI") + command("INCR", "a") + "#TS:200\r\n" + command("INCR", "a") + command("EXEC")
        let path = folder.write("log", first + second)
        #expect(
            try freshetCheck("aof", "--truncate-to-timestamp", "200", path).output.contains("Nothing is from later"))
        let early = try freshetCheck("aof", "--truncate-to-timestamp", "99", path)
        #expect(early.status == 1)
        #expect(early.errors.contains("all of it is from later"))
        #expect(try freshetCheck("aof", "--truncate-to-timestamp", "150", "--yes", path).status == 0)
        #expect(folder.read("log") == Array(first.utf8))
        folder.write("log", "#TS:x\r\n" + first)
        #expect(try freshetCheck("aof", "--truncate-to-timestamp", "150", path).errors.contains("has no time"))
        #expect(try freshetCheck("aof", "--truncate-to-timestamp", "150", "--fix", path).status == 1)
        folder.write("log", first)
        folder.write("next", command("SET", "b", "1"))
        let set = manifest("file log seq 1 type i", "file next seq 2 type i")
        #expect(try freshetCheck("aof", "--truncate-to-timestamp", "99", set).status == 1)
    }

    @Test("what was cut loads in redis-server")
    func loadsInRedis() throws {
        let text = command("SELECT", "0") + command("SET", "a", "1") + command("MULTI") + command("SET", "a", "2")
        folder.write("appendonly.aof", text)
        #expect(try freshetCheck("aof", "--fix", "-y", folder.path("appendonly.aof")).status == 0)
        #expect(
            try repliesOfRedis(
                in: folder, "--appendonly yes --aof-load-truncated no", commands: "get a\n") == "1\n")
    }

    @Test("the progress is shown where that is asked for, and not where it is not")
    func progress() throws {
        let path = folder.write("log", command("SET", "a", "1"))
        #expect(try freshetCheck("aof", path).errors.isEmpty)
        #expect(try freshetCheck("aof", "--progress", path).errors.contains("0 % of 1 MB"))
    }
}
