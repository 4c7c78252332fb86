import Glibc
import Primitives

/// An open file, which closes when the last reference to it goes.
///
/// Reading takes an offset and writing always goes to the end, so that threads that share a file share no position: one
/// may append while another waits for the disk.
public final class File: Sendable {
    /// The name under which it was opened.
    public let path: String
    /// The system's number of it; valid as long as this lives.
    public let descriptor: CInt
    private let system: FileSystem

    init(path: String, descriptor: CInt, system: FileSystem) {
        self.path = path
        self.descriptor = descriptor
        self.system = system
    }

    deinit { close(descriptor) }

    /// Bytes in the file.
    public func size() throws(PersistenceError) -> Int64 {
        var status = stat()
        try system.check(.status, "inspect", path) { fstat(descriptor, &status) }
        return Int64(status.st_size)
    }

    /// Reads at most `count` bytes at `offset` to `target`, which must have room for them; returns how many there were,
    /// none behind the end.
    public func read(
        into target: UnsafeMutablePointer<UInt8>, count: Int, at offset: Int64
    ) throws(PersistenceError) -> Int {
        try system.check(.read, "read", path) { pread(descriptor, target, count, off_t(offset)) }
    }

    /// Tells the system that the file is going to be read from its start to its end.
    public func willReadAll() { posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL) }

    /// Adds `bytes` at the end. Where that fails a part of them may be there.
    public func append(_ bytes: ByteView) throws(PersistenceError) {
        var written = 0
        while written < bytes.count {
            written += try system.check(.write, "write", path) {
                write(descriptor, bytes.start + written, bytes.count - written)
            }
        }
    }

    /// Waits until the bytes, and what is needed to find them, are on disk.
    public func syncData() throws(PersistenceError) {
        try system.check(.sync, "sync", path) { fdatasync(descriptor) }
    }

    /// Waits until the file is on disk, with all that is known of it.
    public func sync() throws(PersistenceError) {
        try system.check(.sync, "sync", path) { fsync(descriptor) }
    }

    /// Cuts off what is behind the first `size` bytes.
    public func truncate(to size: Int64) throws(PersistenceError) {
        try system.check(.truncate, "shorten", path) { ftruncate(descriptor, off_t(size)) }
    }
}
