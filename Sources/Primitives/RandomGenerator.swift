/// A small fast generator of random numbers for what needs no secrecy (RANDOMKEY, sampling, skip list levels):
/// wyrand (Wang Yi, 2019), one addition and one folded 128-bit product per number.
///
/// A value type without locks: every owner (worker, shard) has its own. Equal seeds give equal sequences.
@frozen
public struct RandomGenerator: RandomNumberGenerator, Sendable {
    @usableFromInline var state: UInt64

    /// A generator whose sequence is determined by `seed`.
    @inlinable
    public init(seed: UInt64) { state = seed }

    /// A generator seeded from the system's.
    public init() {
        var system = SystemRandomNumberGenerator()
        state = system.next()
    }

    /// The next 64 random bits.
    @inlinable @inline(__always)
    public mutating func next() -> UInt64 {
        state &+= 0xA076_1D64_78BD_642F
        let product = state.multipliedFullWidth(by: state ^ 0xE703_7ED1_A0B4_28DB)
        return product.high ^ product.low
    }

    /// A number in `0..<bound`, each equally likely (Lemire's multiplication with rejection); 0 where `bound` is 0.
    @inlinable @inline(__always)
    public mutating func next(below bound: UInt64) -> UInt64 {
        guard bound > 0 else { return 0 }
        var product = next().multipliedFullWidth(by: bound)
        if product.low < bound {
            let threshold = (0 &- bound) % bound
            while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
        }
        return product.high
    }

    /// A number in `0..<bound`, each equally likely; 0 where `bound` is not positive.
    @inlinable @inline(__always)
    public mutating func next(below bound: Int) -> Int {
        bound > 0 ? Int(truncatingIfNeeded: next(below: UInt64(bound))) : 0
    }
}
