import Glibc

/// Bytes that grow at the end and are consumed at the start: what a connection reads into and writes from.
///
/// One malloc'ed block. Growth doubles the block, so that appending is amortised O(1) and a large value streams in
/// without quadratic copying (glibc moves large blocks by remapping pages). Consuming only moves `head`; the block is
/// compacted when room is needed and at least half of it is consumed.
///
/// Invariant: `0 <= head <= tail <= size`, and `base` is valid for `size` bytes.
public struct ByteBuffer: ~Copyable {
    @usableFromInline var base: UnsafeMutablePointer<UInt8>?
    @usableFromInline var head = 0
    @usableFromInline var tail = 0
    @usableFromInline var size = 0

    /// An empty buffer without a block.
    public init() {}

    deinit { free(base) }

    /// Size of the block in bytes.
    @inlinable public var capacity: Int { size }

    /// Number of bytes held.
    @inlinable public var count: Int { tail &- head }
    @inlinable public var isEmpty: Bool { tail == head }

    /// The bytes held; valid until the next mutation.
    @inlinable
    public var view: ByteView {
        guard let base else { return .empty }
        return ByteView(base + head, count: tail &- head)
    }

    /// Room for `count` more bytes, uninitialised; make them part of the buffer with `commit`.
    @inlinable @inline(__always)
    public mutating func reserve(_ count: Int) -> UnsafeMutablePointer<UInt8> {
        if let base, size &- tail >= count { return base + tail }
        return grow(by: count)
    }

    /// The same without room for more than that: for those who know how much is still to come.
    public mutating func reserve(exactly count: Int) -> UnsafeMutablePointer<UInt8> {
        if let base, size &- tail >= count { return base + tail }
        return grow(by: count, isExact: true)
    }

    /// Bytes that fit behind the held ones without growing.
    @inlinable public var spare: Int { size &- tail }

    /// Makes the first `count` bytes of what `reserve` returned part of the buffer.
    @inlinable @inline(__always)
    public mutating func commit(_ count: Int) {
        assert(count >= 0 && tail + count <= size)
        tail &+= count
    }

    /// Adds `bytes`, which must not lie in the buffer. Amortised O(bytes).
    @inlinable @inline(__always)
    public mutating func append(_ bytes: ByteView) {
        let target = reserve(bytes.count)
        memcpy(target, bytes.start, bytes.count)
        tail &+= bytes.count
    }

    @inlinable @inline(__always)
    public mutating func append(_ literal: StaticString) {
        append(ByteView(literal))
    }

    @inlinable @inline(__always)
    public mutating func append(_ byte: UInt8) {
        reserve(1).pointee = byte
        tail &+= 1
    }

    /// Drops `count` bytes at the start.
    public mutating func consume(_ count: Int) {
        precondition(count >= 0 && count <= self.count)
        head += count
        if head == tail {
            head = 0
            tail = 0
        }
    }

    /// Drops all bytes behind the first `count`.
    public mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count)
        tail = head + count
    }

    /// Replaces the byte at `offset`.
    public mutating func overwrite(_ byte: UInt8, at offset: Int) {
        precondition(offset >= 0 && offset < count)
        base.unsafelyUnwrapped[head + offset] = byte
    }

    /// Replaces the first bytes by `bytes`.
    public mutating func overwrite(_ bytes: ByteView) {
        precondition(bytes.count <= count)
        if let base { memcpy(base + head, bytes.start, bytes.count) }
    }

    /// Inserts `bytes` before offset `offset`; O(bytes behind it).
    public mutating func insert(_ bytes: ByteView, at offset: Int) {
        precondition(offset >= 0 && offset <= count)
        _ = reserve(bytes.count)
        guard let base else { return }
        let place = base + head + offset
        memmove(place + bytes.count, place, count - offset)
        memcpy(place, bytes.start, bytes.count)
        tail += bytes.count
    }

    /// Empties the buffer, keeping a block of at most `limit` bytes.
    public mutating func clear(keeping limit: Int) {
        head = 0
        tail = 0
        if size > limit {
            free(base)
            base = nil
            size = 0
        }
    }

    @usableFromInline @inline(never)
    mutating func grow(by count: Int, isExact: Bool = false) -> UnsafeMutablePointer<UInt8> {
        if let base, head >= size / 2, size - (tail - head) >= count {
            memmove(base, base + head, tail - head)
            tail -= head
            head = 0
            return base + tail
        }
        let needed = tail + count
        let larger = isExact ? needed : max(needed, min(size * 2, needed + (64 << 20)), 256)
        guard let block = realloc(base, larger) else {
            let message: StaticString = "Out of memory growing a buffer\n"
            write(STDERR_FILENO, message.utf8Start, message.utf8CodeUnitCount)
            abort()
        }
        let bytes = block.assumingMemoryBound(to: UInt8.self)
        base = bytes
        size = larger
        return bytes + tail
    }
}
