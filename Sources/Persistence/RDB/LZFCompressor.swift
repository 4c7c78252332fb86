import Glibc
import Keyspace
import Primitives

/// Compresses strings to the format of LibLZF (Lehmann), in which RDB files keep them: runs of literals, and references to
/// what came up to 8 KB before.
///
///     000LLLLL literal ...                 L + 1 literals
///     LLLddddd dddddddd                    L + 2 bytes (L from 1 to 6) from d + 1 bytes before
///     111ddddd LLLLLLLL dddddddd           L + 9 bytes from d + 1 bytes before
///
/// A table remembers where three bytes were seen last. It is not cleared between strings: places count on from one string
/// to the next, so that what is older than the string is known by its number, and short strings use only a part of it,
/// which stays in the processor's cache.
struct LZFCompressor: ~Copyable {
    private static let maximumBits = 16
    private static let maximumDistance = 1 << 13
    private static let maximumMatch = 264
    /// Longest run of literals.
    private static let maximumRun = 32
    /// Longest string that is compressed: places are numbers of 32 bits.
    static let maximumCount = 1 << 30

    private var table: UnsafeMutablePointer<UInt32>?
    /// Slots of the table are 2^bits: as many as the longest string so far had use for.
    private var bits = 0
    /// Number of the next string's first place; what the table holds is below it.
    private var nextPlace: UInt32 = 1

    deinit { free(table) }

    /// Writes `input` compressed to `output` and answers its length; nil where it does not fit into `limit` bytes.
    mutating func compress(_ input: ByteView, to output: UnsafeMutablePointer<UInt8>, limit: Int) -> Int? {
        let count = input.count
        guard count >= 4, count <= Self.maximumCount, limit > 0 else { return nil }
        // At least eight times as many slots as places: what is found is then rarely of another triple, which the processor
        // would not foresee.
        let bits = min(Self.maximumBits, max(8, Int.bitWidth - count.leadingZeroBitCount + 3))
        let table = table(bits: bits)
        if nextPlace > UInt32.max - UInt32(count) {
            memset(table, 0, MemoryLayout<UInt32>.stride << self.bits)
            nextPlace = 1
        }
        let base = nextPlace
        nextPlace += UInt32(count)
        let shift = UInt32(32 - bits)
        let bytes = input.start
        var writer = Output(start: output, limit: limit)
        var literals = 0
        var index = 0
        while index &+ 3 <= count {
            // The last three are read with the one before them.
            let isLast = index &+ 3 == count
            let triple = isLast ? Self.four(bytes + index - 1) &>> 8 : Self.triple(bytes + index)
            let slot = Self.slot(triple, shift)
            let place = table[slot]
            table[slot] = base &+ UInt32(truncatingIfNeeded: index)
            let candidate = Int(place) &- Int(base)
            guard candidate >= 0, index &- candidate <= Self.maximumDistance,
                Self.triple(bytes + candidate) == triple
            else {
                index &+= 1
                continue
            }
            let length = Self.matchLength(bytes, candidate, index, limit: min(count &- index, Self.maximumMatch))
            guard writer.appendLiterals(bytes + literals, index &- literals),
                writer.appendMatch(length: length, distance: index &- candidate)
            else { return nil }
            let end = index &+ length
            // Of what was referred to only the end is remembered: earlier places lead to longer matches in what comes again
            // and again, and it is faster.
            if end &+ 2 < count {
                for place in (end &- 2)..<end {
                    table[Self.slot(Self.triple(bytes + place), shift)] =
                        base &+ UInt32(truncatingIfNeeded: place)
                }
            }
            index = end
            literals = end
        }
        return writer.appendLiterals(bytes + literals, count &- literals) ? writer.count : nil
    }

    /// The table, with 2^bits slots at least.
    @inline(__always)
    private mutating func table(bits: Int) -> UnsafeMutablePointer<UInt32> {
        if let table, bits <= self.bits { return table }
        free(table)
        let block = Allocation.allocateZeroed(MemoryLayout<UInt32>.stride << bits)
        let larger = block.assumingMemoryBound(to: UInt32.self)
        table = larger
        self.bits = bits
        return larger
    }

    /// Three bytes of four that are there.
    @inline(__always)
    private static func triple(_ bytes: UnsafePointer<UInt8>) -> UInt32 { four(bytes) & 0xFF_FFFF }

    @inline(__always)
    private static func four(_ bytes: UnsafePointer<UInt8>) -> UInt32 {
        UInt32(littleEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt32.self))
    }

    @inline(__always)
    private static func slot(_ triple: UInt32, _ shift: UInt32) -> Int {
        Int(truncatingIfNeeded: (triple &* 0x9E37_79B1) &>> shift)
    }

    /// How many bytes at both places are equal, of which the first three are known to be; at most `limit`.
    @inline(__always)
    private static func matchLength(
        _ bytes: UnsafePointer<UInt8>, _ candidate: Int, _ index: Int, limit: Int
    ) -> Int {
        let before = UnsafeRawPointer(bytes + candidate)
        let here = UnsafeRawPointer(bytes + index)
        var length = 3
        while length &+ 8 <= limit {
            let difference =
                before.loadUnaligned(fromByteOffset: length, as: UInt64.self)
                ^ here.loadUnaligned(fromByteOffset: length, as: UInt64.self)
            if difference != 0 { return length &+ difference.littleEndian.trailingZeroBitCount &>> 3 }
            length &+= 8
        }
        while length < limit, bytes[candidate &+ length] == bytes[index &+ length] { length &+= 1 }
        return length
    }

    /// Where the compressed bytes go; `count` never exceeds `limit`.
    private struct Output {
        let start: UnsafeMutablePointer<UInt8>
        let limit: Int
        var count = 0

        /// False where there is no room.
        @inline(__always)
        mutating func appendLiterals(_ source: UnsafePointer<UInt8>, _ literals: Int) -> Bool {
            var source = source
            var left = literals
            guard left &+ (left &+ LZFCompressor.maximumRun &- 1) / LZFCompressor.maximumRun <= limit &- count else {
                return false
            }
            while left > 0 {
                let run = min(left, LZFCompressor.maximumRun)
                start[count] = UInt8(truncatingIfNeeded: run &- 1)
                memcpy(start + count + 1, source, run)
                count &+= run &+ 1
                source += run
                left &-= run
            }
            return true
        }

        @inline(__always)
        mutating func appendMatch(length: Int, distance: Int) -> Bool {
            guard count &+ 3 <= limit else { return false }
            let back = distance &- 1
            let length = length &- 2
            let high = UInt8(truncatingIfNeeded: back &>> 8)
            if length < 7 {
                start[count] = UInt8(truncatingIfNeeded: length &<< 5) | high
            } else {
                start[count] = 7 &<< 5 | high
                start[count &+ 1] = UInt8(truncatingIfNeeded: length &- 7)
                count &+= 1
            }
            start[count &+ 1] = UInt8(truncatingIfNeeded: back)
            count &+= 2
            return true
        }
    }
}
