import Primitives

/// Which files the append-only file consists of, in Redis 7's form: at most one base, which holds everything up to a
/// moment, the incremental files that tell what happened since, in order, and history, which a newer base has replaced
/// and which only waits to be removed.
///
/// The manifest on disk is the only truth. A file that it does not name does not exist for the server, whatever its name,
/// so that whoever changes the set prepares the files first and then replaces the manifest in one step.
public struct Manifest: Equatable, Sendable {
    /// A file of the set.
    public struct Entry: Equatable, Sendable {
        /// Without a folder.
        public let name: String
        /// Position among the files of its kind, from 1.
        public let sequence: Int64
    }

    /// What a base is written in.
    public enum BaseFormat: String, Sendable {
        /// A snapshot.
        case rdb
        /// Commands.
        case aof
    }

    public internal(set) var base: Entry?
    /// In the order in which they were written.
    public internal(set) var incrementals: [Entry] = []
    /// The latest first.
    public internal(set) var history: [Entry] = []

    /// Largest sequence number that is accepted: there is always a next one.
    static let maximumSequence = Int64.max / 2

    /// A manifest of no files.
    public init() {}

    /// Whether there is nothing to load.
    public var isEmpty: Bool { base == nil && incrementals.isEmpty }

    /// The files to load, in order.
    public var live: [Entry] { (base.map { [$0] } ?? []) + incrementals }

    // MARK: Names

    /// Name of the manifest's own file for files called `stem` (`appendfilename`).
    public static func fileName(_ stem: String) -> String { stem + ".manifest" }

    private func isTaken(_ name: String) -> Bool {
        live.contains { $0.name == name } || history.contains { $0.name == name }
    }

    /// The next free name and number behind `sequence`.
    private func next(after sequence: Int64?, _ name: (Int64) -> String) -> Entry {
        var number = (sequence ?? 0) + 1
        while isTaken(name(number)) { number += 1 }
        return Entry(name: name(number), sequence: number)
    }

    // MARK: Changes

    /// Adds an incremental file, which is the one to be written from now on.
    public mutating func addIncremental(_ stem: String) -> Entry {
        let entry = next(after: incrementals.last?.sequence) { "\(stem).\($0).incr.aof" }
        incrementals.append(entry)
        return entry
    }

    /// Puts a new base in place of the one that is there, which becomes history.
    public mutating func replaceBase(_ stem: String, _ format: BaseFormat) -> Entry {
        let entry = next(after: base?.sequence) { "\(stem).\($0).base.\(format.rawValue)" }
        if let base { history.insert(base, at: 0) }
        base = entry
        return entry
    }

    /// Makes history of the incremental files, but for the last `kept`: a new base holds what they tell.
    public mutating func retireIncrementals(keeping kept: Int) {
        for entry in incrementals.dropLast(kept).reversed() { history.insert(entry, at: 0) }
        incrementals.removeFirst(max(0, incrementals.count - kept))
    }

    /// The manifest of a single file from before Redis 7, which becomes the base under its own name.
    static func upgrading(_ stem: String) -> Manifest {
        var manifest = Manifest()
        manifest.base = Entry(name: stem, sequence: 1)
        return manifest
    }
}
