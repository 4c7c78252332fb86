/// XXH3 with 64 bits, no seed and the default secret (Yann Collet, "xxHash fast digest algorithm", specification 0.2): a
/// digest of contents that other software computes too. It is no protection against those who want two contents to have
/// one digest.
public func contentDigest(_ bytes: ByteView) -> UInt64 {
    secret.withUnsafeBytes { secret in
        guard let base = secret.baseAddress else { return 0 }
        return XXH3(input: UnsafeRawPointer(bytes.start), count: bytes.count, secret: base).digest
    }
}

/// 192 bytes, as little-endian words.
private let secret: [UInt64] = [
    0xBE4B_A423_396C_FEB8, 0x1CAD_21F7_2C81_017C, 0xDB97_9083_E96D_D4DE,
    0x1F67_B3B7_A4A4_4072, 0x78E5_C0CC_4EE6_79CB, 0x2172_FFCC_7DD0_5A82,
    0x8E24_43F7_7446_08B8, 0x4C26_3A81_E690_35E0, 0xCB00_C391_BB52_283C,
    0xA32E_531B_8B65_D088, 0x4EF9_0DA2_9748_6471, 0xD8AC_DEA9_46EF_1938,
    0x3F34_9CE3_3F76_FAA8, 0x1D4F_0BC7_C7BB_DCF9, 0x3159_B4CD_4BE0_518A,
    0x6473_78D9_C97E_9FC8, 0xC3EB_D334_83AC_C5EA, 0xEB63_13FA_FFA0_81C5,
    0x49DA_F0B7_51DD_0D17, 0x9E68_D429_2655_16D3, 0xFCA1_477D_58BE_162B,
    0xCE31_D07A_D1B8_F88F, 0x2804_1695_8F3A_CB45, 0x7E40_4BBB_CAFB_D7AF,
]

/// Invariant: `input` is good for `count` bytes, and `secret` for 192.
private struct XXH3 {
    let input: UnsafeRawPointer
    let count: Int
    let secret: UnsafeRawPointer

    private static let prime32 = (0x9E37_79B1 as UInt64, 0x85EB_CA77 as UInt64, 0xC2B2_AE3D as UInt64)
    private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

    var digest: UInt64 {
        switch count {
        case 0: Self.avalanche64(key(56) ^ key(64))
        case 1...3: upTo3
        case 4...8: upTo8
        case 9...16: upTo16
        case 17...128: upTo128
        case 129...240: upTo240
        default: long
        }
    }

    // MARK: Short inputs

    private var upTo3: UInt64 {
        let bytes = input.assumingMemoryBound(to: UInt8.self)
        let ends = UInt64(bytes[0]) << 16 | UInt64(bytes[count >> 1]) << 24 | UInt64(bytes[count - 1])
        return Self.avalanche64((ends | UInt64(count) << 8) ^ (key(0) ^ key(0) >> 32) & 0xFFFF_FFFF)
    }

    private var upTo8: UInt64 {
        let first = UInt64(input.loadUnaligned(as: UInt32.self))
        let last = UInt64(input.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self))
        var hash = (last &+ first << 32) ^ (key(8) ^ key(16))
        hash ^= Self.rotated(hash, 49) ^ Self.rotated(hash, 24)
        hash = hash &* 0x9FB2_1C65_1E98_DF25
        hash ^= hash >> 35 &+ UInt64(count)
        hash = hash &* 0x9FB2_1C65_1E98_DF25
        return hash ^ hash >> 28
    }

    private var upTo16: UInt64 {
        let low = word(0) ^ (key(24) ^ key(32))
        let high = word(count - 8) ^ (key(40) ^ key(48))
        return Self.avalanche(UInt64(count) &+ low.byteSwapped &+ high &+ Self.fold(low, high))
    }

    private var upTo128: UInt64 {
        var sum = UInt64(count) &* Self.prime1
        for pair in 0...(count - 1) / 32 {
            sum = sum &+ mix(16 * pair, 32 * pair) &+ mix(count - 16 * (pair + 1), 32 * pair + 16)
        }
        return Self.avalanche(sum)
    }

    private var upTo240: UInt64 {
        var sum = UInt64(count) &* Self.prime1
        for index in 0..<8 { sum = sum &+ mix(16 * index, 16 * index) }
        sum = Self.avalanche(sum)
        for index in 8..<count / 16 { sum = sum &+ mix(16 * index, 16 * (index - 8) + 3) }
        return Self.avalanche(sum &+ mix(count - 16, 119))
    }

    // MARK: Long inputs

    private typealias Lanes = SIMD8<UInt64>

    /// Blocks of sixteen stripes of 64 bytes.
    private var long: UInt64 {
        var lanes = Lanes(
            Self.prime32.2, Self.prime1, Self.prime2, Self.prime3, Self.prime4, Self.prime32.1, Self.prime5,
            Self.prime32.0)
        let blocks = (count - 1) / 1024
        for block in 0..<blocks {
            for stripe in 0..<16 { accumulate(&lanes, block * 1024 + stripe * 64, stripe * 8) }
            lanes = (lanes ^ lanes &>> 47 ^ secret.loadUnaligned(fromByteOffset: 128, as: Lanes.self)) &* Self.prime32.0
        }
        for stripe in 0..<(count - 1 - blocks * 1024) / 64 {
            accumulate(&lanes, blocks * 1024 + stripe * 64, stripe * 8)
        }
        accumulate(&lanes, count - 64, 121)
        var sum = UInt64(count) &* Self.prime1
        for pair in 0..<4 {
            sum = sum &+ Self.fold(lanes[2 * pair] ^ key(11 + 16 * pair), lanes[2 * pair + 1] ^ key(19 + 16 * pair))
        }
        return Self.avalanche(sum)
    }

    @inline(__always)
    private func accumulate(_ lanes: inout Lanes, _ offset: Int, _ keyOffset: Int) {
        let data = input.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
        let keyed = data ^ secret.loadUnaligned(fromByteOffset: keyOffset, as: Lanes.self)
        // Each lane takes its neighbour's data.
        let neighbours = Lanes(data[1], data[0], data[3], data[2], data[5], data[4], data[7], data[6])
        lanes = lanes &+ neighbours &+ (keyed & 0xFFFF_FFFF) &* (keyed &>> 32)
    }

    // MARK: Words

    private func word(_ offset: Int) -> UInt64 { input.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }

    private func key(_ offset: Int) -> UInt64 { secret.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }

    private func mix(_ offset: Int, _ keyOffset: Int) -> UInt64 {
        Self.fold(word(offset) ^ key(keyOffset), word(offset + 8) ^ key(keyOffset + 8))
    }

    private static func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 { value << bits | value >> (64 - bits) }

    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.low ^ product.high
    }

    private static func avalanche(_ value: UInt64) -> UInt64 {
        let hash = (value ^ value >> 37) &* 0x1656_6791_9E37_79F9
        return hash ^ hash >> 32
    }

    private static func avalanche64(_ value: UInt64) -> UInt64 {
        var hash = (value ^ value >> 33) &* prime2
        hash = (hash ^ hash >> 29) &* prime3
        return hash ^ hash >> 32
    }
}
