import Foundation
import Testing

/// Users in the ACL file and in the configuration file.
@Suite struct AccountFileTests {
    /// A folder of its own, gone when the test ends.
    private final class Folder {
        let path: String

        init() throws {
            path = FileManager.default.temporaryDirectory.appendingPathComponent("freshet-acl-\(UUID())").path
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        /// Writes a file and returns its path.
        func write(_ name: String, _ text: String) throws -> String {
            try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
            return "\(path)/\(name)"
        }
    }

    @Test(arguments: ServerKind.all)
    func usersAreLoadedAndSaved(_ kind: ServerKind) throws {
        let folder = try Folder()
        let file = try folder.write(
            "users.acl", "\nuser alice on >secret ~a* (+get ~b) +@all  &c\n\nuser default on nopass ~* &* +@all\n")
        let server = try ServerProcess(kind, ["--aclfile", file])
        let client = try server.client()
        #expect(try client.run("ACL USERS") == .array([.bulk("alice"), .bulk("default")]))
        #expect(try server.client().run("AUTH alice secret") == .ok)
        #expect(try client.run("ACL SETUSER bob on +get %R~x (%W~y)") == .ok)
        let users = try client.run("ACL LIST")
        #expect(try client.run("ACL SAVE") == .ok)
        let saved = try server.readFile(file)
        #expect(saved == (users.elements ?? []).map { ($0.text ?? "") + "\n" }.joined())
        #expect(try client.run("ACL DELUSER bob alice") == .integer(2))
        #expect(try client.run("ACL LOAD") == .ok)
        #expect(try client.run("ACL LIST") == users)
        // A server that starts with the file has the same users.
        let other = try ServerProcess(kind, ["--aclfile", file])
        #expect(try other.client().run("ACL LIST") == users)
    }

    @Test(arguments: ServerKind.all)
    func damagedFilesChangeNothing(_ kind: ServerKind) throws {
        let folder = try Folder()
        let file = try folder.write("users.acl", "user alice on nopass +get ~a\n")
        let server = try ServerProcess(kind, ["--aclfile", file])
        let client = try server.client()
        let users = try client.run("ACL LIST")
        for (text, error) in [
            ("usr alice on", ":1 should start with user keyword followed by the username. "),
            ("\n\nuser", ":3 should start with user keyword followed by the username. "),
            ("# a comment", ":1 should start with user keyword followed by the username. "),
            (
                "user a on +nosuch",
                ":1: Error in applying operation '+nosuch': Unknown command or category name in ACL. "
            ),
            ("user a on\nuser b secret", ":2: Syntax error. "),
            ("user a on\nuser a off", "WARNING: Duplicate user 'a' found on line 2. "),
        ] {
            _ = try folder.write("users.acl", text)
            let reply = try client.run("ACL LOAD")
            #expect(reply.isError)
            #expect(
                reply.text?.hasSuffix(
                    error + "WARNING: ACL errors detected, no change to the previously active ACL rules was performed")
                    == true, "\(reply)")
            #expect(reply.text?.contains("secret") == false)
            #expect(try client.run("ACL LIST") == users)
            #expect(throws: ServerProcess.Failure.self) { try ServerProcess(kind, ["--aclfile", file]) }
        }
        try FileManager.default.removeItem(atPath: file)
        let reply = try client.run("ACL LOAD")
        #expect(reply.text == "ERR Error loading ACLs, opening file '\(file)': No such file or directory")
        #expect(try client.run("ACL LIST") == users)
        #expect(throws: ServerProcess.Failure.self) { try ServerProcess(kind, ["--aclfile", file]) }
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func everyTruncationAndFlipOfAFileIsReadOrRefused(_ kind: ServerKind) throws {
        let folder = try Folder()
        let text = Array("user a on >p %R~x (~y +get|x -@all) +select|0 &c\n".utf8)
        let file = try folder.write("users.acl", String(decoding: text, as: UTF8.self))
        let server = try ServerProcess(kind, ["--aclfile", file])
        let client = try server.client()
        func load(_ bytes: [UInt8]) throws {
            try Data(bytes).write(to: URL(fileURLWithPath: file))
            #expect(try client.run("ACL LOAD") != .null)
        }
        for count in 0...text.count { try load(Array(text[..<count])) }
        var generator = SystemRandomNumberGenerator()
        for position in text.indices {
            var damaged = text
            damaged[position] = UInt8.random(in: 0...255, using: &generator)
            try load(damaged)
        }
        try load(text)
        #expect(try client.run("ACL USERS") == .array([.bulk("a"), .bulk("default")]))
    }

    @Test(arguments: ServerKind.all)
    func savedFilesAreReplacedWhole(_ kind: ServerKind) throws {
        let folder = try Folder()
        let file = try folder.write("users.acl", "user default on nopass ~* &* +@all\n")
        let server = try ServerProcess(kind, ["--aclfile", file])
        let client = try server.client()
        try FileManager.default.removeItem(atPath: folder.path)
        #expect(
            try client.run("ACL SAVE")
                == .error(
                    "ERR There was an error trying to save the ACLs. Please check the server logs for more information")
        )
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        #expect(try client.run("ACL SAVE") == .ok)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["users.acl"])
    }

    @Test(arguments: ServerKind.onlyFreshet)
    func loadingClosesTheConnectionsOfThoseWhoAreGone(_ kind: ServerKind) throws {
        let folder = try Folder()
        let file = try folder.write("users.acl", "user a on nopass +@all ~a\nuser b on nopass +@all ~b\n")
        let server = try ServerProcess(kind, ["--aclfile", file])
        let admin = try server.client()
        let (kept, gone) = (try server.client(), try server.client(timeout: 10))
        #expect(try kept.run("AUTH a x") == .ok)
        #expect(try gone.run("AUTH b x") == .ok)
        _ = try folder.write("users.acl", "user a on nopass +@all ~c\n")
        #expect(try admin.run("ACL LOAD") == .ok)
        #expect(try kept.run("GET c") == .null)
        #expect(try kept.run("GET a") == .error("NOPERM No permissions to access a key"))
        #expect(throws: RedisClient.Failure.self) { try gone.run("PING") }
    }

    @Test(arguments: ServerKind.all)
    func usersAreDeclaredInTheConfigurationFile(_ kind: ServerKind) throws {
        let folder = try Folder()
        let file = try folder.write(
            "server.conf",
            """
            requirepass secret
            user alice on >secret ~a* "~\\"b" (+get ~c) +@all
            user bob off

            """)
        let server = try ServerProcess(kind, ["--requirepass", "secret"], configuration: file)
        let client = try server.client()
        #expect(try client.run("AUTH alice secret") == .ok)
        #expect(try client.run("ACL USERS") == .array([.bulk("alice"), .bulk("bob"), .bulk("default")]))
        #expect(try client.run("ACL SETUSER carol on nopass +@read %R~c &x (%W~w +set)") == .ok)
        #expect(try client.run("ACL DELUSER bob") == .integer(1))
        let users = try client.run("ACL LIST")
        #expect(try client.run("CONFIG REWRITE") == .ok)
        let text = try server.readFile(file)
        #expect(!text.contains("bob"))
        #expect(!text.contains(">secret"))
        #expect(text.contains("user carol "))
        guard kind == .freshet else { return }
        #expect(try client.run("CONFIG REWRITE") == .ok)
        #expect(try server.readFile(file) == text, "written twice it is the same")
        let other = try ServerProcess(kind, ["--requirepass", "secret"], configuration: file)
        let next = try other.client()
        #expect(try next.run("AUTH alice secret") == .ok)
        #expect(try next.run("ACL LIST") == users)
    }

    @Test(arguments: ServerKind.all)
    func wrongDeclarationsStopTheStart(_ kind: ServerKind) throws {
        let folder = try Folder()
        for text in [
            "user", "user a on +nosuch", "user a nosuch", "user a (+get", "user a on\nuser a off", "user \"a b\" on",
            "user a on\naclfile \(try folder.write("users.acl", ""))",
        ] {
            let file = try folder.write("server.conf", text)
            #expect(throws: ServerProcess.Failure.self, "\(text)") { try ServerProcess(kind, configuration: file) }
        }
    }

    @Test(arguments: ServerKind.all)
    func newUsersMayUseTheChannelsThatTheConfigurationSays(_ kind: ServerKind) throws {
        try Script.run(
            kind,
            #"""
            > ACL SETUSER u (+get)
            < OK
            > ACL LIST
            <* [*"user u off*&* -@all (&* -@all +get)"]
            > CONFIG SET acl-pubsub-default resetchannels
            < OK
            > ACL SETUSER u reset (+set)
            < OK
            > ACL LIST
            <* [*"user u off*resetchannels -@all (resetchannels -@all +set)"]
            """#, arguments: ["--acl-pubsub-default", "allchannels"])
    }
}
