import Primitives

/// Reads a file of the append-only file from its start to its end, and says what is in it and how it ends.
public struct LogCheck {
    /// What was found.
    public struct Report: Equatable, Sendable {
        /// Bytes of the file.
        public var size: Int64 = 0
        /// Bytes of the snapshot that the file starts with, and the keys in it.
        public var snapshotBytes: Int64 = 0
        public var snapshotKeys = 0
        /// Whole commands.
        public var commands = 0
        /// The first and the last time that is annotated, in seconds since 1970.
        public var times: ClosedRange<Int64>?
        public var outcome = Outcome.intact
    }

    /// How the file ends.
    public enum Outcome: Equatable, Sendable {
        case intact
        case cut(LogScanner.Cut)
        case damage(LogScanner.Damage)
        /// What follows at the offset is from later than was asked for.
        case later(Int64)
    }

    private let file: File

    public init(_ file: File) { self.file = file }

    /// Reads the file, up to the first command from later than `limit`, in seconds since 1970, where that is given.
    ///
    /// - Parameter progress: told now and then how many bytes have been read.
    /// - Throws: where the file cannot be read, a snapshot that it starts with is damaged, or, where there is a limit, a
    ///   time cannot be told.
    public func run(
        until limit: Int64? = nil, progress: (Int64) -> Void = { _ in }
    ) throws(PersistenceError) -> Report {
        var report = Report()
        if try LogScanner.startsWithSnapshot(file) {
            var snapshot = try SnapshotCheck(file.path, biggest: 0)
            try snapshot.run(progress: progress)
            report.snapshotBytes = snapshot.end
            report.snapshotKeys = snapshot.summary.keys
        }
        var scanner = try LogScanner(file, from: report.snapshotBytes)
        report.size = scanner.size
        while true {
            progress(scanner.offset)
            let step = try scanner.next()
            report.commands = scanner.commandCount
            switch step {
            case .commands: continue
            case .annotation(let line, let offset):
                guard let time = try Self.time(line, isNeeded: limit != nil) else { continue }
                if let limit, time > limit {
                    report.outcome = .later(scanner.transactionStart ?? offset)
                    return report
                }
                let first = min(report.times?.lowerBound ?? time, time)
                report.times = first...max(report.times?.upperBound ?? time, time)
                continue
            case .end: break
            case .cut(let cut): report.outcome = .cut(cut)
            case .damage(let damage): report.outcome = .damage(damage)
            }
            return report
        }
    }

    private static func time(_ line: ByteView, isNeeded: Bool) throws(PersistenceError) -> Int64? {
        if isNeeded { return try LogScanner.timestamp(line) }
        return try? LogScanner.timestamp(line)
    }
}
