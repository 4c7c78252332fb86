import Glibc

/// A program that runs to its end.
public struct ProgramResult: Sendable {
    /// Exit code, or 128 and the signal.
    public let status: Int32
    /// What it printed.
    public let output: String
    /// What it printed to the standard error output.
    public let errors: String
}

/// Runs a program, found by PATH, with `input` on its standard input, and waits for its end.
public func run(_ command: [String], input: String = "") -> ProgramResult? {
    let folder = TemporaryFolder()
    let inputPath = folder.write("input", input)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, inputPath, O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, folder.path("output"), O_WRONLY | O_CREAT, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, folder.path("errors"), O_WRONLY | O_CREAT, 0o600)
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var pid: pid_t = 0
    guard posix_spawnp(&pid, command[0], &actions, nil, &arguments, environ) == 0 else { return nil }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    let code = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    return ProgramResult(
        status: code, output: String(decoding: folder.read("output") ?? [], as: UTF8.self),
        errors: String(decoding: folder.read("errors") ?? [], as: UTF8.self))
}
