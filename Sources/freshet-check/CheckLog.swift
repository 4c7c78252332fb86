import ArgumentParser
import Glibc
import Persistence

/// `freshet-check aof`
struct CheckLog: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aof",
        abstract: "Checks an append-only file: all files of a manifest, or a single one.",
        discussion: """
            Files are shortened only where that is asked for, after a confirmation, and only the last one. What is cut \
            off is kept beside the file, in one whose name ends with .cut- and the offset.
            """)

    @Flag(help: "Cut off what cannot be read, and all that follows it.")
    var fix = false

    @Option(
        help: ArgumentHelp(
            "Cut off what was written later than this time, where times are annotated (aof-timestamp-enabled).",
            valueName: "unix-time"))
    var truncateToTimestamp: Int64?

    @Flag(name: .shortAndLong, help: "Cut without asking.")
    var yes = false

    @Flag(help: "Show the progress even where the standard error output is no terminal.")
    var progress = false

    @Argument(help: ArgumentHelp("The manifest, or a file that it names.", valueName: "file"))
    var path: String

    func validate() throws {
        if fix, truncateToTimestamp != nil {
            throw ValidationError("--fix and --truncate-to-timestamp are done one after the other.")
        }
    }

    func run() throws {
        let files = try LogFileSet(path)
        var progress = Progress(total: files.members.reduce(0) { $0 + $1.size }, isForced: progress)
        for file in files.members { try check(file, &progress) }
        if files.isManifest { print("\(path): all files are valid") }
    }

    private func check(_ member: LogFileSet.Member, _ progress: inout Progress) throws {
        if member.size == 0 { return print("\(member.name): empty") }
        progress.begin(member.name)
        let check = LogCheck(try FileSystem().open(member.path, .reading))
        let report = try check.run(until: truncateToTimestamp) { progress.update($0) }
        progress.end(member.size)
        switch report.outcome {
        case .intact:
            print("\(member.name): valid, \(Self.summary(report))")
            if let limit = truncateToTimestamp, member.isLast { print("Nothing is from later than \(limit).") }
        case .cut(let cut): try settle(member, keeping: cut.offset, "\(cut)", report)
        case .damage(let damage): try settle(member, keeping: damage.intact, "\(damage)", report)
        case .later(let offset):
            if offset == 0 { throw Failure("\(member.name): all of it is from later") }
            guard member.isLast else {
                throw Failure(
                    "\(member.name): later from offset \(offset) on, but other files follow. Remove them, and their lines "
                        + "in the manifest, and call again.")
            }
            try cut(member, to: offset)
        }
    }

    /// What is to be done about a file that does not end well.
    private func settle(
        _ member: LogFileSet.Member, keeping size: Int64, _ problem: String, _ report: LogCheck.Report
    ) throws {
        print("\(member.name): \(problem)")
        print("\(member.name): intact before that, \(Self.summary(report))")
        let lost = "the last \(report.size - size) of \(report.size) bytes"
        guard fix else { throw Failure("\(member.name) is not valid; --fix cuts off \(lost)") }
        guard member.isLast else {
            throw Failure(
                "\(member.name) is not the last file, so that cutting off \(lost) would lose what follows too")
        }
        try cut(member, to: size)
    }

    private func cut(_ member: LogFileSet.Member, to size: Int64) throws {
        if !yes {
            print("Shorten \(member.name) from \(member.size) to \(size) bytes? [y/N] ", terminator: "")
            fflush(nil)
            guard let answer = readLine(), answer.lowercased().hasPrefix("y") else {
                throw Failure("nothing was changed")
            }
        }
        let kept = try LogRepair.cut(member.path, to: size)
        print("\(member.name): shortened to \(size) bytes; the other \(member.size - size) are in \(kept)")
    }

    private static func summary(_ report: LogCheck.Report) -> String {
        var parts: [String] = []
        if report.snapshotBytes > 0 {
            parts.append("a snapshot of \(report.snapshotKeys) keys in \(report.snapshotBytes) bytes")
        }
        if report.commands > 0 || report.snapshotBytes == 0 { parts.append("\(report.commands) commands") }
        if let times = report.times { parts.append("written from \(times.lowerBound) to \(times.upperBound)") }
        return parts.joined(separator: ", ")
    }
}

/// Why the tool ends with status 1.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
