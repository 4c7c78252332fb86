import Keyspace

/// Elements of one kind, found by a number, at addresses that do not change: chunks whose pages the system gives when they
/// are first touched. The number 0 is nobody's.
struct Pool<Element: BitwiseCopyable>: ~Copyable {
    private let chunkBits: Int
    private var chunks: [UnsafeMutablePointer<Element>] = []
    /// The first number that was never given. Numbers have 31 bits, so that they leave one to whoever keeps them.
    private(set) var end: UInt32 = 1

    /// - Parameter chunkBits: a chunk holds two to the power of this.
    init(chunkBits: Int) { self.chunkBits = chunkBits }

    deinit {
        for chunk in chunks { Allocation.free(chunk) }
    }

    /// Bytes of the elements that were ever given.
    var memoryUsage: Int { Int(end) * MemoryLayout<Element>.stride }

    var chunkSize: Int { 1 << chunkBits }

    @inline(__always)
    func pointer(_ number: UInt32) -> UnsafeMutablePointer<Element> {
        chunks[Int(number >> UInt32(chunkBits))] + Int(number & (1 << UInt32(chunkBits) - 1))
    }

    @inline(__always)
    subscript(number: UInt32) -> Element {
        get { pointer(number).pointee }
        nonmutating set { pointer(number).pointee = newValue }
    }

    /// Gives `count` consecutive numbers that were never given, all in one chunk; nil where none are left.
    ///
    /// - Parameter skipped: told the numbers of a chunk's end that are too few.
    mutating func take(_ count: Int, skipped: (UInt32, Int) -> Void = { _, _ in }) -> UInt32? {
        precondition(count > 0 && count <= chunkSize)
        let room = chunkSize - Int(end) & (chunkSize - 1)
        var start = UInt64(end)
        if count > room {
            skipped(end, room)
            start += UInt64(room)
        }
        guard start + UInt64(count) <= UInt64(Int32.max) else { return nil }
        let last = Int(start + UInt64(count) - 1) >> chunkBits
        while chunks.count <= last {
            let block = Allocation.allocateZeroed(chunkSize * MemoryLayout<Element>.stride)
            chunks.append(block.bindMemory(to: Element.self, capacity: chunkSize))
        }
        end = UInt32(start) + UInt32(count)
        return UInt32(start)
    }
}
