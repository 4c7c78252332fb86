import Primitives

/// How often a key is used, in the 24 bits of an entry's header that hold the time of the last use under other
/// policies: a counter of 8 bits that grows ever more slowly, and the minute, modulo 2^16, at which it last fell.
///
/// The counter is Morris's (Counting large numbers of events in small registers, 1978), the parameters are those of
/// Redis: a new key starts at 5 so that it is not the next to go; a use increments it with a probability of `1 /
/// ((counter - 5) * factor + 1)`; it falls by one in every `decay` minutes.
struct UseCounter {
    /// Where a new key begins.
    static let initial: UInt8 = 5

    private(set) var value: UInt8
    private var minute: UInt16

    /// The counter of an entry.
    init(bits: UInt32) {
        value = UInt8(truncatingIfNeeded: bits)
        minute = UInt16(truncatingIfNeeded: bits >> 8)
    }

    /// The counter of a key that comes into being at `now`, in milliseconds.
    init(now: Int64) { self.init(value: Self.initial, now: now) }

    init(value: UInt8, now: Int64) {
        self.value = value
        minute = Self.minute(now)
    }

    var bits: UInt32 { UInt32(minute) << 8 | UInt32(value) }

    private static func minute(_ now: Int64) -> UInt16 { UInt16(truncatingIfNeeded: now / 60_000) }

    /// What is left of the counter at `now`.
    func decayed(now: Int64, minutes: Int) -> UInt8 {
        guard minutes > 0 else { return value }
        let steps = Int(Self.minute(now) &- minute) / minutes
        return steps >= Int(value) ? 0 : value - UInt8(truncatingIfNeeded: steps)
    }

    /// Counts a use.
    mutating func note(now: Int64, decayMinutes: Int, logFactor: Int, _ random: inout RandomGenerator) {
        value = decayed(now: now, minutes: decayMinutes)
        minute = Self.minute(now)
        guard value < .max else { return }
        let excess = UInt64(value > Self.initial ? value - Self.initial : 0)
        // The factor is below 2^31 and the excess below 2^8.
        let odds = excess * UInt64(clamping: min(logFactor, Int(Int32.max))) + 1
        if random.next().multipliedFullWidth(by: odds).high == 0 { value += 1 }
    }
}
