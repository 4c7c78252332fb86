import ArgumentParser
import Keyspace
import Persistence
import Primitives

/// `freshet-check rdb`
struct CheckSnapshot: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rdb",
        abstract: "Checks a snapshot: its checksum and every value.",
        discussion: "Prints how many keys of each type there are, and the keys that need most memory.")

    @Flag(help: "Print what is in the file as JSON.")
    var json = false

    @Option(help: "How many of the biggest keys to print.")
    var biggest = 10

    @Flag(help: "Show the progress even where the standard error output is no terminal.")
    var progress = false

    @Argument(help: ArgumentHelp("The snapshot.", valueName: "file"))
    var path: String

    func validate() throws {
        if !(0...10_000).contains(biggest) { throw ValidationError("--biggest takes a number from 0 to 10000.") }
    }

    func run() throws {
        var check = try SnapshotCheck(path, biggest: biggest)
        var progress = Progress(total: check.size, isForced: progress)
        progress.begin(path)
        do {
            try check.run { progress.update($0) }
        } catch {
            progress.end(0)
            if json {
                print(SnapshotReport(summary: check.summary, error: "\(error)", trailing: 0).json)
            } else {
                print("\(check.summary.keys) keys can be read before the damage.")
            }
            throw error
        }
        progress.end(check.size)
        let report = SnapshotReport(summary: check.summary, error: nil, trailing: check.size - check.end)
        print(json ? report.json : report.text(path))
    }
}
