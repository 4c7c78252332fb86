import ArgumentParser
import Glibc

/// The tool for whoever has files that a server does not take, or wants to know before it is asked to.
@main
struct FreshetCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "freshet-check",
        abstract: "Checks the files in which a server keeps its data, and repairs them.",
        discussion:
            "No server may be using the files meanwhile. The exit status is 0 where all is well, or is now, else 1.",
        subcommands: [CheckLog.self, CheckSnapshot.self])

    /// Every failure is status 1, wrong usage included, as scripts that call redis-check-aof expect.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            let text = fullMessage(for: error)
            let isFailure = exitCode(for: error) != .success
            if isFailure { printError(text + "\n") } else { print(text) }
            Glibc.exit(isFailure ? 1 : 0)
        }
    }
}

/// Writes to the standard error output.
func printError(_ text: String) {
    // What was printed before comes before it where both go to one place.
    fflush(nil)
    _ = text.withCString { write(STDERR_FILENO, $0, strlen($0)) }
}
