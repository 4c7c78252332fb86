import Glibc
import Primitives

/// Scores as elements of a listpack.
enum ScoreText {
    /// Integral scores up to this one (2^62) are written as integers.
    private static let largestInteger = 4_611_686_018_427_387_904.0

    /// Puts `score` before the element at `position`.
    static func insert(_ score: Double, into pack: inout Listpack, before position: Int) {
        if abs(score) <= largestInteger, score == score.rounded(.towardZero), !(score == 0 && score.sign == .minus) {
            pack.insert(Int64(score), before: position)
        } else {
            var text = score.description
            text.withUTF8 { buffer in
                guard let base = buffer.baseAddress else { return }
                _ = pack.insert(ByteView(base, count: buffer.count), before: position)
            }
        }
    }

    /// The score in `element`, which was written by `insert` or accepted by `parse`.
    @inline(__always)
    static func read(_ element: ListpackElement) -> Double {
        switch element {
        case .integer(let value): Double(value)
        case .bytes(let text): parse(text) ?? 0
        }
    }

    /// The score in `element`, where it is a number.
    static func parse(_ element: ListpackElement) -> Double? {
        switch element {
        case .integer(let value): Double(value)
        case .bytes(let text): parse(text)
        }
    }

    private static func parse(_ text: ByteView) -> Double? {
        guard text.count > 0, text.count < 64 else { return nil }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { scratch in
            guard let base = scratch.baseAddress else { return nil }
            memcpy(base, text.start, text.count)
            base[text.count] = 0
            var end: UnsafeMutablePointer<CChar>?
            let score = strtod(base, &end)
            return end == base + text.count && !score.isNaN ? score : nil
        }
    }
}
