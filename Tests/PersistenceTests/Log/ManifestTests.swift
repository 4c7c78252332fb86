import Persistence
import Primitives
import TestSupport
import Testing

@Suite("Manifest")
struct ManifestTests {
    private func read(_ text: String) throws -> Manifest { try Array(text.utf8).withView { try Manifest($0) } }

    private func text(_ manifest: Manifest) -> String { String(decoding: manifest.text, as: UTF8.self) }

    private func refusal(_ text: String) -> String {
        do {
            _ = try read(text)
            return "accepted"
        } catch {
            return "\(error)"
        }
    }

    @Test(
        "what redis-server wrote comes out as it went in",
        arguments: [
            "file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n",
            """
            file appendonly.aof.2.base.aof seq 2 type b
            file appendonly.aof.1.base.rdb seq 1 type h
            file appendonly.aof.1.incr.aof seq 1 type h
            file appendonly.aof.2.incr.aof seq 2 type h
            file appendonly.aof.3.incr.aof seq 3 type i
            file appendonly.aof.4.incr.aof seq 4 type i

            """,
            "file \"my log.1.base.rdb\" seq 1 type b\nfile \"my log.1.incr.aof\" seq 1 type i\n",
            "file \"\\xc3\\xa4.aof.1.incr.aof\" seq 1 type i\n",
            "file \"a\\\"b\\tc.1.incr.aof\" seq 1 type i\n",
        ])
    func writtenAsRead(written: String) throws {
        #expect(text(try read(written)) == written)
    }

    @Test("comments, keys of newer versions and any order of the keys are accepted")
    func lenience() throws {
        let manifest = try read(
            """
            # comment
            type b seq 3 FILE a.base.rdb
              file b.aof seq 7 type incremental startoffset 12 endoffset 99\t
            #file c.aof

            """)
        #expect(text(manifest) == "file a.base.rdb seq 3 type b\nfile b.aof seq 7 type i\n")
        #expect(try read("# nothing\n").isEmpty)
    }

    @Test("what is wrong is said with the line and the reason")
    func refusals() {
        let base = "file a seq 1 type b\n"
        #expect(refusal("") == "the manifest is empty")
        #expect(
            refusal(base + "file b seq 2 type b\n")
                == "the manifest's line 2 'file b seq 2 type b' names a second base file")
        for (line, reason) in [
            ("file b seq 2", "has no end"),
            ("\n", "is not of the form: file NAME seq NUMBER type b|h|i"),
            ("file b seq 2\n", "is not of the form: file NAME seq NUMBER type b|h|i"),
            ("file b seq 2 type\n", "is not of the form: file NAME seq NUMBER type b|h|i"),
            ("file b seq x type i\n", "is not of the form: file NAME seq NUMBER type b|h|i"),
            ("file b seq 2 type \"\"\n", "is not of the form: file NAME seq NUMBER type b|h|i"),
            ("file \"b seq 2 type i\n", "is not of the form: file NAME seq NUMBER type b|h|i"),
            ("file b seq 2 type x\n", "has an unknown type of file"),
            ("file b seq 0 type i\n", "has a sequence number out of range"),
            ("file b seq -1 type i\n", "has a sequence number out of range"),
            ("file b seq 9223372036854775807 type i\n", "has a sequence number out of range"),
            ("file ../b seq 2 type i\n", "has a path where the name of a file belongs"),
            ("file .. seq 2 type i\n", "has a path where the name of a file belongs"),
            ("file \"\" seq 2 type i\n", "has a path where the name of a file belongs"),
            ("file a seq 2 type i\n", "names a file that another line names already"),
            ("file b seq 2 type i\nfile c seq 2 type i\n", "has a sequence number that is not above the one before"),
            ("file \(String(repeating: "b", count: 1010)) seq 2 type i\n", "has more than 1024 bytes"),
        ] {
            #expect(refusal(base + line).hasSuffix(" " + reason), "\(line)")
        }
    }

    @Test("redis-check-aof accepts and refuses the same, but for what would remove a file in use")
    func sameAsRedis() throws {
        let lines = [
            "file a.aof seq 1 type b", "file b.aof seq 1 type i", "file c.aof seq 2 type i", "file d.aof seq 1 type h",
            "# comment", "", "file \"a.aof\" seq 3 type i extra 1", "file e/aof seq 1 type i",
            "file f.aof seq 4 type x",
            "FILE a.aof SEQ 5 TYPE index", "file 'c.aof' type i seq 6", "file c.aof seq", "seq 9 type i",
            " file b.aof seq 8 type i",
        ]
        var generator = SeededGenerator(7)
        let folder = TemporaryFolder()
        for name in ["a.aof", "b.aof", "c.aof", "d.aof"] { folder.write(name, "*1\r\n$4\r\nPING\r\n") }
        for _ in 0..<60 {
            let text = (0...generator.below(4)).map { _ in generator.pick(lines) + "\n" }.joined()
            // The tool takes a file for a manifest by its first line that is no comment.
            guard
                text.split(separator: "\n", omittingEmptySubsequences: false).first(where: { !$0.hasPrefix("#") })?
                    .hasPrefix("file") == true
            else { continue }
            let path = folder.write("manifest", text)
            let checked = try #require(run(["redis-check-aof", path]))
            let ours = refusal(text)
            if ours.contains("names a file that another") { continue }
            #expect((ours == "accepted") == (checked.status == 0), "\(text): \(ours) \(checked.output)")
        }
    }

    @Test("a rewrite makes history of what the new base holds")
    func rewriting() throws {
        var manifest = Manifest()
        #expect(manifest.addIncremental("log").name == "log.1.incr.aof")
        #expect(manifest.replaceBase("log", .rdb).name == "log.1.base.rdb")
        #expect(manifest.addIncremental("log").name == "log.2.incr.aof")
        #expect(manifest.replaceBase("log", .aof).name == "log.2.base.aof")
        manifest.retireIncrementals(keeping: 1)
        #expect(
            text(manifest) == """
                file log.2.base.aof seq 2 type b
                file log.1.incr.aof seq 1 type h
                file log.1.base.rdb seq 1 type h
                file log.2.incr.aof seq 2 type i

                """)
    }

    @Test("a name that is taken is not given again")
    func takenNames() throws {
        var manifest = try read("file log.1.base.rdb seq 1 type h\nfile log.1.incr.aof seq 1 type h\n")
        #expect(manifest.replaceBase("log", .rdb).name == "log.2.base.rdb")
        #expect(manifest.addIncremental("log").name == "log.2.incr.aof")
    }
}
