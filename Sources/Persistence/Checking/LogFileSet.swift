import Primitives

/// The files that a path stands for: those of a manifest, in order, or the one file that it names.
public struct LogFileSet: Sendable {
    /// A file to be checked.
    public struct Member: Sendable {
        public let path: String
        public let name: String
        /// In bytes.
        public let size: Int64
        /// Whether it may be shortened: nothing follows it.
        public let isLast: Bool
    }

    public let members: [Member]
    /// Whether a manifest names them.
    public let isManifest: Bool

    /// Most bytes that are looked at to tell what a file is.
    private static let headBytes = 64 * 1024

    /// Finds out what is at `path`.
    ///
    /// - Throws: a file that is missing, or a manifest that is wrong.
    public init(_ path: String, system: FileSystem = FileSystem()) throws(PersistenceError) {
        isManifest = try Self.isManifest(path, system)
        guard isManifest else {
            let size = try system.open(path, .reading).size()
            members = [Member(path: path, name: path, size: size, isLast: true)]
            return
        }
        let manifest = try AppendOnlyDirectory.read(path, system)
        let folder = LogRepair.folder(of: path)
        var members: [Member] = []
        var isLast = true
        for entry in manifest.live.reversed() {
            let path = "\(folder)/\(entry.name)"
            let size = try system.open(path, .reading).size()
            members.append(Member(path: path, name: entry.name, size: size, isLast: isLast))
            if size > 0 { isLast = false }
        }
        self.members = members.reversed()
    }

    /// Whether the first line of a file that is no comment is one of a manifest.
    private static func isManifest(_ path: String, _ system: FileSystem) throws(PersistenceError) -> Bool {
        let file = try system.open(path, .reading)
        var buffer = ByteBuffer()
        let count = try file.read(into: buffer.reserve(headBytes), count: headBytes, at: 0)
        buffer.commit(count)
        let lines = buffer.view.buffer.split(separator: 10, omittingEmptySubsequences: false)
        return lines.first { $0.first != UInt8(ascii: "#") }?.starts(with: "file".utf8) ?? false
    }
}
