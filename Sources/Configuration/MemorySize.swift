import Primitives

/// Numbers of bytes as redis.conf spells them: `1k` is 1000, `1kb` is 1024, and so on to `g` and `gb`, in any case.
enum MemorySize {
    /// Bytes that `text` spells, or nil where it is not a size or does not fit 64 bits.
    static func parse(_ text: [UInt8]) -> UInt64? {
        let digits = text.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        guard !digits.isEmpty, let scale = scale(text[digits.endIndex...].map(asciiLowercased)) else { return nil }
        var value: UInt64 = 0
        for digit in digits {
            guard let next = value.multiplied(checked: 10)?.adding(checked: UInt64(digit - UInt8(ascii: "0"))) else {
                return nil
            }
            value = next
        }
        return value.multiplied(checked: scale)
    }

    /// The shortest spelling that is exact, with the units of 1024.
    static func format(_ bytes: Int) -> String {
        for (unit, scale) in [("gb", 1 << 30), ("mb", 1 << 20), ("kb", 1 << 10)] where bytes != 0 && bytes % scale == 0
        {
            return "\(bytes / scale)\(unit)"
        }
        return String(bytes)
    }

    private static func scale(_ unit: [UInt8]) -> UInt64? {
        switch String(decoding: unit, as: UTF8.self) {
        case "", "b": 1
        case "k": 1000
        case "kb": 1 << 10
        case "m": 1_000_000
        case "mb": 1 << 20
        case "g": 1_000_000_000
        case "gb": 1 << 30
        default: nil
        }
    }
}
