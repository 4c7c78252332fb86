import Glibc
import Primitives

/// A sketch of a set in a string, from which the set's size can be estimated with a standard error of 0.81 %: HyperLogLog
/// (Flajolet et al., 2007) with 16384 registers of 6 bits.
///
/// The bytes are those that Redis has, so that they can be moved to one and back:
///
/// ```
/// offset 0  "HYLL"
///        4  encoding: 0 dense, 1 sparse
///        5  three zeros
///        8  the size that was estimated last, little endian; its highest bit says that it is out of date
///       16  the registers
/// ```
///
/// Anybody can write such a string with SET, so that nothing in it is trusted.
enum HyperLogLog {
    static let registerCount = 16384
    static let headerSize = 16
    /// Size of a dense one: six bits for each register.
    static let denseSize = headerSize + registerCount * 6 / 8
    /// Size of one without elements.
    static let emptySize = headerSize + 2
    /// The largest value of a register that comes from a hash.
    static let maximumValue = 51

    enum Encoding: UInt8 {
        case dense = 0
        case sparse = 1
    }

    /// How `bytes` are encoded; nil where they are none of a sketch. What a sparse one holds may still be wrong.
    static func encoding(_ bytes: ByteView) -> Encoding? {
        guard bytes.count >= headerSize, bytes[0..<4] == ByteView("HYLL"), let encoding = Encoding(rawValue: bytes[4])
        else { return nil }
        return encoding == .dense && bytes.count != denseSize ? nil : encoding
    }

    /// Writes one without elements, `emptySize` bytes: all registers are one run of zeros.
    static func writeEmpty(to bytes: UnsafeMutablePointer<UInt8>) {
        bytes.update(repeating: 0, count: emptySize)
        memcpy(bytes, ByteView("HYLL").start, 4)
        bytes[4] = Encoding.sparse.rawValue
        bytes[headerSize] = 0x7F
        bytes[headerSize + 1] = 0xFF
    }

    // MARK: Elements

    /// The register that an element belongs to, and the value that it asks for: how many zeros its hash ends in behind
    /// the register's number, and one.
    @inline(__always)
    static func pattern(_ element: ByteView) -> (index: Int, value: UInt8) {
        let hash = murmur(element, seed: 0xADC8_3B19)
        let rest = hash >> 14 | 1 << 50
        return (Int(truncatingIfNeeded: hash & 16383), UInt8(truncatingIfNeeded: rest.trailingZeroBitCount &+ 1))
    }

    /// MurmurHash64A (Austin Appleby).
    @inline(__always)
    static func murmur(_ bytes: ByteView, seed: UInt64) -> UInt64 {
        let multiplier: UInt64 = 0xC6A4_A793_5BD1_E995
        let base = UnsafeRawPointer(bytes.start)
        var hash = seed ^ (UInt64(truncatingIfNeeded: bytes.count) &* multiplier)
        var offset = 0
        while offset &+ 8 <= bytes.count {
            var word = base.loadUnaligned(fromByteOffset: offset, as: UInt64.self) &* multiplier
            word ^= word >> 47
            hash = (hash ^ word &* multiplier) &* multiplier
            offset &+= 8
        }
        if offset < bytes.count {
            var tail: UInt64 = 0
            for index in offset..<bytes.count { tail |= UInt64(bytes.start[index]) << UInt64((index &- offset) &* 8) }
            hash = (hash ^ tail) &* multiplier
        }
        hash ^= hash >> 47
        hash = hash &* multiplier
        return hash ^ hash >> 47
    }

    // MARK: The estimated size

    /// The estimate in the header; nil where it is out of date.
    static func cachedCount(_ bytes: ByteView) -> UInt64? {
        let count = UnsafeRawPointer(bytes.start).loadUnaligned(fromByteOffset: 8, as: UInt64.self).littleEndian
        return count >> 63 == 0 ? count : nil
    }

    static func setCachedCount(_ bytes: UnsafeMutablePointer<UInt8>, _ count: UInt64) {
        UnsafeMutableRawPointer(bytes).storeBytes(of: count.littleEndian, toByteOffset: 8, as: UInt64.self)
    }

    /// Makes the estimate in the header be out of date.
    static func invalidateCount(_ bytes: UnsafeMutablePointer<UInt8>) { bytes[15] |= 0x80 }

    /// How many registers have which value, of which there are 64.
    struct Histogram: ~Copyable {
        private let counts = UnsafeMutablePointer<Int>.allocate(capacity: 64)

        init() { counts.initialize(repeating: 0, count: 64) }

        deinit { counts.deallocate() }

        subscript(_ value: Int) -> Int { counts[value & 63] }

        @inline(__always)
        borrowing func add(_ count: Int, of value: UInt8) { counts[Int(value & 63)] &+= count }
    }

    /// The size by Otmar Ertl's estimator ("New cardinality estimation algorithms for HyperLogLog sketches", 2017), which
    /// needs no table of corrections.
    static func estimate(_ histogram: borrowing Histogram) -> UInt64 {
        let registers = Double(registerCount)
        var z = registers * tau((registers - Double(histogram[maximumValue])) / registers)
        for value in stride(from: maximumValue - 1, through: 1, by: -1) {
            z += Double(histogram[value])
            z *= 0.5
        }
        z += registers * sigma(Double(histogram[0]) / registers)
        // 0.5 / ln 2
        let estimate = (0.721347520444481703680 * registers * registers / z).rounded(.toNearestOrAwayFromZero)
        return estimate < 0x1p63 ? UInt64(estimate) : UInt64(Int64.max)
    }

    private static func sigma(_ start: Double) -> Double {
        if start == 1 { return .infinity }
        var x = start
        var y = 1.0
        var z = x
        var previous: Double
        repeat {
            x *= x
            previous = z
            z += x * y
            y += y
        } while previous != z
        return z
    }

    private static func tau(_ start: Double) -> Double {
        if start == 0 || start == 1 { return 0 }
        var x = start
        var y = 1.0
        var z = 1 - x
        var previous: Double
        repeat {
            x = x.squareRoot()
            previous = z
            y *= 0.5
            z -= pow(1 - x, 2) * y
        } while previous != z
        return z / 3
    }
}

extension CommandError {
    static let notHyperLogLog = CommandError("WRONGTYPE Key is not a valid HyperLogLog string value.")
    static let corruptedHyperLogLog = CommandError("INVALIDOBJ Corrupted HLL object detected")
}
