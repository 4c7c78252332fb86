import Primitives

/// Scores as elements of a listpack.
enum ScoreText {
    /// Puts `score` before the element at `position`. The listpack makes integers of texts that spell one; a negative zero
    /// becomes one as well, so that clients meet it as rarely as with Redis.
    static func insert(_ score: Double, into pack: inout Listpack, before position: Int) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: maximumDoubleTextLength) { scratch in
            guard let base = scratch.baseAddress else { return }
            let count = formatDouble(score == 0 ? 0 : score, to: base)
            pack.insert(ByteView(UnsafePointer<UInt8>(base), count: count), before: position)
        }
    }

    /// The score in `element`, which was written by `insert` or accepted by `parse`.
    @inline(__always)
    static func read(_ element: ListpackElement) -> Double {
        switch element {
        case .integer(let value): Double(value)
        case .bytes(let text): parseDouble(text) ?? 0
        }
    }

    /// The score in `element`, where it is a number.
    static func parse(_ element: ListpackElement) -> Double? {
        switch element {
        case .integer(let value): Double(value)
        case .bytes(let text): parseDouble(text)
        }
    }
}
