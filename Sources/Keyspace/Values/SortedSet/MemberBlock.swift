import Glibc
import Primitives

/// One member of a large sorted set: its score, its length and its bytes in a single allocation.
///
/// Layout: the score in the first eight bytes; then one byte of length and the bytes. A length of 255 says that the
/// length is the 64-bit word at offset 16 and that the bytes follow it. A member of up to 15 bytes so fits the
/// allocator's smallest block.
///
/// Invariant: `base` came from `make` and was not freed. The bytes never change, so that the index and the table may
/// both point here; the score is changed only while the block is out of the index.
struct MemberBlock {
    let base: UnsafeMutableRawPointer

    @inline(__always)
    init(_ base: UnsafeMutableRawPointer) { self.base = base }

    @inline(__always)
    var score: Double {
        get { base.load(as: Double.self) }
        nonmutating set { base.storeBytes(of: newValue, as: Double.self) }
    }

    @inline(__always)
    var bytes: ByteView {
        let short = Int(base.load(fromByteOffset: 8, as: UInt8.self))
        if short < 255 { return ByteView(UnsafeRawPointer(base) + 9, count: short) }
        return ByteView(UnsafeRawPointer(base) + 24, count: base.load(fromByteOffset: 16, as: Int.self))
    }

    /// Bytes that the block takes from the allocator.
    @inline(__always)
    var footprint: Int { Allocation.footprint(Self.size(bytes.count)) }

    @inline(__always)
    private static func size(_ count: Int) -> Int { count < 255 ? 9 &+ count : 24 &+ count }

    /// A block with a copy of `member`.
    static func make(_ member: ByteView, _ score: Double) -> MemberBlock {
        let base = Allocation.allocate(size(member.count))
        base.storeBytes(of: score, as: Double.self)
        if member.count < 255 {
            base.storeBytes(of: UInt8(truncatingIfNeeded: member.count), toByteOffset: 8, as: UInt8.self)
            (base + 9).copyMemory(from: member.start, byteCount: member.count)
        } else {
            base.storeBytes(of: 255, toByteOffset: 8, as: UInt8.self)
            base.storeBytes(of: member.count, toByteOffset: 16, as: Int.self)
            (base + 24).copyMemory(from: member.start, byteCount: member.count)
        }
        return MemberBlock(base)
    }

    @inline(__always)
    func free() { Allocation.free(base) }
}
