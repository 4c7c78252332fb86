import CLinux
import Glibc

/// Raw blocks from the C allocator, with the size that they really take, so that every byte a key holds is accounted.
public enum Allocation {
    /// A block of at least `size` bytes, aligned to 16. The process ends where the system has no memory left, as the
    /// Swift runtime does for its own objects.
    @inlinable @inline(__always)
    public static func allocate(_ size: Int) -> UnsafeMutableRawPointer {
        guard let block = malloc(size) else { outOfMemory(size) }
        return block
    }

    /// A block of `size` zero bytes.
    @inlinable
    public static func allocateZeroed(_ size: Int) -> UnsafeMutableRawPointer {
        guard let block = calloc(1, size) else { outOfMemory(size) }
        return block
    }

    /// A range of `size` zero bytes of which only those pages take memory that are used. Not the C allocator's, which would
    /// count all of it. Given back by `unreserve`.
    static func reserve(_ size: Int) -> UnsafeMutableRawPointer {
        let range = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let range, range != MAP_FAILED else { outOfMemory(size) }
        return range
    }

    static func unreserve(_ range: UnsafeMutableRawPointer, _ size: Int) { munmap(range, size) }

    /// `block`, perhaps moved, with `size` bytes.
    @inlinable
    public static func reallocate(_ block: UnsafeMutableRawPointer, _ size: Int) -> UnsafeMutableRawPointer {
        guard let moved = realloc(block, size) else { outOfMemory(size) }
        return moved
    }

    @inlinable @inline(__always)
    public static func free(_ block: UnsafeMutableRawPointer) { Glibc.free(block) }

    /// Bytes that glibc takes for a request of `size`: an 8-byte header, multiples of 16, at least 32.
    @inlinable @inline(__always)
    public static func footprint(_ size: Int) -> Int { max(32, (size &+ 8 &+ 15) & ~15) }

    /// Blocks of so many bytes are ranges of pages of their own.
    private static let longBlock: CInt = 1 << 20

    /// Tells the allocator what it cannot know. To be called before the first thread is started.
    public static func configure() {
        // By default it puts small blocks that are freed aside and merges all of them at some later call: after a million
        // keys have expired that one takes 40 ms.
        mallopt(M_MXFAST, 0)
        // By default it takes long blocks from among the short ones once one as long has been freed. The holes that they
        // leave are filled with short ones, and for the next long one more memory is needed.
        mallopt(M_MMAP_THRESHOLD, longBlock)
        // What is free at the end goes back to the system from so many bytes on; as above where nothing is set.
        mallopt(M_TRIM_THRESHOLD, 2 * longBlock)
    }

    @usableFromInline @inline(never)
    static func outOfMemory(_ size: Int) -> Never {
        let message = "Out of memory allocating \(size) bytes\n"
        _ = message.utf8.withContiguousStorageIfAvailable { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        abort()
    }
}
