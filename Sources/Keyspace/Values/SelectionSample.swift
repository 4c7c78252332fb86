import Primitives

/// Which of elements that come one after the other belong to a sample of them (Knuth, The Art of Computer Programming,
/// volume 2, algorithm 3.4.2 S).
struct SelectionSample {
    /// How many are still to be taken.
    private(set) var needed: Int
    private var left: Int
    var random: RandomGenerator

    /// - Parameter count: how many elements will come.
    init(_ wanted: Int, of count: Int, _ random: RandomGenerator) {
        needed = max(0, min(wanted, count))
        left = count
        self.random = random
    }

    mutating func takesNext() -> Bool {
        defer { left -= 1 }
        guard needed > 0, random.next(below: left) < needed else { return false }
        needed -= 1
        return true
    }
}
