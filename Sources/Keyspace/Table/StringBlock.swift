import Primitives

/// A string that is written before it gets a key: memory that becomes that of its entry, where it is long.
public struct StringBlock: ~Copyable {
    /// Zeros until something else is written.
    public let bytes: UnsafeMutablePointer<UInt8>
    public let count: Int

    /// - Parameter count: at least 1.
    public init(count: Int) {
        bytes = Allocation.allocateZeroed(count).assumingMemoryBound(to: UInt8.self)
        self.count = count
    }

    deinit { Allocation.free(bytes) }

    /// An entry that holds it, without a time to live.
    consuming func entry(_ key: ByteView) -> Entry {
        if count > Entry.maximumInline {
            let string = Entry.ExternalString(bytes: bytes, count: count, capacity: count)
            discard self
            return .external(key, string, nil)
        }
        let entry = Entry.string(
            key: key, value: ByteView(bytes, count: count), expiry: nil, encoding: .raw)
        _ = consume self
        return entry
    }
}
