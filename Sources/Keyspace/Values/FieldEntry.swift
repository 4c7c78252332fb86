import Glibc
import Primitives

/// A field of a table, in one block: a hash's field with its value, or a set's member alone.
///
///     shape | expiry i64, index in the expiry heap u32 | field's length | value's length | field | value
///
/// The shape says which of the rest there is: the expiry only where the field has one, no value's length where there is
/// no value, one byte for a length below 256 and four for others. So most pairs cost three bytes above their texts.
///
/// A handle: the table owns the block. Invariant: `block` was laid out by `make` and not freed since.
@frozen
public struct FieldEntry {
    /// The block; stays where it is until the entry's value or expiry is changed or it is removed.
    public let block: UnsafeMutableRawPointer

    @inlinable @inline(__always)
    public init(block: UnsafeMutableRawPointer) { self.block = block }

    // The shape: width of the field's length in bits 0-2, whether there is an expiry in bit 3, width of the value's
    // length in bits 4-6.
    static var expiringBit: UInt8 { 8 }
    static var expiryCount: Int { 12 }

    @inline(__always)
    static func width(_ count: Int) -> Int { count < 256 ? 1 : 4 }

    /// Bytes of a block for these lengths; `valueCount` is nil where there is no value.
    @inline(__always)
    static func blockSize(fieldCount: Int, valueCount: Int?, expiring: Bool) -> Int {
        var size = 1 &+ width(fieldCount) &+ fieldCount
        if let valueCount { size &+= width(valueCount) &+ valueCount }
        return expiring ? size &+ expiryCount : size
    }

    /// What is allocated for `size` bytes: all that the allocator would take for them anyway, so that a value may later be
    /// replaced by a slightly longer one.
    @inline(__always)
    private static func roomyBlock(_ size: Int) -> Int { Allocation.footprint(size) &- 8 }

    /// A block for `field` and `value`. With `expiring`, the caller sets the expiry and the heap index.
    static func make(field: ByteView, value: ByteView?, expiring: Bool) -> FieldEntry {
        precondition(field.count <= Int(UInt32.max) && (value?.count ?? 0) <= Int(UInt32.max))
        let size = blockSize(fieldCount: field.count, valueCount: value?.count, expiring: expiring)
        let entry = FieldEntry(block: Allocation.allocate(roomyBlock(size)))
        let fieldWidth = width(field.count)
        let valueWidth = value.map { width($0.count) } ?? 0
        entry.block.storeBytes(
            of: UInt8(fieldWidth) | UInt8(valueWidth &<< 4) | (expiring ? expiringBit : 0), as: UInt8.self)
        let lengths = entry.lengthsOffset
        entry.storeCount(field.count, width: fieldWidth, at: lengths)
        let start = lengths &+ fieldWidth &+ valueWidth
        memcpy(entry.block + start, field.start, field.count)
        if let value {
            entry.storeCount(value.count, width: valueWidth, at: lengths &+ fieldWidth)
            memcpy(entry.block + start + field.count, value.start, value.count)
        }
        return entry
    }

    func clone() -> FieldEntry {
        let size = blockSize
        let clone = Allocation.allocate(Self.roomyBlock(size))
        memcpy(clone, block, size)
        return FieldEntry(block: clone)
    }

    @inline(__always)
    var shape: UInt8 { block.load(as: UInt8.self) }

    @inline(__always)
    var isExpiring: Bool { shape & Self.expiringBit != 0 }

    @inline(__always)
    var lengthsOffset: Int { isExpiring ? 1 &+ Self.expiryCount : 1 }

    @inline(__always)
    var fieldWidth: Int { Int(shape & 7) }

    @inline(__always)
    var valueWidth: Int { Int(shape &>> 4) }

    @inline(__always)
    private func loadCount(width: Int, at offset: Int) -> Int {
        if width == 1 { return Int(block.load(fromByteOffset: offset, as: UInt8.self)) }
        return Int(block.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    @inline(__always)
    private func storeCount(_ count: Int, width: Int, at offset: Int) {
        if width == 1 {
            block.storeBytes(of: UInt8(truncatingIfNeeded: count), toByteOffset: offset, as: UInt8.self)
        } else {
            block.storeBytes(of: UInt32(truncatingIfNeeded: count), toByteOffset: offset, as: UInt32.self)
        }
    }

    /// The field's name, or the set's member.
    public var field: ByteView {
        let lengths = lengthsOffset
        let count = loadCount(width: fieldWidth, at: lengths)
        return ByteView(block + lengths + fieldWidth + valueWidth, count: count)
    }

    /// Whether this is the entry of `name`.
    @inline(__always)
    func isNamed(_ name: ByteView) -> Bool { field == name }

    /// The value; empty where there is none.
    public var value: ByteView {
        let valueWidth = valueWidth
        if valueWidth == 0 { return .empty }
        let field = field
        let count = loadCount(width: valueWidth, at: lengthsOffset &+ fieldWidth)
        return ByteView(field.start + field.count, count: count)
    }

    /// Overwrites the value where the block has just the right room, and says whether it had.
    func replaceValueInPlace(_ value: ByteView) -> Bool {
        let valueWidth = valueWidth
        guard valueWidth == Self.width(value.count) else { return false }
        let field = field
        let newSize = Self.blockSize(fieldCount: field.count, valueCount: value.count, expiring: isExpiring)
        guard Allocation.footprint(newSize) == footprint else { return false }
        storeCount(value.count, width: valueWidth, at: lengthsOffset &+ fieldWidth)
        memcpy(UnsafeMutableRawPointer(mutating: field.start + field.count), value.start, value.count)
        return true
    }

    /// When the field expires, in milliseconds since 1970; `HashValue.noExpiry` where it does not.
    public var expiry: Int64 {
        isExpiring ? block.loadUnaligned(fromByteOffset: 1, as: Int64.self) : HashValue.noExpiry
    }

    /// Only for an entry with an expiry.
    func setExpiry(_ expiry: Int64) {
        assert(isExpiring)
        block.storeBytes(of: expiry, toByteOffset: 1, as: Int64.self)
    }

    /// Where the table's expiry heap has this entry. Only for an entry with an expiry.
    var heapIndex: Int {
        get { Int(block.loadUnaligned(fromByteOffset: 9, as: UInt32.self)) }
        nonmutating set {
            block.storeBytes(of: UInt32(truncatingIfNeeded: newValue), toByteOffset: 9, as: UInt32.self)
        }
    }

    var blockSize: Int {
        let valueCount = valueWidth == 0 ? nil : value.count
        return Self.blockSize(fieldCount: field.count, valueCount: valueCount, expiring: isExpiring)
    }

    var footprint: Int { Allocation.footprint(blockSize) }
}
