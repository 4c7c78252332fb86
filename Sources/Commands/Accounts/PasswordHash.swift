import Crypto
import Primitives

/// The SHA-256 of a password: all that is kept of it, and what ACL files hold in 64 hexadecimal digits.
public struct PasswordHash: Sendable, Equatable {
    private static let size = 32
    private let bytes: [UInt8]

    /// The hash of a password. O(length).
    public init(of password: ByteView) {
        var hash = SHA256()
        hash.update(bufferPointer: UnsafeRawBufferPointer(password.buffer))
        bytes = hash.finalize().withUnsafeBytes { Array($0) }
    }

    /// A hash from its 64 digits; nil where it is anything else, capital letters included.
    public init?(digits: ByteView) {
        guard digits.count == Self.size * 2 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Self.value(digits[index]), let low = Self.value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        self.bytes = bytes
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// The hash in hexadecimal digits.
    public var digits: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Whether both are the same, found out in a time that does not tell where they differ.
    public func matches(_ other: PasswordHash) -> Bool {
        var difference: UInt8 = 0
        for index in 0..<Self.size { difference |= bytes[index] ^ other.bytes[index] }
        return difference == 0
    }
}
