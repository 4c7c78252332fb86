import Glibc
import Primitives

/// The folder of the append-only file, and what may be done to it: every operation prepares files that the manifest does
/// not name yet, makes them last, and then puts a new manifest in place of the old one in one step. Whenever the process
/// ends in between, the folder holds either what was there before or what was to be there, and left-overs that nothing
/// refers to.
///
/// One thread at a time uses it; it knows nothing of what the files hold.
public struct AppendOnlyDirectory: ~Copyable {
    /// Where the files are, and how they are called.
    public struct Names: Sendable {
        /// The folder of all data (`dir`), in which the files' folder is.
        public let parent: String
        /// Path of the folder of the files (`appenddirname`).
        public let folder: String
        /// What the files' names start with (`appendfilename`).
        public let stem: String

        public init(parent: String, folder: String, stem: String) {
            self.parent = parent
            self.folder = Self.path(parent, folder)
            self.stem = stem
        }

        /// Path of the manifest.
        public var manifest: String { path(Manifest.fileName(stem)) }
        /// Path of a manifest that is not yet in place.
        var temporaryManifest: String { path("temp-" + Manifest.fileName(stem)) }
        /// Path at which a new base is to be written before it takes its place.
        public var temporaryBase: String { path("temp-\(stem).base") }
        /// Path of what is logged while the first base is being written.
        public var temporaryIncremental: String { path("temp-\(stem).incr") }
        /// Path of the only file of versions before 7.
        var single: String { Self.path(parent, stem) }

        /// Path of a file in the folder.
        func path(_ name: String) -> String { Self.path(folder, name) }

        private static func path(_ folder: String, _ name: String) -> String {
            folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
        }
    }

    public let names: Names
    /// What is in place on disk.
    public private(set) var manifest = Manifest()
    let system: FileSystem

    /// Longest manifest that is read, in bytes.
    private static let maximumManifest = 16 << 20

    /// Reads the manifest; without one there are no files. Changes nothing on disk, but for a single file of a version
    /// before 7, which moves into the folder.
    ///
    /// - Throws: a manifest that cannot be read, or that names a file to be loaded that is missing.
    public init(_ names: Names, system: FileSystem = FileSystem()) throws(PersistenceError) {
        self.names = names
        self.system = system
        if try system.status(names.manifest) != nil { manifest = try Self.read(names.manifest, system) }
        try upgrade()
        let missing = try files().filter { $0.size == nil }.map(\.name)
        if !missing.isEmpty {
            throw PersistenceError(
                "\(names.folder) lacks \(missing.joined(separator: ", ")), which \(names.manifest) names")
        }
    }

    /// The manifest in a file.
    public static func read(_ path: String, _ system: FileSystem) throws(PersistenceError) -> Manifest {
        let text = try system.contents(path, limit: maximumManifest)
        do throws(PersistenceError) {
            return try text.withView { (view) throws(PersistenceError) in try Manifest(view) }
        } catch {
            throw PersistenceError("\(path): \(error.description)")
        }
    }

    // MARK: Loading

    /// A file to be loaded.
    public struct LiveFile: Sendable {
        public let name: String
        public let path: String
        /// In bytes; nil where the file is missing.
        public let size: Int64?
        public let isBase: Bool
        /// Whether what follows it, if anything, is empty: only there a record may be incomplete.
        public internal(set) var isLast: Bool
    }

    /// The files to be loaded, in order.
    public func files() throws(PersistenceError) -> [LiveFile] {
        var files: [LiveFile] = []
        for entry in manifest.live {
            let path = names.path(entry.name)
            let size = try system.status(path)?.size
            files.append(
                LiveFile(
                    name: entry.name, path: path, size: size, isBase: entry == manifest.base, isLast: false))
        }
        for index in files.indices.reversed() {
            files[index].isLast = true
            if files[index].size != 0 { break }
        }
        return files
    }

    /// Moves the single file of a version before 7 into the folder, or goes on with that. What is in the folder has
    /// precedence: then the file is none of ours.
    private mutating func upgrade() throws(PersistenceError) {
        guard try system.status(names.single)?.isFolder == false else { return }
        let upgraded = Manifest.upgrading(names.stem)
        if manifest == upgraded {
            guard try system.status(names.path(names.stem)) == nil else { return }
        } else {
            guard manifest.isEmpty else { return }
            try makeFolder()
            try put(upgraded)
        }
        try system.rename(names.single, to: names.path(names.stem))
        try system.syncFolder(names.folder)
        try system.syncFolder(names.parent)
    }

    /// Removes history, and what operations that did not come to their end have left. To be called once everything is
    /// loaded, or after a new base.
    public mutating func removeLeftovers() throws(PersistenceError) {
        guard try system.status(names.folder) != nil else { return }
        for path in [names.temporaryManifest, names.temporaryBase, names.temporaryIncremental] {
            try system.remove(path)
        }
        try removeHistory()
    }

    /// Removes the files that newer ones have replaced. Of large files that takes a while.
    public mutating func removeHistory() throws(PersistenceError) {
        guard !manifest.history.isEmpty else { return }
        for entry in manifest.history { try system.remove(names.path(entry.name)) }
        var next = manifest
        next.history = []
        try put(next)
    }

    // MARK: Writing

    /// Creates the folder where it is missing.
    public func makeFolder() throws(PersistenceError) {
        if try system.status(names.folder)?.isFolder == true { return }
        try system.makeFolder(names.folder)
        try system.syncFolder(names.parent)
    }

    /// Opens the last incremental file, to go on with it, or a new one where there is none.
    public mutating func openForAppending() throws(PersistenceError) -> File {
        guard let last = manifest.incrementals.last else { return try startIncremental() }
        return try system.open(names.path(last.name), .appending)
    }

    /// Begins a new incremental file.
    ///
    /// Nothing may reach the disk in it before all of the file before it has: what is lost would lie in the middle.
    ///
    /// - Throws: where that failed; the file that was written before is then still the one to be written.
    public mutating func startIncremental() throws(PersistenceError) -> File {
        try makeFolder()
        let before = manifest
        var next = manifest
        let path = names.path(next.addIncremental(names.stem).name)
        let file = try system.open(path, .replacing)
        do throws(PersistenceError) {
            try put(next)
        } catch {
            // In place, but perhaps not for good: the manifest before it is as good, since the new file is empty.
            if manifest == next { try? put(before) }
            if manifest == before { try? system.remove(path) }
            throw error
        }
        return file
    }

    /// Opens a file for what is logged while there is no base yet that it could follow.
    public func startTemporaryIncremental() throws(PersistenceError) -> File {
        try makeFolder()
        // A file of an attempt before may still be written to.
        try system.remove(names.temporaryIncremental)
        return try system.open(names.temporaryIncremental, .replacing)
    }

    /// What is logged after a new base.
    public enum Continuation: Sendable {
        /// The last incremental file, which was begun when the base was.
        case incremental
        /// The file of `startTemporaryIncremental`, which takes its place with the base.
        case temporary
        /// Nothing yet.
        case none
    }

    /// Puts what was written to `names.temporaryBase` in place as the new base; what it holds becomes history.
    ///
    /// - Throws: where that failed; what was in place before goes on. Where only the last step failed, the base may be in
    ///   place all the same, as `manifest` then says: nothing that either state needs is removed.
    public mutating func installBase(
        _ format: Manifest.BaseFormat, followedBy continuation: Continuation
    ) throws(PersistenceError) {
        try makeFolder()
        try system.open(names.temporaryBase, .changing).sync()
        var next = manifest
        let base = names.path(next.replaceBase(names.stem, format).name)
        next.retireIncrementals(keeping: continuation == .incremental ? 1 : 0)
        let incremental = continuation == .temporary ? names.path(next.addIncremental(names.stem).name) : nil
        do throws(PersistenceError) {
            try system.rename(names.temporaryBase, to: base)
            if let incremental { try system.rename(names.temporaryIncremental, to: incremental) }
            try put(next)
        } catch {
            if manifest != next {
                try? system.remove(base)
                if let incremental { try? system.remove(incremental) }
            }
            throw error
        }
    }

    /// Puts a manifest in place. Once it can be seen, `manifest` is the new one, even where it is not sure to last.
    private mutating func put(_ next: Manifest) throws(PersistenceError) {
        do {
            let file = try system.open(names.temporaryManifest, .replacing)
            try next.text.withView { (view) throws(PersistenceError) in try file.append(view) }
            try file.sync()
        }
        try system.rename(names.temporaryManifest, to: names.manifest)
        manifest = next
        try system.syncFolder(names.folder)
    }
}
