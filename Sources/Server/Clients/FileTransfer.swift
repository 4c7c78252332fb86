import Persistence
import Primitives

/// A file on its way to a client, a part at a time as the client takes it.
final class FileTransfer {
    private let file: File
    private let count: Int64
    private var offset: Int64 = 0

    /// Bytes that are read at a time.
    private static let part: Int64 = 256 * 1024

    /// - Parameter count: how many bytes of the file are sent, from its start.
    init(_ file: File, count: Int64) {
        self.file = file
        self.count = count
    }

    var isOver: Bool { offset == count }

    /// Adds the next part to what is sent; false where it cannot be read.
    func read(into buffer: inout ByteBuffer) -> Bool {
        let room = Int(min(Self.part, count - offset))
        let target = buffer.reserve(room)
        guard let read = try? file.read(into: target, count: room, at: offset), read > 0 else { return false }
        buffer.commit(read)
        offset += Int64(read)
        return true
    }
}
