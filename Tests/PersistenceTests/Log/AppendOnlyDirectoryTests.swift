import Glibc
import Persistence
import Primitives
import Synchronization
import TestSupport
import Testing

@Suite("Append-only directory")
struct AppendOnlyDirectoryTests {
    private let folder = TemporaryFolder()
    private var names: AppendOnlyDirectory.Names { names(folder) }

    private func names(_ folder: TemporaryFolder) -> AppendOnlyDirectory.Names {
        AppendOnlyDirectory.Names(parent: folder.path, folder: "logs", stem: "log")
    }

    /// What a server would load: the contents of all files in order.
    private func loaded(_ folder: TemporaryFolder) throws -> String {
        let directory = try AppendOnlyDirectory(names(folder))
        return try directory.files().map { file in
            String(decoding: folder.read("logs/\(file.name)") ?? [], as: UTF8.self)
        }.joined(separator: "|")
    }

    private func append(_ text: String, to file: File) throws {
        try Array(text.utf8).withView { try file.append($0) }
    }

    private func manifest(_ folder: TemporaryFolder) -> String {
        String(decoding: folder.read("logs/log.manifest") ?? [], as: UTF8.self)
    }

    @Test("without a folder there is nothing to load, and nothing is created")
    func nothing() throws {
        let directory = try AppendOnlyDirectory(names)
        #expect(directory.manifest.isEmpty)
        #expect(folder.names().isEmpty)
    }

    @Test("the first file is created with its folder and manifest, and gone on with after a restart")
    func firstFile() throws {
        var directory = try AppendOnlyDirectory(names)
        try append("a", to: directory.openForAppending())
        #expect(folder.names("logs") == ["log.1.incr.aof", "log.manifest"])
        #expect(manifest(folder) == "file log.1.incr.aof seq 1 type i\n")
        directory = try AppendOnlyDirectory(names)
        try append("b", to: directory.openForAppending())
        #expect(try loaded(folder) == "ab")
    }

    @Test("what is left of a file that was never named is not loaded with it")
    func leftIncremental() throws {
        mkdir(folder.path("logs"), 0o755)
        folder.write("logs/log.1.incr.aof", "stale")
        var directory = try AppendOnlyDirectory(names)
        try append("a", to: directory.openForAppending())
        #expect(try loaded(folder) == "a")
    }

    @Test("a rewrite replaces the base and what came before it, and removes history")
    func rewrite() throws {
        var directory = try AppendOnlyDirectory(names)
        try append("1", to: directory.openForAppending())
        let second = try directory.startIncremental()
        try append("2", to: second)
        folder.write("logs/temp-log.base", "B")
        #expect(directory.names.temporaryBase == folder.path("logs/temp-log.base"))
        try directory.installBase(.rdb, followedBy: .incremental)
        try append("3", to: second)
        #expect(
            manifest(folder) == """
                file log.1.base.rdb seq 1 type b
                file log.1.incr.aof seq 1 type h
                file log.2.incr.aof seq 2 type i

                """)
        #expect(try loaded(folder) == "B|23")
        try directory.removeHistory()
        #expect(folder.names("logs") == ["log.1.base.rdb", "log.2.incr.aof", "log.manifest"])
        #expect(try loaded(folder) == "B|23")
    }

    @Test("a log that begins with its first base takes what was logged meanwhile with it")
    func turnedOn() throws {
        var directory = try AppendOnlyDirectory(names)
        let file = try directory.startTemporaryIncremental()
        try append("1", to: file)
        #expect(try AppendOnlyDirectory(names).manifest.isEmpty)
        folder.write("logs/temp-log.base", "B")
        try directory.installBase(.aof, followedBy: .temporary)
        try append("2", to: file)
        #expect(try loaded(folder) == "B|12")
        #expect(folder.names("logs") == ["log.1.base.aof", "log.1.incr.aof", "log.manifest"])
    }

    @Test("what is logged by an attempt that was given up does not get into the next one")
    func turnedOnAgain() throws {
        var directory = try AppendOnlyDirectory(names)
        let first = try directory.startTemporaryIncremental()
        let second = try directory.startTemporaryIncremental()
        try append("1", to: first)
        folder.write("logs/temp-log.base", "B")
        try directory.installBase(.rdb, followedBy: .temporary)
        try append("2", to: second)
        #expect(try loaded(folder) == "B|2")
    }

    @Test("files that are missing are named, history may be missing")
    func missing() throws {
        mkdir(folder.path("logs"), 0o755)
        folder.write(
            "logs/log.manifest",
            "file a seq 1 type b\nfile h seq 1 type h\nfile c seq 1 type i\nfile d seq 2 type i\n")
        folder.write("logs/c", "")
        #expect {
            _ = try AppendOnlyDirectory(names)
        } throws: {
            "\($0)" == "\(folder.path)/logs lacks a, d, which \(folder.path)/logs/log.manifest names"
        }
        folder.write("logs/a", "A")
        folder.write("logs/d", "")
        var directory = try AppendOnlyDirectory(names)
        try directory.removeLeftovers()
        #expect(manifest(folder) == "file a seq 1 type b\nfile c seq 1 type i\nfile d seq 2 type i\n")
    }

    @Test("a manifest that cannot be read is refused with its path, and nothing is changed")
    func badManifest() {
        mkdir(folder.path("logs"), 0o755)
        folder.write("logs/log.manifest", "nonsense\n")
        #expect {
            _ = try AppendOnlyDirectory(names)
        } throws: {
            "\($0)".hasPrefix("\(folder.path)/logs/log.manifest: the manifest's line 1 'nonsense' is not of the form")
        }
        #expect(folder.names("logs") == ["log.manifest"])
    }

    @Test("only files behind which nothing was written may end within a record")
    func lastFile() throws {
        mkdir(folder.path("logs"), 0o755)
        let names = ["a", "b", "c", "d"]
        folder.write(
            "logs/log.manifest", names.enumerated().map { "file \($1) seq \($0 + 1) type i\n" }.joined())
        for (name, text) in zip(names, ["1", "2", "", ""]) { folder.write("logs/\(name)", text) }
        let directory = try AppendOnlyDirectory(self.names)
        #expect(try directory.files().map(\.isLast) == [false, true, true, true])
        #expect(try directory.files().map(\.size) == [1, 1, 0, 0])
    }

    // MARK: Versions before 7

    @Test("the single file of an old version moves into the folder")
    func upgrade() throws {
        folder.write("log", "old")
        var directory = try AppendOnlyDirectory(names)
        #expect(manifest(folder) == "file log seq 1 type b\n")
        #expect(folder.names() == ["logs"])
        try append("new", to: directory.openForAppending())
        #expect(try loaded(folder) == "old|new")
        #expect(manifest(folder) == "file log seq 1 type b\nfile log.1.incr.aof seq 1 type i\n")
    }

    @Test("an old file beside a folder with files is left alone")
    func noUpgrade() throws {
        var directory = try AppendOnlyDirectory(names)
        try append("1", to: directory.openForAppending())
        folder.write("log", "old")
        #expect(try loaded(folder) == "1")
        #expect(folder.names() == ["log", "logs"])
    }

    // MARK: Faults

    /// Lets calls pass until one fails, and with it, where the process is to have ended there, all that follow.
    private final class Fault: Sendable {
        private let left: Atomic<Int>
        private let endsProcess: Bool

        init(after count: Int, endsProcess: Bool) {
            left = Atomic(count)
            self.endsProcess = endsProcess
        }

        /// Whether a call has failed.
        var hasHappened: Bool { left.load(ordering: .relaxed) < 0 }

        var system: FileSystem {
            FileSystem { _, _ in
                let before = self.left.wrappingSubtract(1, ordering: .relaxed).oldValue
                return before == 0 || (before < 0 && self.endsProcess) ? EIO : nil
            }
        }
    }

    /// Has `operation` fail at every one of its system calls; returns what could be loaded after each.
    private func outcomes(
        endsProcess: Bool, prepare: (TemporaryFolder) throws -> Void,
        operation: (inout AppendOnlyDirectory, TemporaryFolder) throws -> Void
    ) throws -> Set<String> {
        var outcomes: Set<String> = []
        for count in 0..<200 {
            let folder = TemporaryFolder()
            try prepare(folder)
            let fault = Fault(after: count, endsProcess: endsProcess)
            do {
                var directory = try AppendOnlyDirectory(names(folder), system: fault.system)
                try operation(&directory, folder)
            } catch {
                #expect("\(error)".contains("Input/output error"))
            }
            guard fault.hasHappened else { return outcomes }
            outcomes.insert(try loaded(folder))
            // The next start gets on from there.
            var directory = try AppendOnlyDirectory(names(folder))
            try directory.removeLeftovers()
            let before = try loaded(folder)
            try append("+", to: directory.openForAppending())
            #expect(try loaded(folder).replacing("|", with: "") == before.replacing("|", with: "") + "+")
            #expect(folder.names("logs").allSatisfy { !$0.hasPrefix("temp-") })
        }
        Issue.record("the operation does not end")
        return outcomes
    }

    @Test("a rewrite that is interrupted anywhere leaves what loads", arguments: [true, false])
    func interruptedRewrite(endsProcess: Bool) throws {
        let outcomes = try outcomes(endsProcess: endsProcess) { folder in
            var directory = try AppendOnlyDirectory(names(folder))
            try append("12", to: directory.openForAppending())
            folder.write("logs/temp-log.base", "[12]")
        } operation: { directory, folder in
            let file = try directory.startIncremental()
            try append("3", to: file)
            try directory.installBase(.rdb, followedBy: .incremental)
            try directory.removeLeftovers()
        }
        #expect(outcomes == ["12", "12|", "12|3", "[12]|3"])
    }

    @Test("turning the log on, interrupted anywhere, leaves nothing or all", arguments: [true, false])
    func interruptedStart(endsProcess: Bool) throws {
        let outcomes = try outcomes(endsProcess: endsProcess) { folder in
            mkdir(folder.path("logs"), 0o755)
            folder.write("logs/temp-log.base", "[]")
        } operation: { directory, folder in
            try append("1", to: directory.startTemporaryIncremental())
            try directory.installBase(.rdb, followedBy: .temporary)
        }
        #expect(outcomes == ["", "[]|1"])
    }

    @Test("an upgrade that is interrupted anywhere is finished by the next start", arguments: [true, false])
    func interruptedUpgrade(endsProcess: Bool) throws {
        let outcomes = try outcomes(endsProcess: endsProcess) { folder in
            folder.write("log", "old")
        } operation: { _, _ in
        }
        #expect(outcomes == ["old"])
    }
}
