import Glibc
import Primitives

/// What raising one register of a sparse sketch changes: some bytes from one place on are replaced by others, everything
/// else stays. Finding out needs no copy of the sketch.
///
/// What becomes of the runs is what Redis makes of them, so that both have the same bytes after the same elements: the run
/// is split in up to three, and runs of the same value are joined among the five from the one before it on.
struct SparseEdit {
    /// Where the bytes begin that are replaced, and how many they are.
    let offset: Int
    let removed: Int
    /// How many replace them: the first ones of the window.
    private(set) var count: Int

    /// How many bytes more the sketch has afterwards.
    var growth: Int { count - removed }

    /// What the window has to have room for: the run before, the three of a split, and the four behind them that may be
    /// looked at, the last one perhaps not whole.
    static let windowSize = 16
    private static let followingBytes = 8

    /// Makes the register `index`, which `place` leads to and which is below `value`, that value; nil where no sparse sketch
    /// can have it or where it would be longer than `limit`.
    ///
    /// - Parameter window: where the new bytes are written, `windowSize` at most.
    init?(
        _ bytes: ByteView, _ place: HyperLogLog.Place, raising index: Int, to value: UInt8, limit: Int,
        window: UnsafeMutablePointer<UInt8>
    ) {
        guard value <= HyperLogLog.SparseRun.largestValue else { return nil }
        let run = place.run
        offset = place.previous ?? place.offset
        count = place.offset - offset
        memcpy(window, bytes.start + offset, count)
        let before = count
        Self.append(run.value, index - place.first, to: window, &count)
        Self.append(value, 1, to: window, &count)
        Self.append(run.value, place.first + run.length - 1 - index, to: window, &count)
        let growth = count - before - run.size
        if growth > 0, bytes.count + growth > limit { return nil }
        let next = place.offset + run.size
        let following = min(Self.followingBytes, bytes.count - next)
        memcpy(window + count, bytes.start + next, following)
        count += following
        removed = next + following - offset
        join(window)
    }

    /// Changes the sketch of `size` bytes, behind which there is room for `growth` more.
    func apply(to bytes: UnsafeMutablePointer<UInt8>, count size: Int, from window: UnsafeMutablePointer<UInt8>) {
        let next = offset + removed
        if growth != 0 { memmove(bytes + next + growth, bytes + next, size - next) }
        memcpy(bytes + offset, window, count)
    }

    /// Adds a run to the window.
    @inline(__always)
    private static func append(
        _ value: UInt8, _ length: Int, to window: UnsafeMutablePointer<UInt8>, _ count: inout Int
    ) {
        guard length > 0 else { return }
        if value > 0 {
            window[count] = valueRun(value, length)
        } else if length <= HyperLogLog.SparseRun.longestZero {
            window[count] = UInt8(truncatingIfNeeded: length - 1)
        } else {
            window[count] = UInt8(truncatingIfNeeded: (length - 1) >> 8) | 0x40
            count += 1
            window[count] = UInt8(truncatingIfNeeded: length - 1)
        }
        count += 1
    }

    /// Joins runs of the same value, looking at five runs.
    @inline(__always)
    private mutating func join(_ window: UnsafeMutablePointer<UInt8>) {
        var offset = 0
        for _ in 0..<5 {
            let bytes = ByteView(window, count: count)
            guard offset < count, let run = HyperLogLog.SparseRun(bytes, at: offset) else { return }
            if run.value > 0, offset + 1 < count, let next = HyperLogLog.SparseRun(bytes, at: offset + 1),
                next.value == run.value, run.length + next.length <= HyperLogLog.SparseRun.longestValue
            {
                memmove(window + offset, window + offset + 1, count - offset - 1)
                count -= 1
                window[offset] = Self.valueRun(run.value, run.length + next.length)
            } else {
                offset += run.size
            }
        }
    }

    @inline(__always)
    private static func valueRun(_ value: UInt8, _ length: Int) -> UInt8 {
        (value - 1) << 2 | UInt8(truncatingIfNeeded: length - 1) | 0x80
    }
}
