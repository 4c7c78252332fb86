import Primitives

/// An integer of up to 64 bits somewhere in a row of bits, the highest of its bits first.
struct BitField {
    /// What becomes of a number that does not fit.
    enum Overflow {
        /// Its lowest bits are kept.
        case wrap
        /// The nearest number that fits is taken.
        case saturate
        /// Nothing is written.
        case fail

        init?(_ name: ByteView) {
            if name.equalsIgnoringCase("wrap") {
                self = .wrap
            } else if name.equalsIgnoringCase("sat") {
                self = .saturate
            } else if name.equalsIgnoringCase("fail") {
                self = .fail
            } else {
                return nil
            }
        }
    }

    let isSigned: Bool
    /// 1 ... 64, of unsigned ones 63.
    let size: Int

    /// From a text such as `i16` or `u8`.
    init?(_ text: ByteView) {
        guard text.count > 1, text[0] == UInt8(ascii: "i") || text[0] == UInt8(ascii: "u") else { return nil }
        isSigned = text[0] == UInt8(ascii: "i")
        guard let size = parseInteger(text[1..<text.count]), size >= 1, size <= (isSigned ? 64 : 63) else { return nil }
        self.size = Int(size)
    }

    private var minimum: Int64 { isSigned ? -1 << Int64(size - 1) : 0 }
    private var maximum: Int64 { Int64(bitPattern: .max >> UInt64(isSigned ? 65 - size : 64 - size)) }

    /// The number whose lowest bits are those of `bits`.
    private func number(_ bits: UInt64) -> Int64 {
        let shift = Int64(64 - size)
        let high = Int64(bitPattern: bits) << shift
        return isSigned ? high >> shift : Int64(bitPattern: UInt64(bitPattern: high) >> UInt64(shift))
    }

    // MARK: Memory

    /// The number at the bit `offset` of `bytes`, with zeros behind their end.
    func read(_ bytes: ByteView, at offset: Int) -> Int64 {
        var high: UInt64 = 0
        // Nine bytes hold any 64 bits.
        let first = offset >> 3
        for index in 0..<8 { high = high << 8 | UInt64(byte(bytes, first + index)) }
        let shift = offset & 7
        if shift > 0 { high = high << UInt64(shift) | UInt64(byte(bytes, first + 8)) >> UInt64(8 - shift) }
        return number(high >> UInt64(64 - size))
    }

    private func byte(_ bytes: ByteView, _ index: Int) -> UInt8 { index < bytes.count ? bytes.start[index] : 0 }

    /// Writes the lowest bits of `value` at the bit `offset` of `bytes`, which reach as far.
    func write(_ value: Int64, to bytes: UnsafeMutablePointer<UInt8>, at offset: Int) {
        var left = size
        var position = offset
        while left > 0 {
            // As many bits as the byte has room for.
            let room = 8 - position & 7
            let taken = min(room, left)
            let shift = UInt8(room - taken)
            let mask = UInt8(truncatingIfNeeded: 0xFF >> (8 - taken)) << shift
            let bits = UInt8(truncatingIfNeeded: value >> Int64(left - taken)) << shift
            bytes[position >> 3] = bytes[position >> 3] & ~mask | bits & mask
            position += taken
            left -= taken
        }
    }

    // MARK: Arithmetic

    /// `value + increment`, made to fit; nil where it does not and must not be made to. Signed values may be beyond the
    /// field's range; those of unsigned fields that are negative are huge.
    func sum(_ value: Int64, _ increment: Int64, _ overflow: Overflow) -> Int64? {
        let (sum, carried) = value.addingReportingOverflow(increment)
        let isAbove: Bool
        let isBelow: Bool
        if isSigned {
            // What is left up to the end wraps in Redis, so that what is 2^63 below it saturates to the highest number.
            let wraps = size < 64 && increment > maximum &- value && !carried
            isAbove = wraps || (carried ? increment > 0 : sum > maximum)
            isBelow = !isAbove && (carried ? increment < 0 : sum < minimum)
        } else {
            isAbove = value < 0 || carried && increment > 0 || sum > maximum
            isBelow = !isAbove && sum < 0
        }
        guard isAbove || isBelow else { return sum }
        switch overflow {
        case .wrap: return number(UInt64(bitPattern: sum))
        case .saturate: return isAbove ? maximum : minimum
        case .fail: return nil
        }
    }
}
