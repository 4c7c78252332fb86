import Glibc
import Primitives

/// A file's bytes as memory, read by the system as they are looked at, and given back as they are done with.
///
/// Whoever cuts the file short while it is mapped ends the process that looks at what is gone; files are replaced by
/// renaming, which leaves the mapped one whole.
public struct MappedFile: ~Copyable, @unchecked Sendable {
    /// All of the file; good until this goes.
    public let bytes: ByteView
    private let base: UnsafeMutableRawPointer?

    /// Maps the file at `path`. Says what the system says where it cannot.
    public init(path: String) throws(PersistenceError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("open", path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.failure("read", path) }
        let count = Int(status.st_size)
        guard count > 0 else {
            base = nil
            bytes = .empty
            return
        }
        guard let block = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), block != MAP_FAILED else {
            throw Self.failure("read", path)
        }
        madvise(block, count, MADV_SEQUENTIAL)
        base = block
        bytes = ByteView(UnsafeRawPointer(block), count: count)
    }

    deinit {
        if let base { munmap(base, bytes.count) }
    }

    /// Gives back the memory of the bytes in `range`, which are read again where somebody still looks at them.
    public func release(_ range: Range<Int>) {
        guard let base, range.lowerBound >= 0, range.upperBound <= bytes.count else { return }
        let page = 4096
        let start = (range.lowerBound + page - 1) & ~(page - 1)
        let end = range.upperBound & ~(page - 1)
        if start < end { madvise(base + start, end - start, MADV_DONTNEED) }
    }

    private static func failure(_ action: StaticString, _ path: String) -> PersistenceError {
        PersistenceError("cannot \(action) \(path): \(String(cString: strerror(errno)))")
    }
}
