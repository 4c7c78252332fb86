import Keyspace
import Primitives
import RESP

/// Strings as rows of bits: SETBIT, GETBIT, BITCOUNT and BITPOS. Bit 0 is the highest of the first byte, and behind the end
/// there are zeros.
public enum BitmapCommands {
    public static let commands: [Command] = [
        Command(
            "setbit", arity: 4, flags: [.write, .denyoom], keys: [.one(1, [.readWrite, .access, .update])],
            group: .bitmap, since: "2.2.0",
            summary: "Sets or clears a bit of a string, which grows where it is too short, and returns what it was.",
            syntax: "key:key offset:integer value:integer", handler: set),
        Command(
            "getbit", arity: 3, flags: [.readonly, .fast], keys: [.one(1, [.readOnly, .access])], group: .bitmap,
            since: "2.2.0", summary: "Returns a bit of a string.", syntax: "key:key offset:integer", handler: get),
        Command(
            "bitcount", arity: -2, flags: .readonly, keys: [.one(1, [.readOnly, .access])], group: .bitmap,
            since: "2.6.0", complexity: "O(n), n being the number of bytes that are looked at.",
            summary: "Counts the bits that are set in a string or in a part of it.",
            syntax: "key:key index=[start:integer end:integer index_unit=[BYTE|BIT]]", handler: count),
        Command(
            "bitpos", arity: -3, flags: .readonly, keys: [.one(1, [.readOnly, .access])], group: .bitmap,
            since: "2.8.7", complexity: "O(n), n being the number of bytes that are looked at.",
            summary: "Returns where the first bit of a string is that is set, or clear.",
            syntax: "key:key bit:integer index=[start:integer end_index=[end:integer index_unit=[BYTE|BIT]]]",
            handler: position),
    ]

    private static func set(_ call: inout Call) throws(CommandError) {
        let offset = try call.bitOffset(2)
        let error = CommandError("ERR bit is not an integer or out of range")
        let isOne = try call.integer(3, in: 0...1, or: error) == 1
        let key = call.key(1)
        let byte = offset >> 3
        let mask: UInt8 = 0x80 >> UInt8(offset & 7)
        var count = 0
        var old = false
        if let entry = try call.findString(key) {
            let text = entry.text(scratch: call.scratch)
            count = text.count
            old = byte < count && text.start[byte] & mask != 0
        }
        let isChange = byte >= count || old != isOne
        let bytes = call.access.resizeString(key, to: max(count, byte + 1), event: isChange ? .setbit : nil)
        bytes[byte] = isOne ? bytes[byte] | mask : bytes[byte] & ~mask
        call.reply.integer(old)
    }

    private static func get(_ call: inout Call) throws(CommandError) {
        let offset = try call.bitOffset(2)
        guard let entry = try call.readString(call.key(1)) else { return call.reply.integer(false) }
        let text = entry.text(scratch: call.scratch)
        let byte = offset >> 3
        call.reply.integer(byte < text.count && text.start[byte] & (0x80 >> UInt8(offset & 7)) != 0)
    }

    // MARK: Ranges

    /// The part of a string that BITCOUNT and BITPOS look at: arguments as they are given, which may be negative.
    private struct Range {
        var start: Int64 = 0
        /// Nil for the end of the string.
        var end: Int64?
        var inBits = false

        /// Reads it from the argument `index` on.
        init(_ call: borrowing Call, from index: Int, endIsOptional: Bool) throws(CommandError) {
            let given = call.count - index
            guard given > 0 else { return }
            guard given <= 3, given > 1 || endIsOptional else { throw .syntax }
            start = try call.integer(index)
            if endIsOptional { inBits = try Range.unit(call, index + 2) }
            if given > 1 { end = try call.integer(index + 1) }
            if !endIsOptional { inBits = try Range.unit(call, index + 2) }
        }

        private static func unit(_ call: borrowing Call, _ index: Int) throws(CommandError) -> Bool {
            guard index < call.count else { return false }
            if call.isWord(index, "bit") { return true }
            guard call.isWord(index, "byte") else { throw .syntax }
            return false
        }

        /// The bits that it covers of a string of `count` bytes: the first, and the one behind the last.
        func bits(_ count: Int) -> Swift.Range<Int> {
            let total = inBits ? count << 3 : count
            // A negative number and a length cannot overflow.
            func place(_ index: Int64) -> Int { index < 0 ? max(0, total + Int(index)) : Int(index) }
            let first = place(start)
            let last = min(end.map(place) ?? total - 1, total - 1)
            guard first <= last else { return 0..<0 }
            return inBits ? first..<last + 1 : first << 3..<(last + 1) << 3
        }
    }

    private static func count(_ call: inout Call) throws(CommandError) {
        let range = try Range(call, from: 2, endIsOptional: false)
        guard let entry = try call.readString(call.key(1)) else { return call.reply.integer(0) }
        if range.start < 0, let end = range.end, end < 0, range.start > end { return call.reply.integer(0) }
        let text = entry.text(scratch: call.scratch)
        let bits = range.bits(text.count)
        guard !bits.isEmpty else { return call.reply.integer(0) }
        let lastByte = (bits.upperBound - 1) >> 3
        let part = text[bits.lowerBound >> 3..<lastByte + 1]
        // Bits of the first and the last byte that do not belong to it.
        var excess = (text[bits.lowerBound >> 3] & ~(0xFF >> UInt8(bits.lowerBound & 7))).nonzeroBitCount
        if bits.upperBound & 7 != 0 {
            excess += (text[lastByte] & (0xFF >> UInt8(bits.upperBound & 7))).nonzeroBitCount
        }
        if part.count > 2 * WorkLimits.inlineBytes, call.mayWait {
            return try call.answer(BitCountStretches(part, excess: excess), of: 1)
        }
        call.reply.integer(bitCount(part) - excess)
    }

    private static func position(_ call: inout Call) throws(CommandError) {
        let bit = try call.integer(2)
        guard bit == 0 || bit == 1 else { throw CommandError("ERR The bit argument must be 1 or 0.") }
        let range = try Range(call, from: 3, endIsOptional: true)
        guard let entry = try call.readString(call.key(1)) else { return call.reply.integer(bit == 1 ? -1 : 0) }
        let text = entry.text(scratch: call.scratch)
        let bits = range.bits(text.count)
        guard !bits.isEmpty else { return call.reply.integer(-1) }
        let part = text[0..<(bits.upperBound + 7) >> 3]
        if let found = firstBit(bit == 1, in: part, from: bits.lowerBound), found < bits.upperBound {
            return call.reply.integer(found)
        }
        // Zeros follow the string, unless it was said where to stop.
        call.reply.integer(bit == 0 && range.end == nil ? bits.upperBound : -1)
    }
}

extension Call {
    /// The argument as the number of a bit that a string may have; with `size`, also `#n` for the n-th field of so many bits.
    func bitOffset(_ index: Int, size: Int? = nil) throws(CommandError) -> Int {
        let error = CommandError("ERR bit offset is not an integer or out of range")
        var text = self[index]
        var scale: Int64 = 1
        if let size, !text.isEmpty, text[0] == UInt8(ascii: "#") {
            text = text[1..<text.count]
            scale = Int64(size)
        }
        guard let number = parseInteger(text), let offset = number.multiplied(checked: scale), offset >= 0,
            offset >> 3 < Int64(limits.maximumString)
        else { throw error }
        return Int(offset)
    }
}

extension KeyEvent {
    static let setbit = KeyEvent(.string, "setbit")
}
