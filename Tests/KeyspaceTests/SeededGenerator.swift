/// SplitMix64 (Steele, Lea, Flood, 2014): the same numbers for the same seed, on every machine.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }

    /// Texts of the kinds that encodings tell apart: numbers of every width, short, medium and long ones.
    mutating func text(longest: Int = 200) -> [UInt8] {
        switch below(6) {
        case 0: return Array(String(Int64(bitPattern: next()) >> Int64(below(64))).utf8)
        case 1: return Array(String(below(200) - 50).utf8)
        case 2: return Array("0\(below(100))".utf8)
        case 3: return Array("field:\(below(1000))".utf8)
        default: return (0..<below(longest)).map { _ in UInt8(truncatingIfNeeded: next()) }
        }
    }
}
