/// How often a key is used, for the policy of admission, in the 24 bits of an entry's header: a count up to 15, whether
/// the key is a newcomer that is still on trial, and the era in which it was last counted.
///
/// When an era ends all counts are halved, as in TinyLFU, so that what was popular once does not stay for ever. Nobody
/// walks over the entries for that: a count that was made in an earlier era is shifted when it is looked at.
struct AdmissionCounter {
    static let maximum = 15
    private static let trialBit: UInt32 = 16

    private var stored: UInt32
    var isOnTrial: Bool
    private var era: UInt16

    init(bits: UInt32) {
        stored = bits & 15
        isOnTrial = bits & Self.trialBit != 0
        era = UInt16(truncatingIfNeeded: bits >> 8)
    }

    init(count: Int, isOnTrial: Bool, era: UInt16) {
        stored = UInt32(min(max(count, 0), Self.maximum))
        self.isOnTrial = isOnTrial
        self.era = era
    }

    var bits: UInt32 { stored | (isOnTrial ? Self.trialBit : 0) | UInt32(era) << 8 }

    /// The count in the era `now`.
    func count(in now: UInt16) -> Int { Int(stored >> min(UInt32(now &- era), 31)) }

    /// Whether it was counted in the era `now` or the one before.
    func isRecent(in now: UInt16) -> Bool { now &- era <= 1 }

    /// Counts a use.
    mutating func note(era now: UInt16) {
        stored = UInt32(min(count(in: now) + 1, Self.maximum))
        era = now
    }
}
