import Glibc
import Primitives

/// A key and who has read it: one allocated block that holds a header of 20 bytes, the readers' numbers in ascending order,
/// so that a hot key's readers are found in O(log n), and the key's name.
///
/// Owned by the table that has it, or by whoever has taken it from there, who frees it.
public struct KeyReaders {
    fileprivate enum Offset {
        static let hash = 0
        static let nameCount = 8
        static let count = 12
        static let database = 16
        /// Room for so many readers, as a power of two.
        static let room = 18
        static let readers = 20
    }

    let block: UnsafeMutableRawPointer

    init(_ block: UnsafeMutableRawPointer) { self.block = block }

    /// A key that was read by one reader.
    init(_ key: Key, database: Int, reader: UInt32) {
        block = Allocation.allocate(Offset.readers + 4 + key.bytes.count)
        block.storeBytes(of: key.hash, toByteOffset: Offset.hash, as: UInt64.self)
        block.storeBytes(of: UInt32(clamping: key.bytes.count), toByteOffset: Offset.nameCount, as: UInt32.self)
        block.storeBytes(of: UInt16(truncatingIfNeeded: database), toByteOffset: Offset.database, as: UInt16.self)
        block.storeBytes(of: 0, toByteOffset: Offset.room, as: UInt8.self)
        count = 1
        numbers[0] = reader
        memcpy(block + Offset.readers + 4, key.bytes.start, key.bytes.count)
    }

    public func free() { Allocation.free(block) }

    var hash: UInt64 { block.load(fromByteOffset: Offset.hash, as: UInt64.self) }

    /// Number of readers.
    public private(set) var count: Int {
        get { Int(block.load(fromByteOffset: Offset.count, as: UInt32.self)) }
        nonmutating set {
            block.storeBytes(of: UInt32(truncatingIfNeeded: newValue), toByteOffset: Offset.count, as: UInt32.self)
        }
    }

    private var room: Int { 1 << Int(block.load(fromByteOffset: Offset.room, as: UInt8.self)) }
    private var numbers: UnsafeMutablePointer<UInt32> {
        (block + Offset.readers).assumingMemoryBound(to: UInt32.self)
    }

    /// Their numbers. Good as long as the block.
    public var readers: UnsafeBufferPointer<UInt32> { UnsafeBufferPointer(start: numbers, count: count) }

    public var name: ByteView {
        ByteView(
            block + Offset.readers + 4 * room,
            count: Int(block.load(fromByteOffset: Offset.nameCount, as: UInt32.self)))
    }

    public var database: Int { Int(block.load(fromByteOffset: Offset.database, as: UInt16.self)) }

    func isOf(_ key: Key, database: Int) -> Bool {
        hash == key.hash && self.database == database && name == key.bytes
    }

    /// Where a reader is, or would be.
    private func position(_ reader: UInt32) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if numbers[middle] < reader { low = middle + 1 } else { high = middle }
        }
        return low
    }

    public func contains(_ reader: UInt32) -> Bool {
        let position = position(reader)
        return position < count && numbers[position] == reader
    }

    /// Adds a reader; returns nil where it is one already, else the key's block, which may be another one now.
    func adding(_ reader: UInt32) -> KeyReaders? {
        let position = position(reader)
        if position < count, numbers[position] == reader { return nil }
        let readers = count == room ? grown() : self
        memmove(readers.numbers + position + 1, readers.numbers + position, 4 * (readers.count - position))
        readers.numbers[position] = reader
        readers.count += 1
        return readers
    }

    private func grown() -> KeyReaders {
        let (room, nameCount) = (room, name.count)
        let grown = KeyReaders(Allocation.reallocate(block, Offset.readers + 8 * room + nameCount))
        memmove(grown.block + Offset.readers + 8 * room, grown.block + Offset.readers + 4 * room, nameCount)
        let exponent = UInt8(truncatingIfNeeded: (2 * room).trailingZeroBitCount)
        grown.block.storeBytes(of: exponent, toByteOffset: Offset.room, as: UInt8.self)
        return grown
    }
}
