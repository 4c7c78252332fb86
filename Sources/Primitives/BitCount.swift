/// Counting and finding bits in long rows of bytes. Bit 0 is the highest of the first byte.
///
/// Counting goes by carry-save adders (Harley and Seal; Warren, "Hacker's Delight", 5-1): eight blocks of 32 bytes are
/// added bit by bit into one whose bits count for eight, so that the population count, for which the baseline of x86-64 has
/// no instruction, is taken of an eighth of the data only, and memory is what limits.

private typealias Block = SIMD4<UInt64>

/// Number of one bits in `bytes`. O(n), 256 bytes a step.
public func bitCount(_ bytes: ByteView) -> Int {
    let base = UnsafeRawPointer(bytes.start)
    var offset = 0
    var total = 0
    if bytes.count >= 512 { (total, offset) = countBlocks(base, bytes.count) }
    while offset &+ 8 <= bytes.count {
        total &+= base.loadUnaligned(fromByteOffset: offset, as: UInt64.self).nonzeroBitCount
        offset &+= 8
    }
    while offset < bytes.count {
        total &+= bytes.start[offset].nonzeroBitCount
        offset &+= 1
    }
    return total
}

/// The count of all whole steps, and where they end.
private func countBlocks(_ base: UnsafeRawPointer, _ count: Int) -> (total: Int, end: Int) {
    var ones = Block.zero
    var twos = Block.zero
    var fours = Block.zero
    var eights = 0
    var offset = 0
    while offset &+ 256 <= count {
        @inline(__always)
        func block(_ index: Int) -> Block { base.loadUnaligned(fromByteOffset: offset &+ index &* 32, as: Block.self) }
        let twosA = add(&ones, block(0), block(1))
        let twosB = add(&ones, block(2), block(3))
        let foursA = add(&twos, twosA, twosB)
        let twosC = add(&ones, block(4), block(5))
        let twosD = add(&ones, block(6), block(7))
        let foursB = add(&twos, twosC, twosD)
        eights &+= population(add(&fours, foursA, foursB))
        offset &+= 256
    }
    return (8 &* eights &+ 4 &* population(fours) &+ 2 &* population(twos) &+ population(ones), offset)
}

/// Adds `a` and `b` to `sum`, bit by bit; returns the carries.
@inline(__always)
private func add(_ sum: inout Block, _ a: Block, _ b: Block) -> Block {
    let half = sum ^ a
    let carry = (sum & a) | (half & b)
    sum = half ^ b
    return carry
}

@inline(__always)
private func population(_ block: Block) -> Int {
    block[0].nonzeroBitCount &+ block[1].nonzeroBitCount &+ block[2].nonzeroBitCount &+ block[3].nonzeroBitCount
}

/// The position of the first bit in `bytes`, from the bit `start` on, that is one or, where `isOne` is false, zero; nil
/// where there is none. `start` must not be below zero. O(n), 8 bytes a step.
public func firstBit(_ isOne: Bool, in bytes: ByteView, from start: Int) -> Int? {
    let base = UnsafeRawPointer(bytes.start)
    var offset = start >> 3
    guard offset < bytes.count else { return nil }
    // What is looked for is a one in the bytes xor `mask`.
    let mask: UInt64 = isOne ? 0 : .max
    let first = (bytes.start[offset] ^ UInt8(truncatingIfNeeded: mask)) & (0xFF >> UInt8(start & 7))
    if first != 0 { return offset << 3 + first.leadingZeroBitCount }
    offset &+= 1
    while offset &+ 8 <= bytes.count {
        let word = base.loadUnaligned(fromByteOffset: offset, as: UInt64.self) ^ mask
        if word != 0 { return offset << 3 + word.bigEndian.leadingZeroBitCount }
        offset &+= 8
    }
    while offset < bytes.count {
        let byte = bytes.start[offset] ^ UInt8(truncatingIfNeeded: mask)
        if byte != 0 { return offset << 3 + byte.leadingZeroBitCount }
        offset &+= 1
    }
    return nil
}
