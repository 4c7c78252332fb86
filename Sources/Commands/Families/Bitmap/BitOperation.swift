import Glibc
import Primitives

/// What BITOP does to several strings, bit by bit: the source behind the first ones are combined in a block that stays in
/// the cache, eight bytes a step.
enum BitOperation {
    case and, or, xor, not
    /// Bits of the first that none of the others has.
    case difference
    /// Bits that any of the others has, but not the first.
    case reverseDifference
    /// Bits of the first that any of the others has.
    case andOr
    /// Bits that exactly one has.
    case one

    init?(_ name: ByteView) {
        let names: [(StaticString, BitOperation)] = [
            ("and", .and), ("or", .or), ("xor", .xor), ("not", .not), ("diff", .difference),
            ("diff1", .reverseDifference), ("andor", .andOr), ("one", .one),
        ]
        guard let found = names.first(where: { name.equalsIgnoringCase($0.0) }) else { return nil }
        self = found.1
    }

    /// Whether there must be a second source.
    var needsTwo: Bool { self == .difference || self == .reverseDifference || self == .andOr }

    private static let blockSize = 4096

    /// Writes the bytes of the result in `range` to where they belong behind `target`. The result is as long as the longest of
    /// `sources`, of which there is one at least.
    func write(
        _ range: Range<Int>, of sources: UnsafeBufferPointer<ByteView>, to target: UnsafeMutablePointer<UInt8>
    ) {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 3 * Self.blockSize / 8) { scratch in
            guard let next = scratch.baseAddress else { return }
            let words = Self.blockSize / 8
            for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.blockSize) {
                let size = min(Self.blockSize, range.upperBound - start)
                let result = combine(
                    sources, start, size, Blocks(next: next, first: next + words, rest: next + 2 * words))
                memcpy(target + start, result, size)
            }
        }
    }

    /// Places for a block each: of the source that is read, of the first source, of what the others were combined to.
    private struct Blocks {
        let next: UnsafeMutablePointer<UInt64>
        let first: UnsafeMutablePointer<UInt64>
        let rest: UnsafeMutablePointer<UInt64>
    }

    private func combine(
        _ sources: UnsafeBufferPointer<ByteView>, _ start: Int, _ size: Int, _ blocks: Blocks
    ) -> UnsafeMutablePointer<UInt64> {
        let words = (size + 7) / 8
        let first = blocks.first
        let rest = blocks.rest
        Self.load(sources[0], start, size, to: first)
        if self == .one || needsTwo { rest.update(repeating: 0, count: words) }
        for source in sources.dropFirst() {
            let next = blocks.next
            Self.load(source, start, size, to: next)
            switch self {
            case .and: for index in 0..<words { first[index] &= next[index] }
            case .or: for index in 0..<words { first[index] |= next[index] }
            case .xor: for index in 0..<words { first[index] ^= next[index] }
            case .difference, .reverseDifference, .andOr: for index in 0..<words { rest[index] |= next[index] }
            case .one:
                // What two have, and what any has.
                for index in 0..<words {
                    rest[index] |= first[index] & next[index]
                    first[index] |= next[index]
                }
            case .not: break
            }
        }
        switch self {
        case .and, .or, .xor: break
        case .not: for index in 0..<words { first[index] = ~first[index] }
        case .difference, .one: for index in 0..<words { first[index] &= ~rest[index] }
        case .reverseDifference: for index in 0..<words { first[index] = rest[index] & ~first[index] }
        case .andOr: for index in 0..<words { first[index] &= rest[index] }
        }
        return first
    }

    /// A block of a source, with zeros behind its end.
    private static func load(_ source: ByteView, _ start: Int, _ size: Int, to block: UnsafeMutablePointer<UInt64>) {
        let available = max(0, min(size, source.count - start))
        let bytes = UnsafeMutableRawPointer(block)
        if available > 0 { memcpy(bytes, source.start + start, available) }
        memset(bytes + available, 0, (size + 7) & ~7 - available)
    }
}
