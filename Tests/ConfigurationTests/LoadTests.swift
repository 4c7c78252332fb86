import Glibc
import Primitives
import TestSupport
import Testing

@testable import Configuration

/// A folder that is removed with its files.
final class TemporaryFolder {
    let path: String

    init() {
        var template = Array("/tmp/freshet-test-XXXXXX\0".utf8CString)
        path = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? "/nonexistent"
        }
    }

    deinit {
        for name in names { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    var names: [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    @discardableResult
    func write(_ name: String, _ text: String) -> String {
        let file = "\(path)/\(name)"
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        _ = Array(text.utf8).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        return file
    }

    func read(_ name: String) throws -> String {
        String(decoding: try Configuration.read("\(path)/\(name)"), as: UTF8.self)
    }
}

@Suite struct LoadTests {
    @Test func linesCommentsAndQuotesAreRead() throws {
        let configuration = try Configuration.reading(
            """
            # a comment
            PORT 7000\r
              timeout   9

            requirepass "a b\\x41"
            bind 127.0.0.1 ::1
            client-output-buffer-limit normal 1mb 0 0
            client-output-buffer-limit pubsub 2mb 1mb 5
            hz 0
            """)
        let settings = configuration.settings
        #expect(settings.port == 7000 && settings.timeout == 9 && settings.hz == 1)
        #expect(settings.requirePassword == Array("a bA".utf8))
        #expect(settings.bind == ["127.0.0.1", "::1"])
        #expect(settings.outputLimitNormal.hard == 1 << 20)
        #expect(settings.outputLimitPubSub == Settings.OutputLimit(hard: 2 << 20, soft: 1 << 20, softSeconds: 5))
        #expect(settings.outputLimitReplica.hard == 256 << 20)
        #expect(configuration.warnings.isEmpty)
    }

    @Test func badLinesAreNamedWithNumberTextAndReason() {
        let cases = [
            ("\nnope 1", 2, "nope 1", "Bad directive or wrong number of arguments"),
            ("port", 1, "port", "wrong number of arguments"),
            ("port 1 2", 1, "port 1 2", "wrong number of arguments"),
            ("port 70000", 1, "port 70000", "argument must be between 0 and 65535 inclusive"),
            ("port \"6", 1, "port \"6", "Unbalanced quotes in configuration line"),
            ("port 6\u{0}3", 1, "port 6 3", "NUL byte in configuration line"),
            ("unixsocketperm 778", 1, "unixsocketperm 778", "argument couldn't be parsed as an octal number"),
            ("unixsocketperm 1777", 1, "unixsocketperm 1777", "argument must be between 0 and 777 inclusive"),
            ("dir /nonexistent/x", 1, "dir /nonexistent/x", "No such file or directory"),
            ("requirepass a b", 1, "requirepass (redacted)", "wrong number of arguments"),
            ("\"requirepass\" a b", 1, "\"requirepass\" (redacted)", "wrong number of arguments"),
            ("appendonly", 1, "appendonly", "wrong number of arguments"),
            ("save 60", 1, "save 60", "Invalid save parameters"),
            ("dbfilename a/b", 1, "dbfilename a/b", "dbfilename can't be a path, just a filename"),
            ("appenddirname ..", 1, "appenddirname ..", "appenddirname can't be a path, just a filename"),
            ("\"\" 1", 1, "\"\" 1", "Bad directive or wrong number of arguments"),
            (
                "rename-command a b", 1, "rename-command a b",
                "This server does not support 'rename-command' and would be less safe without it"
            ),
            ("user", 1, "user", "Bad directive or wrong number of arguments"),
            (
                "user a >p\nuser a off", 2, "user (redacted)",
                "Duplicate user found. A user can only be defined once in config files"
            ),
        ]
        for (text, number, line, reason) in cases {
            #expect(throws: ConfigurationError.line(source: "test", number: number, text: line, reason: reason)) {
                try Configuration.reading(text)
            }
        }
    }

    @Test func linesOfSaveAddUpAndReplaceTheDefault() throws {
        #expect(try Configuration.reading("save 60 1000\nsave 5 1").value("save") == "60 1000 5 1")
        #expect(try Configuration.reading("save 60 1000\nsave \"\"").value("save") == "")
        #expect(try Configuration.reading("save 60 1000 5 1").value("save") == "60 1000 5 1")
        #expect(try Configuration(arguments: ["--save", "60 1000"]).value("save") == "60 1000")
        let limits = try Configuration(arguments: ["--client-output-buffer-limit", "pubsub 1 2 3", "--bind", "::1 ::2"])
        #expect(limits.value("client-output-buffer-limit")?.hasSuffix("pubsub 1 2 3") == true)
        #expect(limits.settings.bind == ["::1", "::2"])
    }

    @Test func whatHasNoEffectIsAWarning() throws {
        let configuration = try Configuration.reading(
            "io-threads 4\nport 1\nset-proc-title yes\nrdb-save-incremental-fsync no\ntls-port 0")
        #expect(configuration.warnings.map(\.name) == ["io-threads", "set-proc-title", "rdb-save-incremental-fsync"])
        #expect(configuration.warnings.map(\.line) == [1, 3, 4])
        #expect(configuration.value("rdb-save-incremental-fsync") == "yes")
        let other = try Configuration.reading(
            "lazyfree-lazy-user-del no\nactiverehashing yes\nnotify-keyspace-events KEA")
        #expect(other.warnings.map(\.line) == [1])
        #expect(other.value("lazyfree-lazy-user-del") == "yes" && other.value("notify-keyspace-events") == "AKE")
        #expect(throws: ConfigurationError.self) { try Configuration.reading("activerehashing maybe") }
    }

    @Test func hostileTextIsRefusedNotFatal() {
        var generator = RandomGenerator(seed: 51)
        let alphabet = Array("port hz save\"'\\x09 -\n\u{0}#bind 1gb%99999999".utf8) + [0xFF]
        for _ in 0..<3000 {
            let text = (0..<generator.next(below: 60)).map { _ in alphabet[generator.next(below: alphabet.count)] }
            var configuration = Configuration()
            try? configuration.load(text, source: "test")
        }
        let long = String(repeating: "x", count: 1 << 20)
        for text in [long, "port " + long, "port \"" + long, "bind " + String(repeating: "a ", count: 1000)] {
            #expect(throws: ConfigurationError.self) { try Configuration.reading(text) }
        }
    }

    @Test func filesIncludeOthersButNotThemselves() throws {
        let folder = TemporaryFolder()
        folder.write("a.inc", "timeout 1\n")
        folder.write("b.inc", "timeout 2\nhz 7\n")
        let main = folder.write("main.conf", "include \(folder.path)/*.inc\ninclude \(folder.path)/none*.inc\nport 1\n")
        let configuration = try Configuration(arguments: [main])
        #expect(configuration.settings.timeout == 2 && configuration.settings.hz == 7)
        #expect(configuration.settings.port == 1 && configuration.path == main)

        let cycle = folder.write("x.conf", "include \(folder.path)/y.conf\n")
        folder.write("y.conf", "include \(folder.path)/x.conf\n")
        #expect(throws: ConfigurationError.self) { try Configuration(arguments: [cycle]) }
        #expect(throws: ConfigurationError.file(path: "/nonexistent/f", reason: "No such file or directory")) {
            try Configuration.reading("include /nonexistent/f")
        }
        for index in 0..<20 { folder.write("d\(index)", "include \(folder.path)/d\(index + 1)\n") }
        folder.write("d20", "port 2\n")
        #expect(throws: ConfigurationError.self) { try Configuration(arguments: ["\(folder.path)/d0"]) }
    }

    @Test func theCommandLineWinsOverTheFile() throws {
        let folder = TemporaryFolder()
        let main = folder.write("main.conf", "port 1\nhz 20\n")
        let arguments = [main, "--port", "6380", "--save", "", "--bind", "127.0.0.1", "::1", "--requirepass", "--x y"]
        let settings = try Configuration(arguments: arguments).settings
        #expect(settings.port == 6380 && settings.hz == 20 && settings.bind == ["127.0.0.1", "::1"])
        #expect(settings.requirePassword == Array("--x y".utf8))
        #expect(try Configuration(arguments: ["--port 6380", "--save", "--hz", "7"]).settings.hz == 7)
        #expect(try Configuration(arguments: ["--save"]).warnings.isEmpty)
        for bad in [["--port"], ["--nope", "1"], ["--port", "1", "2"], ["/nonexistent/f"]] {
            #expect(throws: ConfigurationError.self) { try Configuration(arguments: bad) }
        }
    }
}

@Suite struct RewriteTests {
    private func rewritten(_ text: String, _ change: (inout Configuration) throws -> Void) throws -> String {
        var configuration = try Configuration.reading(text)
        try change(&configuration)
        return String(decoding: try configuration.rewritten(Array(text.utf8)), as: UTF8.self)
    }

    @Test func onlyWhatChangedIsWritten() throws {
        let text = "# mine\nhz 20 \n\ntimeout 1\nunknown-here-too\n"
            .replacing("unknown-here-too\n", with: "io-threads 4\ntimeout 2\n")
        #expect(try rewritten(text) { _ in } == text)
        let changed = try rewritten(text) { configuration in
            _ = try configuration.set(
                ("timeout", "5"), ("maxclients", "9"), ("proto-max-bulk-len", "2097152"), ("requirepass", "a b"))
        }
        #expect(
            changed == """
                # mine
                hz 20 

                timeout 5
                io-threads 4
                # Generated by CONFIG REWRITE
                maxclients 9
                proto-max-bulk-len 2mb
                requirepass "a b"

                """)
        #expect(try Configuration.reading(changed).settings.timeout == 5)
    }

    @Test func directivesOfSeveralLinesAreWrittenWhole() throws {
        let changed = try rewritten("client-output-buffer-limit normal 1 0 0\n") { configuration in
            _ = try configuration.set(("client-output-buffer-limit", "pubsub 1mb 0 0"))
        }
        let settings = try Configuration.reading(changed).settings
        #expect(settings.outputLimitNormal.hard == 1 && settings.outputLimitPubSub.hard == 1 << 20)
        #expect(changed.hasPrefix("client-output-buffer-limit normal 1 0 0\n"))
    }

    @Test func theFileIsReplacedWholeAndReadsBack() throws {
        let folder = TemporaryFolder()
        folder.write("inc", "hz 30\n")
        let main = folder.write("main.conf", "hz 20\ninclude \(folder.path)/inc\n")
        chmod(main, 0o600)
        var configuration = try Configuration(arguments: [main])
        _ = try configuration.set(("hz", "40"))
        try configuration.rewrite(users: [])
        #expect(try Configuration(arguments: [main]).settings.hz == 40)
        let again = try folder.read("main.conf")
        try configuration.rewrite(users: [])
        #expect(try folder.read("main.conf") == again)
        #expect(folder.names.sorted() == ["inc", "main.conf"])
        var status = stat()
        #expect(stat(main, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(throws: ConfigurationError.rewrite("The server is running without a config file")) {
            try Configuration().rewrite(users: [])
        }
    }
}

@Suite struct SampleFileTests {
    @Test func theSampleNamesEveryDirectiveAtItsDefault() throws {
        let path = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let content = try Configuration.read("/\(path)/Config/freshet.conf")
        var configuration = Configuration()
        try configuration.load(content, source: "freshet.conf")
        #expect(configuration.warnings.isEmpty)
        let lines = content.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
        for directive in Directive.all {
            #expect(
                directive.text(in: configuration.settings) == directive.text(in: Settings()), "\(directive.name)")
            #expect(
                lines.contains { $0.hasPrefix("\(directive.name) ") || $0.hasPrefix("# \(directive.name) ") },
                "\(directive.name)")
        }
    }
}

/// Users that a file declares.
@Suite struct DeclaredUserTests {
    private let alice = "user alice on \"~a b\" +get"

    private func words(_ text: String) -> [[UInt8]] { text.split(separator: " ").map { Array($0.utf8) } }

    @Test func linesAreReadAsNamesAndRules() throws {
        let users = try Configuration.reading("\(alice)\nport 1\nUSER bob\n").users
        #expect(users.map(\.name) == [Array("alice".utf8), Array("bob".utf8)])
        #expect(users.first?.rules == [Array("on".utf8), Array("~a b".utf8), Array("+get".utf8)])
        #expect(users.map(\.line) == [1, 3])
    }

    @Test func theyAreWrittenInTheirPlaces() throws {
        let configuration = Configuration()
        let file = "# here\n\(alice)\nuser bob on\nhz 10\n"
        func rewritten(_ users: [String]) throws -> String {
            String(
                decoding: try configuration.rewritten(Array(file.utf8), users: users.map(words)), as: UTF8.self)
        }
        #expect(try rewritten([]) == "# here\nhz 10\n")
        #expect(try rewritten(["bob off", "carol on"]) == "# here\nuser bob off\nuser carol on\nhz 10\n")
        #expect(
            try rewritten(["a", "b", "c"]) == "# here\nuser a\nuser b\nhz 10\n# Generated by CONFIG REWRITE\nuser c\n")
        let quoted = try configuration.rewritten([], users: [[Array("a".utf8), Array("~\"x".utf8)]])
        #expect(
            try Configuration.reading(String(decoding: quoted, as: UTF8.self)).users.first?.rules == [
                Array("~\"x".utf8)
            ])
    }

    @Test func thoseInIncludedFilesAreLeftAlone() throws {
        let folder = TemporaryFolder()
        folder.write("users", "user a on\n")
        let main = folder.write("main.conf", "include \(folder.path)/users\n")
        let configuration = try Configuration(arguments: [main])
        try configuration.rewrite(users: [words("a on")])
        #expect(try folder.read("main.conf") == "include \(folder.path)/users\n")
        #expect(throws: ConfigurationError.self) { try configuration.rewrite(users: [words("a off")]) }
        #expect(try folder.read("main.conf") == "include \(folder.path)/users\n")
    }
}
