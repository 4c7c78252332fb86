import Primitives

/// Shortens a file to the bytes that are known to be good. What is cut off is kept beside it.
public enum LogRepair {
    private static let blockSize = 1 << 20

    /// Cuts off all behind the first `size` bytes of the file at `path`.
    ///
    /// What is cut off is on disk, in a file of its own, before the first byte of it goes.
    ///
    /// - Returns: the path of the file that keeps what was cut off.
    public static func cut(
        _ path: String, to size: Int64, system: FileSystem = FileSystem()
    ) throws(PersistenceError) -> String {
        let file = try system.open(path, .changing)
        let kept = try unusedName("\(path).cut-\(size)", system)
        let side = try system.open(kept, .replacing)
        do throws(PersistenceError) {
            try copy(file, from: size, to: side)
            try side.sync()
            try system.syncFolder(folder(of: path))
        } catch {
            try? system.remove(kept)
            throw error
        }
        try file.truncate(to: size)
        try file.sync()
        return kept
    }

    /// The folder that the file at `path` is in.
    public static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func unusedName(_ name: String, _ system: FileSystem) throws(PersistenceError) -> String {
        var candidate = name
        var number = 1
        while try system.status(candidate) != nil {
            number += 1
            candidate = "\(name).\(number)"
        }
        return candidate
    }

    private static func copy(_ file: File, from offset: Int64, to target: File) throws(PersistenceError) {
        var place = offset
        while true {
            var buffer = ByteBuffer()
            let count = try file.read(into: buffer.reserve(blockSize), count: blockSize, at: place)
            if count == 0 { return }
            buffer.commit(count)
            try target.append(buffer.view)
            place += Int64(count)
        }
    }
}
