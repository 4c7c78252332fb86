import TestSupport

extension SeededGenerator {
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
