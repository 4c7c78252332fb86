import Primitives

extension HyperLogLog {
    /// Where a register is in a sparse sketch.
    struct Place {
        /// Where its run begins, and the one before it.
        let offset: Int
        let previous: Int?
        let run: SparseRun
        /// The first register of the run.
        let first: Int
    }

    /// The run of the register `index`; nil where the register is not below `value`. O(length), several runs at a time.
    static func place(_ bytes: ByteView, of index: Int, below value: UInt8) throws(CommandError) -> Place? {
        var offset = headerSize
        var previous: Int?
        var first = 0
        while offset &+ 8 <= bytes.count {
            let runs = LeadingRuns(UnsafeRawPointer(bytes.start + offset).loadUnaligned(as: UInt64.self).littleEndian)
            guard first &+ runs.length <= index else { break }
            first &+= runs.length
            offset &+= runs.size
            previous = offset &- runs.lastSize
        }
        while offset < bytes.count {
            guard let run = SparseRun(bytes, at: offset) else { break }
            if index < first &+ run.length {
                if run.value >= value { return nil }
                return Place(offset: offset, previous: previous, run: run, first: first)
            }
            first &+= run.length
            previous = offset
            offset &+= run.size
        }
        throw .corruptedHyperLogLog
    }

    /// The runs of one byte that eight bytes begin with, and the run of two bytes behind them, added up without a look at
    /// each one.
    private struct LeadingRuns {
        /// Registers in them.
        let length: Int
        /// Bytes that they take; at least one run is whole.
        let size: Int
        /// Bytes of the last one.
        let lastSize: Int

        @inline(__always)
        init(_ word: UInt64) {
            let ones: UInt64 = 0x0101_0101_0101_0101
            let values = (word &>> 7) & ones
            // 01 in the two highest bits of a byte is a run of two.
            let long = (word &>> 6) & ones & ~values
            let leading = long == 0 ? 8 : long.trailingZeroBitCount &>> 3
            // Lengths, less one: six bits of a run of zeros, two of a run of a value.
            var lengths = word & (ones &* 0x3F & ~(values &* 0x3C))
            if leading < 8 { lengths &= 1 &<< UInt64(8 &* leading) &- 1 }
            let pairs = (lengths & 0x00FF_00FF_00FF_00FF) &+ ((lengths &>> 8) & 0x00FF_00FF_00FF_00FF)
            let total = Int(truncatingIfNeeded: (pairs &* 0x0001_0001_0001_0001) &>> 48) &+ leading
            guard leading < 7 else {
                (length, size, lastSize) = (total, leading, 1)
                return
            }
            let pair = word &>> UInt64(8 &* leading)
            let longLength = Int(truncatingIfNeeded: (pair & 63) &<< 8 | (pair &>> 8) & 0xFF) &+ 1
            (length, size, lastSize) = (total &+ longLength, leading &+ 2, 2)
        }
    }
}
