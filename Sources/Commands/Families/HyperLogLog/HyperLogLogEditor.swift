import Glibc
import Primitives

/// A copy of a sketch that is being changed. A sparse one turns dense once a value, or its length, is beyond what sparse
/// ones may have.
///
/// What a change makes of the runs is what Redis makes of them, so that both have the same bytes after the same elements.
struct HyperLogLogEditor: ~Copyable {
    private var start: UnsafeMutablePointer<UInt8>
    private var count: Int
    private var capacity: Int
    /// Longest sparse sketch, in bytes.
    private let sparseLimit: Int
    private(set) var isDense: Bool

    /// An empty sketch, or a copy of one whose header is right.
    init(_ bytes: ByteView?, sparseLimit: Int) {
        self.sparseLimit = sparseLimit
        count = bytes?.count ?? HyperLogLog.headerSize + 2
        capacity = count + 64
        start = .allocate(capacity: capacity)
        if let bytes {
            memcpy(start, bytes.start, bytes.count)
            isDense = bytes[4] == HyperLogLog.Encoding.dense.rawValue
        } else {
            start.initialize(repeating: 0, count: count)
            memcpy(start, ByteView("HYLL").start, 4)
            start[4] = HyperLogLog.Encoding.sparse.rawValue
            // One run of zeros.
            start[16] = 0x7F
            start[17] = 0xFF
            isDense = false
        }
    }

    deinit { start.deallocate() }

    var bytes: ByteView { ByteView(start, count: count) }

    mutating func invalidateCount() { HyperLogLog.invalidateCount(start) }

    /// Makes a register at least `value`; returns whether that changed it.
    ///
    /// - Complexity: O(length) while it is sparse.
    mutating func raise(_ index: Int, to value: UInt8) throws(CommandError) -> Bool {
        if isDense { return HyperLogLog.DenseRegisters(start).raise(index, to: value) }
        guard let place = try Self.place(bytes, of: index, below: value) else { return false }
        if value > HyperLogLog.SparseRun.largestValue { return try raiseAsDense(index, to: value) }
        if place.run.length == 1, place.run.size == 1 {
            start[place.offset] = Self.valueRun(value, 1)
        } else if try !split(place, index, value) {
            return try raiseAsDense(index, to: value)
        }
        join(from: place.previous ?? HyperLogLog.headerSize)
        invalidateCount()
        return true
    }

    private mutating func raiseAsDense(_ index: Int, to value: UInt8) throws(CommandError) -> Bool {
        try makeDense()
        return HyperLogLog.DenseRegisters(start).raise(index, to: value)
    }

    /// Makes it dense, with the same registers and the same header.
    mutating func makeDense() throws(CommandError) {
        guard !isDense else { return }
        let dense = UnsafeMutablePointer<UInt8>.allocate(capacity: HyperLogLog.denseSize)
        dense.initialize(repeating: 0, count: HyperLogLog.denseSize)
        memcpy(dense, start, HyperLogLog.headerSize)
        dense[4] = HyperLogLog.Encoding.dense.rawValue
        let registers = HyperLogLog.DenseRegisters(dense)
        do throws(CommandError) {
            try HyperLogLog.forEachRun(bytes) { value, first, length in
                guard value > 0 else { return }
                for index in first..<first + length { registers[index] = value }
            }
        } catch {
            dense.deallocate()
            throw error
        }
        start.deallocate()
        start = dense
        count = HyperLogLog.denseSize
        capacity = count
        isDense = true
    }

    // MARK: Runs

    /// Where a register is in a sparse sketch.
    struct Place {
        /// Where its run begins, and the one before it.
        let offset: Int
        let previous: Int?
        let run: HyperLogLog.SparseRun
        /// The first register of the run.
        let first: Int
    }

    /// The run of the register `index`; nil where the register is not below `value`.
    static func place(_ bytes: ByteView, of index: Int, below value: UInt8) throws(CommandError) -> Place? {
        var offset = HyperLogLog.headerSize
        var previous: Int?
        var first = 0
        while offset < bytes.count {
            guard let run = HyperLogLog.SparseRun(bytes, at: offset) else { break }
            if index < first + run.length {
                if run.value >= value { return nil }
                return Place(offset: offset, previous: previous, run: run, first: first)
            }
            first += run.length
            previous = offset
            offset += run.size
        }
        throw .corruptedHyperLogLog
    }

    /// Puts a run of one register with `value` into the middle of another one; false where that takes too many bytes.
    private mutating func split(_ place: Place, _ index: Int, _ value: UInt8) throws(CommandError) -> Bool {
        var runs: (UInt64, count: Int) = (0, 0)
        func append(_ value: UInt8, _ length: Int) {
            guard length > 0 else { return }
            if value > 0 {
                runs.0 |= UInt64(Self.valueRun(value, length)) << UInt64(8 * runs.count)
                runs.count += 1
            } else if length <= HyperLogLog.SparseRun.longestZero {
                runs.0 |= UInt64(length - 1) << UInt64(8 * runs.count)
                runs.count += 1
            } else {
                let long = UInt64((length - 1) >> 8 | 0x40) | UInt64((length - 1) & 0xFF) << 8
                runs.0 |= long << UInt64(8 * runs.count)
                runs.count += 2
            }
        }
        append(place.run.value, index - place.first)
        append(value, 1)
        append(place.run.value, place.first + place.run.length - 1 - index)
        let growth = runs.count - place.run.size
        if growth > 0, count + growth > sparseLimit { return false }
        makeRoom(for: growth)
        let next = place.offset + place.run.size
        memmove(start + next + growth, start + next, count - next)
        for byte in 0..<runs.count {
            start[place.offset + byte] = UInt8(truncatingIfNeeded: runs.0 >> UInt64(8 * byte))
        }
        count += growth
        return true
    }

    private mutating func makeRoom(for growth: Int) {
        guard count + growth > capacity else { return }
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: 2 * capacity)
        memcpy(larger, start, count)
        start.deallocate()
        start = larger
        capacity *= 2
    }

    /// Joins runs of the same value, looking at five runs from `offset` on.
    private mutating func join(from offset: Int) {
        var offset = offset
        for _ in 0..<5 {
            guard offset < count, let run = HyperLogLog.SparseRun(bytes, at: offset) else { return }
            if run.value > 0, offset + 1 < count, let next = HyperLogLog.SparseRun(bytes, at: offset + 1),
                next.value == run.value, run.length + next.length <= HyperLogLog.SparseRun.longestValue
            {
                memmove(start + offset, start + offset + 1, count - offset - 1)
                count -= 1
                start[offset] = Self.valueRun(run.value, run.length + next.length)
            } else {
                offset += run.size
            }
        }
    }

    private static func valueRun(_ value: UInt8, _ length: Int) -> UInt8 {
        (value - 1) << 2 | UInt8(truncatingIfNeeded: length - 1) | 0x80
    }
}
