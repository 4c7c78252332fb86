import Glibc
import Primitives

extension Entry {
    /// Bytes before the value of an entry for `key`.
    @inline(__always)
    private static func prefix(_ key: ByteView, _ flags: Flags) -> Int {
        fixedSize(flags) + (key.count > 255 ? 8 : 0) + key.count
    }

    /// A block with header and key whose value of `valueSize` bytes is still to be written.
    @inline(__always)
    static func make(
        key: ByteView, type: ValueType, encoding: Encoding, expiry: Int64?, valueSize: Int, inlineCount: Int = 0,
        flags: Flags = []
    ) -> Entry {
        var flags = flags
        if expiry != nil { flags.insert(.expires) }
        let entry = Entry(base: Allocation.allocate(prefix(key, flags) + valueSize))
        entry.writeHeader(
            key: key, type: type, encoding: encoding, expiry: expiry, inlineCount: inlineCount, flags: flags)
        return entry
    }

    @inline(__always)
    private func writeHeader(
        key: ByteView, type: ValueType, encoding: Encoding, expiry: Int64?, inlineCount: Int, flags: Flags
    ) {
        var flags = flags
        var offset = Self.fixedSize(flags)
        if let expiry { base.storeBytes(of: expiry, toByteOffset: 8, as: Int64.self) }
        if key.count > 255 {
            flags.insert(.longKey)
            base.storeBytes(of: key.count, toByteOffset: offset, as: Int.self)
            offset += 8
        }
        var header = UInt64(type.rawValue) | UInt64(encoding.rawValue) << 4 | UInt64(flags.rawValue) << 8
        header |= UInt64(key.count > 255 ? 0 : key.count) << 40 | UInt64(inlineCount) << 48
        base.storeBytes(of: header, as: UInt64.self)
        memcpy(base + offset, key.start, key.count)
    }

    /// An entry whose value is `value`, as an integer where it is the canonical text of one. The block is exactly as
    /// large as needed.
    @inline(__always)
    static func string(key: ByteView, value: ByteView, expiry: Int64?, encoding: Encoding? = nil) -> Entry {
        if encoding == nil, let integer = canonicalInteger(value) {
            return self.integer(key: key, value: integer, expiry: expiry)
        }
        let encoding = encoding ?? (value.count <= 44 ? .embedded : .raw)
        if value.count > maximumInline {
            return external(key: key, value: value, capacity: value.count, expiry: expiry)
        }
        let entry = make(
            key: key, type: .string, encoding: encoding, expiry: expiry, valueSize: value.count,
            inlineCount: value.count)
        memcpy(entry.valueBase, value.start, value.count)
        return entry
    }

    static func integer(key: ByteView, value: Int64, expiry: Int64?) -> Entry {
        let entry = make(key: key, type: .string, encoding: .integer, expiry: expiry, valueSize: 8)
        entry.setInteger(value)
        return entry
    }

    /// A string in a block of its own with room for `capacity` bytes.
    static func external(key: ByteView, value: ByteView, capacity: Int, expiry: Int64?) -> Entry {
        let block = Allocation.allocate(max(1, capacity)).assumingMemoryBound(to: UInt8.self)
        memcpy(block, value.start, value.count)
        return external(key, ExternalString(bytes: block, count: value.count, capacity: max(1, capacity)), expiry)
    }

    /// A string of `count` bytes, at least those of `value`, with zeros behind it, in a block of its own with room for
    /// `capacity`. The zeros of a long one cost nothing: the system's pages have them.
    static func padded(key: ByteView, value: ByteView, count: Int, capacity: Int, expiry: Int64?) -> Entry {
        let block = Allocation.allocateZeroed(max(1, capacity)).assumingMemoryBound(to: UInt8.self)
        memcpy(block, value.start, value.count)
        return external(key, ExternalString(bytes: block, count: count, capacity: max(1, capacity)), expiry)
    }

    static func external(_ key: ByteView, _ string: ExternalString, _ expiry: Int64?) -> Entry {
        let entry = make(
            key: key, type: .string, encoding: .raw, expiry: expiry,
            valueSize: MemoryLayout<ExternalString>.size, flags: .external)
        entry.external = string
        return entry
    }

    static func aggregate(
        key: ByteView, type: ValueType, encoding: Encoding, storage: UnsafeMutableRawPointer, expiry: Int64?
    ) -> Entry {
        let entry = make(key: key, type: type, encoding: encoding, expiry: expiry, valueSize: 8)
        entry.pointer = storage
        return entry
    }

    /// The integer that `value` is the canonical decimal text of.
    @inline(__always)
    static func canonicalInteger(_ value: ByteView) -> Int64? {
        guard value.count > 0, value.count <= 20 else { return nil }
        let first = value.start[0]
        guard first &- 48 < 10 || first == UInt8(ascii: "-") else { return nil }
        return parseInteger(value)
    }

    /// Bytes that the value takes inside the entry's block.
    private var valueSize: Int {
        guard type == .string else { return 8 }
        if encoding == .integer { return 8 }
        return flags.contains(.external) ? MemoryLayout<ExternalString>.size : inlineCount
    }

    /// Size of the entry's block as it was asked for.
    private var blockSize: Int { Self.prefix(key, flags) + valueSize }

    /// A copy of the block under another key or with another expiry; value storage outside of it changes hands.
    ///
    /// - Parameter kept: the flags that the copy has too; without `computed` it is an ordinary value.
    func moved(key newKey: ByteView, expiry: Int64?, keeping kept: Flags = .external) -> Entry {
        let size = valueSize
        let entry = Self.make(
            key: newKey, type: type, encoding: encoding, expiry: expiry, valueSize: size,
            inlineCount: inlineCount, flags: flags.intersection(kept))
        memcpy(entry.valueBase, valueBase, size)
        if entry.isComputed { entry.setNode(node, hits: hits) }
        entry.touch(accessClock)
        return entry
    }

    /// The same value as one that the node `node` stands for. The block of an ordinary value is freed.
    func computed(node: UInt32, hits: UInt16) -> Entry {
        let size = valueSize
        let entry = Self.make(
            key: key, type: type, encoding: encoding, expiry: expiry, valueSize: size,
            inlineCount: inlineCount, flags: flags.union(.computed))
        memcpy(entry.valueBase, valueBase, size)
        entry.setNode(node, hits: hits)
        freeBlock()
        return entry
    }

    private func setNode(_ node: UInt32, hits: UInt16) {
        base.storeBytes(of: node, toByteOffset: nodeOffset, as: UInt32.self)
        self.hits = hits
    }

    /// Overwrites an inline string with one of the same layout, if the blocks are alike; false where they are not.
    @inline(__always)
    func overwrite(value: ByteView, encoding: Encoding) -> Bool {
        guard type == .string, self.encoding == encoding, inlineCount == value.count, !flags.contains(.external),
            encoding != .integer
        else { return false }
        memcpy(valueBase, value.start, value.count)
        return true
    }

    /// Makes an inline string `count` bytes long, with zeros for those that are new, if its block takes as much memory then;
    /// false where it does not.
    @inline(__always)
    func resizeInline(to count: Int) -> Bool {
        assert(type == .string && encoding != .integer && !flags.contains(.external))
        let old = inlineCount
        if count == old { return true }
        guard count <= Self.maximumInline,
            Allocation.footprint(blockSize) == Allocation.footprint(blockSize &+ count &- old)
        else { return false }
        if count > old { memset(valueBase + old, 0, count &- old) }
        base.storeBytes(of: UInt16(truncatingIfNeeded: count), toByteOffset: 6, as: UInt16.self)
        return true
    }

    /// Frees the entry's own block only.
    func freeBlock() { Allocation.free(base) }

    /// Frees the entry's own block, which was in a table, when no worker can be looking at it without a lock.
    @inline(__always)
    func freeBlock(_ reclaimer: Reclaimer) {
        if isComputed { reclaimer.retire(base) } else { freeBlock() }
    }

    /// Bytes that the entry takes in memory, with its value. O(1).
    @inline(__always)
    public var memoryUsage: Int {
        Allocation.footprint(blockSize) + outsideUsage
    }

    /// Bytes of the value that are outside of the entry's block.
    @inline(__always)
    private var outsideUsage: Int {
        if type == .string {
            return flags.contains(.external) ? Allocation.footprint(external.capacity) : 0
        }
        return aggregateUsage
    }
}
