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
    private let window = UnsafeMutablePointer<UInt8>.allocate(capacity: SparseEdit.windowSize)

    /// An empty sketch, or a copy of one whose header is right.
    init(_ bytes: ByteView?, sparseLimit: Int) {
        self.sparseLimit = sparseLimit
        count = bytes?.count ?? HyperLogLog.emptySize
        capacity = count + 64
        start = .allocate(capacity: capacity)
        if let bytes {
            memcpy(start, bytes.start, bytes.count)
            isDense = bytes[4] == HyperLogLog.Encoding.dense.rawValue
        } else {
            HyperLogLog.writeEmpty(to: start)
            isDense = false
        }
    }

    deinit {
        start.deallocate()
        window.deallocate()
    }

    var bytes: ByteView { ByteView(start, count: count) }

    mutating func invalidateCount() { HyperLogLog.invalidateCount(start) }

    /// Makes a register at least `value`; returns whether that changed it.
    ///
    /// - Complexity: O(length) while it is sparse.
    mutating func raise(_ index: Int, to value: UInt8) throws(CommandError) -> Bool {
        if isDense { return HyperLogLog.DenseRegisters(start).raise(index, to: value) }
        guard let place = try HyperLogLog.place(bytes, of: index, below: value) else { return false }
        guard let edit = SparseEdit(bytes, place, raising: index, to: value, limit: sparseLimit, window: window) else {
            return try raiseAsDense(index, to: value)
        }
        makeRoom(for: edit.growth)
        edit.apply(to: start, count: count, from: window)
        count += edit.growth
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

    private mutating func makeRoom(for growth: Int) {
        guard count + growth > capacity else { return }
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: 2 * capacity)
        memcpy(larger, start, count)
        start.deallocate()
        start = larger
        capacity *= 2
    }
}
