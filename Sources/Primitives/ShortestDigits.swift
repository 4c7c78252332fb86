/// The shortest decimal digits that read back as the same double: Grisu2 (Florian Loitsch, "Printing floating-point
/// numbers quickly and accurately with integers", 2010).
///
/// Chosen because Redis uses it since 7.2: in about one case of a thousand Grisu2 gives one digit more than needed, and
/// a score has to have the same text here. It needs one table and 64-bit arithmetic, and allocates nothing.
///
/// The value and the middle points to its neighbours are scaled by a power of ten into a range in which the integer part
/// fits 32 bits; digits of the upper bound are produced until the rest is within the interval, then the last one is moved
/// towards the value. The interval is made one unit smaller on both sides, which covers the error of the scaling.
struct ShortestDigits {
    /// Number of digits, at most 17.
    private(set) var count = 0
    /// The power of ten of the last digit.
    private(set) var exponent = 0
    private let digits: UnsafeMutablePointer<UInt8>

    /// Writes the ASCII digits of `value` to `digits`, which has room for 18 bytes; `value` is finite and positive.
    init(of value: Double, to digits: UnsafeMutablePointer<UInt8>) {
        self.digits = digits
        let hiddenBit = UInt64(1) << 52
        let fraction = value.bitPattern & (hiddenBit &- 1)
        let biased = Int(truncatingIfNeeded: value.bitPattern >> 52) & 0x7FF
        let significand = biased == 0 ? fraction : fraction | hiddenBit
        let power = biased == 0 ? -1074 : biased &- 1075

        // The middle points have one or two more bits; all three get the exponent of the normalized upper one.
        let twiceUp = significand &<< 1 | 1
        let shift = twiceUp.leadingZeroBitCount
        let scaledPower = power &- 1 &- shift
        let lowerBits = significand == hiddenBit ? 2 : 1
        let middle = significand &<< UInt64(truncatingIfNeeded: shift &+ 1)
        let lowerShift = UInt64(truncatingIfNeeded: power &- lowerBits &- scaledPower)
        let lower = (significand &<< UInt64(lowerBits) &- 1) &<< lowerShift

        let ten = PowerOfTen(scaling: scaledPower)
        exponent = -ten.exponent
        let high = ten.times(twiceUp &<< UInt64(truncatingIfNeeded: shift)) &- 1
        let low = ten.times(lower) &+ 1
        generate(
            high: high, pointShift: UInt64(truncatingIfNeeded: -(scaledPower &+ ten.power &+ 64)), width: high &- low,
            distance: high &- ten.times(middle))
    }

    /// Digits of `high`, a number with `pointShift` bits (32...60) behind the point, until what is left is below `width`;
    /// the value lies `distance` below `high`.
    private mutating func generate(high: UInt64, pointShift: UInt64, width: UInt64, distance: UInt64) {
        let one = UInt64(1) &<< pointShift
        var whole = high &>> pointShift
        var part = high & (one &- 1)
        var position = decimalLength(whole)
        var unit: UInt64 = 1
        for _ in 1..<position { unit &*= 10 }
        while position > 0 {
            let (digit, rest) = whole.quotientAndRemainder(dividingBy: unit)
            append(digit)
            whole = rest
            position &-= 1
            let left = whole &<< pointShift &+ part
            if left <= width {
                exponent &+= position
                return settle(left: left, width: width, step: unit &<< pointShift, distance: distance)
            }
            unit /= 10
        }
        // Behind the point: everything grows by ten a digit, and the width outgrows the rest before 64 bits are full.
        var width = width
        var distance = distance
        while count < 18 {
            part &*= 10
            width &*= 10
            distance &*= 10
            position &-= 1
            let digit = part &>> pointShift
            if digit != 0 || count != 0 { append(digit) }
            part &= one &- 1
            if part < width {
                exponent &+= position
                return settle(left: part, width: width, step: one, distance: distance)
            }
        }
    }

    private mutating func append(_ digit: UInt64) {
        digits[count] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: digit)
        count &+= 1
    }

    /// Lowers the last digit while that stays in the interval and comes closer to the value.
    private func settle(left: UInt64, width: UInt64, step: UInt64, distance: UInt64) {
        var left = left
        while left < distance, width &- left >= step,
            left &+ step < distance || distance &- left > left &+ step &- distance
        {
            digits[count &- 1] &-= 1
            left &+= step
        }
    }
}

/// A power of ten as `significand * 2^power` with 64 significant bits.
private struct PowerOfTen {
    let significand: UInt64
    let power: Int
    let exponent: Int

    /// The cached power that brings a normalized number of 64 bits times `2^binary` to 32...60 bits behind the point.
    init(scaling binary: Int) {
        let estimate = Int(Double(-(binary + 87)) * 0.30102999566398114)
        var index = (estimate + 348) / 8
        var power = Self.power(at: index)
        while binary + power + 64 < -60, index < significands.count - 1 {
            index += 1
            power = Self.power(at: index)
        }
        while binary + power + 64 > -32, index > 0 {
            index -= 1
            power = Self.power(at: index)
        }
        significand = significands[index]
        self.power = power
        exponent = index * 8 - 348
    }

    /// The binary exponent of the entry at `index`: the logarithm as a fixed-point product, exact in this range.
    private static func power(at index: Int) -> Int { ((index * 8 - 348) * 217706) >> 16 - 63 }

    /// The upper 64 bits of the product, rounded.
    func times(_ other: UInt64) -> UInt64 {
        let product = significand.multipliedFullWidth(by: other)
        return product.high &+ product.low &>> 63
    }
}

/// 10^-348, 10^-340 ... 10^340, each rounded to 64 significant bits.
private let significands: [UInt64] = [
    0xFA8F_D5A0_081C_0288, 0xBAAE_E17F_A23E_BF76, 0x8B16_FB20_3055_AC76, 0xCF42_894A_5DCE_35EA,
    0x9A6B_B0AA_5565_3B2D, 0xE61A_CF03_3D1A_45DF, 0xAB70_FE17_C79A_C6CA, 0xFF77_B1FC_BEBC_DC4F,
    0xBE56_91EF_416B_D60C, 0x8DD0_1FAD_907F_FC3C, 0xD351_5C28_3155_9A83, 0x9D71_AC8F_ADA6_C9B5,
    0xEA9C_2277_23EE_8BCB, 0xAECC_4991_4078_536D, 0x823C_1279_5DB6_CE57, 0xC210_9436_4DFB_5637,
    0x9096_EA6F_3848_984F, 0xD774_85CB_2582_3AC7, 0xA086_CFCD_97BF_97F4, 0xEF34_0A98_172A_ACE5,
    0xB238_67FB_2A35_B28E, 0x84C8_D4DF_D2C6_3F3B, 0xC5DD_4427_1AD3_CDBA, 0x936B_9FCE_BB25_C996,
    0xDBAC_6C24_7D62_A584, 0xA3AB_6658_0D5F_DAF6, 0xF3E2_F893_DEC3_F126, 0xB5B5_ADA8_AAFF_80B8,
    0x8762_5F05_6C7C_4A8B, 0xC9BC_FF60_34C1_3053, 0x964E_858C_91BA_2655, 0xDFF9_7724_7029_7EBD,
    0xA6DF_BD9F_B8E5_B88F, 0xF8A9_5FCF_8874_7D94, 0xB944_7093_8FA8_9BCF, 0x8A08_F0F8_BF0F_156B,
    0xCDB0_2555_6531_31B6, 0x993F_E2C6_D07B_7FAC, 0xE45C_10C4_2A2B_3B06, 0xAA24_2499_6973_92D3,
    0xFD87_B5F2_8300_CA0E, 0xBCE5_0864_9211_1AEB, 0x8CBC_CC09_6F50_88CC, 0xD1B7_1758_E219_652C,
    0x9C40_0000_0000_0000, 0xE8D4_A510_0000_0000, 0xAD78_EBC5_AC62_0000, 0x813F_3978_F894_0984,
    0xC097_CE7B_C907_15B3, 0x8F7E_32CE_7BEA_5C70, 0xD5D2_38A4_ABE9_8068, 0x9F4F_2726_179A_2245,
    0xED63_A231_D4C4_FB27, 0xB0DE_6538_8CC8_ADA8, 0x83C7_088E_1AAB_65DB, 0xC45D_1DF9_4271_1D9A,
    0x924D_692C_A61B_E758, 0xDA01_EE64_1A70_8DEA, 0xA26D_A399_9AEF_774A, 0xF209_787B_B47D_6B85,
    0xB454_E4A1_79DD_1877, 0x865B_8692_5B9B_C5C2, 0xC835_53C5_C896_5D3D, 0x952A_B45C_FA97_A0B3,
    0xDE46_9FBD_99A0_5FE3, 0xA59B_C234_DB39_8C25, 0xF6C6_9A72_A398_9F5C, 0xB7DC_BF53_54E9_BECE,
    0x88FC_F317_F222_41E2, 0xCC20_CE9B_D35C_78A5, 0x9816_5AF3_7B21_53DF, 0xE2A0_B5DC_971F_303A,
    0xA8D9_D153_5CE3_B396, 0xFB9B_7CD9_A4A7_443C, 0xBB76_4C4C_A7A4_4410, 0x8BAB_8EEF_B640_9C1A,
    0xD01F_EF10_A657_842C, 0x9B10_A4E5_E991_3129, 0xE710_9BFB_A19C_0C9D, 0xAC28_20D9_623B_F429,
    0x8044_4B5E_7AA7_CF85, 0xBF21_E440_03AC_DD2D, 0x8E67_9C2F_5E44_FF8F, 0xD433_179D_9C8C_B841,
    0x9E19_DB92_B4E3_1BA9, 0xEB96_BF6E_BADF_77D9, 0xAF87_023B_9BF0_EE6B,
]
