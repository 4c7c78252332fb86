import Primitives

extension HyperLogLog {
    /// Registers of six bits each, packed from the lowest bit of the first byte on.
    ///
    /// Invariant: `start` is good for 12288 bytes; indexes are below 16384.
    struct DenseRegisters {
        let start: UnsafeMutablePointer<UInt8>

        /// Those of a dense sketch.
        init(_ bytes: UnsafeMutablePointer<UInt8>) { start = bytes + headerSize }

        subscript(_ index: Int) -> UInt8 {
            @inline(__always)
            get {
                let (byte, shift) = place(index)
                var word = UInt16(start[byte])
                if shift > 2 { word |= UInt16(start[byte &+ 1]) << 8 }
                return UInt8(truncatingIfNeeded: word >> shift) & 63
            }
            @inline(__always)
            nonmutating set {
                let (byte, shift) = place(index)
                let mask = UInt16(63) << shift
                let bits = UInt16(newValue & 63) << shift
                start[byte] = start[byte] & ~UInt8(truncatingIfNeeded: mask) | UInt8(truncatingIfNeeded: bits)
                guard shift > 2 else { return }
                start[byte &+ 1] =
                    start[byte &+ 1] & ~UInt8(truncatingIfNeeded: mask >> 8) | UInt8(truncatingIfNeeded: bits >> 8)
            }
        }

        /// A register that has a bit in a second byte is not the last one, since 16384 of them fill their bytes.
        @inline(__always)
        private func place(_ index: Int) -> (byte: Int, shift: UInt16) {
            assert(index >= 0 && index < registerCount)
            return ((index &* 6) >> 3, UInt16(truncatingIfNeeded: (index &* 6) & 7))
        }

        /// Makes a register at least `value`; returns whether that changed it.
        @inline(__always)
        func raise(_ index: Int, to value: UInt8) -> Bool {
            guard self[index] < value else { return false }
            self[index] = value
            return true
        }
    }

    /// Calls `body` with each run of equal registers, from the first register on: its value, its start, its length.
    ///
    /// - Throws: where the runs of a sparse sketch do not cover all registers and nothing else.
    @inline(__always)
    static func forEachRun(
        _ bytes: ByteView, _ body: (_ value: UInt8, _ start: Int, _ length: Int) -> Void
    ) throws(CommandError) {
        switch encoding(bytes) {
        case nil: throw .notHyperLogLog
        case .dense:
            // Three bytes are four registers.
            for group in 0..<registerCount / 4 {
                let start = bytes.start + headerSize + 3 * group
                let word = UInt32(start[0]) | UInt32(start[1]) << 8 | UInt32(start[2]) << 16
                body(UInt8(truncatingIfNeeded: word) & 63, 4 * group, 1)
                body(UInt8(truncatingIfNeeded: word >> 6) & 63, 4 * group + 1, 1)
                body(UInt8(truncatingIfNeeded: word >> 12) & 63, 4 * group + 2, 1)
                body(UInt8(truncatingIfNeeded: word >> 18), 4 * group + 3, 1)
            }
        case .sparse:
            var offset = headerSize
            var register = 0
            while offset < bytes.count {
                guard let run = SparseRun(bytes, at: offset), register + run.length <= registerCount else {
                    throw .corruptedHyperLogLog
                }
                body(run.value, register, run.length)
                register += run.length
                offset += run.size
            }
            guard register == registerCount else { throw .corruptedHyperLogLog }
        }
    }

    /// The estimated size of the set that a sketch was made of.
    static func count(_ bytes: ByteView) throws(CommandError) -> UInt64 {
        let histogram = Histogram()
        try forEachRun(bytes) { value, _, length in histogram.add(length, of: value) }
        return estimate(histogram)
    }

    /// Registers of a byte each: what sketches are merged in.
    struct PlainRegisters: ~Copyable {
        private let start = UnsafeMutablePointer<UInt8>.allocate(capacity: registerCount)

        init() { start.initialize(repeating: 0, count: registerCount) }

        deinit { start.deallocate() }

        /// `index` must be below 16384.
        subscript(_ index: Int) -> UInt8 { start[index] }

        /// Makes each register at least what it is in a sketch.
        borrowing func merge(_ bytes: ByteView) throws(CommandError) {
            let start = start
            try forEachRun(bytes) { value, first, length in
                guard value > 0 else { return }
                for index in first..<first + length where start[index] < value { start[index] = value }
            }
        }

        /// The estimated size of the union.
        var count: UInt64 {
            let histogram = Histogram()
            for index in 0..<registerCount { histogram.add(1, of: start[index]) }
            return estimate(histogram)
        }
    }

    /// One run of a sparse sketch:
    ///
    /// | bits | run |
    /// | --- | --- |
    /// | `00llllll` | l + 1 registers that are zero |
    /// | `01llllll llllllll` | l + 1 registers that are zero |
    /// | `1vvvvvll` | l + 1 registers with the value v + 1 |
    struct SparseRun {
        static let longestZero = 64
        static let longestValue = 4
        static let largestValue: UInt8 = 32

        let value: UInt8
        let length: Int
        /// How many bytes it takes.
        let size: Int

        /// The run at `offset`; nil where the bytes end within it. `offset` must be below their count.
        @inline(__always)
        init?(_ bytes: ByteView, at offset: Int) {
            assert(offset >= 0 && offset < bytes.count)
            let first = bytes.start[offset]
            if first & 0x80 != 0 {
                value = (first >> 2 & 31) + 1
                length = Int(first & 3) + 1
                size = 1
            } else if first & 0x40 == 0 {
                value = 0
                length = Int(first) + 1
                size = 1
            } else {
                guard offset + 1 < bytes.count else { return nil }
                value = 0
                length = (Int(first & 63) << 8 | Int(bytes.start[offset + 1])) + 1
                size = 2
            }
        }
    }
}
