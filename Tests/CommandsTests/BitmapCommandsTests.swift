import Commands
import TestSupport
import Testing

/// Bitmaps against models that go bit by bit.
@Suite struct BitmapCommandsTests {
    private let server = Harness([
        BitmapCommands.commands, BitFieldCommands.commands, BitOperationCommands.commands, StringCommands.commands,
    ])

    private func value(_ key: String) -> [UInt8] {
        let reply = server.run(bytes: [Array("GET".utf8), Array(key.utf8)])
        guard let end = reply.firstIndex(of: 10), reply.count > end + 3 else { return [] }
        return Array(reply[(end + 1)..<reply.count - 2])
    }

    /// All operations on strings whose lengths are around the blocks in which they are combined.
    @Test func operationsCombineBitByBit() {
        var random = SeededGenerator(7)
        for _ in 0..<60 {
            let sources = (0..<1 + random.below(4)).map { _ in
                let length = random.pick([0, 1, 7, 8, 9, 100, 4095, 4096, 4097, 8200])
                return (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            }
            for (index, source) in sources.enumerated() {
                server.run(bytes: [Array("SET".utf8), Array("s\(index)".utf8), source])
            }
            let length = sources.map(\.count).max() ?? 0
            let keys = sources.indices.map { "s\($0)" }
            for name in ["AND", "OR", "XOR", "NOT", "DIFF", "DIFF1", "ANDOR", "ONE"] {
                if name == "NOT" ? keys.count > 1 : ["DIFF", "DIFF1", "ANDOR"].contains(name) && keys.count < 2 {
                    continue
                }
                let expected = (0..<length).map { index in
                    combine(name, sources.map { index < $0.count ? $0[index] : 0 })
                }
                // The destination may be a source.
                let target = random.oneIn(4) ? "s0" : "d"
                #expect(server.run(["BITOP", name, target] + keys) == ":\(length)\r\n")
                #expect(value(target) == expected, "\(name) of \(sources.map(\.count))")
                server.run(bytes: [Array("SET".utf8), Array("s0".utf8), sources[0]])
            }
        }
    }

    private func combine(_ name: String, _ bytes: [UInt8]) -> UInt8 {
        let others = bytes.dropFirst().reduce(0, |)
        switch name {
        case "AND": return bytes.reduce(0xFF, &)
        case "OR": return bytes.reduce(0, |)
        case "XOR": return bytes.reduce(0, ^)
        case "NOT": return ~bytes[0]
        case "DIFF": return bytes[0] & ~others
        case "DIFF1": return ~bytes[0] & others
        case "ANDOR": return bytes[0] & others
        default:
            return (0..<8).reduce(0) { result, bit in
                bytes.filter { $0 & (1 << bit) != 0 }.count == 1 ? result | 1 << bit : result
            }
        }
    }

    /// Fields of all sizes at all offsets, written one over the other.
    @Test func fieldsAreReadAndWrittenBitByBit() {
        var random = SeededGenerator(8)
        var bits = [Bool](repeating: false, count: 200)
        server.run("SETBIT", "k", "199", "0")
        for _ in 0..<1500 {
            let isSigned = random.oneIn(2)
            let size = 1 + random.below(isSigned ? 64 : 63)
            let offset = random.below(200 - size)
            let field = "\(isSigned ? "i" : "u")\(size)"
            let bytes = random.next()
            let number = Int64(bitPattern: random.oneIn(2) ? bytes : bytes >> UInt64(64 - size))
            let old = read(bits[offset..<offset + size], isSigned)
            #expect(server.run("BITFIELD", "k", "SET", field, "\(offset)", "\(number)") == "*1\r\n:\(old)\r\n")
            for index in 0..<size { bits[offset + index] = number >> Int64(size - 1 - index) & 1 == 1 }
            let new = read(bits[offset..<offset + size], isSigned)
            #expect(server.run("BITFIELD_RO", "k", "GET", field, "\(offset)") == "*1\r\n:\(new)\r\n")
            #expect(server.run("BITCOUNT", "k") == ":\(bits.filter { $0 }.count)\r\n")
        }
    }

    private func read(_ bits: ArraySlice<Bool>, _ isSigned: Bool) -> Int64 {
        let start: Int64 = isSigned && bits.first == true ? -1 : 0
        return bits.reduce(start) { $0 << 1 | ($1 ? 1 : 0) }
    }
}
