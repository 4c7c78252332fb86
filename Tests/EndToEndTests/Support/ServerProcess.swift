import Foundation
import Glibc

/// A running server with a port, a unix socket and a folder of its own.
///
/// It is ready when `init` returns: PING was answered. When the last reference goes the server is killed and its
/// folder removed. A watchdog (a shell that waits for the end of a socket whose other end only this process holds)
/// does the same where the test process ends in any other way, a crash included.
public final class ServerProcess: @unchecked Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public var description: String
    }

    public let kind: ServerKind
    public let port: Int
    public let directory: String
    public let pid: pid_t
    public var unixSocket: String { "\(directory)/socket" }

    private let watchdog: pid_t
    private let watchdogSocket: Int32
    private let exitState = ExitState()

    private final class ExitState: @unchecked Sendable {
        let lock = NSLock()
        var status: Int32?
    }

    /// - Parameters:
    ///   - arguments: directives as on the command line, such as `["--requirepass", "secret"]`; they win over the
    ///     defaults.
    ///   - configuration: the path of a configuration file.
    ///   - openFiles: the limit of open descriptors that the server starts with.
    ///   - environment: variables that the server has beside those of the tests.
    public init(
        _ kind: ServerKind, _ arguments: [String] = [], configuration: String? = nil, openFiles: Int? = nil,
        environment: [String: String] = [:]
    ) throws {
        guard let binary = kind.binary else {
            throw Failure(
                description: "no \(kind.rawValue) binary: build freshet-server, or set FRESHET_SERVER or FRESHET_SKIP=1"
            )
        }
        self.kind = kind
        port = try ServerProcess.freePort()
        var template = Array("/tmp/freshet-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(description: "mkdtemp: \(errno)") }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)

        var command =
            [binary] + (configuration.map { [$0] } ?? []) + [
                "--port", String(port), "--bind", "127.0.0.1", "--dir", directory,
            ]
        command += ["--unixsocket", "\(directory)/socket", "--enable-debug-command", "yes", "--save", ""]
        switch kind {
        case .freshet: if !arguments.contains("--threads") { command += ["--threads", "2"] }
        case .redis: command += ["--loglevel", "warning"]
        }
        if let openFiles { command = ["/bin/sh", "-c", "ulimit -n \(openFiles); exec \"$@\"", "sh"] + command }
        do {
            if !environment.isEmpty { command = ["/usr/bin/env"] + environment.map { "\($0)=\($1)" } + command }
            pid = try ServerProcess.spawn(command + arguments, output: "\(directory)/log", input: "/dev/null")
        } catch {
            // deinit does not run for what was never complete.
            try? FileManager.default.removeItem(atPath: directory)
            throw error
        }

        var ends: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw Failure(description: "socketpair: \(errno)")
        }
        watchdogSocket = ends[1]
        let script = "read line; [ \"$line\" = done ] || kill -KILL \"$1\"; rm -rf \"$2\""
        watchdog = try ServerProcess.spawn(
            ["/bin/sh", "-c", script, "sh", String(pid), directory], output: "/dev/null", inputDescriptor: ends[0])
        close(ends[0])
        try waitUntilReady(password: ServerProcess.value(of: "--requirepass", in: arguments))
    }

    deinit {
        kill()
        _ = "done\n".withCString { write(watchdogSocket, $0, 5) }
        close(watchdogSocket)
        var status: Int32 = 0
        waitpid(watchdog, &status, 0)
    }

    public func client(timeout: Double = 20) throws -> RedisClient { try RedisClient(port: port, timeout: timeout) }

    public func raw(timeout: Double = 20, receiveBuffer: Int32? = nil) throws -> RawConnection {
        try RawConnection(port: port, timeout: timeout, receiveBuffer: receiveBuffer)
    }

    /// The text of a file that the server wrote.
    public func readFile(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    /// The permission bits of a file.
    public func mode(of path: String) -> UInt32? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
    }

    /// What the server printed so far.
    public var log: String { (try? String(contentsOfFile: "\(directory)/log", encoding: .utf8)) ?? "" }

    /// Resident memory in bytes, from /proc.
    public var residentBytes: Int {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8)) ?? ""
        return (Int(text.split(separator: " ").dropFirst().first ?? "0") ?? 0) * Int(getpagesize())
    }

    public func signal(_ number: Int32) {
        exitState.lock.withLock { if exitState.status == nil { _ = Glibc.kill(pid, number) } }
    }

    public func kill() {
        signal(SIGKILL)
        _ = waitForExit(seconds: 30)
    }

    /// The exit code (or 128 + signal) once the process has ended; nil where it still runs after the time.
    public func waitForExit(seconds: Double = 20) -> Int32? {
        let deadline = DispatchTime.now() + seconds
        while true {
            if let status = exitStatus() { return status }
            if DispatchTime.now() >= deadline { return nil }
            usleep(2000)
        }
    }

    private func exitStatus() -> Int32? {
        exitState.lock.withLock {
            if let status = exitState.status { return status }
            var status: Int32 = 0
            guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
            let code = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
            exitState.status = code
            return code
        }
    }

    /// Waits for PING to be answered; an answer counts only while the process lives, so that nobody else's server on
    /// the port is taken for this one.
    private func waitUntilReady(password: String?) throws {
        let deadline = DispatchTime.now() + 20
        while DispatchTime.now() < deadline {
            if let code = exitStatus() { throw Failure(description: "\(kind) exited with \(code): \(log)") }
            if let client = try? RedisClient(port: port, timeout: 2) {
                if let password { _ = try? client.send("AUTH", password) }
                let reply = try? client.send("PING")
                if reply == .status("PONG"), exitStatus() == nil { return }
                if let text = reply?.text, reply?.isError == true, !text.hasPrefix("LOADING") {
                    throw Failure(description: "\(kind) answers PING with: \(text)")
                }
            }
            usleep(2000)
        }
        throw Failure(description: "\(kind) did not answer PING: \(log)")
    }

    private static func value(of option: String, in arguments: [String]) -> String? {
        arguments.firstIndex(of: option).flatMap { arguments.indices.contains($0 + 1) ? arguments[$0 + 1] : nil }
    }

    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutableBytes(of: &address) { bytes in
            let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            guard bind(descriptor, pointer, length) == 0, let pointer else { return Int32(-1) }
            return getsockname(descriptor, pointer, &length)
        }
        guard result == 0 else { throw Failure(description: "no free port: \(errno)") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private static func spawn(
        _ command: [String], output: String, input: String? = nil, inputDescriptor: Int32 = -1
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        } else {
            posix_spawn_file_actions_adddup2(&actions, inputDescriptor, 0)
        }
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // Threads of the test runner block signals; a server started with that mask would not see SIGTERM.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var pid: pid_t = 0
        let result = descriptorLock.withLock {
            posix_spawn(&pid, command[0], &actions, &attributes, &arguments, environ)
        }
        guard result == 0 else { throw Failure(description: "spawn \(command[0]): \(result)") }
        return pid
    }
}

/// Held while a descriptor exists that is not yet marked close-on-exec, and while a process is started: a server that
/// inherited another test's connection would keep it open.
let descriptorLock = NSLock()
