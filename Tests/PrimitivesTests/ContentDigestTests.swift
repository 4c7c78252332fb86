import Primitives
import Testing

@Suite struct ContentDigestTests {
    /// What the reference implementation answers, for lengths on both sides of every change of the algorithm.
    static let digests: [(length: Int, digest: UInt64)] = [
        (0, 0x2D06_8005_38D3_94C2), (1, 0xE12E_F9D2_EB86_CEEB), (3, 0xA908_8DDA_485B_481C),
        (4, 0x5764_8C31_8A7A_307E), (8, 0xB0FB_3E3C_3F94_990A), (9, 0x8ACA_5CB3_0943_7C2E),
        (16, 0x2BD9_26D8_8792_965A), (17, 0x621F_018A_AD19_B14A), (32, 0x8911_535E_799E_4D99),
        (33, 0xB6D8_B523_DB9B_284C), (64, 0x1B1B_F114_C737_1F1B), (65, 0xF003_7F8A_C044_1CC4),
        (96, 0xCFB2_1E0D_09D8_EF29), (97, 0xE141_5CA7_902A_74DA), (128, 0xE954_9AF9_A740_93E6),
        (129, 0xB54A_D1CD_8A4C_84B9), (160, 0x898D_F912_F54A_A5C2), (240, 0x3E13_6902_EC96_6624),
        (241, 0xBD7D_29B6_BA96_6D6A), (1024, 0xDC5A_CF0B_043C_445B), (1025, 0xC856_C953_BBDB_C807),
        (5000, 0x308F_149A_673A_1625),
    ]

    @Test(arguments: digests)
    func digestsAreThoseOfXXH3(_ length: Int, _ digest: UInt64) {
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 7 + length) }
        #expect(bytes.withView { contentDigest($0) } == digest)
    }
}
