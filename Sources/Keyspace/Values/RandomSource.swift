/// Random numbers for sampling (Wang Yi's wyrand, 2020): one multiplication each, no system call, the same for the same
/// seed. Not for secrets.
@frozen
public struct RandomSource: RandomNumberGenerator, Sendable {
    @usableFromInline var state: UInt64

    @inlinable public init(seed: UInt64) { state = seed }

    /// A source with a seed from the system's random generator.
    public init() {
        var generator = SystemRandomNumberGenerator()
        state = generator.next()
    }

    @inlinable
    public mutating func next() -> UInt64 {
        state &+= 0xA076_1D64_78BD_642F
        let product = state.multipliedFullWidth(by: state ^ 0xE703_7ED1_A0B4_28DB)
        return product.high ^ product.low
    }

    /// A number from 0 to `limit` - 1; `limit` is positive. Its bias is below one in 2^64 / `limit`.
    @inlinable
    public mutating func below(_ limit: Int) -> Int {
        Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(limit)).high)
    }
}
